"""Gemini's streams, built from the SDK's own types, as chat completion chunks."""

from typing import Any

import pytest
from google.genai import types

from aggregator.billing.price import Usage as Counted
from aggregator.errors import ProviderFailed, ProviderUnavailable, RateLimitExceeded, Refusal
from aggregator.proxy.exchange import Progress
from tests.fakes.translated import streamed as as_chat
from tests.unit.proxy.dialects.native_world import Native, calls_joined, deltas, joined, put_together


def gemini() -> Native:
    return Native("gemini", "gemini-3.8-flash")


def event(*candidates: types.Candidate, **fields: Any) -> bytes:
    whole = types.GenerateContentResponse(
        candidates=list(candidates) or None,
        **({"model_version": "gemini-3.8-flash", "response_id": "r1"} | fields),
    )
    return b"data: " + whole.model_dump_json(by_alias=True, exclude_none=True).encode() + b"\r\n\r\n"


def piece(*parts: types.Part, finish: str | None = None, index: int | None = None, **fields: Any) -> bytes:
    reason = None if finish is None else types.FinishReason(finish)
    content = types.Content(role="model", parts=list(parts)) if parts else None
    return event(types.Candidate(content=content, finish_reason=reason, index=index), **fields)


def counted(prompt: int, candidates: int | None = None, thoughts: int | None = None) -> Any:
    return types.GenerateContentResponseUsageMetadata(
        prompt_token_count=prompt,
        candidates_token_count=candidates,
        thoughts_token_count=thoughts,
        total_token_count=prompt + (candidates or 0) + (thoughts or 0),
    )


def test_words_come_as_chunks_with_the_role_first_and_the_reason_last() -> None:
    native = gemini()

    chunks = native.streamed(
        piece(types.Part(text="hel"), usage_metadata=counted(10))
        + piece(types.Part(text="lo"), finish="STOP", usage_metadata=counted(10, 5))
    )

    assert deltas(chunks) == [{"role": "assistant", "content": "hel"}, {"content": "lo"}, {}]
    assert [chunk["choices"][0]["finish_reason"] for chunk in chunks] == [None, None, "stop"]
    assert {(chunk["id"], chunk["model"]) for chunk in chunks} == {("r1", "gemini-3.8-flash")}
    assert all("usage" not in chunk for chunk in chunks)
    assert native.progress.finished
    assert native.progress.usage == Counted(input_tokens=10, output_tokens=5)


def test_a_stream_that_is_cut_keeps_what_was_counted_so_far() -> None:
    native = gemini()

    native.streamed(piece(types.Part(text="hello"), usage_metadata=counted(10, 3, 20)))

    assert native.progress.usage == Counted(input_tokens=10, output_tokens=23, reasoning_tokens=20)
    assert not native.progress.finished


def test_a_count_of_the_prompt_alone_holds_for_the_prompt() -> None:
    native = gemini()

    native.streamed(piece(types.Part(text="hello"), usage_metadata=counted(10)))

    assert native.progress.usage == Counted(input_tokens=10)
    assert (native.progress.output_bytes, native.progress.uncounted_bytes) == (5, 5)


def test_thoughts_and_calls_come_with_signatures_that_gemini_takes_back() -> None:
    native = gemini()
    calls = [
        types.Part(
            function_call=types.FunctionCall(id="c1", name="weather", args={"city": "Rome"}),
            thought_signature=b"call",
        ),
        types.Part(function_call=types.FunctionCall(id="c2", name="weather", args={})),
    ]

    chunks = native.streamed(
        piece(types.Part(text="they ask", thought=True))
        + piece(types.Part(text="so", thought_signature=b"text"))
        + piece(*calls)
        + piece(finish="STOP")
    )
    again = native.sent(messages=[{"role": "user", "content": "hi"}, put_together(chunks)])["contents"][1][
        "parts"
    ]

    assert joined(chunks, "reasoning_content") == "they ask"
    assert calls_joined(chunks) == [("c1", "weather", '{"city":"Rome"}'), ("c2", "weather", "{}")]
    assert chunks[-1]["choices"][0]["finish_reason"] == "tool_calls"
    assert [part.get("thoughtSignature") for part in again] == ["dGV4dA==", "Y2FsbA==", None]


