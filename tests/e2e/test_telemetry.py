"""Requests as OpenTelemetry: a chat goes through the whole stack, and its span and its points arrive at a receiver."""

from typing import Any

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from local import trace
from local.otlp.judging import plain
from local.otlp.server import Receiver
from tests.e2e.caller import Reply, UserCaller, eventually
from tests.e2e.conftest import NewUser
from tests.e2e.served import DEAD
from tests.e2e.stack import Stack

OPERATION = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "told"}


@pytest.fixture(scope="module")
def user(new_user: NewUser) -> UserCaller:
    return new_user("5.00")


@pytest.fixture(scope="module")
def replies(user: UserCaller) -> dict[str, Reply]:
    """A chat that is plain, one that is streamed, and one that another provider has to answer."""
    said = "[[standin tokens=7]] hello"
    return {
        "plain": user.chat(said, model="told"),
        "streamed": user.chat(said, model="told", stream=True),
        "failed over": user.chat(DEAD.format("openai"), model="told"),
    }


def span_of(receiver: Receiver, reply: Reply) -> Span:
    """The span of an answered request, once it has arrived."""
    wanted = reply.headers["x-request-id"]

    def arrived() -> Span | None:
        for each in list(receiver.received.spans):
            if plain(each.attributes).get("aggregator.request.id") == wanted:
                return each
        return None

    span: Span | None = eventually(arrived, bool)
    assert span is not None, receiver.received.refused
    return span


def points_of(receiver: Receiver, name: str) -> list[tuple[dict[str, Any], Any]]:
    """All points of a metric for this model, with their attributes."""
    metrics = [each for each in list(receiver.received.metrics) if each.name == name]
    points = [point for each in metrics for point in getattr(each, str(each.WhichOneof("data"))).data_points]
    found = [(plain(point.attributes), point) for point in points]
    return [(said, point) for said, point in found if said["gen_ai.request.model"] == "told"]


def test_a_plain_chat_is_a_span(receiver: Receiver, replies: dict[str, Reply]) -> None:
    reply = replies["plain"]
    span = span_of(receiver, reply)

    said = plain(span.attributes)
    assert (span.name, span.kind, span.status.code) == ("chat told", 3, 0)
    assert OPERATION.items() <= said.items()
    assert said["gen_ai.provider.name"] == said["aggregator.provider.id"] == "openai"
    assert said["gen_ai.response.model"] == "told-2026"
    assert said["gen_ai.request.stream"] is False
    assert said["gen_ai.usage.output_tokens"] == reply.json["usage"]["completion_tokens"]
    assert said["gen_ai.usage.input_tokens"] == reply.json["usage"]["prompt_tokens"]
    assert said["aggregator.outcome"] == "completed"
    assert said["aggregator.attempts"] == 1
    assert said["http.response.status_code"] == 200
    assert f"{said['aggregator.cost.usd']:.9f}".rstrip("0") == reply.headers["x-aggregator-cost-usd"]
    assert 0 < span.end_time_unix_nano - span.start_time_unix_nano < 60 * 10**9
    assert list(span.events) == []


