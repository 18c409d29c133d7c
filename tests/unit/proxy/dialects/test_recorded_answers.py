"""Whole answers with every kind of block, plain and streamed, as houses publish them: right on all three surfaces.

The files in `recorded/` are in our own words, field by field as the houses' types and examples have them; here they are
held against those types. Each says the same: it thought, spoke of itself and of a page, and called two tools.
"""

import json
from pathlib import Path
from typing import Any

import pytest
from anthropic.types.beta import BetaMessage, BetaRawMessageStreamEvent
from google.genai.types import GenerateContentResponse
from openai.types.chat import ChatCompletion, ChatCompletionChunk
from openai.types.responses import Response, ResponseStreamEvent
from pydantic import TypeAdapter

from aggregator.proxy.dialects.chat.client import CHAT
from aggregator.proxy.dialects.messages.client import MESSAGES
from aggregator.proxy.dialects.responses.client import RESPONSES
from tests.fakes import bedrock_wire
from tests.fakes.chat_world import ScriptedResponse, World, provider, route
from tests.unit.proxy.dialects.surface_world import served

JsonObject = dict[str, Any]

RECORDED = Path(__file__).parent / "recorded"
HOUSES: dict[str, JsonObject] = {
    "messages": {"protocol": "anthropic", "dialects": frozenset({"messages"})},
    "chat": {"protocol": "openai"},
    "responses": {"protocol": "openai", "dialects": frozenset({"responses"})},
    "gemini": {"protocol": "gemini"},
    "converse": {"protocol": "bedrock"},
}
SURFACES: dict[str, tuple[Any, JsonObject]] = {
    "chat": (CHAT, {"messages": [{"role": "user", "content": "hi"}]}),
    "messages": (MESSAGES, {"messages": [{"role": "user", "content": "hi"}], "max_tokens": 90}),
    "responses": (RESPONSES, {"input": "hi", "store": False}),
}
TYPES: dict[str, Any] = {
    "messages.plain": BetaMessage,
    "messages.stream": BetaRawMessageStreamEvent,
    "chat.plain": ChatCompletion,
    "chat.stream": ChatCompletionChunk,
    "responses.plain": Response,
    "responses.stream": ResponseStreamEvent,
    "gemini.plain": GenerateContentResponse,
    "gemini.stream": GenerateContentResponse,
}
WORDS = "Paris has 2.1 million people."
CALLS = [("get_weather", {"city": "Paris"}), ("get_time", {"zone": "Europe/Paris"})]
URL = "https://statistics.example/paris"


def recorded(name: str) -> Any:
    return json.loads((RECORDED / f"{name}.json").read_text(encoding="utf-8"))


def on_the_wire(dialect: str, how: str) -> bytes:
    said = recorded(f"{dialect}.{how}")
    if how == "plain":
        return json.dumps(said).encode()
    if dialect == "converse":
        return b"".join(bedrock_wire.event(name, **event) for each in said for name, event in each.items())
    events = b"".join(b"data: " + json.dumps(each).encode() + b"\n\n" for each in said)
    return events + (b"data: [DONE]\n\n" if dialect == "chat" else b"")


@pytest.mark.parametrize("name", TYPES)
def test_what_is_recorded_is_of_its_published_type(name: str) -> None:
    said = recorded(name)

    for each in said if name.endswith(".stream") else [said]:
        if each.get("type") != "ping":  # a sign of life, which has no type
            TypeAdapter(TYPES[name]).validate_json(json.dumps(each))


def test_what_is_recorded_of_bedrock_is_of_botocores_shapes() -> None:
    def unknown(value: Any, shape: Any) -> list[str]:
        if shape.type_name == "list":
            return [name for each in value for name in unknown(each, shape.member)]
        if shape.type_name != "structure" or getattr(shape, "is_document_type", False):
            return []
        beyond = [name for name in value if name not in shape.members]
        return beyond + [
            name
            for each, said in value.items()
            if each in shape.members
            for name in unknown(said, shape.members[each])
        ]

    whole, events = (bedrock_wire.structure(name) for name in ("ConverseResponse", "ConverseStreamOutput"))
    assert unknown(recorded("converse.plain"), whole) == []
    assert [name for each in recorded("converse.stream") for name in unknown(each, events)] == []


def answered(dialect: str, surface: str, how: str) -> JsonObject:
    """The answer as a client of the surface has it at the end."""
    client, asked = SURFACES[surface]
    there = provider("house", house=True, **HOUSES[dialect])
    able = frozenset(
        {"chat", "reasoning", "tools", "streaming", *(["onlyResponses"] if dialect == "responses" else [])}
    )
    world = World(
        [ScriptedResponse(on_the_wire(dialect, how))],
        [route("house", provider=there, capabilities=able, upstream_model="anthropic.claude-opus-4-6-v1")],
    )
    streams = {"stream": True} if how == "stream" else {}
    options = {"stream_options": {"include_usage": True}} if streams and surface == "chat" else {}
    text = b"".join(served(client, world, {"model": "mini", **asked, **streams, **options}).chunks).decode()
    (receipt,) = world.receipts
    assert receipt.outcome == "completed"
    assert receipt.usage.output_tokens == 90
    if how == "plain":
        whole: JsonObject = json.loads(text)
        return whole
    lines = [line[6:] for line in text.splitlines() if line.startswith("data: {")]
    return _added_up(surface, [json.loads(line) for line in lines])


