"""What goes wrong at Anthropic and Gemini, over real sockets: what the client gets, and whether it is tried again."""

import json
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

import pytest

from aggregator.errors import (
    ProviderFailed,
    ProviderRefused,
    ProviderTimedOut,
    ProviderUnavailable,
    ProviderUnreadable,
    RateLimitExceeded,
    Refusal,
)
from aggregator.proxy.call import call
from aggregator.proxy.exchange import Answer, CallFailed, UpstreamError
from aggregator.proxy.upstream.http import HttpUpstream
from tests.fakes.chat_world import FakeKeys, JsonObject, ask, provider, way
from tests.integration.proxy.raw_provider import Answer as Said
from tests.integration.proxy.raw_provider import RawProvider, answer, chunked

MODELS = {"anthropic": "claude-opus-5-5", "gemini": "gemini-3.8-flash"}
GOOD: dict[str, JsonObject] = {
    "anthropic": {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-opus-5-5",
        "content": [{"type": "text", "text": "hello"}],
        "stop_reason": "end_turn",
        "usage": {"input_tokens": 10, "output_tokens": 5},
    },
    "gemini": {
        "candidates": [{"content": {"role": "model", "parts": [{"text": "hello"}]}, "finishReason": "STOP"}],
        "usageMetadata": {"promptTokenCount": 10, "candidatesTokenCount": 5, "totalTokenCount": 15},
        "modelVersion": "gemini-3.8-flash",
        "responseId": "r1",
    },
}
NO_USAGE = {
    "anthropic": {name: value for name, value in GOOD["anthropic"].items() if name != "usage"},
    "gemini": {name: value for name, value in GOOD["gemini"].items() if name != "usageMetadata"},
}
EMPTY = {
    "anthropic": GOOD["anthropic"] | {"content": []},
    "gemini": GOOD["gemini"] | {"candidates": [{"finishReason": "STOP"}]},
}
NOTHING = {"anthropic": {"id": "msg_1", "type": "message"}, "gemini": {"candidates": []}}
ERROR = {
    "anthropic": {"type": "error", "error": {"type": "overloaded_error", "message": "secret"}},
    "gemini": {"error": {"code": 503, "status": "UNAVAILABLE", "message": "secret"}},
}
BEGINNING: dict[str, list[JsonObject]] = {
    "anthropic": [
        {"type": "message_start", "message": GOOD["anthropic"] | {"content": [], "stop_reason": None}},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "hel"}},
    ],
    "gemini": [{"candidates": [{"content": {"role": "model", "parts": [{"text": "hel"}]}}]}],
}
BAD_REQUEST = {
    "anthropic": {
        "type": "error",
        "error": {"type": "invalid_request_error", "message": "max_tokens: too big"},
    },
    "gemini": {"error": {"code": 400, "status": "INVALID_ARGUMENT", "message": "max_tokens: too big"}},
}

both = pytest.mark.parametrize("protocol", ["anthropic", "gemini"])


def whole(said: Any, *headers: str, status: str = "200 OK") -> bytes:
    body = said if isinstance(said, bytes) else json.dumps(said).encode()
    return answer(body, *headers, status=status)


def events(said: Sequence[Any], end: bytes = b"0\r\n\r\n") -> bytes:
    return chunked(*(b"data: " + json.dumps(each).encode() + b"\n\n" for each in said), end=end)


@dataclass
class Outcome:
    """What a call came to: an answer read to its end or a refusal, and how many requests the provider saw."""

    refusal: Refusal | None = None
    answer: Answer | None = None
    body: bytes = b""
    broken: Exception | None = None
    slept: list[float] = field(default_factory=list)
    requests: int = 0


