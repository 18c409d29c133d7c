"""Answers in every provider's dialect that name a page for some of their words, and clients that give them back."""

import json
from typing import Any

from aggregator.proxy.dialects import lanes
from aggregator.proxy.dialects.chat.from_client import read as read_chat
from aggregator.proxy.dialects.messages.client import MESSAGES
from aggregator.proxy.dialects.responses.client import RESPONSES
from aggregator.proxy.exchange import Progress
from aggregator.proxy.model import Ask
from tests.fakes.chat_world import chat_event, provider, way
from tests.fakes.translated import translation

JsonObject = dict[str, Any]

HI: JsonObject = {"role": "user", "content": "hi"}
PAGE: JsonObject = {"url": "https://a.example/p", "title": "P"}
CLAUDES: JsonObject = {
    "type": "web_search_result_location", **PAGE, "cited_text": "grass is green", "encrypted_index": "Eo8BCio",
}  # fmt: skip
FOUND: JsonObject = {
    "type": "search_result_location", "source": "https://a.example/s", "title": "S", "cited_text": "it is",
    "search_result_index": 0, "start_block_index": 0, "end_block_index": 1,
}  # fmt: skip
READ: JsonObject = {
    "type": "char_location", "cited_text": "The grass", "document_index": 0, "document_title": "Doc",
    "start_char_index": 0, "end_char_index": 9,
}  # fmt: skip
AMAZONS: JsonObject = {"title": "P", "location": {"web": {"url": PAGE["url"], "domain": "a.example"}}}
READ_AT_AMAZON: JsonObject = {
    "title": "Doc",
    "sourceContent": [{"text": "The grass"}],
    "location": {"documentChar": {"documentIndex": 0, "start": 0, "end": 9}},
}
CLAUDE_ON_BEDROCK = "anthropic.claude-opus-4-6-v1"
TARGETS: dict[str, JsonObject] = {
    "messages": {"protocol": "anthropic", "model": "claude-opus-4-6"},
    "converse": {"protocol": "bedrock", "model": CLAUDE_ON_BEDROCK},
    "gemini": {"protocol": "gemini", "model": "gemini-3.8-flash"},
    "responses": {"protocol": "openai", "model": "gpt-5.6", "dialects": frozenset({"responses"})},
    "chat": {"protocol": "openai", "model": "m"},
}


def said_by_claude(*blocks: JsonObject) -> bytes:
    usage = {"input_tokens": 10, "output_tokens": 5}
    said = {"id": "m", "type": "message", "role": "assistant", "model": "c", "content": [*blocks]}
    return json.dumps(said | {"stop_reason": "end_turn", "usage": usage}).encode()


def said_by_amazon(*blocks: JsonObject) -> bytes:
    usage = {"inputTokens": 10, "outputTokens": 5, "totalTokens": 15}
    message = {"role": "assistant", "content": [*blocks]}
    return json.dumps({"output": {"message": message}, "stopReason": "end_turn", "usage": usage}).encode()


def said_by_google(*parts: JsonObject, **beside: Any) -> bytes:
    candidate = {"content": {"role": "model", "parts": [*parts]}, "finishReason": "STOP", **beside}
    usage = {"promptTokenCount": 10, "candidatesTokenCount": 5, "totalTokenCount": 15}
    return json.dumps({"candidates": [candidate], "modelVersion": "g", "usageMetadata": usage}).encode()


def said_by_openai(words: str, *annotations: JsonObject) -> bytes:
    part = {"type": "output_text", "text": words, "annotations": [*annotations]}
    usage = {"input_tokens": 10, "output_tokens": 5, "total_tokens": 15}
    output = [{"type": "message", "content": [part]}]
    return json.dumps(
        {"id": "r", "model": "m", "status": "completed", "output": output, "usage": usage}
    ).encode()


def said_in_a_chat(words: str, *annotations: JsonObject) -> bytes:
    message = {"role": "assistant", "content": words, "annotations": [*annotations]}
    usage = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    return json.dumps({"id": "c", "model": "m", "choices": [choice], "usage": usage}).encode()


def spans(start: int, end: int, **fields: Any) -> JsonObject:
    return {"start_index": start, "end_index": end, **PAGE, **fields}


GROUNDS: JsonObject = {
    "groundingChunks": [{"web": {"uri": PAGE["url"], "title": "P"}}],
    "groundingSupports": [
        {"segment": {"startIndex": 4, "endIndex": 10, "text": "grün."}, "groundingChunkIndices": [0, 7]}
    ],
}
SOURCES: dict[str, tuple[str, bytes]] = {
    "messages": (
        "messages",
        said_by_claude(
            {"type": "text", "text": "It: "}, {"type": "text", "text": "grün.", "citations": [CLAUDES]}
        ),
    ),
    "converse": (
        "converse",
        said_by_amazon(
            {"text": "It: "}, {"citationsContent": {"content": [{"text": "grün."}], "citations": [AMAZONS]}}
        ),
    ),
    "gemini": ("gemini", said_by_google({"text": "It: grün."}, groundingMetadata=GROUNDS)),
    "responses": ("responses", said_by_openai("It: grün.", spans(4, 9, type="url_citation"))),
    "chat": ("chat", said_in_a_chat("It: grün.", {"type": "url_citation", "url_citation": spans(4, 9)})),
}
"""Of each provider's dialect, an answer that says "It: " of itself and "grün." of a page."""


def answered(source: str, client: str) -> JsonObject:
    dialect, body = SOURCES[source]
    said: JsonObject = json.loads(translation(dialect, client).decode(body, Progress(model="m")))
    return said


def as_given_back(client: str, answer: JsonObject) -> list[JsonObject]:
    """What a client repeats of an answer that it got: a message, or items."""
    match client:
        case "chat":
            return [answer["choices"][0]["message"]]
        case "messages":
            return [{"role": "assistant", "content": answer["content"]}]
        case _:
            return [*answer["output"]]


def given_back(source: str, client: str) -> Ask:
    """Three turns: a question, the answer as its client has it, another question."""
    turns = [HI, *as_given_back(client, answered(source, client)), HI]
    match client:
        case "chat":
            return read_chat(chat_event({"model": "mini", "max_tokens": 50, "messages": turns}))
        case "messages":
            return MESSAGES.read(chat_event({"model": "mini", "max_tokens": 50, "messages": turns}))
        case _:
            return RESPONSES.read(chat_event({"model": "mini", "max_output_tokens": 50, "input": turns}))


def sent(ask: Ask, target: str, **changes: Any) -> tuple[JsonObject, tuple[str, ...]]:
    """What went to the provider, and what its client was told of what did not."""
    said = TARGETS[target] | changes
    there = provider(protocol=said["protocol"], dialects=said.get("dialects", frozenset()))
    able = frozenset(
        {"chat", "tools", "vision", "onlyResponses"} if target == "responses" else {"chat", "tools"}
    )
    on = way(provider=there, upstream_model=said["model"], capabilities=able)
    lanes.check(ask, on.route.via)
    lane = lanes.lane_of(ask, on.route.via)
    out = lane.adapter.encode(lanes.translated(ask, on.route.via), on, "k")
    return json.loads(out.body), lanes.left_out(ask, on.route.via, lane, out)
