"""What stands around an export: headers and signatures, and messages that wait for as long as an endpoint asks."""

from collections.abc import Mapping

import pytest

from aggregator.runtime import clock
from aggregator.runtime.aws import AwsError
from aggregator.runtime.batch import Message
from aggregator.runtime.public_post import Posted
from aggregator.telemetry import wiring
from aggregator.telemetry.endpoint import Target
from aggregator.telemetry.export import Exported
from aggregator.telemetry.secret import OtlpSecret
from aggregator.telemetry.send import Sender, Sent
from tests.fakes.scripted_aws import ScriptedAws
from tests.unit.telemetry.telemetry_world import usage


class Answering:
    """An exporter that does what it is told."""

    def __init__(self, done: Exported) -> None:
        self.done = done

    def export(self, _messages: list[Message]) -> Exported:
        return self.done


def exported(monkeypatch: pytest.MonkeyPatch, done: Exported, sqs: ScriptedAws) -> frozenset[str]:
    monkeypatch.setenv("OTLP_QUEUE_URL", "https://sqs.example/telemetry")
    monkeypatch.setattr(wiring, "exporter", lambda: Answering(done))
    monkeypatch.setattr(wiring, "BotoClient", lambda _service: sqs)
    return wiring.export([Message(f"m{n}", usage(), f"receipt {n}") for n in range(13)])


def test_messages_wait_for_as_long_as_the_endpoint_says_ten_a_call(monkeypatch: pytest.MonkeyPatch) -> None:
    sqs = ScriptedAws()
    done = Exported(frozenset(f"m{n}" for n in range(12)), 900.4)

    assert exported(monkeypatch, done, sqs) == done.failed

    first, second = sqs.calls
    assert [action for action, _ in (first, second)] == ["ChangeMessageVisibilityBatch"] * 2
    assert first[1]["QueueUrl"] == "https://sqs.example/telemetry"
    assert len(first[1]["Entries"]) == 10
    assert second[1]["Entries"] == [
        {"Id": "0", "ReceiptHandle": "receipt 10", "VisibilityTimeout": 900},
        {"Id": "1", "ReceiptHandle": "receipt 11", "VisibilityTimeout": 900},
    ]


def test_they_wait_twelve_hours_at_the_most_as_sqs_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    sqs = ScriptedAws()

    exported(monkeypatch, Exported(frozenset({"m1"}), 10.0**6), sqs)

    ((_, asked),) = sqs.calls
    assert asked["Entries"] == [{"Id": "0", "ReceiptHandle": "receipt 1", "VisibilityTimeout": 43_000}]


@pytest.mark.parametrize("seconds", [None, 0, 300])
def test_a_wait_that_the_queue_keeps_anyway_is_not_asked_for(
    monkeypatch: pytest.MonkeyPatch, seconds: float | None
) -> None:
    sqs = ScriptedAws()

    exported(monkeypatch, Exported(frozenset({"m1"}), seconds), sqs)

    assert sqs.calls == []


def test_if_they_cannot_be_hidden_they_come_again_as_usual(monkeypatch: pytest.MonkeyPatch) -> None:
    done = Exported(frozenset({"m1"}), 900)

    assert exported(monkeypatch, done, ScriptedAws(AwsError("AccessDenied"))) == {"m1"}


class Kept:
    """Takes all that is posted."""

    def __init__(self) -> None:
        self.posts: list[tuple[str, dict[str, str]]] = []

    def post(self, url: str, headers: Mapping[str, str], _body: bytes) -> Posted:
        self.posts.append((url, dict(headers)))
        return Posted(200)


@pytest.fixture
def kept() -> Kept:
    return Kept()


def sending(kept: Kept) -> wiring._Sending:
    secret = OtlpSecret(
        ScriptedAws({"SecretString": '{"headers": {"Authorization": "Basic x"}, "userKey": "k"}'}),
        "stack/otlp",
        lambda: 0.0,
    )
    sender = Sender(kept.post, clock.now, lambda _seconds: None, lambda: 0.5)
    return wiring._Sending(sender, secret, "eu-central-1")


def test_an_endpoint_sees_the_secrets_headers(kept: Kept) -> None:
    one = sending(kept)

    assert one.send(Target("https://otlp.example.com/v1/traces"), {}, 1) == Sent()
    assert one.user_key() == "k"
    assert kept.posts == [
        (
            "https://otlp.example.com/v1/traces",
            {"Authorization": "Basic x", "content-type": "application/json", "content-encoding": "gzip"},
        )
    ]


def test_cloudwatch_sees_a_signature_for_its_service_and_no_secret(
    kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("ACCESS_KEY_ID", "AKID"), ("SECRET_ACCESS_KEY", "s"), ("SESSION_TOKEN", "token")):
        monkeypatch.setenv(f"AWS_{name}", value)

    sending(kept).send(Target("https://xray.eu-central-1.amazonaws.com/v1/traces", "xray"), {}, 1)

    ((_, said),) = kept.posts
    assert said["host"] == "xray.eu-central-1.amazonaws.com"
    assert said["x-amz-security-token"] == "token"
    assert "/eu-central-1/xray/aws4_request" in said["authorization"]
    assert (
        "SignedHeaders=content-encoding;content-type;host;x-amz-date;x-amz-security-token"
        in said["authorization"]
    )
    assert "Basic x" not in str(said)