def asked(protocol: str, *said: Said, stream: bool = False, seconds: float = 60.0) -> Outcome:
    """Ask a provider that says `said` to one request after another, each on a connection of its own."""
    outcome = Outcome()
    with RawProvider(*([each] for each in said)) as raw, closing(HttpUpstream(this_machine=True)) as upstream:
        at = provider(protocol, protocol=protocol, base_url=raw.url.removesuffix("/v1/chat/completions"))
        try:
            outcome.answer = call(
                ask(stream=stream),
                [way(provider=at, upstream_model=MODELS[protocol])],
                upstream=upstream,
                keys=FakeKeys(),
                deadline=time.monotonic() + seconds,
                monotonic=time.monotonic,
                sleep=outcome.slept.append,
            )
            outcome.body = b"".join(outcome.answer.chunks)
        except CallFailed as failed:
            outcome.refusal = failed.refusal
        except (Refusal, UpstreamError) as broken:
            outcome.broken = broken
        if outcome.answer is not None:
            outcome.answer.response.close()
    outcome.requests = len(raw.requests)
    return outcome


@both
@pytest.mark.parametrize(
    ("fault", "failure"),
    [
        (whole(b"busy", status="500 Internal Server Error"), ProviderFailed),
        (whole(b"busy", status="529 Overloaded"), ProviderUnavailable),
        (whole(b"busy", status="503 Service Unavailable"), ProviderUnavailable),
        (whole(b"slow", "Retry-After: 2", status="429 Too Many Requests"), RateLimitExceeded),
        (answer(b'{"id"', length=50), ProviderFailed),
        (None, ProviderFailed),
    ],
)
def test_a_fault_is_tried_once_more_and_then_said(protocol: str, fault: Said, failure: type[Refusal]) -> None:
    outcome = asked(protocol, fault, fault)

    assert type(outcome.refusal) is failure
    assert outcome.requests == 2
    assert len(outcome.slept) == 1


@both
@pytest.mark.parametrize("fault", [b'{"id": ', b"<html>hello</html>", b'{"request_id": "r1"}'])
def test_a_success_that_cannot_be_read_is_not_asked_for_again(protocol: str, fault: bytes) -> None:
    outcome = asked(protocol, whole(fault), whole(GOOD[protocol]))

    assert type(outcome.refusal) is ProviderUnreadable
    assert (outcome.requests, outcome.slept) == (1, [])


@both
def test_a_fault_that_passes_is_not_seen(protocol: str) -> None:
    outcome = asked(protocol, whole(b"busy", status="529 Overloaded"), whole(GOOD[protocol]))

    assert outcome.answer is not None
    assert json.loads(outcome.body)["choices"][0]["message"]["content"] == "hello"
    assert outcome.answer.attempts == 2


@both
def test_a_limit_is_waited_out_as_long_as_the_provider_says(protocol: str) -> None:
    limited = whole(b"slow", "Retry-After: 2", status="429 Too Many Requests")

    outcome = asked(protocol, limited, whole(GOOD[protocol]))

    assert outcome.slept == [2]
    assert outcome.answer is not None


@both
def test_a_limit_that_lasts_too_long_is_said_with_its_time(protocol: str) -> None:
    outcome = asked(protocol, whole(b"slow", "Retry-After: 30", status="429 Too Many Requests"))

    assert outcome.refusal is not None
    assert outcome.refusal.retry_after_seconds == 30
    assert outcome.requests == 1


@both
@pytest.mark.parametrize("stream", [False, True])
def test_an_error_under_status_200_is_a_failure_and_its_words_stay_here(protocol: str, stream: bool) -> None:
    fault = events([ERROR[protocol]]) if stream else whole(ERROR[protocol])

    outcome = asked(protocol, fault, fault, stream=stream)

    assert isinstance(outcome.refusal, ProviderUnavailable)
    assert "secret" not in outcome.refusal.message


@both
def test_an_answer_without_any_candidate_is_a_failure(protocol: str) -> None:
    outcome = asked(protocol, whole(NOTHING[protocol]), whole(NOTHING[protocol]))

    assert isinstance(outcome.refusal, ProviderFailed)


