"""What a streamed answer becomes: its prelude, and its plain form for callers that take no stream."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from aggregator.runtime import streaming
from aggregator.runtime.streaming import StreamingResponse, announce_streaming, buffered, portable, prelude

FROM_API_GATEWAY: dict[str, Any] = {"requestContext": {"requestId": "r-1"}}
ANSWER = StreamingResponse(201, {"Content-Type": "text/plain"}, [b"one ", b"two"])


@pytest.fixture
def streaming_runtime(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a process of ours, in the cloud."""
    monkeypatch.setattr(streaming, "_runtime", {"is_ours": False, "streams": False})
    monkeypatch.delenv("AWS_SAM_LOCAL", raising=False)
    monkeypatch.delenv("AGGREGATOR_RESPONSE_MODE", raising=False)
    announce_streaming()


@portable
def handler(event: Any, context: Any) -> Any:  # noqa: ARG001
    return ANSWER


def test_the_prelude_holds_status_headers_and_cookies() -> None:
    response = StreamingResponse(429, {"Retry-After": "1"}, [], cookies=("a=1",))

    assert json.loads(prelude(response)) == {
        "statusCode": 429,
        "headers": {"Retry-After": "1"},
        "cookies": ["a=1"],
    }


def test_without_cookies_the_prelude_does_not_speak_of_them() -> None:
    assert prelude(ANSWER) == b'{"statusCode":201,"headers":{"Content-Type":"text/plain"}}'


def test_text_is_buffered_as_it_is() -> None:
    assert buffered(ANSWER) == {
        "statusCode": 201,
        "headers": {"Content-Type": "text/plain"},
        "body": "one two",
        "isBase64Encoded": False,
    }


def test_bytes_that_are_no_text_are_buffered_as_base64() -> None:
    answer = buffered(StreamingResponse(200, {}, [b"\xff", b"\xfe"]))

    assert (answer["body"], answer["isBase64Encoded"]) == ("//4=", True)


def test_a_character_cut_in_two_by_its_chunks_is_still_text() -> None:
    assert buffered(StreamingResponse(200, {}, [b"\xe2\x82", b"\xac"]))["body"] == "€"


def test_buffering_a_stream_that_breaks_off_raises_what_it_raised_and_closes_it() -> None:
    class Breaking:
        closed = False

        def __iter__(self) -> Iterator[bytes]:
            return self

        def __next__(self) -> bytes:
            raise ConnectionError("provider cut")

        def close(self) -> None:
            self.closed = True

    chunks = Breaking()

    with pytest.raises(ConnectionError, match="provider cut"):
        buffered(StreamingResponse(200, {}, chunks))

    assert chunks.closed


def test_a_runtime_that_cannot_stream_gets_the_plain_answer() -> None:
    answer = handler(FROM_API_GATEWAY, None)

    assert isinstance(answer, dict)
    assert answer["body"] == "one two"


@pytest.mark.usefixtures("streaming_runtime")
def test_under_our_runtime_an_api_gateway_request_is_streamed() -> None:
    assert handler(FROM_API_GATEWAY, None) is ANSWER


@pytest.mark.usefixtures("streaming_runtime")
@pytest.mark.parametrize(
    "event", [{}, "text", None, FROM_API_GATEWAY | {"responseMode": "buffered"}], ids=repr
)
def test_under_our_runtime_any_other_caller_gets_the_plain_answer(event: Any) -> None:
    assert isinstance(handler(event, None), dict)


@pytest.mark.usefixtures("streaming_runtime")
@pytest.mark.parametrize(
    ("name", "value"), [("AWS_SAM_LOCAL", "true"), ("AGGREGATOR_RESPONSE_MODE", "buffered")]
)
def test_behind_an_emulator_that_takes_no_stream_the_answer_is_plain(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    announce_streaming()

    assert isinstance(handler(FROM_API_GATEWAY, None), dict)


@pytest.mark.usefixtures("streaming_runtime")
def test_a_plain_answer_passes_through_untouched() -> None:
    refusal = {"statusCode": 401, "body": "{}"}

    assert portable(lambda event, context: refusal)(FROM_API_GATEWAY, None) is refusal  # noqa: ARG005
