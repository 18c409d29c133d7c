"""Any request, any answer, any way in which a stream is cut up: nothing crashes, and all ways say the same."""

import json
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, cast

import pytest
from anthropic.lib.streaming._messages import accumulate_event
from anthropic.types import RawMessageStreamEvent
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from aggregator.billing.price import Usage
from aggregator.errors import ProviderFailed, Refusal
from aggregator.proxy.dialects.chat import from_provider as chat_source
from aggregator.proxy.dialects.embeddings import native as embeddings
from aggregator.proxy.dialects.embeddings.client import EMBEDDINGS
from aggregator.proxy.dialects.messages.client import MESSAGES
from aggregator.proxy.dialects.messages.to_client import Writer as MessageWriter
from aggregator.proxy.dialects.responses.client import RESPONSES
from aggregator.proxy.dialects.responses.to_client import Writer as ResponseWriter
from aggregator.proxy.dialects.surface import Surface
from aggregator.proxy.dialects.translation import Source, Translation
from aggregator.proxy.exchange import Progress
from tests.fakes.chat_world import DONE, REQUEST_ID, chat_event, completion, counted, usage_event
from tests.unit.proxy.dialects.surface_world import call, delta, events_of, message

JsonObject = dict[str, Any]

ASKED: dict[str, JsonObject] = {
    "responses": {"model": "mini", "input": "hi"},
    "messages": {"model": "mini", "max_tokens": 50, "messages": [{"role": "user", "content": "hi"}]},
    "embeddings": {"model": "mini", "input": "hi", "encoding_format": "base64"},
}
_WRITERS: dict[str, Any] = {"messages": MessageWriter, "responses": ResponseWriter}
RECEIPT = ("cost_usd", "hold_usd", "balance_usd", "price_version", "request_id", "estimated")

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
# Words of both APIs, so that arbitrary JSON gets beyond the first check.
_FIELDS = st.sampled_from([
    "type", "role", "content", "text", "name", "id", "input", "output", "call_id", "tool_use_id", "arguments", "source",
    "data", "media_type", "url", "image_url", "file_data", "thinking", "signature", "summary", "encrypted_content",
    "format", "schema", "parameters", "input_schema", "tools", "mode", "budget_tokens", "cache_control", "effort",
    "delta", "message", "choices", "index", "function", "tool_calls", "reasoning_details", "reasoning_content",
    "finish_reason", "refusal", "usage",
])  # fmt: skip
_WORDS = st.sampled_from([
    "message", "function_call", "function_call_output", "reasoning", "item_reference", "user", "assistant", "system",
    "tool", "text", "input_text", "output_text", "input_image", "input_file", "image", "document", "tool_use",
    "tool_result", "thinking", "redacted_thinking", "base64", "url", "function", "custom", "auto", "json_schema",
    "enabled", "adaptive", "ephemeral", "reasoning.text", "reasoning.encrypted",
])  # fmt: skip
near_values = st.recursive(
    _WORDS | st.none() | st.integers(0, 9) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_FIELDS, inner, max_size=5),
    max_leaves=15,
)


def bodies(surface: Surface) -> st.SearchStrategy[JsonObject]:
    """Good requests with some fields replaced by anything."""
    fields = st.sampled_from(
        [*ASKED[surface.name], "tools", "tool_choice", "text", "thinking", "system", "reasoning", "include"]
    )
    replaced = st.dictionaries(fields, values | near_values | st.lists(near_values, max_size=3), max_size=3)
    return replaced.map(lambda fields: ASKED[surface.name] | fields)


@pytest.mark.parametrize("surface", [RESPONSES, MESSAGES, EMBEDDINGS], ids=lambda each: each.name)
@given(data=st.data())
def test_reading_refuses_what_it_cannot_read_and_never_crashes(surface: Surface, data: st.DataObject) -> None:
    body = data.draw(values | bodies(surface))

    with suppress(Refusal):
        surface.read(chat_event(json.dumps(body)))


@pytest.mark.parametrize("surface", [RESPONSES, MESSAGES, EMBEDDINGS], ids=lambda each: each.name)
@given(choice=values | near_values, usage=values)
def test_any_plain_answer_is_rendered(surface: Surface, choice: Any, usage: Any) -> None:
    said = {"id": "x", "choices": [choice], "data": [choice], "usage": usage}

    rendered(surface, [json.dumps(said).encode()])


@pytest.mark.parametrize("surface", [RESPONSES, MESSAGES], ids=lambda each: each.name)
@given(chunks=st.lists(values | near_values | near_values.map(lambda each: {"choices": [each]}), max_size=5))
def test_any_stream_is_rendered_and_ends(surface: Surface, chunks: list[Any]) -> None:
    events = rendered(surface, [*(b"data: " + json.dumps(each).encode() + b"\n\n" for each in chunks), DONE])

    last = [event["type"] for event in events if event["type"] != "ping"][-1]
    assert last in {"response.completed", "response.incomplete", "response.failed", "message_stop", "error"}


@pytest.mark.parametrize("surface", [RESPONSES, MESSAGES], ids=lambda each: each.name)
@given(data=st.data())
def test_however_a_stream_is_cut_up_it_is_the_same_stream(surface: Surface, data: st.DataObject) -> None:
    whole = b"".join(stream_of(data.draw(answers())))
    cuts = sorted(data.draw(st.sets(st.integers(1, len(whole) - 1), max_size=8)))

    pieces = [whole[start:end] for start, end in zip([0, *cuts], [*cuts, len(whole)], strict=True)]

    assert rendered(surface, pieces) == rendered(surface, [whole])


