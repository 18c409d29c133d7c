"""Three turns with tools, from each client's dialect in front of each provider's: all of it arrives, in its place.

What a client repeats of earlier turns: a picture and a document, thinking as its provider sealed it, words, calls side
by side, results, and a note of the system in between.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from aggregator.proxy.dialects.chat.from_client import read
from aggregator.proxy.dialects.lanes import check, lane_of, translated
from aggregator.proxy.dialects.messages.client import MESSAGES
from aggregator.proxy.dialects.reasoning import packed
from aggregator.proxy.dialects.responses.client import RESPONSES
from aggregator.proxy.model import Ask
from tests.fakes.chat_world import chat_event, provider, way

JsonObject = dict[str, Any]
Seen = list[tuple[str, ...]]

PNG = "iVBORw0="
PDF = "JVBERi0="
PICTURE = f"data:image/png;base64,{PNG}"
DOCUMENT = f"data:application/pdf;base64,{PDF}"
SCHEMA: JsonObject = {"type": "object", "properties": {}}


@dataclass(frozen=True)
class Target:
    """A provider that is written for, and how it seals what its model thinks."""

    protocol: str
    model: str
    format: str
    kind: str
    holds: str
    dialects: frozenset[str] = frozenset()
    extensions: frozenset[str] = frozenset()


TARGETS = {
    "messages": Target("anthropic", "claude-opus-4-6", "anthropic-claude-v1", "reasoning.text", "signature"),
    "converse": Target(
        "bedrock", "anthropic.claude-opus-4-6-v1", "anthropic-claude-v1", "reasoning.text", "signature"
    ),
    "gemini": Target("gemini", "gemini-3.8-flash", "google-gemini-v1", "reasoning.encrypted", "data"),
    "responses": Target(
        "openai", "gpt-5.6", "openai-responses-v1", "reasoning.encrypted", "data", frozenset({"responses"})
    ),
    "chat": Target(
        "openai", "m", "x-v1", "reasoning.text", "signature", extensions=frozenset({"reasoning_details"})
    ),
}


def seal(target: Target, n: int) -> JsonObject:
    said = {"type": target.kind, "format": target.format, target.holds: f"seal000{n}"}
    if target.holds == "signature":
        said["text"] = f"thought{n}"
    return said | ({"id": f"c{n}"} if target.protocol == "gemini" else {})


def of_chat(target: Target) -> Ask:
    def called(*numbers: int) -> list[JsonObject]:
        return [
            {"id": f"c{n}", "type": "function", "function": {"name": "f", "arguments": f'{{"n":{n}}}'}}
            for n in numbers
        ]

    def gave(n: int, content: Any) -> JsonObject:
        return {"role": "tool", "tool_call_id": f"c{n}", "content": content}

    shown = {"type": "image_url", "image_url": {"url": PICTURE}}
    seen: list[JsonObject] = [
        {"type": "text", "text": "q1"},
        shown,
        {"type": "file", "file": {"file_data": DOCUMENT, "filename": "a.pdf"}},
    ]
    first = {"role": "assistant", "content": "a1", "tool_calls": called(1, 2)}
    second = {"role": "assistant", "content": "a2", "tool_calls": called(3)}
    tool = {"type": "function", "function": {"name": "f", "parameters": SCHEMA}}
    body = {
        "model": "mini",
        "max_tokens": 50,
        "tools": [tool],
        "messages": [
            {"role": "system", "content": "S"},
            {"role": "user", "content": seen},
            first | {"reasoning_details": [seal(target, 1)]},
            gave(1, "r1"),
            gave(2, "r2"),
            {"role": "system", "content": "note"},
            second | {"reasoning_details": [seal(target, 3)]},
            gave(3, "r3"),
            {"role": "user", "content": "q2"},
        ],
    }
    return read(chat_event(body))


def of_messages(target: Target) -> Ask:
    def thought(n: int) -> JsonObject:
        if target.format == "anthropic-claude-v1":
            return {"type": "thinking", "thinking": f"thought{n}", "signature": f"seal000{n}"}
        if target.holds == "data":
            return {"type": "redacted_thinking", "data": packed(seal(target, n))}
        return {"type": "thinking", "thinking": f"thought{n}", "signature": packed(seal(target, n))}

    def called(n: int) -> JsonObject:
        return {"type": "tool_use", "id": f"c{n}", "name": "f", "input": {"n": n}}

    def gave(n: int, content: Any) -> JsonObject:
        return {"type": "tool_result", "tool_use_id": f"c{n}", "content": content}

    def words(text: str) -> JsonObject:
        return {"type": "text", "text": text}

    def held(kind: str, media_type: str, data: str) -> JsonObject:
        return {"type": kind, "source": {"type": "base64", "media_type": media_type, "data": data}}

    picture, document = held("image", "image/png", PNG), held("document", "application/pdf", PDF)
    body = {
        "model": "mini",
        "max_tokens": 50,
        "system": "S",
        "tools": [{"name": "f", "input_schema": SCHEMA}],
        "messages": [
            {"role": "user", "content": [words("q1"), picture, document | {"title": "a.pdf"}]},
            {"role": "assistant", "content": [thought(1), words("a1"), called(1), called(2)]},
            {"role": "user", "content": [gave(1, "r1"), gave(2, "r2")]},
            {"role": "system", "content": "note"},
            {"role": "assistant", "content": [thought(3), words("a2"), called(3)]},
            {"role": "user", "content": [gave(3, "r3"), words("q2")]},
        ],
    }
    return MESSAGES.read(chat_event(body))


def of_responses(target: Target) -> Ask:
    def thought(n: int) -> JsonObject:
        native = target.dialects == {"responses"}
        return {
            "type": "reasoning",
            "summary": [],
            "encrypted_content": f"seal000{n}" if native else packed([seal(target, n)]),
        }

    def said(text: str) -> JsonObject:
        return {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": text}]}

    def called(n: int) -> JsonObject:
        return {"type": "function_call", "call_id": f"c{n}", "name": "f", "arguments": f'{{"n":{n}}}'}

    def gave(n: int) -> JsonObject:
        return {"type": "function_call_output", "call_id": f"c{n}", "output": f"r{n}"}

    seen = [
        {"type": "input_text", "text": "q1"},
        {"type": "input_image", "image_url": PICTURE},
        {"type": "input_file", "file_data": DOCUMENT, "filename": "a.pdf"},
    ]
    body = {
        "model": "mini",
        "max_output_tokens": 50,
        "instructions": "S",
        "tools": [{"type": "function", "name": "f", "parameters": SCHEMA}],
        "input": [
            {"type": "message", "role": "user", "content": seen},
            *(thought(1), said("a1"), called(1), called(2), gave(1), gave(2)),
            {"type": "message", "role": "developer", "content": "note"},
            *(thought(3), said("a2"), called(3), gave(3)),
            {"type": "message", "role": "user", "content": "q2"},
        ],
    }
    return RESPONSES.read(chat_event(body))


def _in_blocks(turns: list[JsonObject], name: str) -> Iterator[tuple[str, ...]]:
    for turn in turns:
        for block in turn[name]:
            yield from _in_block(block)


def _in_block(block: JsonObject) -> Iterator[tuple[str, ...]]:
    """What a block of Messages, Converse or Gemini says, in one vocabulary."""
    if signature := block.get("thoughtSignature"):
        yield "thinking", signature
    reasoned = block.get("reasoningContent", {}).get("reasoningText")
    if "text" in block:
        yield "text", block["text"]
    elif block.get("type") == "thinking" or reasoned:
        yield "thinking", (reasoned or block)["signature"]
    else:
        yield _called(block) or _gave(block) or _held(block)


def _called(block: JsonObject) -> tuple[str, ...] | None:
    call = block.get("toolUse") or block.get("functionCall")
    if call is None and block.get("type") != "tool_use":
        return None
    call = call or block
    return "call", call.get("toolUseId") or call["id"], str((call.get("input") or call["args"])["n"])


def _gave(block: JsonObject) -> tuple[str, ...] | None:
    if block.get("type") == "tool_result":
        return "result", block["tool_use_id"], block["content"][0]["text"]
    if result := block.get("toolResult"):
        return "result", result["toolUseId"], result["content"][0]["text"]
    if result := block.get("functionResponse"):
        return "result", result["id"], result["response"]["output"]
    return None


def _held(block: JsonObject) -> tuple[str, ...]:
    said = json.dumps(block)
    assert (PNG in said) != (PDF in said)
    return ("image",) if PNG in said else ("file",)


def _in_items(items: list[JsonObject]) -> Iterator[tuple[str, ...]]:
    for item in items:
        match item["type"]:
            case "reasoning":
                yield "thinking", item["encrypted_content"]
            case "function_call":
                yield "call", item["call_id"], str(json.loads(item["arguments"])["n"])
            case "function_call_output":
                yield "result", item["call_id"], item["output"]
            case _:
                content = item["content"]
                yield from _in_parts(
                    [{"type": "t", "text": content}] if isinstance(content, str) else content
                )


def _in_messages(messages: list[JsonObject]) -> Iterator[tuple[str, ...]]:
    for message in messages:
        for detail in message.get("reasoning_details", ()):
            yield "thinking", detail["signature"]
        content = message["content"]
        if message["role"] == "tool":
            yield "result", message["tool_call_id"], content
        else:
            yield from _in_parts([{"text": content}] if isinstance(content, str) else content or [])
        for call in message.get("tool_calls", ()):
            yield "call", call["id"], str(json.loads(call["function"]["arguments"])["n"])


def _in_parts(parts: list[JsonObject]) -> Iterator[tuple[str, ...]]:
    for part in parts:
        if "text" in part:
            yield "text", part["text"]
        else:
            yield _held(part)


def seen_in(dialect: str, body: JsonObject) -> Seen:
    match dialect:
        case "messages":
            return [("text", body["system"][0]["text"]), *_in_blocks(body["messages"], "content")]
        case "converse":
            return [("text", body["system"][0]["text"]), *_in_blocks(body["messages"], "content")]
        case "gemini":
            front = ("text", body["systemInstruction"]["parts"][0]["text"])
            return [front, *_in_blocks(body["contents"], "parts")]
        case "responses":
            front_of = [("text", body["instructions"])] if "instructions" in body else []
            return [*front_of, *_in_items(body["input"])]
        case _:
            return list(_in_messages(body["messages"]))


ALL = [
    ("text", "S"),
    *(("text", "q1"), ("image",), ("file",)),
    *(("thinking", "seal0001"), ("text", "a1"), ("call", "c1", "1"), ("call", "c2", "2")),
    *(("result", "c1", "r1"), ("result", "c2", "r2"), ("text", "note")),
    *(("thinking", "seal0003"), ("text", "a2"), ("call", "c3", "3")),
    *(("result", "c3", "r3"), ("text", "q2")),
]


@pytest.mark.parametrize("dialect", TARGETS)
@pytest.mark.parametrize("client", [of_chat, of_messages, of_responses])
def test_three_turns_with_tools_arrive_in_their_order(client: Any, dialect: str) -> None:
    target = TARGETS[dialect]
    there = provider(protocol=target.protocol, dialects=target.dialects, extensions=target.extensions)
    able = frozenset({"chat", "tools", "vision", "reasoning", "toolsOverResponses"})
    on = way(provider=there, upstream_model=target.model, capabilities=able)
    ask = client(target)

    check(ask, on.route.via)
    sent = lane_of(ask, on.route.via).adapter.encode(translated(ask, on.route.via), on, "k")

    expected = list(ALL)
    if dialect == "gemini":  # its seals stand on the calls that they came with
        for n in ("1", "3"):
            expected.remove(("thinking", f"seal000{n}"))
            expected.insert(expected.index(("call", f"c{n}", n)), ("thinking", f"seal000{n}"))
    assert seen_in(dialect, json.loads(sent.body)) == expected
