"""Credentials from the endpoint that Lambda names under SnapStart."""

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from aggregator.runtime.aws import AwsError
from aggregator.runtime.credentials import LambdaCredentials
from tests.integration.signed_client_faults import FaultServer, Reply, answers, hangs_up

NOON = 1_767_268_800.0  # 2026-01-01T12:00:00Z


def grants(key_id: str, expires: str) -> Reply:
    said = {"AccessKeyId": key_id, "SecretAccessKey": "s", "Token": "t", "Expiration": expires}
    return answers(200, json.dumps(said).encode(), keep=False)


class Sandbox:
    """A Lambda environment whose credentials come from an endpoint that plays a script."""

    def __init__(self, *script: Reply) -> None:
        self.server = FaultServer(*script)
        self.now = NOON
        self.waits: list[float] = []
        self.environ = {
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": self.server.url + "/2021-04-23/credentials",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN": "first-token",
        }
        self.credentials = LambdaCredentials(self.environ, clock=lambda: self.now, sleep=self.waits.append)


@pytest.fixture
def sandboxes() -> Iterator[list[Sandbox]]:
    opened: list[Sandbox] = []
    yield opened
    for sandbox in opened:
        sandbox.server.stop()


def opened(sandboxes: list[Sandbox], *script: Reply) -> Sandbox:
    sandboxes.append(Sandbox(*script))
    return sandboxes[-1]


def test_credentials_are_fetched_with_the_token_and_kept(sandboxes: list[Sandbox]) -> None:
    sandbox = opened(sandboxes, grants("first", "2026-01-01T18:00:00Z"))

    first = sandbox.credentials()
    again = sandbox.credentials()

    assert first == again == ("first", "s", "t")
    [request] = sandbox.server.requests
    assert request.startswith(b"GET /2021-04-23/credentials HTTP/1.1\r\n")
    assert b"\r\nAuthorization: first-token\r\n" in request


def test_credentials_are_renewed_five_minutes_before_they_expire(sandboxes: list[Sandbox]) -> None:
    sandbox = opened(
        sandboxes, grants("first", "2026-01-01T18:00:00Z"), grants("second", "2026-01-02T00:00:00Z")
    )
    sandbox.credentials()
    sandbox.environ["AWS_CONTAINER_AUTHORIZATION_TOKEN"] = "second-token"

    sandbox.now = NOON + 6 * 3_600 - 301
    before = sandbox.credentials()
    sandbox.now += 1
    after = sandbox.credentials()

    assert (before.access_key_id, after.access_key_id) == ("first", "second")
    assert b"\r\nAuthorization: second-token\r\n" in sandbox.server.requests[1]


def test_a_failing_endpoint_is_asked_three_times(sandboxes: list[Sandbox]) -> None:
    failures = [answers(500, b"{}", keep=False), hangs_up, answers(200, b"not json", keep=False)]
    sandbox = opened(sandboxes, *failures)

    with pytest.raises(AwsError, match="Unreachable: no credentials from"):
        sandbox.credentials()

    assert len(sandbox.server.requests) == 3
    assert sandbox.waits == [0.1, 0.2]


def test_credentials_still_valid_outlive_a_failing_endpoint(sandboxes: list[Sandbox]) -> None:
    denied = [answers(403, b"{}", keep=False)] * 6
    sandbox = opened(sandboxes, grants("first", "2026-01-01T18:00:00Z"), *denied)
    sandbox.credentials()

    sandbox.now = NOON + 6 * 3_600 - 1
    last = sandbox.credentials()
    sandbox.now += 1
    with pytest.raises(AwsError, match="status 403"):
        sandbox.credentials()

    assert last.access_key_id == "first"


def test_threads_that_need_credentials_at_once_fetch_them_once(sandboxes: list[Sandbox]) -> None:
    sandbox = opened(sandboxes, grants("first", "2026-01-01T18:00:00Z"))
    seen: list[str] = []
    threads = [
        threading.Thread(target=lambda: seen.append(sandbox.credentials().access_key_id)) for _ in range(8)
    ]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert seen == ["first"] * 8
    assert len(sandbox.server.requests) == 1


def test_the_token_may_be_in_a_file(sandboxes: list[Sandbox], tmp_path: Path) -> None:
    sandbox = opened(sandboxes, grants("first", "2026-01-01T18:00:00Z"))
    (tmp_path / "token").write_text("filed-token\n")
    sandbox.environ["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] = str(tmp_path / "token")

    sandbox.credentials()

    assert b"\r\nAuthorization: filed-token\r\n" in sandbox.server.requests[0]


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://credentials.example/x"}, "plain text only"),
        ({"AWS_CONTAINER_CREDENTIALS_FULL_URI": "/relative"}, "not an http"),
        ({"AWS_CONTAINER_AUTHORIZATION_TOKEN": "a\r\nX-Evil: b"}, "no legal header value"),
        ({"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "/nowhere/token"}, "No such file"),
    ],
)
def test_an_unsafe_or_broken_environment_is_refused_without_a_request(
    sandboxes: list[Sandbox], changed: dict[str, str], reason: str
) -> None:
    sandbox = opened(sandboxes)
    sandbox.environ |= changed

    with pytest.raises(AwsError, match=reason):
        sandbox.credentials()

    assert sandbox.server.requests == []