@st.composite
def answers(draw: st.DrawFn) -> JsonObject:
    """A message of an assistant: thoughts, words and calls."""
    text = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=20)
    said: JsonObject = {}
    if draw(st.booleans()):
        thought = draw(text.filter(bool))
        said["reasoning_content"] = thought
        if draw(st.booleans()):
            detail = {"type": "reasoning.text", "text": thought, "signature": "s"}
            said["reasoning_details"] = [detail | draw(st.sampled_from([{}, {"format": "google-gemini-v1"}]))]
    said["content"] = draw(text)
    names = draw(st.lists(st.sampled_from(["f", "g"]), max_size=3))
    inputs = st.dictionaries(text, st.integers() | text, max_size=2)
    calls = [
        {"id": f"c{n}", "type": "function", "function": {"name": name, "arguments": json.dumps(draw(inputs))}}
        for n, name in enumerate(names)
    ]
    if calls:
        said["tool_calls"] = calls
    said["finish"] = "tool_calls" if calls else draw(st.sampled_from(["stop", "length"]))
    return said


def stream_of(answer: JsonObject, size: int = 3) -> Iterator[bytes]:
    """The same message as a provider streams it, `size` characters at a time."""
    for thought in _cut(answer.get("reasoning_content", ""), size):
        yield delta(reasoning_content=thought)
    if "reasoning_details" in answer:
        yield delta(reasoning_details=answer["reasoning_details"])
    for words in _cut(answer["content"], size):
        yield delta(content=words)
    for n, each in enumerate(answer.get("tool_calls", ())):
        yield delta(tool_calls=[call(n, "", each["id"], each["function"]["name"])])
        for piece in _cut(each["function"]["arguments"], size):
            yield delta(tool_calls=[call(n, piece)])
    yield delta(finish=answer["finish"])
    yield usage_event(10, 5)
    yield DONE


def _cut(text: str, size: int) -> Iterator[str]:
    return (text[start : start + size] for start in range(0, len(text), size))


def rendered(surface: Surface, chunks: list[bytes]) -> list[JsonObject]:
    """Events of a stream, or the one answer where there is no end mark; of one that fails as far as it came."""
    streams = chunks[-1:] != [] and b"".join(chunks).endswith(DONE)
    ask = surface.read(chat_event(ASKED[surface.name] | ({"stream": True} if streams else {})))
    if surface is EMBEDDINGS:
        whole = b"".join(embeddings.whole(ask, chunks[0], Usage(input_tokens=1)))
        return [json.loads(whole)]
    writer, progress = _WRITERS[surface.name](ask, REQUEST_ID), Progress()
    translation = Translation(cast("Source", chat_source), writer)
    if not streams:
        with suppress(Refusal):
            return [json.loads(translation.decode(b"".join(chunks), progress))]
        return []
    told: list[bytes] = []
    try:
        told += translation.stream(iter(chunks), progress)
    except Refusal as refused:
        return events_of([*told, translation.fail(refused, REQUEST_ID, progress)])
    if not progress.finished:
        return events_of([*told, translation.fail(ProviderFailed("cut"), REQUEST_ID, progress)])
    return events_of([*told, *writer.end(progress.usage or Usage(), {})])


def without_receipt(usage: JsonObject) -> JsonObject:
    return {name: value for name, value in usage.items() if name not in RECEIPT}


@given(answer=answers(), size=st.integers(1, 9))
def test_a_streamed_message_adds_up_to_the_plain_one(answer: JsonObject, size: int) -> None:
    (plain,) = rendered(MESSAGES, [message(**dict(answer))])
    snapshot: Any = None
    json_bufs: dict[int, bytes] = {}
    events: TypeAdapter[Any] = TypeAdapter(RawMessageStreamEvent)
    for event in rendered(MESSAGES, list(stream_of(answer, size))):
        if event["type"] != "ping":
            parsed = events.validate_python(event)
            snapshot = accumulate_event(event=parsed, current_snapshot=snapshot, json_bufs=json_bufs)

    added_up = json.loads(snapshot.model_dump_json(exclude_unset=True))

    added_up["usage"] = without_receipt(added_up["usage"])
    assert _said(added_up) == _said(plain)


def _said(whole: JsonObject) -> JsonObject:
    """What both ways say; the SDK adds fields of its own to the parts."""
    blocks = [
        {
            name: value
            for name, value in block.items()
            if name in ("type", "text", "thinking", "signature", "id")
        }
        | ({"name": block["name"], "input": block["input"]} if block["type"] == "tool_use" else {})
        for block in whole["content"]
    ]
    return {
        "content": blocks,
        "stop_reason": whole["stop_reason"],
        "tokens": [whole["usage"][name] for name in ("input_tokens", "output_tokens")],
    }


@given(answer=answers(), size=st.integers(1, 9))
def test_a_streamed_response_adds_up_to_the_plain_one(answer: JsonObject, size: int) -> None:
    (plain,) = rendered(RESPONSES, [message(**dict(answer))])
    events = rendered(RESPONSES, list(stream_of(answer, size)))

    last = events[-1]["response"]

    assert last | {"usage": without_receipt(last["usage"])} == plain
    assert [event["item"] for event in events if event["type"] == "response.output_item.done"] == plain[
        "output"
    ]
    for item in plain["output"]:
        pieces = [event.get("delta", "") for event in events if event.get("item_id") == item["id"]]
        assert "".join(pieces) == _text_of(item)


def _text_of(item: JsonObject) -> str:
    match item["type"]:
        case "function_call":
            return str(item["arguments"])
        case "reasoning":
            return "".join(part["text"] for part in item["summary"])
        case _:
            return "".join(part["text"] for part in item["content"])


def test_the_plain_answer_of_a_chat_is_what_these_properties_start_from() -> None:
    assert rendered(MESSAGES, [completion("hello", counted(10, 5))])[0]["content"][0]["text"] == "hello"
