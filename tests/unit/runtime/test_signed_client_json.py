import binascii
from typing import Any

import boto3
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.runtime.aws import AwsError
from aggregator.runtime.aws_json import SERVICES, decode, encode
from aggregator.runtime.http_pool import Origin
from aggregator.runtime.http_wire import Answer, NoAnswerError


def boto(service: str, region: str) -> Any:
    return boto3.client(
        service,  # type: ignore[call-overload]
        region_name=region,
        aws_access_key_id="a",  # without a key it would look for one on the network
        aws_secret_access_key="b",
    )


def refused(status: int, body: bytes, **headers: str) -> AwsError:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    with pytest.raises(AwsError) as caught:
        decode(Answer(status, named, body))
    return caught.value


def test_bytes_travel_as_base64() -> None:
    body = encode({"Key": {"pk": {"B": b"\x00\xff"}}, "Set": {"BS": [b"a", bytearray(b"b")]}})

    assert body == b'{"Key":{"pk":{"B":"AP8="}},"Set":{"BS":["YQ==","Yg=="]}}'


def test_base64_of_binary_attributes_comes_back_as_bytes() -> None:
    answer = Answer(
        200, {}, b'{"Item":{"hash":{"B":"AP8="},"all":{"L":[{"B":"YQ=="}]},"set":{"BS":["YQ=="]}}}'
    )

    said = decode(answer)

    assert said == {"Item": {"hash": {"B": b"\x00\xff"}, "all": {"L": [{"B": b"a"}]}, "set": {"BS": [b"a"]}}}


def test_an_attribute_that_is_only_called_b_stays_as_it_is() -> None:
    answer = Answer(200, {}, b'{"Item":{"B":{"S":"YQ=="}},"Other":{"M":{"BS":{"L":[{"S":"YQ=="}]}}}}')

    said = decode(answer)

    assert said == {"Item": {"B": {"S": "YQ=="}}, "Other": {"M": {"BS": {"L": [{"S": "YQ=="}]}}}}


@given(st.binary(max_size=100))
def test_what_is_encoded_is_decoded_to_the_same(content: bytes) -> None:
    request = {"Item": {"a": {"B": content}, "b": {"M": {"c": {"BS": [content]}}}, "d": {"S": "B"}}}

    assert decode(Answer(200, {}, encode(request))) == request


def test_what_has_no_json_form_is_not_sent() -> None:
    with pytest.raises(TypeError, match="object has no JSON form"):
        encode({"Item": object()})


def test_an_empty_success_is_an_empty_answer() -> None:
    assert decode(Answer(200, {}, b"")) == {}


@pytest.mark.parametrize(
    "body", [b"<html>hello</html>", b"[1]", b'{"Item":', b"\xff\xfe", b'{"a":{"B":"a"}}']
)
def test_a_success_that_cannot_be_read_may_have_been_applied(body: bytes) -> None:
    with pytest.raises(NoAnswerError, match="not JSON"):
        decode(Answer(200, {}, body))


def test_an_answer_is_checked_against_its_checksum() -> None:
    right = Answer(200, {"x-amz-crc32": str(binascii.crc32(b'{"a":1}'))}, b'{"a":1}')
    wrong = right._replace(body=b'{"a":2}')

    assert decode(right) == {"a": 1}
    with pytest.raises(NoAnswerError, match="checksum"):
        decode(wrong)


@pytest.mark.parametrize(
    "named",
    [
        "ThrottlingException",
        "com.amazonaws.dynamodb.v20120810#ThrottlingException",
        "com.amazonaws#ThrottlingException:http://internal.amazon.com/coral/",
    ],
)
def test_the_code_is_the_last_part_of_the_type(named: str) -> None:
    error = refused(400, b'{"__type":"%s","message":"slow down"}' % named.encode())

    assert (error.code, error.message, error.status) == ("ThrottlingException", "slow down", 400)


def test_the_code_may_come_in_a_header() -> None:
    error = refused(400, b'{"Message":"no"}', x_amzn_errortype="ValidationException:http://x/")

    assert (error.code, error.message) == ("ValidationException", "no")


