"""Bedrock over real sockets: a server that answers as it does, whole, streamed, and with each fault."""

import json
import time
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlsplit

import pytest

from aggregator.errors import (
    ProviderFailed,
    ProviderRefused,
    ProviderTimedOut,
    ProviderUnavailable,
    RateLimitExceeded,
    Refusal,
    UnsupportedParameter,
)
from aggregator.proxy.call import call
from aggregator.proxy.exchange import Answer, CallFailed, UpstreamError
from aggregator.proxy.model import Way
from aggregator.proxy.upstream.http import HttpUpstream
from tests.fakes import bedrock_wire as wire
from tests.fakes.chat_world import ask, completion, counted, provider, way
from tests.integration.proxy.raw_provider import Answer as Script
from tests.integration.proxy.raw_provider import RawProvider, answer, chunked

JsonObject = dict[str, Any]

HELLO = wire.answer({"text": "hello"})
STREAM = "Content-Type: application/vnd.amazon.eventstream"


class NoKeys:
    """The platform has no key at Bedrock; the role signs."""

    def of(self, provider_id: str) -> tuple[str, ...]:
        assert provider_id
        return ()


@pytest.fixture(autouse=True)
def _role(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "token")
    monkeypatch.setenv("AWS_REGION", "eu-west-1")


@pytest.fixture
def upstream() -> Iterator[HttpUpstream]:
    fresh = HttpUpstream(this_machine=True)
    yield fresh
    fresh.close()


def origin(server: RawProvider) -> str:
    return f"http://{urlsplit(server.url).netloc}"


def called(upstream: HttpUpstream, ways: Sequence[Way], seconds: float = 60.0, **fields: Any) -> Answer:
    return call(
        ask(**fields),
        ways,
        upstream=upstream,
        keys=NoKeys(),
        deadline=time.monotonic() + seconds,
        monotonic=time.monotonic,
        sleep=lambda _: None,
    )


def over(upstream: HttpUpstream, server: RawProvider, seconds: float = 60.0, **fields: Any) -> Answer:
    return called(upstream, [wire.bedrock_way(base_url=origin(server))], seconds, **fields)


def error(kind: str, status: str, message: str = "no", *headers: str) -> bytes:
    body = json.dumps({"message": message}).encode()
    return answer(body, f"x-amzn-ErrorType: {kind}:http://internal.amazon.com/", *headers, status=status)


def test_a_whole_answer_comes_back_as_a_completion(upstream: HttpUpstream) -> None:
    with RawProvider([answer(HELLO, "Content-Type: application/json")]) as server:
        got = over(upstream, server)
        said = json.loads(next(got.chunks))

    head = server.requests[0].partition(b"\r\n\r\n")[0].decode()
    assert head.startswith(
        "POST /model/global.anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse HTTP/1.1\r\n"
    )
    assert (
        "/eu-west-1/bedrock/aws4_request, SignedHeaders=content-type;host;x-amz-date;x-amz-security-token"
        in head
    )
    assert head.lower().count("\r\nhost:") == 1
    assert said["choices"][0]["message"]["content"] == "hello"
    assert said["model"] == wire.CLAUDE
    assert got.progress.usage is not None


def test_a_stream_comes_back_event_by_event_however_the_network_cuts_it(upstream: HttpUpstream) -> None:
    data = b"".join(wire.hello())
    pieces = [data[at : at + 17] for at in range(0, len(data), 17)]
    with RawProvider([chunked(*pieces)]) as server:
        got = over(upstream, server, stream=True)
        chunks = [json.loads(chunk[6:]) for chunk in got.chunks]
        got.response.close()

    assert server.requests[0].split(b" ")[1].endswith(b"/converse-stream")
    assert [chunk["choices"][0]["delta"].get("content") for chunk in chunks] == ["hel", "lo", None]
    assert got.progress.finished
    assert got.progress.usage is not None
    assert (got.progress.usage.input_tokens, got.progress.usage.output_tokens) == (10, 5)


