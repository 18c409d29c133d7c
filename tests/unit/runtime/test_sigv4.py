from datetime import UTC, datetime

import pytest
from botocore import auth as botocore_auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotocoreCredentials
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.runtime.sigv4 import Credentials, Signer

KEY = Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
NOON = datetime(2015, 8, 30, 12, 36, tzinfo=UTC).timestamp()

visible = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=60)
moments = st.datetimes(datetime(2020, 1, 1), datetime(2037, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001
services = st.sampled_from(["dynamodb", "events", "sqs", "secretsmanager"])
regions = st.sampled_from(["eu-west-1", "us-east-1", "ap-southeast-2", "cn-north-1", "us-gov-west-1"])


def signed_by_botocore(
    service: str,
    region: str,
    key: Credentials,
    *,
    at: datetime,
    headers: dict[str, str],
    body: bytes,
    path: str = "/",
) -> str:
    request = AWSRequest("POST", f"https://{headers['host']}{path}", headers=headers, data=body)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(botocore_auth, "get_current_datetime", lambda: at)
        botocore_auth.SigV4Auth(BotocoreCredentials(*key), service, region).add_auth(request)
    return str(request.headers["Authorization"])


def test_the_signature_is_that_of_the_published_example() -> None:
    signer = Signer("service", "us-east-1")

    signed = signer.sign({"host": "example.amazonaws.com"}, b"", KEY, at=NOON)

    assert signed == {
        "host": "example.amazonaws.com",
        "x-amz-date": "20150830T123600Z",
        "authorization": "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
        "SignedHeaders=host;x-amz-date, "
        "Signature=5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
    }


@settings(max_examples=300, deadline=None)
@given(
    service=services,
    region=regions,
    key_id=st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", min_size=16, max_size=20),
    secret=visible,
    token=st.none() | visible,
    at=moments,
    body=st.binary(max_size=2_000),
    target=visible,
    path=st.sampled_from(["/", "/prefix", "/a/b-c_d.e~f/g"]),
)
def test_every_signature_is_botocores(
    *,
    service: str,
    region: str,
    key_id: str,
    secret: str,
    token: str | None,
    at: datetime,
    body: bytes,
    target: str,
    path: str,
) -> None:
    headers = {
        "content-type": "application/x-amz-json-1.0",
        "host": f"{service}.{region}.amazonaws.com",
        "x-amz-target": target,
    }
    key = Credentials(key_id, secret, token)

    signed = Signer(service, region).sign(headers, body, key, at=at.timestamp(), path=path)

    assert signed["authorization"] == signed_by_botocore(
        service, region, key, at=at, headers=headers, body=body, path=path
    )
    assert signed.get("x-amz-security-token") == token


def test_a_new_day_and_a_new_secret_change_the_signing_key() -> None:
    signer = Signer("dynamodb", "eu-west-1")
    headers = {"host": "dynamodb.eu-west-1.amazonaws.com"}
    other = Credentials("AKIDEXAMPLE", "another-secret", "a-token")
    days = [datetime(2026, 1, 31, 23, 59, 59, tzinfo=UTC), datetime(2026, 2, 1, 0, 0, 0, tzinfo=UTC)]
    uses = [(KEY, days[0]), (KEY, days[1]), (other, days[1]), (KEY, days[1]), (KEY, days[0])]

    signatures = [signer.sign(headers, b"{}", key, at=at.timestamp())["authorization"] for key, at in uses]

    assert signatures == [
        signed_by_botocore("dynamodb", "eu-west-1", key, at=at, headers=headers, body=b"{}")
        for key, at in uses
    ]


def test_signing_leaves_the_callers_headers_alone() -> None:
    headers = {"host": "example.amazonaws.com"}

    Signer("service", "us-east-1").sign(headers, b"", KEY, at=NOON)

    assert headers == {"host": "example.amazonaws.com"}