def _added_up(surface: str, events: list[JsonObject]) -> JsonObject:
    if surface == "responses":
        last: JsonObject = events[-1]["response"]
        return last
    if surface == "messages":
        return _message(events)
    message: JsonObject = {"content": "", "reasoning_content": "", "annotations": [], "tool_calls": []}
    for event in events:
        for choice in event["choices"]:
            delta = choice["delta"]
            for name in ("content", "reasoning_content"):
                message[name] += delta.get(name) or ""
            message["annotations"] += delta.get("annotations", [])
            for call in delta.get("tool_calls", ()):
                if call["index"] == len(message["tool_calls"]):
                    message["tool_calls"].append(
                        {"function": {"name": call["function"]["name"], "arguments": ""}}
                    )
                message["tool_calls"][call["index"]]["function"]["arguments"] += call["function"].get(
                    "arguments", ""
                )
    return {"choices": [{"message": message}], "usage": events[-1]["usage"]}


def _message(events: list[JsonObject]) -> JsonObject:
    content: list[JsonObject] = []
    for event in events:
        if event["type"] == "content_block_start":
            content.append(event["content_block"] | {"citations": [], "said": ""})
        elif event["type"] == "content_block_delta":
            _add(content[-1], event["delta"])
    for block in content:
        if block["type"] == "tool_use":
            block["input"] = json.loads(block["said"])
    (last,) = (each for each in events if each["type"] == "message_delta")
    return {"content": content, "usage": last["usage"]}


def _add(block: JsonObject, delta: JsonObject) -> None:
    match delta:
        case {"text": words}:
            block["text"] += words
        case {"thinking": words}:
            block["thinking"] += words
        case {"partial_json": words}:
            block["said"] += words
        case {"citation": citation}:
            block["citations"].append(citation)


def told(surface: str, answer: JsonObject) -> JsonObject:
    """Thoughts, words, calls and sources of an answer, and the counts: input, from the cache, output, to think."""
    usage = answer["usage"]
    match surface:
        case "chat":
            message = answer["choices"][0]["message"]
            calls = [each["function"] for each in message["tool_calls"]]
            return {
                "thought": message["reasoning_content"],
                "words": message["content"],
                "calls": [(each["name"], json.loads(each["arguments"])) for each in calls],
                "pages": [each["url_citation"]["url"] for each in message["annotations"]],
                "counts": (
                    usage["prompt_tokens"], usage["prompt_tokens_details"]["cached_tokens"],
                    usage["completion_tokens"], usage["completion_tokens_details"]["reasoning_tokens"],
                ),
            }  # fmt: skip
        case "messages":
            content = answer["content"]
            read = usage["cache_read_input_tokens"]
            return {
                "thought": "".join(each.get("thinking", "") for each in content),
                "words": "".join(each["text"] for each in content if each["type"] == "text"),
                "calls": [(each["name"], each["input"]) for each in content if each["type"] == "tool_use"],
                "pages": [said["url"] for each in content for said in each.get("citations") or ()],
                "counts": (
                    usage["input_tokens"] + read + usage["cache_creation_input_tokens"], read,
                    usage["output_tokens"], usage["output_tokens_details"]["thinking_tokens"],
                ),
            }  # fmt: skip
        case _:
            items = answer["output"]
            parts = [part for each in items if each["type"] == "message" for part in each["content"]]
            return {
                "thought": "".join(s["text"] for each in items for s in each.get("summary", ())),
                "words": "".join(part["text"] for part in parts),
                "calls": [
                    (each["name"], json.loads(each["arguments"])) for each in items if each["type"] == "function_call"
                ],
                "pages": [said["url"] for part in parts for said in part["annotations"]],
                "counts": (
                    usage["input_tokens"], usage["input_tokens_details"]["cached_tokens"],
                    usage["output_tokens"], usage["output_tokens_details"]["reasoning_tokens"],
                ),
            }  # fmt: skip


@pytest.mark.parametrize("how", ["plain", "stream"])
@pytest.mark.parametrize("surface", SURFACES)
@pytest.mark.parametrize("dialect", HOUSES)
def test_text_calls_sources_and_counts_come_out_right(dialect: str, surface: str, how: str) -> None:
    said = told(surface, answered(dialect, surface, how))

    assert said == {
        "thought": "Numbers first.",
        "words": WORDS,
        "calls": CALLS,
        "pages": [URL],
        "counts": (1200, 800, 90, 0 if dialect == "converse" else 40),
    }