def test_sqs_names_errors_as_it_always_has() -> None:
    error = refused(
        400,
        b'{"__type":"com.amazonaws.sqs#QueueDoesNotExist","message":"gone"}',
        x_amzn_query_error="AWS.SimpleQueueService.NonExistentQueue;Sender",
    )

    assert error.code == "AWS.SimpleQueueService.NonExistentQueue"


def test_a_failed_condition_brings_the_item_it_met() -> None:
    error = refused(
        400,
        b'{"__type":"com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException",'
        b'"Item":{"available":{"N":"7"},"hash":{"B":"YQ=="}},"message":"The conditional request failed"}',
    )

    assert error.item == {"available": {"N": "7"}, "hash": {"B": b"a"}}


def test_a_cancelled_transaction_brings_a_reason_for_each_of_its_items() -> None:
    error = refused(
        400,
        b'{"__type":"com.amazonaws.dynamodb.v20120810#TransactionCanceledException","Message":"cancelled",'
        b'"CancellationReasons":[{"Code":"None"},{"Code":"ConditionalCheckFailed","Item":{"n":{"N":"1"}}}]}',
    )

    assert error.reasons == [{"Code": "None"}, {"Code": "ConditionalCheckFailed", "Item": {"n": {"N": "1"}}}]


@pytest.mark.parametrize(
    ("status", "body", "message"),
    [
        (503, b"", ""),
        (502, b"<html><body>Bad Gateway</body></html>", ""),
        (500, b"upstream went away", "upstream went away"),
        (500, b"\xff", "\ufffd"),
        (504, b"[]", "[]"),
        (400, b"{}", ""),
        (301, b"", ""),
    ],
)
def test_without_a_readable_error_the_status_is_the_code(status: int, body: bytes, message: str) -> None:
    error = refused(status, body)

    assert (error.code, error.message, error.status) == (str(status), message, status)


@pytest.mark.parametrize(
    "region", ["eu-west-1", "us-east-1", "cn-north-1", "us-gov-west-1", "ap-southeast-2"]
)
@pytest.mark.parametrize("service", ["dynamodb", "events", "sqs", "secretsmanager"])
def test_a_service_is_where_boto3_finds_it(
    service: str, region: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    client = boto(service, region)

    url = SERVICES[service].endpoint(region, {})

    assert url == client.meta.endpoint_url


@pytest.mark.parametrize(
    ("service", "variable"),
    [
        ("dynamodb", "AWS_ENDPOINT_URL_DYNAMODB"),
        ("events", "AWS_ENDPOINT_URL_EVENTBRIDGE"),
        ("sqs", "AWS_ENDPOINT_URL_SQS"),
        ("secretsmanager", "AWS_ENDPOINT_URL_SECRETS_MANAGER"),
    ],
)
def test_the_environment_moves_a_service_as_it_moves_boto3(
    service: str, variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    environ = {"AWS_ENDPOINT_URL": "http://127.0.0.1:1", variable: "http://127.0.0.1:2"}
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    client = boto(service, "eu-west-1")

    url = SERVICES[service].endpoint("eu-west-1", environ)

    assert url == client.meta.endpoint_url == "http://127.0.0.1:2"


@pytest.mark.parametrize(
    ("url", "origin", "host"),
    [
        ("https://sqs.eu-west-1.amazonaws.com", (True, "sqs.eu-west-1.amazonaws.com", 443, "/"), None),
        ("http://127.0.0.1:4566", (False, "127.0.0.1", 4566, "/"), "127.0.0.1:4566"),
        ("http://localhost:80/", (False, "localhost", 80, "/"), "localhost"),
        ("http://localhost:443/a/b", (False, "localhost", 443, "/a/b"), "localhost:443"),
        ("http://[::1]:8000/x", (False, "::1", 8000, "/x"), "[::1]:8000"),
        ("https://[::1]", (True, "::1", 443, "/"), "[::1]"),
    ],
)
def test_an_endpoint_is_taken_apart(url: str, origin: tuple[bool, str, int, str], host: str | None) -> None:
    taken = Origin.of(url)

    assert taken == origin
    assert taken.header == (host or origin[1])


@pytest.mark.parametrize("url", ["", "localhost:8000", "ftp://x", "https://", "http://:80", "http://x:port"])
def test_what_is_no_endpoint_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"URL|int"):
        Origin.of(url)
