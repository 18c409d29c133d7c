"""Retries and fallback: the same route once more, then the next, while there is time."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from aggregator.errors import (
    PayloadTooLarge,
    ProviderFailed,
    ProviderRefused,
    ProviderTimedOut,
    ProviderUnavailable,
    RateLimitExceeded,
    Refusal,
)
from aggregator.proxy.call import call
from aggregator.proxy.exchange import Answer, CallFailed, UpstreamError, UpstreamRequest
from aggregator.proxy.model import Way
from tests.fakes.chat_world import (
    Clock,
    FakeKeys,
    ScriptedResponse,
    ScriptedUpstream,
    ask,
    chunk,
    completion,
    counted,
    provider,
    usage_event,
    way,
)

GOOD = completion("hello", counted(10, 5))
TWO_WAYS = [way("openai"), way("groq", output_tokens=50)]


def calling(
    upstream: ScriptedUpstream,
    ways: list[Way] | None = None,
    keys: FakeKeys | None = None,
    clock: Clock | None = None,
    seconds: float = 60.0,
    *,
    stream: bool = False,
) -> Answer:
    clock = clock or Clock()
    return call(
        ask(stream=stream),
        ways or [way()],
        upstream=upstream,
        keys=keys or FakeKeys(),
        deadline=clock.monotonic() + seconds,
        monotonic=clock.monotonic,
        sleep=clock.sleep,
    )


def asked(upstream: ScriptedUpstream) -> list[str]:
    """Which provider was asked with which key, in order."""
    return [
        f"{request.url.split('.')[1]} {request.headers.get('Authorization', '-').removeprefix('Bearer ')}"
        for request in upstream.requests
    ]


def test_the_first_answer_is_taken() -> None:
    upstream = ScriptedUpstream(ScriptedResponse(GOOD))

    answer = calling(upstream, TWO_WAYS)

    assert (answer.attempts, answer.route.provider.id, list(answer.chunks)) == (1, "openai", [GOOD])
    assert asked(upstream) == ["openai key-1"]


def test_what_may_pass_is_tried_once_more_on_the_same_route() -> None:
    upstream = ScriptedUpstream(ScriptedResponse(status=500), ScriptedResponse(GOOD))

    answer = calling(upstream, TWO_WAYS)

    assert (answer.attempts, asked(upstream)) == (2, ["openai key-1", "openai key-1"])


def test_the_second_try_takes_the_second_key() -> None:
    upstream = ScriptedUpstream(ScriptedResponse(status=401), ScriptedResponse(GOOD))

    calling(upstream, keys=FakeKeys(openai=("new", "old")))

    assert asked(upstream) == ["openai new", "openai old"]


def test_a_provider_without_keys_is_called_without_one() -> None:
    upstream = ScriptedUpstream(ScriptedResponse(GOOD))

    calling(upstream, keys=FakeKeys(openai=()))

    assert asked(upstream) == ["openai -"]


def test_routes_are_tried_in_order_each_with_its_own_cap() -> None:
    broken = [ScriptedResponse(status=502) for _ in range(2)]
    upstream = ScriptedUpstream(*broken, ScriptedResponse(GOOD))

    answer = calling(upstream, TWO_WAYS)

    assert answer.attempts == 3
    assert answer.route.provider.id == "groq"
    assert asked(upstream) == ["openai key-1", "openai key-1", "groq key-1"]
    assert [json.loads(request.body)["max_tokens"] for request in upstream.requests] == [100, 100, 50]
    assert json.loads(upstream.requests[2].body)["model"] == "groq-mini"


def test_when_all_routes_fail_the_last_failure_is_told() -> None:
    upstream = ScriptedUpstream(*[ScriptedResponse(status=503)] * 2, *[ScriptedResponse(status=500)] * 2)

    with pytest.raises(CallFailed) as failed:
        calling(upstream, TWO_WAYS)

    assert isinstance(failed.value.refusal, ProviderFailed)
    assert (failed.value.attempts, failed.value.route.provider.id) == (4, "groq")


@pytest.mark.parametrize(
    ("status", "refusal"),
    [(400, ProviderRefused), (422, ProviderRefused), (413, PayloadTooLarge)],
)
def test_what_is_the_clients_own_fault_is_not_tried_again(status: int, refusal: type[Refusal]) -> None:
    upstream = ScriptedUpstream(ScriptedResponse(status=status), ScriptedResponse(GOOD))

    with pytest.raises(CallFailed) as failed:
        calling(upstream, TWO_WAYS)

    assert isinstance(failed.value.refusal, refusal)
    assert failed.value.attempts == 1
    assert upstream.left == 1


def test_a_time_out_goes_to_the_next_route_at_once() -> None:
    clock = Clock()
    upstream = ScriptedUpstream(UpstreamError("TimeoutError", timed_out=True), ScriptedResponse(GOOD))

    answer = calling(upstream, TWO_WAYS, clock=clock)

    assert (answer.attempts, answer.route.provider.id, clock.slept) == (2, "groq", [])


def test_a_short_retry_after_is_obeyed() -> None:
    clock = Clock()
    limited = ScriptedResponse(status=429, headers={"retry-after": "2"})

    calling(ScriptedUpstream(limited, ScriptedResponse(GOOD)), clock=clock)

    assert clock.slept == [2]


def test_a_long_retry_after_sends_to_the_next_route() -> None:
    clock = Clock()
    limited = ScriptedResponse(status=429, headers={"retry-after": "3"})

    answer = calling(ScriptedUpstream(limited, ScriptedResponse(GOOD)), TWO_WAYS, clock=clock)

    assert (answer.route.provider.id, clock.slept) == ("groq", [])


def test_a_long_retry_after_on_the_only_route_is_told_to_the_client() -> None:
    limited = ScriptedResponse(status=429, headers={"retry-after": "30"})

    with pytest.raises(CallFailed) as failed:
        calling(ScriptedUpstream(limited))

    assert isinstance(failed.value.refusal, RateLimitExceeded)
    assert failed.value.refusal.retry_after_seconds == 30


def test_a_busy_provider_without_retry_after_is_given_a_second() -> None:
    clock = Clock()

    calling(ScriptedUpstream(ScriptedResponse(status=529), ScriptedResponse(GOOD)), clock=clock)

    assert clock.slept == [1]


def test_a_failure_waits_a_random_moment() -> None:
    clock = Clock()

    calling(ScriptedUpstream(UpstreamError("RemoteDisconnected"), ScriptedResponse(GOOD)), clock=clock)

    assert len(clock.slept) == 1
    assert 0 <= clock.slept[0] <= 0.2


def test_no_wait_goes_past_the_deadline() -> None:
    clock = Clock()
    limited = ScriptedResponse(status=429, headers={"retry-after": "2"})
    upstream = ScriptedUpstream(limited, ScriptedResponse(GOOD))

    with pytest.raises(CallFailed) as failed:
        calling(upstream, clock=clock, seconds=1.5)

    assert (failed.value.attempts, clock.slept, upstream.left) == (1, [], 1)


def test_the_next_route_may_be_tried_where_waiting_would_take_too_long() -> None:
    limited = ScriptedResponse(status=429, headers={"retry-after": "2"})

    answer = calling(ScriptedUpstream(limited, ScriptedResponse(GOOD)), TWO_WAYS, seconds=1.5)

    assert answer.route.provider.id == "groq"


def test_after_the_deadline_no_route_is_tried() -> None:
    upstream = ScriptedUpstream(UpstreamError("TimeoutError", timed_out=True), ScriptedResponse(GOOD))

    with pytest.raises(CallFailed) as failed:
        calling(upstream, TWO_WAYS, seconds=0)

    assert isinstance(failed.value.refusal, ProviderTimedOut)
    assert (failed.value.route.provider.id, upstream.left) == ("openai", 1)


class SlowUpstream(ScriptedUpstream):
    """Each call takes so many seconds before it comes to what the script says."""

    def __init__(self, clock: Clock, seconds: float, *script: ScriptedResponse | Exception) -> None:
        super().__init__(*script)
        self._clock, self._seconds = clock, seconds

    def post(self, request: UpstreamRequest, deadline: float) -> ScriptedResponse:
        self._clock.sleep(self._seconds)
        return super().post(request, deadline)


SILENT = UpstreamError("TimeoutError", timed_out=True)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(("seconds", "tries"), [(289, 2), (290, 1)])
def test_nobody_is_asked_any_more_once_api_gateway_will_have_hung_up_on_the_client(
    seconds: int, tries: int, stream: bool
) -> None:
    clock = Clock()
    upstream = SlowUpstream(clock, seconds, SILENT, SILENT)

    with pytest.raises(CallFailed) as failed:
        calling(upstream, TWO_WAYS, clock=clock, seconds=880, stream=stream)

    assert (failed.value.attempts, upstream.left) == (tries, 2 - tries)


def test_a_stream_of_a_later_route_begins_while_its_client_is_still_there() -> None:
    clock = Clock()
    upstream = SlowUpstream(clock, 200, SILENT, SILENT)

    with pytest.raises(CallFailed):
        calling(upstream, TWO_WAYS, clock=clock, seconds=880, stream=True)

    assert [request.first_byte_seconds for request in upstream.requests] == [120, 90]


def test_an_answer_knows_what_its_provider_took_to_begin_and_not_what_others_took_before() -> None:
    clock = Clock()
    upstream = SlowUpstream(clock, 7, SILENT, ScriptedResponse(GOOD))

    answer = calling(upstream, TWO_WAYS, clock=clock)

    assert (answer.attempts, answer.progress.provider_ms) == (2, 7_000)
    ((provider, code, at_ms),) = answer.progress.failed
    assert (provider, code, clock.monotonic() * 1_000 - at_ms) == ("openai", "provider_timeout", 7_000)


def test_a_failure_knows_all_its_tries() -> None:
    clock = Clock()

    with pytest.raises(CallFailed) as failed:
        calling(SlowUpstream(clock, 7, SILENT, SILENT), TWO_WAYS, clock=clock)

    assert [(each.provider, each.code) for each in failed.value.failed] == [
        ("openai", "provider_timeout"),
        ("groq", "provider_timeout"),
    ]


def test_every_try_has_the_same_deadline() -> None:
    clock = Clock(100.0)
    upstream = ScriptedUpstream(ScriptedResponse(status=500), ScriptedResponse(GOOD))

    calling(upstream, clock=clock, seconds=60)

    assert upstream.deadlines == [160.0, 160.0]


def test_a_protocol_that_nobody_speaks_is_no_reason_to_give_up() -> None:
    odd = way("odd", provider=provider("odd", protocol="telepathy"))

    answer = calling(ScriptedUpstream(ScriptedResponse(GOOD)), [odd, way("groq")])

    assert answer.route.provider.id == "groq"


@pytest.mark.parametrize("body", [b"<html>", b'{"request_id": "r1"}', b'{"status": "queued"}', b"[]", b"{"])
@pytest.mark.parametrize("stream", [False, True])
def test_a_success_that_cannot_be_read_is_never_asked_for_again_but_the_next_route_is(
    body: bytes, stream: bool
) -> None:
    alone = ScriptedUpstream(ScriptedResponse(body), ScriptedResponse(GOOD))
    good = ScriptedResponse(chunk("hey", "stop")) if stream else ScriptedResponse(GOOD)

    with pytest.raises(CallFailed) as failed:
        calling(alone, stream=stream)
    answer = calling(ScriptedUpstream(ScriptedResponse(body), good), TWO_WAYS, stream=stream)

    assert (failed.value.attempts, alone.left) == (1, 1)
    assert isinstance(failed.value.refusal, ProviderFailed)
    assert (answer.attempts, answer.route.provider.id) == (2, "groq")


@pytest.mark.parametrize(
    "first",
    [
        ScriptedResponse(),
        ScriptedResponse(b"data: [DONE]\n\n"),
        ScriptedResponse(b": waiting\n\n"),
        ScriptedResponse(b'data: {"error": {"message": "overloaded"}}\n\n'),
        ScriptedResponse(b": waiting\n\n", b'data: {"error": {"message": "overloaded"}}\n\n'),
        ScriptedResponse(UpstreamError("IncompleteRead")),
        ScriptedResponse(chunk(""), UpstreamError("IncompleteRead")),
        ScriptedResponse(chunk(), b": waiting\n\n", usage_event(10, 0), UpstreamError("IncompleteRead")),
        ScriptedResponse(chunk("", role="assistant"), b"data: [DONE]\n\n"),
    ],
)
def test_a_stream_that_fails_before_its_first_chunk_is_tried_again_unseen(first: ScriptedResponse) -> None:
    upstream = ScriptedUpstream(first, ScriptedResponse(chunk("hey", "stop")))

    answer = calling(upstream, stream=True)

    assert answer.attempts == 2
    assert list(answer.chunks) == [chunk("hey", "stop")]


def test_a_stream_that_fails_before_its_first_chunk_is_hung_up_on() -> None:
    failing = ScriptedResponse(b'data: {"error": {"message": "overloaded"}}\n\n', b"more")

    calling(ScriptedUpstream(failing, ScriptedResponse(chunk("hey"))), stream=True)

    assert failing.closed


def test_heartbeats_before_the_first_chunk_are_passed_on_with_it() -> None:
    clock = Clock()
    upstream = ScriptedUpstream(ScriptedResponse(b": waiting\n\n", chunk("hey", "stop")))

    answer = calling(upstream, clock=clock, stream=True)

    assert list(answer.chunks) == [b": waiting\n\n", chunk("hey", "stop")]


@pytest.mark.parametrize(
    "said",
    [
        {"content": "x"},
        {"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}]},
        {"reasoning": "hm"},
        {"reasoning_content": "hm"},
        {"reasoning_details": [{"type": "reasoning.encrypted", "data": "x"}]},
        {"refusal": "no"},
        {"tool_calls": [{"index": 0, "id": "c", "function": {"name": "f", "arguments": ""}}]},
    ],
)
def test_whatever_says_something_begins_an_answer(said: dict[str, Any]) -> None:
    piece = chunk(choices=[{"index": 0, "delta": said, "finish_reason": None}])
    upstream = ScriptedUpstream(
        ScriptedResponse(piece, UpstreamError("IncompleteRead")), ScriptedResponse(chunk("other", "stop"))
    )

    answer = calling(upstream, TWO_WAYS, stream=True)

    assert (answer.attempts, answer.progress.begun) == (1, True)
    assert b"chat.completion.chunk" in next(answer.chunks)


def test_a_prelude_is_not_kept_back_for_longer_than_half_a_minute() -> None:
    clock = Clock(7.0)

    class Slow(ScriptedResponse):
        def blocks(self) -> Iterator[bytes]:
            for block in super().blocks():
                yield block
                clock.seconds += 16.0

    role, ping = chunk(""), b": ping\n\n"
    upstream = ScriptedUpstream(Slow(role, ping, ping, chunk("hey", "stop")))

    answer = calling(upstream, clock=clock, stream=True)

    assert (clock.seconds, answer.progress.first_token_at_ms) == (39.0, None)
    assert list(answer.chunks) == [role, ping, ping, chunk("hey", "stop")]
    assert answer.progress.first_token_at_ms == 55_000


def test_an_answer_knows_when_it_began() -> None:
    clock = Clock(7.0)

    answer = calling(ScriptedUpstream(ScriptedResponse(chunk("hey", "stop"))), clock=clock, stream=True)

    assert answer.progress.first_token_at_ms == 7_000


def test_an_unavailable_provider_is_told_as_such() -> None:
    with pytest.raises(CallFailed) as failed:
        calling(ScriptedUpstream(*[ScriptedResponse(status=503)] * 2))

    assert isinstance(failed.value.refusal, ProviderUnavailable)


XAI_WRONG_KEY = (
    b'{"code": "Client specified an invalid argument", "error": "Incorrect API key provided: xa***."}'
)
TOOL_USE_FAILED = b'{"error": {"message": "Failed to call a function.", "code": "tool_use_failed"}}'


def test_a_400_for_a_wrong_key_of_ours_goes_to_the_second_key_and_the_next_route() -> None:
    wrong = ScriptedResponse(XAI_WRONG_KEY, status=400)
    second = ScriptedUpstream(wrong, ScriptedResponse(GOOD))
    other = ScriptedUpstream(wrong, wrong, ScriptedResponse(GOOD))

    calling(second, keys=FakeKeys(openai=("new", "old")))
    calling(other, TWO_WAYS)

    assert asked(second) == ["openai new", "openai old"]
    assert asked(other) == ["openai key-1", "openai key-1", "groq key-1"]


def test_a_call_that_the_model_got_wrong_is_tried_once_more() -> None:
    failed = ScriptedResponse(TOOL_USE_FAILED, status=400)

    assert calling(ScriptedUpstream(failed, ScriptedResponse(GOOD))).attempts == 2
    with pytest.raises(CallFailed) as twice:
        calling(ScriptedUpstream(failed, failed))

    assert (type(twice.value.refusal), twice.value.attempts) == (ProviderFailed, 2)


def test_who_waited_in_vain_is_told_who_was_asked_and_that_it_cost_nothing() -> None:
    twice = ScriptedUpstream(*[ScriptedResponse(status=500) for _ in range(4)])
    once = ScriptedUpstream(UpstreamError("slow", timed_out=True))

    with pytest.raises(CallFailed) as failed:
        calling(twice, TWO_WAYS)
    with pytest.raises(CallFailed) as late:
        calling(once)

    assert failed.value.refusal.message == (
        "The provider failed. Asked: openai, groq (4 tries); nothing was charged."
    )
    assert late.value.refusal.message == (
        "The provider did not answer in time. Asked: openai (1 try); nothing was charged."
    )


def test_who_asked_wrongly_is_told_that_alone() -> None:
    refusing = ScriptedUpstream(ScriptedResponse(b'{"error": {"message": "no such voice"}}', status=400))

    with pytest.raises(CallFailed) as failed:
        calling(refusing, TWO_WAYS)

    assert failed.value.refusal.message == "no such voice"
