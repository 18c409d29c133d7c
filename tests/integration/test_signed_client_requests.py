"""What the signed client puts on the wire, beside what boto3 does."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from botocore import auth as botocore_auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotocoreCredentials

from aggregator.runtime.aws import JsonObject
from aggregator.runtime.boto_client import BotoClient
from tests.integration.signed_client_servers import KEY, REGION, Recorder, boto, signed

QUEUE = "https://sqs.eu-west-1.amazonaws.com/123456789012/billing-usage"
TRANSACTION = {
    "TransactItems": [
        {"Put": {"TableName": "t", "Item": {"pk": {"S": "a"}, "sk": {"S": "b"}, "hash": {"B": b"\x00\xff"}}}},
        {"Delete": {"TableName": "t", "Key": {"pk": {"S": "a"}, "sk": {"S": "c"}}}},
    ],
    "ClientRequestToken": "0123456789abcdef",
}
CALLS: list[tuple[str, str, JsonObject]] = [
    (
        "dynamodb",
        "UpdateItem",
        {
            "TableName": "billing",
            "Key": {"pk": {"S": "ACCOUNT#ünï"}, "sk": {"S": "BALANCE"}},
            "UpdateExpression": "SET available = available - :a ADD #b :a",
            "ConditionExpression": "available >= :a",
            "ExpressionAttributeNames": {"#b": "hold#29384"},
            "ExpressionAttributeValues": {":a": {"N": "12345"}},
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        },
    ),
    ("dynamodb", "GetItem", {"TableName": "t", "Key": {"pk": {"B": b"\x00\xff"}}, "ConsistentRead": True}),
    (
        "dynamodb",
        "Query",
        {
            "TableName": "t",
            "KeyConditionExpression": "pk = :p",
            "ExpressionAttributeValues": {":p": {"S": "x"}},
            "ScanIndexForward": False,
            "Limit": 10,
        },
    ),
    ("dynamodb", "TransactWriteItems", TRANSACTION),
    ("dynamodb", "PutItem", {"TableName": "t", "Item": {"pk": {"S": "a"}, "set": {"BS": [b"a", b"b"]}}}),
    (
        "events",
        "PutEvents",
        {"Entries": [{"Source": "s", "DetailType": "d", "Detail": '{"x":"é"}', "EventBusName": "bus"}]},
    ),
    ("sqs", "SendMessage", {"QueueUrl": QUEUE, "MessageBody": '{"x":"é\\n"}'}),
    ("secretsmanager", "GetSecretValue", {"SecretId": "providers"}),
]


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    recorder = Recorder()
    with recorder.serving():
        yield recorder


@pytest.mark.parametrize(("service", "action", "request_"), CALLS, ids=[action for _, action, _ in CALLS])
def test_a_request_equals_boto3s(recorder: Recorder, service: str, action: str, request_: JsonObject) -> None:
    ours = signed(service, recorder.url)
    theirs = boto(service, recorder.url)

    BotoClient(service, client=theirs).call(action, request_)
    ours.call(action, request_)
    ours.close()
    theirs.close()

    by_boto3, by_us = recorder.sent
    assert by_us.what_matters == by_boto3.what_matters


@pytest.mark.parametrize(("service", "action", "request_"), CALLS, ids=[action for _, action, _ in CALLS])
def test_what_is_sent_bears_botocores_signature(
    recorder: Recorder, service: str, action: str, request_: JsonObject
) -> None:
    ours = signed(service, recorder.url)

    ours.call(action, request_)
    ours.close()

    [sent] = recorder.sent
    unsigned = ("authorization", "content-length", "x-amz-date", "x-amz-security-token")
    headers = {name: value for name, value in sent.headers.items() if name not in unsigned}
    again = AWSRequest("POST", recorder.url + sent.path, headers=headers, data=sent.body)
    at = datetime.strptime(sent.headers["x-amz-date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(botocore_auth, "get_current_datetime", lambda: at)
        botocore_auth.SigV4Auth(BotocoreCredentials(*KEY), service, REGION).add_auth(again)
    assert sent.headers["authorization"] == again.headers["Authorization"]


def test_a_transaction_gets_a_token_as_boto3_gives_it_one(recorder: Recorder) -> None:
    ours = signed("dynamodb", recorder.url)
    request = {"TransactItems": TRANSACTION["TransactItems"]}

    ours.call("TransactWriteItems", request)
    ours.close()

    body = json.loads(recorder.sent[0].body)
    assert sorted(body) == ["ClientRequestToken", "TransactItems"]
    assert len(body["ClientRequestToken"]) == 32
    assert "ClientRequestToken" not in request


@pytest.mark.parametrize(
    "trace", ["Root=1-6a20743c-0d672930facab4b7b1742797;Parent=53995c3f42cd8ad8;Sampled=1", ""]
)
def test_a_request_is_of_the_invocations_trace_as_boto3s_is(
    recorder: Recorder, monkeypatch: pytest.MonkeyPatch, trace: str
) -> None:
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "chat")
    monkeypatch.setenv("_X_AMZN_TRACE_ID", trace)
    ours, theirs = signed("sqs", recorder.url), boto("sqs", recorder.url)
    message = {"QueueUrl": QUEUE, "MessageBody": "{}"}

    BotoClient("sqs", client=theirs).call("SendMessage", message)
    ours.call("SendMessage", message)
    ours.close()
    theirs.close()

    by_boto3, by_us = (sent.headers.get("x-amzn-trace-id") for sent in recorder.sent)
    assert by_us == by_boto3 == (trace or None)
    assert "x-amzn-trace-id" not in recorder.sent[1].headers["authorization"]
