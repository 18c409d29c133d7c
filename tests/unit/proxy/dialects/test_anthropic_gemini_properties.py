"""What holds of the native adapters whatever they are given."""

import json
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from anthropic.types.message_create_params import MessageCreateParamsNonStreaming
from google.genai import types
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.errors import Refusal
from aggregator.proxy.exchange import Progress
from tests.fakes.chat_world import JsonObject
from tests.unit.proxy.dialects.native_strategies import asks, json_values, likely_json, odd_asks
from tests.unit.proxy.dialects.native_world import Native, parses_as

NATIVES = ("anthropic", "gemini")
MODELS = {
    "anthropic": (
        "claude-haiku-4-5",
        "claude-opus-4-8",
        "claude-opus-5",
        "claude-sonnet-5-5",
        "claude-opus-5-5",
    ),
    "gemini": ("gemini-2.5-pro", "gemini-3.6-flash", "gemini-3.8-flash", "gemini-4-argon"),
}

anthropic_stream = b"".join(
    b"event: x\r\ndata: " + json.dumps(said).encode() + b"\r\n\r\n"
    for said in (
        {"type": "message_start", "message": {"id": "msg_1", "model": "m", "usage": {"input_tokens": 9}}},
        {"type": "ping"},
        {"type": "content_block_start", "content_block": {"type": "thinking", "thinking": ""}},
        {"type": "content_block_delta", "delta": {"type": "thinking_delta", "thinking": "é 🙂"}},
        {"type": "content_block_delta", "delta": {"type": "signature_delta", "signature": "s"}},
        {"type": "content_block_stop"},
        {
            "type": "content_block_start",
            "content_block": {"type": "tool_use", "id": "t", "name": "f", "input": {}},
        },
        {"type": "content_block_delta", "delta": {"type": "input_json_delta", "partial_json": '{"a":'}},
        {"type": "content_block_delta", "delta": {"type": "input_json_delta", "partial_json": "1}"}},
        {"type": "content_block_stop"},
        {"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": {"output_tokens": 7}},
        {"type": "message_stop"},
    )
)
gemini_stream = b"".join(
    b"data: " + json.dumps(said, ensure_ascii=False).encode() + b"\n\n"
    for said in (
        {"responseId": "r1", "candidates": [{"content": {"parts": [{"text": "é 🙂", "thought": True}]}}]},
        {"candidates": [{"content": {"parts": [{"text": "hi"}]}}]},
        {
            "candidates": [
                {
                    "content": {
                        "parts": [{"functionCall": {"id": "c", "name": "f"}, "thoughtSignature": "s"}]
                    },
                    "finishReason": "STOP",
                }
            ],
            "usageMetadata": {"promptTokenCount": 9, "candidatesTokenCount": 7},
        },
    )
)
STREAMS = {"anthropic": anthropic_stream, "gemini": gemini_stream}


def cut(data: bytes, places: list[int]) -> Iterator[bytes]:
    ends = sorted({place % len(data) for place in places} | {len(data)})
    start = 0
    for end in ends:
        yield data[start:end]
        start = end


def chunks_of(native: Native, blocks: Iterator[bytes]) -> list[JsonObject]:
    return [{**chunk, "created": 0} for chunk in native.streamed(*blocks)]


@pytest.mark.parametrize("protocol", NATIVES)
@given(places=st.lists(st.integers(0, 10_000), max_size=20))
def test_a_stream_says_the_same_however_it_is_cut(protocol: str, places: list[int]) -> None:
    whole, pieces = Native(protocol, "m"), Native(protocol, "m")

    at_once = chunks_of(whole, iter([STREAMS[protocol]]))
    in_pieces = chunks_of(pieces, cut(STREAMS[protocol], places))

    assert in_pieces == at_once
    assert pieces.progress.usage == whole.progress.usage
    assert pieces.progress.usage is not None
    assert pieces.progress.finished


@pytest.mark.parametrize("protocol", NATIVES)
@given(
    odd=st.lists(st.dictionaries(st.sampled_from(["kind", "x", "y"]), json_values), min_size=1, max_size=4)
)
def test_events_that_are_not_known_change_nothing(protocol: str, odd: list[JsonObject]) -> None:
    events = b"".join(
        b"data: " + json.dumps({"type": "new_event", **each}).encode() + b"\n\n" for each in odd
    )

    with_them = chunks_of(Native(protocol, "m"), iter([events + STREAMS[protocol]]))

    assert with_them == chunks_of(Native(protocol, "m"), iter([STREAMS[protocol]]))


@pytest.mark.parametrize("protocol", NATIVES)
@given(events=st.lists(likely_json, max_size=6))
@settings(deadline=None)
def test_no_stream_breaks_the_adapter(protocol: str, events: list[Any]) -> None:
    native = Native(protocol, "m")
    run = b"".join(b"data: " + json.dumps(each).encode() + b"\n\n" for each in events)

    try:
        chunks = native.streamed(run)
    except Refusal:
        return

    assert all(chunk["choices"] for chunk in chunks)


@pytest.mark.parametrize("protocol", NATIVES)
@given(answer=likely_json | st.dictionaries(st.sampled_from(["content", "candidates", "id"]), likely_json))
@settings(deadline=None)
def test_no_answer_breaks_the_adapter(protocol: str, answer: Any) -> None:
    native = Native(protocol, "m")

    try:
        said = native.answered(json.dumps(answer).encode())
    except Refusal:
        return

    assert said["choices"]
    assert native.progress.finished


@given(fields=asks, model=st.sampled_from(MODELS["anthropic"]))
@settings(deadline=None)
def test_every_ask_goes_to_anthropic_in_its_own_form_or_is_refused(fields: JsonObject, model: str) -> None:
    try:
        body = Native("anthropic", model).sent(**fields)
    except Refusal:
        return

    assert parses_as(MessageCreateParamsNonStreaming, body)
    speakers = [turn["role"] for turn in body["messages"]]
    assert all(one != next_ for one, next_ in pairwise(speakers))


@given(fields=asks, model=st.sampled_from(MODELS["gemini"]))
@settings(deadline=None)
def test_every_ask_goes_to_gemini_in_its_own_form_or_is_refused(fields: JsonObject, model: str) -> None:
    try:
        body = Native("gemini", model).sent(**fields)
    except Refusal:
        return

    for content in body["contents"]:
        types.Content.model_validate(content)
    for tool in body.get("tools", ()):
        types.Tool.model_validate(tool)
    types.GenerationConfig.model_validate(body["generationConfig"])
    speakers = [content["role"] for content in body["contents"]]
    assert all(one != next_ for one, next_ in pairwise(speakers))


@pytest.mark.parametrize("protocol", NATIVES)
@given(fields=odd_asks, data=st.data())
@settings(deadline=None)
def test_no_ask_breaks_the_adapter(protocol: str, fields: JsonObject, data: st.DataObject) -> None:
    model = data.draw(st.sampled_from(MODELS[protocol]))

    try:
        body = Native(protocol, model).sent(**fields)
    except Refusal:
        return

    assert body["messages" if protocol == "anthropic" else "contents"]


@pytest.mark.parametrize("protocol", NATIVES)
def test_a_stream_that_never_comes_finishes_nothing(protocol: str) -> None:
    progress = Progress()

    chunks = list(Native(protocol, "m", progress=progress).chunks([]))

    assert chunks == []
    assert not progress.finished