def test_its_trace_is_that_of_its_invocation(receiver: Receiver, replies: dict[str, Reply]) -> None:
    request_id = replies["plain"].headers["x-request-id"]

    said = span_of(receiver, replies["plain"]).trace_id.hex()

    # The front door makes X-Ray's id of the time and its own request id, as API Gateway does.
    assert said[8:] == request_id.partition("-")[2].replace("-", "")[:24]
    assert int(said[:8], 16) == pytest.approx(int(request_id[:12], 16) // 1000, abs=2)


def test_make_trace_shows_one_trace_as_far_as_it_can_be_followed_here(
    receiver: Receiver, replies: dict[str, Reply], stack: Stack, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setenv("AGGREGATOR_LOCAL_DIR", str(stack.folder))
    request_id = replies["plain"].headers["x-request-id"]
    ours = span_of(receiver, replies["plain"]).trace_id.hex()

    def shown() -> str:
        trace.main([request_id])
        return capsys.readouterr().out

    said = eventually(shown, lambda text: "publish" in text and "  record " in text)

    assert f"trace 1-{ours[:8]}-{ours[8:]} of X-Ray, in settle, publish" in said


def test_a_stream_says_when_its_first_chunk_came(receiver: Receiver, replies: dict[str, Reply]) -> None:
    span = span_of(receiver, replies["streamed"])

    said = plain(span.attributes)
    assert said["gen_ai.request.stream"] is True
    assert 0 < said["gen_ai.response.time_to_first_chunk"] < 60  # type: ignore[operator]
    assert (
        said["gen_ai.usage.output_tokens"]
        == plain(span_of(receiver, replies["plain"]).attributes)["gen_ai.usage.output_tokens"]
    )


def test_tries_that_failed_are_events_and_the_span_is_of_who_answered(
    receiver: Receiver, replies: dict[str, Reply]
) -> None:
    span = span_of(receiver, replies["failed over"])

    said = plain(span.attributes)
    assert said["gen_ai.provider.name"] == "groq"
    assert said["gen_ai.response.model"] == "told-small"
    assert said["aggregator.attempts"] == 3
    assert [(event.name, plain(event.attributes)) for event in span.events] == [
        (
            "aggregator.attempt.failed",
            {"aggregator.provider.id": "openai", "error.type": "provider_error"},
        )
    ] * 2
    times = [event.time_unix_nano for event in span.events]
    assert span.start_time_unix_nano <= times[0] <= times[1] <= span.end_time_unix_nano


def test_tokens_and_money_are_added_up(receiver: Receiver, replies: dict[str, Reply]) -> None:
    for reply in replies.values():
        span_of(receiver, reply)

    def counted() -> int:
        return sum(int(point.count) for _, point in points_of(receiver, "gen_ai.client.operation.duration"))

    assert eventually(counted, lambda count: count >= 3) == 3
    spans = [plain(span_of(receiver, each).attributes) for each in replies.values()]
    tokens: dict[str, float] = {"input": 0, "output": 0}
    for said, point in points_of(receiver, "gen_ai.client.token.usage"):
        tokens[said["gen_ai.token.type"]] += point.sum
    assert tokens == {
        "input": sum(int(str(each["gen_ai.usage.input_tokens"])) for each in spans),
        "output": sum(int(str(each["gen_ai.usage.output_tokens"])) for each in spans),
    }
    charged = sum(point.as_double for _, point in points_of(receiver, "aggregator.cost"))
    assert round(charged * 10**9) == sum(int(str(each["aggregator.cost.nano_usd"])) for each in spans)
    assert sum(point.count for _, point in points_of(receiver, "gen_ai.server.time_to_first_token")) == 1


def test_who_asked_is_a_hash_and_nothing_of_what_was_said_leaves(
    receiver: Receiver, replies: dict[str, Reply], user: UserCaller, stack: Stack
) -> None:
    spans = [span_of(receiver, each) for each in replies.values()]

    told = " ".join(map(str, [*spans, *receiver.received.metrics]))
    assert len({plain(each.attributes)["user.hash"] for each in spans}) == 1
    assert user.user_id not in told
    assert "hello" not in told
    assert stack.user_id not in {plain(each.attributes)["user.id"] for each in receiver.received.spans}


def test_all_that_was_told_is_right_by_the_receiver_and_says_whose_it_is(
    receiver: Receiver, replies: dict[str, Reply]
) -> None:
    span_of(receiver, replies["plain"])

    assert receiver.received.refused == []
    said = {
        each["key"]: next(iter(each["value"].values()))
        for each in receiver.received.resources[0]["attributes"]
    }
    assert said == {
        "service.name": "ai-aggregator",
        "service.namespace": "aggregator",
        "service.version": "0.1.0",
        "deployment.environment.name": "local",
        "cloud.provider": "aws",
        "cloud.region": said["cloud.region"],
    }