def test_the_connection_is_kept_from_a_stream_to_the_next_question(upstream: HttpUpstream) -> None:
    with RawProvider([chunked(*wire.hello()), answer(HELLO)]) as server:
        streamed = over(upstream, server, stream=True)
        list(streamed.chunks)
        streamed.response.release()
        list(over(upstream, server).chunks)

    assert server.connections == 1


FAULTS: list[tuple[str, Script, type[Refusal], int]] = [
    ("429", error("ThrottlingException", "429 Too Many"), RateLimitExceeded, 2),
    (
        "429, and when",
        error("ThrottlingException", "429 Too Many", "no", "Retry-After: 30"),
        RateLimitExceeded,
        1,
    ),
    ("not ready", error("ModelNotReadyException", "429 Too Many"), ProviderUnavailable, 2),
    ("500", error("InternalServerException", "500 Error"), ProviderFailed, 2),
    ("503", error("ServiceUnavailableException", "503 Unavailable"), ProviderUnavailable, 2),
    ("529", answer(b"overloaded", status="529 Overloaded"), ProviderUnavailable, 2),
    ("424", error("ModelErrorException", "424 Failed"), ProviderFailed, 2),
    ("408", error("ModelTimeoutException", "408 Timeout"), ProviderTimedOut, 1),
    ("403", error("AccessDeniedException", "403 Forbidden"), ProviderFailed, 2),
    ("400", error("ValidationException", "400 Bad Request", "too long"), ProviderRefused, 1),
    ("hangs up", None, ProviderFailed, 2),
]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(("fault", "script", "refusal", "calls"), FAULTS, ids=[fault[0] for fault in FAULTS])
def test_a_fault_before_the_first_byte_is_tried_again_if_it_may_pass(
    upstream: HttpUpstream, fault: str, script: Script, refusal: type[Refusal], calls: int, *, stream: bool
) -> None:
    with RawProvider([script], [script]) as server, pytest.raises(CallFailed) as failed:
        over(upstream, server, stream=stream)

    assert fault
    assert type(failed.value.refusal) is refusal
    assert failed.value.attempts == calls
    assert len(server.requests) == calls


PLAIN_FAULTS: list[tuple[str, bytes]] = [
    ("invalid JSON", b'{"output": {"message"'),
    ("no message", b'{"output": {}, "stopReason": "end_turn"}'),
]


@pytest.mark.parametrize(("fault", "body"), PLAIN_FAULTS, ids=[fault[0] for fault in PLAIN_FAULTS])
def test_a_whole_answer_that_cannot_be_read_is_not_asked_for_again(
    upstream: HttpUpstream, fault: str, body: bytes
) -> None:
    with RawProvider([answer(body), answer(HELLO)]) as server, pytest.raises(CallFailed) as failed:
        over(upstream, server)

    assert fault
    assert (failed.value.attempts, len(server.requests)) == (1, 1)


def test_an_error_inside_a_200_is_tried_again(upstream: HttpUpstream) -> None:
    body = b'{"message": "The system encountered an unexpected error."}'
    with RawProvider([answer(body), answer(HELLO)]) as server:
        got = over(upstream, server)

    assert got.attempts == 2
    assert json.loads(next(got.chunks))["choices"][0]["message"]["content"] == "hello"


STREAM_FAULTS: list[tuple[str, bytes]] = [
    (
        "an exception before the first word",
        chunked(wire.hello()[0], wire.exception("throttlingException", "slow")),
    ),
    ("nothing at all", chunked()),
    ("a cut before the first word", chunked(wire.hello()[0], end=b"")),
]


@pytest.mark.parametrize(("fault", "script"), STREAM_FAULTS, ids=[fault[0] for fault in STREAM_FAULTS])
def test_a_stream_that_fails_before_its_first_word_is_asked_for_again_unseen(
    upstream: HttpUpstream, fault: str, script: bytes
) -> None:
    with RawProvider([script], [chunked(*wire.hello())]) as server:
        got = over(upstream, server, stream=True)
        chunks = list(got.chunks)
        got.response.close()

    assert fault
    assert got.attempts == 2
    assert b'"content":"hel"' in chunks[0]