def test_a_signature_at_the_end_needs_no_words() -> None:
    chunks = gemini().streamed(
        piece(types.Part(text="hi")) + piece(types.Part(text="", thought_signature=b"text"), finish="STOP")
    )

    assert deltas(chunks)[1]["reasoning_details"] == [
        {
            "type": "reasoning.encrypted",
            "data": "dGV4dA==",
            "format": "google-gemini-v1",
            "index": 0,
            "after": {"characters": 2, "calls": 0},
        }
    ]


def test_several_candidates_run_beside_each_other_and_the_answer_ends_with_the_last() -> None:
    native = gemini()
    first = piece(types.Part(text="a"), index=0) + piece(types.Part(text="b"), index=1)

    native.streamed(first + piece(finish="STOP", index=0))
    assert not native.progress.finished

    native = gemini()
    chunks = native.streamed(first + piece(finish="STOP", index=0) + piece(finish="MAX_TOKENS", index=1))

    assert (joined(chunks, "content", 0), joined(chunks, "content", 1)) == ("a", "b")
    assert [chunk["choices"][0]["finish_reason"] for chunk in chunks] == [None, None, "stop", "length"]
    assert native.progress.finished


def test_nothing_comes_after_the_end_of_a_choice() -> None:
    chunks = gemini().streamed(
        piece(types.Part(text="a"), finish="STOP") + piece(types.Part(text="b"), finish="STOP")
    )

    assert joined(chunks, "content") == "a"
    assert len(chunks) == 2


def test_a_blocked_prompt_is_a_filtered_end() -> None:
    native = gemini()
    feedback = types.GenerateContentResponsePromptFeedback(block_reason=types.BlockedReason.SAFETY)

    chunks = native.streamed(event(prompt_feedback=feedback, usage_metadata=counted(10)))

    assert deltas(chunks) == [{"role": "assistant", "content": ""}]
    assert chunks[0]["choices"][0]["finish_reason"] == "content_filter"
    assert native.progress.usage == Counted(input_tokens=10)
    assert native.progress.finished


def test_a_model_that_went_wrong_before_it_said_anything_can_fall_back() -> None:
    with pytest.raises(ProviderFailed):
        gemini().streamed(piece(finish="MALFORMED_FUNCTION_CALL"))


def test_a_model_that_stopped_for_no_known_reason_after_it_said_something_ends() -> None:
    chunks = gemini().streamed(piece(types.Part(text="a")) + piece(finish="OTHER"))

    assert chunks[-1]["choices"][0]["finish_reason"] == "stop"


def test_an_event_without_candidates_shows_only_that_the_provider_is_alive() -> None:
    run = list(as_chat("gemini", [event(usage_metadata=counted(10))], Progress()))

    assert run == [b": heartbeat\n\n"]


@pytest.mark.parametrize(
    ("error", "failure"),
    [
        (b'{"error":{"code":503,"status":"UNAVAILABLE","message":"secret"}}', ProviderUnavailable),
        (b'{"error":{"code":429,"status":"RESOURCE_EXHAUSTED","message":"secret"}}', RateLimitExceeded),
        (b'{"error":{"code":500,"status":"INTERNAL","message":"secret"}}', ProviderFailed),
        (b"{", ProviderFailed),
        (b"[]", ProviderFailed),
    ],
)
def test_an_error_in_mid_stream_ends_it(error: bytes, failure: type[Refusal]) -> None:
    with pytest.raises(failure) as failed:
        gemini().streamed(piece(types.Part(text="a")) + b"data: " + error + b"\n\n")

    assert "secret" not in failed.value.message
