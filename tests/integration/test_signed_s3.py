"""The signed S3 client on a socket: what it sends is signed as botocore does, and what goes wrong has its name."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from botocore import auth as botocore_auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotocoreCredentials

from aggregator.runtime.aws import AwsError
from aggregator.runtime.signed_client import Timeouts
from aggregator.runtime.signed_s3 import SignedS3
from aggregator.runtime.sigv4 import Credentials
from tests.integration.signed_client_faults import FaultServer, Reply, answers, hangs, hangs_up, says

KEY = Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "session+token==")
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
NO_SUCH_KEY = b"<?xml version='1.0'?><Error><Code>NoSuchKey</Code><Message>It is not there.</Message></Error>"


class Bucket:
    """A client of a server that plays a script."""

    def __init__(self, script: tuple[Reply, ...]) -> None:
        self.server = FaultServer(*script)
        self.waits: list[float] = []
        self.client = SignedS3(
            "kept",
            region="eu-west-1",
            endpoint=self.server.url,
            credentials=lambda: KEY,
            timeouts=Timeouts(connect=20, attempt=0.5 if hangs in script else 20, total=20),
            sleep=self.waits.append,
            rng=lambda: 1.0,
            clock=NOON.timestamp,
        )

    def sent(self, n: int = 0) -> tuple[str, str, dict[str, str], bytes]:
        """Method, path, headers and body of the nth request."""
        head, _, body = self.server.requests[n].partition(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        method, path, _ = first.split(" ")
        return method, path, dict(line.split(": ", 1) for line in lines), body


@pytest.fixture
def opened() -> Iterator[list[Bucket]]:
    buckets: list[Bucket] = []
    yield buckets
    for bucket in buckets:
        bucket.client.close()
        bucket.server.stop()


def bucket_of(opened: list[Bucket], *script: Reply) -> Bucket:
    opened.append(Bucket(script))
    return opened[-1]


def signed_by_botocore(bucket: Bucket, n: int = 0) -> str:
    method, path, headers, body = bucket.sent(n)
    plain = {
        name: value
        for name, value in headers.items()
        if name not in {"authorization", "x-amz-date", "x-amz-security-token", "Content-Length"}
    }
    request = AWSRequest(method, f"{bucket.server.url}{path}", headers=plain, data=body)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(botocore_auth, "get_current_datetime", lambda: NOON)
        botocore_auth.S3SigV4Auth(BotocoreCredentials(*KEY), "s3", "eu-west-1").add_auth(request)
    assert request.headers["X-Amz-Content-SHA256"] == headers["x-amz-content-sha256"]
    return str(request.headers["Authorization"])


def test_put_and_get_are_signed_as_botocore_signs_them(opened: list[Bucket]) -> None:
    bucket = bucket_of(opened, answers(body=b""), answers(body=b"kept"))

    bucket.client.put("answers/0a-1.b_c~d", b"\x00body")
    bucket.client.get("answers/0a-1.b_c~d")

    assert bucket.sent(0)[2]["authorization"] == signed_by_botocore(bucket, 0)
    assert bucket.sent(1)[2]["authorization"] == signed_by_botocore(bucket, 1)
    assert bucket.sent(0)[0:2] == ("PUT", "/kept/answers/0a-1.b_c~d")
    assert bucket.sent(0)[3] == b"\x00body"
    assert bucket.sent(1)[0] == "GET"


def test_an_object_is_read_whole_and_the_connection_kept(opened: list[Bucket]) -> None:
    body = bytes(range(256)) * 8_000
    bucket = bucket_of(opened, answers(body=body), answers(body=b""))

    assert bucket.client.get("a") == body
    assert bucket.client.get("b") == b""
    assert bucket.server.connections == 1


def test_a_refusal_has_the_name_that_s3_gave_it(opened: list[Bucket]) -> None:
    bucket = bucket_of(opened, answers(404, NO_SUCH_KEY))

    with pytest.raises(AwsError) as refused:
        bucket.client.get("a")

    assert (refused.value.code, refused.value.message, refused.value.status) == (
        "NoSuchKey",
        "It is not there.",
        404,
    )
    assert len(bucket.server.requests) == 1


def test_a_refusal_without_a_name_is_its_status(opened: list[Bucket]) -> None:
    bucket = bucket_of(opened, answers(403, b""))

    with pytest.raises(AwsError, match=r"^403$"):
        bucket.client.put("a", b"")


@pytest.mark.parametrize(
    "fault",
    [
        answers(503, b"<Error><Code>SlowDown</Code></Error>"),
        answers(500, b"<html>"),
        hangs_up,
        hangs,
        says(b"?\r\n\r\n"),
    ],
    ids=["slow down", "500", "hangs up", "hangs", "no HTTP"],
)
def test_what_may_pass_a_moment_later_is_sent_again(opened: list[Bucket], fault: Reply) -> None:
    bucket = bucket_of(opened, fault, fault, answers(body=b""))

    bucket.client.put("a", b"body")

    assert bucket.waits == [0.05, 0.1]
    assert [bucket.sent(n)[3] for n in range(3)] == [b"body"] * 3


def test_after_three_attempts_the_last_refusal_stands(opened: list[Bucket]) -> None:
    bucket = bucket_of(opened, *[answers(503, b"<Error><Code>SlowDown</Code></Error>")] * 3)

    with pytest.raises(AwsError, match="SlowDown"):
        bucket.client.put("a", b"body")

    assert len(bucket.server.requests) == 3


def test_a_server_that_is_not_there_is_unreachable(opened: list[Bucket]) -> None:
    bucket = bucket_of(opened)
    bucket.server.stop()

    with pytest.raises(AwsError, match="Unreachable"):
        bucket.client.get("a")
    opened.clear()