def test_a_stream_that_is_cut_in_mid_sentence_keeps_what_was_said(upstream: HttpUpstream) -> None:
    with RawProvider([chunked(*wire.hello()[:2], end=b"")]) as server:
        got = over(upstream, server, stream=True)
        first = next(got.chunks)
        with pytest.raises(UpstreamError):
            list(got.chunks)

    assert b'"content":"hel"' in first
    assert (got.progress.finished, got.progress.output_bytes, got.progress.usage) == (False, 3, None)


def test_a_stream_that_closes_inside_an_event_fails_after_what_was_said(upstream: HttpUpstream) -> None:
    with RawProvider([chunked(*wire.hello()[:2], wire.hello()[2][:20])]) as server:
        got = over(upstream, server, stream=True)
        next(got.chunks)
        with pytest.raises(ProviderFailed):
            list(got.chunks)

    assert not got.progress.finished


def test_an_exception_in_mid_sentence_ends_the_stream(upstream: HttpUpstream) -> None:
    with RawProvider(
        [chunked(*wire.hello()[:2], wire.exception("modelStreamErrorException", "oh"))]
    ) as server:
        got = over(upstream, server, stream=True)
        next(got.chunks)
        with pytest.raises(ProviderFailed):
            list(got.chunks)

    assert got.progress.output_bytes == 3


@pytest.mark.parametrize("stream", [False, True])
def test_an_answer_without_usage_is_whole_and_leaves_the_count_to_the_platform(
    upstream: HttpUpstream, *, stream: bool
) -> None:
    script = chunked(*wire.hello()[:-1]) if stream else answer(wire.answer({"text": "hello"}, usage=None))
    with RawProvider([script]) as server:
        got = over(upstream, server, stream=stream)
        list(got.chunks)

    assert (got.progress.finished, got.progress.usage, got.progress.output_bytes) == (True, None, 5)


def test_an_answer_without_content_is_an_empty_one(upstream: HttpUpstream) -> None:
    with RawProvider([answer(wire.answer())]) as server:
        said = json.loads(next(over(upstream, server).chunks))

    assert said["choices"][0]["message"] == {"role": "assistant", "content": ""}


def test_a_model_that_does_not_begin_in_time_is_given_up(upstream: HttpUpstream) -> None:
    with RawProvider([[1.0, answer(HELLO)]]) as server, pytest.raises(CallFailed) as failed:
        over(upstream, server, seconds=0.2)

    assert type(failed.value.refusal) is ProviderTimedOut


def other(server: RawProvider) -> Way:
    return way("openai", provider=provider("openai", base_url=f"{origin(server)}/v1"))


def test_claude_falls_back_to_bedrock(upstream: HttpUpstream) -> None:
    with (
        RawProvider([error("", "529 Overloaded")] * 2, [error("", "529 Overloaded")]) as first,
        RawProvider([answer(HELLO)]) as second,
    ):
        got = called(upstream, [other(first), wire.bedrock_way(base_url=origin(second))])

    assert got.route.provider.id == "bedrock-converse"
    assert json.loads(next(got.chunks))["choices"][0]["message"]["content"] == "hello"


def test_a_route_that_cannot_honour_the_request_is_passed_over(upstream: HttpUpstream) -> None:
    with RawProvider([answer(completion("hi", counted(1, 1)))]) as server:
        got = called(upstream, [wire.bedrock_way(base_url="http://127.0.0.1:9"), other(server)], seed=7)

    assert got.route.provider.id == "openai"


def test_if_no_route_can_honour_it_the_field_is_told(upstream: HttpUpstream) -> None:
    with pytest.raises(CallFailed) as failed:
        called(upstream, [wire.bedrock_way(), wire.bedrock_way(wire.NOVA)], seed=7)

    assert type(failed.value.refusal) is UnsupportedParameter
    assert failed.value.refusal.param == "seed"


def test_a_failure_counts_for_more_than_what_the_next_route_cannot_honour(upstream: HttpUpstream) -> None:
    busy = answer(b"", "Retry-After: 30", status="503 Unavailable")
    with RawProvider([busy]) as server, pytest.raises(CallFailed) as failed:
        called(upstream, [other(server), wire.bedrock_way()], seed=7)

    assert type(failed.value.refusal) is ProviderUnavailable
    assert failed.value.refusal.retry_after_seconds == 30