def test_an_empty_answer_of_claude_is_an_empty_message() -> None:
    outcome = asked("anthropic", whole(EMPTY["anthropic"]))

    assert outcome.answer is not None
    choice = json.loads(outcome.body)["choices"][0]
    assert choice["message"] == {"role": "assistant", "content": ""}
    assert choice["finish_reason"] == "stop"


def test_an_empty_answer_of_gemini_is_a_failure_for_it_claims_to_have_said_something() -> None:
    outcome = asked("gemini", whole(EMPTY["gemini"]), whole(EMPTY["gemini"]))

    assert isinstance(outcome.refusal, ProviderFailed)


@both
def test_an_answer_without_usage_is_left_for_the_platform_to_count(protocol: str) -> None:
    outcome = asked(protocol, whole(NO_USAGE[protocol]))

    assert outcome.answer is not None
    assert outcome.answer.progress.usage is None
    assert outcome.answer.progress.output_bytes == 5


@both
def test_a_request_at_fault_is_refused_at_once_with_the_providers_words(protocol: str) -> None:
    outcome = asked(protocol, whole(BAD_REQUEST[protocol], status="400 Bad Request"))

    assert isinstance(outcome.refusal, ProviderRefused)
    assert outcome.refusal.message == "max_tokens: too big"
    assert outcome.requests == 1


@both
@pytest.mark.parametrize("status", ["401 Unauthorized", "403 Forbidden", "404 Not Found"])
def test_what_is_wrong_with_the_platforms_account_is_not_the_clients_fault(
    protocol: str, status: str
) -> None:
    fault = whole(BAD_REQUEST[protocol], status=status)

    outcome = asked(protocol, fault, fault)

    assert isinstance(outcome.refusal, ProviderFailed)
    assert "max_tokens" not in outcome.refusal.message


@both
@pytest.mark.parametrize("stream", [False, True])
def test_a_provider_that_never_answers_runs_into_the_deadline(protocol: str, stream: bool) -> None:
    outcome = asked(protocol, [0.6], stream=stream, seconds=0.3)

    assert isinstance(outcome.refusal, ProviderTimedOut)


@both
@pytest.mark.parametrize(
    ("fault", "requests"), [(events([]), 2), (events([{}]), 2), (whole(b"<html>hello</html>"), 1)]
)
def test_a_stream_without_a_word_is_a_failure(protocol: str, fault: bytes, requests: int) -> None:
    outcome = asked(protocol, fault, fault, stream=True)

    assert isinstance(outcome.refusal, ProviderFailed)
    assert outcome.requests == requests


@both
@pytest.mark.parametrize(
    ("rest", "broken"),
    [
        (b"", UpstreamError),
        (b"5\r\ndata", UpstreamError),
        (b"b\r\ndata: {\n\n\n\r\n0\r\n\r\n", ProviderUnreadable),
    ],
)
def test_a_stream_that_breaks_off_is_not_complete(
    protocol: str, rest: bytes, broken: type[Exception]
) -> None:
    outcome = asked(protocol, events(BEGINNING[protocol], end=rest), stream=True)

    assert type(outcome.broken) is broken
    assert outcome.answer is not None
    assert not outcome.answer.progress.finished
    assert (outcome.answer.progress.output_bytes, outcome.answer.progress.uncounted_bytes) == (3, 3)


@both
def test_a_stream_that_ends_before_its_end_is_not_complete(protocol: str) -> None:
    outcome = asked(protocol, events(BEGINNING[protocol]), stream=True)

    assert outcome.broken is None
    assert outcome.answer is not None
    assert not outcome.answer.progress.finished


@both
def test_an_error_in_mid_stream_ends_an_answer_that_began(protocol: str) -> None:
    outcome = asked(protocol, events([*BEGINNING[protocol], ERROR[protocol]]), stream=True)

    assert isinstance(outcome.broken, ProviderUnavailable)
    assert outcome.answer is not None
    assert not outcome.answer.progress.finished
