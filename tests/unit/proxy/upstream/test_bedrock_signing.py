"""Where Bedrock is called and how it is signed for: as botocore does it."""

from datetime import UTC, datetime
from typing import Any, NamedTuple

import boto3
import pytest
from botocore import auth as botocore_auth
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.errors import ProviderUnavailable
from aggregator.proxy.upstream.signing import signed, url_of
from aggregator.runtime.credentials import LambdaCredentials
from aggregator.runtime.sigv4 import Credentials
from tests.fakes.bedrock_wire import BASE_URL, CLAUDE, NOVA

ROLE = Credentials("ASIAEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "session-token")
AT = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
ARN = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/a1b2c3d4e5f6"
JSON = {"content-type": "application/json"}


class _Empty:
    def stream(self, **_: Any) -> list[bytes]:
        return [b"{}"]


class Sent(NamedTuple):
    """A call as botocore puts it on the wire."""

    url: str
    authorization: str
    body: bytes


def sent_by_botocore(action: str, model: str, region: str = "us-east-1") -> Sent:
    """What botocore would send for a call, at the moment `AT`."""
    client = boto3.client(
        "bedrock-runtime",
        region_name=region,
        aws_access_key_id=ROLE.access_key_id,
        aws_secret_access_key=ROLE.secret_access_key,
        aws_session_token=ROLE.session_token,
    )
    sent: list[Sent] = []

    def answer(request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        body: Any = request.body
        authorization: Any = request.headers["Authorization"]
        sent.append(Sent(request.url, authorization.decode(), body))
        return AWSResponse(request.url, 200, HTTPHeaders(), _Empty())

    client.meta.events.register("before-send.bedrock-runtime.*", answer)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(botocore_auth, "get_current_datetime", lambda: AT)
        call = getattr(client, action)
        call(modelId=model, messages=[{"role": "user", "content": [{"text": "hi"}]}])
    return sent[0]


@pytest.mark.parametrize("model", [CLAUDE, NOVA, "anthropic.claude-opus-4-7", ARN])
@pytest.mark.parametrize(("action", "stream"), [("converse", False), ("converse_stream", True)])
def test_address_and_signature_are_botocores(model: str, action: str, stream: bool) -> None:
    theirs = sent_by_botocore(action, model)

    url = url_of(BASE_URL, model, stream=stream)
    ours = signed(url, JSON, theirs.body, credentials=lambda: ROLE, at=AT.timestamp())

    assert url == theirs.url
    assert ours["authorization"] == theirs.authorization
    assert ours["x-amz-security-token"] == "session-token"


@settings(max_examples=30, deadline=None)
@given(model=st.from_regex(r"[a-z0-9-]{1,20}\.[a-zA-Z0-9:/._-]{1,30}", fullmatch=True))
def test_every_name_of_a_model_is_encoded_and_signed_as_botocore_does(model: str) -> None:
    theirs = sent_by_botocore("converse", model)

    url = url_of(BASE_URL, model, stream=False)
    ours = signed(url, JSON, theirs.body, credentials=lambda: ROLE, at=AT.timestamp())

    assert url == theirs.url
    assert ours["authorization"] == theirs.authorization


def test_a_headers_blanks_are_sent_as_they_are_signed() -> None:
    headers = {"anthropic-beta": " a,\t b,  c "}

    ours = signed(f"{BASE_URL}/a", JSON | headers, b"{}", credentials=lambda: ROLE, at=AT.timestamp())
    plain = signed(
        f"{BASE_URL}/a",
        JSON | {"anthropic-beta": "a, b, c"},
        b"{}",
        credentials=lambda: ROLE,
        at=AT.timestamp(),
    )

    assert ours["anthropic-beta"] == "a, b, c"
    assert ours == plain


@pytest.mark.parametrize("path", ["//a", "/./a", "/x/../a", "/../a", "/x/y/.././../a"])
def test_a_path_is_signed_without_dots_and_empty_segments(path: str) -> None:
    ours = signed(BASE_URL + path, JSON, b"{}", credentials=lambda: ROLE, at=AT.timestamp())

    assert ours == signed(f"{BASE_URL}/a", JSON, b"{}", credentials=lambda: ROLE, at=AT.timestamp())


@pytest.mark.parametrize(
    ("host", "region"),
    [
        ("bedrock-runtime.eu-west-3.amazonaws.com", "eu-west-3"),
        ("bedrock-runtime-fips.us-gov-west-1.amazonaws.com", "us-gov-west-1"),
        ("vpce-0a1b-2c.bedrock-runtime.ap-southeast-2.vpce.amazonaws.com", "ap-southeast-2"),
        ("127.0.0.1:9000", "ca-central-1"),
    ],
)
def test_the_region_is_that_of_the_host_or_else_the_functions_own(
    monkeypatch: pytest.MonkeyPatch, host: str, region: str
) -> None:
    monkeypatch.setenv("AWS_REGION", "ca-central-1")

    ours = signed(f"https://{host}/model/m/converse", JSON, b"{}", credentials=lambda: ROLE, at=0)

    assert f"/19700101/{region}/bedrock/aws4_request" in ours["authorization"]
    assert ours["host"] == host


def test_a_function_without_a_role_cannot_call_and_says_nothing_of_why() -> None:
    none = LambdaCredentials({})

    with pytest.raises(ProviderUnavailable, match=r"^Amazon Bedrock is not set up here\.$"):
        signed(f"{BASE_URL}/model/m/converse", JSON, b"{}", credentials=none)


def test_a_host_without_a_region_needs_the_functions_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_REGION", raising=False)

    with pytest.raises(ProviderUnavailable):
        signed("http://127.0.0.1:9/model/m/converse", JSON, b"{}", credentials=lambda: ROLE)
