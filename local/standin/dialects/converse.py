"""Amazon Bedrock's Converse and ConverseStream, as the stand-in speaks them.

Source: Amazon Bedrock API Reference, "Converse", "ConverseStream" and "Common errors".
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote

from local.standin.ask import Ask, JsonObject
from local.standin.completion import Choice, Completion, SpokenCall
from local.standin.dialects.seal import sealed
from local.standin.directives import Directives
from local.standin.wire import AmazonEvents

_PATH = re.compile(r".*/model/(?P<model>[^/]+)/(?P<verb>converse|converse-stream)")
_STOPS = {
    "stop": "end_turn",
    "length": "max_tokens",
    "tool_calls": "tool_use",
    "content_filter": "content_filtered",
}
_ERRORS = {400: "ValidationException", 403: "AccessDeniedException", 404: "ResourceNotFoundException",
           408: "ModelTimeoutException", 424: "ModelErrorException", 429: "ThrottlingException",
           500: "InternalServerException", 503: "ServiceUnavailableException"}  # fmt: skip
_SAME = {"maxTokens": "max_tokens", "temperature": "temperature", "topP": "top_p", "stopSequences": "stop"}


def at(path: str) -> JsonObject | None:
    """See `Dialect.at`."""
    found = _PATH.fullmatch(path)
    return found and {"model": unquote(found["model"]), "stream": found["verb"] == "converse-stream"}


def to_chat(body: JsonObject) -> JsonObject:
    """See `Dialect.to_chat`."""
    config, fields = body.get("inferenceConfig") or {}, body.get("additionalModelRequestFields") or {}
    said: JsonObject = {"model": body["model"], "stream": body["stream"]}
    said |= {theirs: config[name] for name, theirs in _SAME.items() if name in config}
    system = _text(body.get("system"))
    said["messages"] = [{"role": "system", "content": system}] if system else []
    for turn in body.get("messages") or ():
        said["messages"] += _turn(turn)
    said |= _tools(body.get("toolConfig") or {}, fields.get("tool_choice") or {})
    said |= _form(body.get("outputConfig") or {}) | _thinking(fields)
    return said


def whole(completion: Completion, ask: Ask, directives: Directives) -> JsonObject:
    """See `Dialect.whole`."""
    choice = completion.choices[0]
    blocks = [] if directives.empty else list(_blocks(choice, ask))
    content = [_block(n, *each) for n, each in enumerate(blocks)]
    said: JsonObject = {
        "output": {"message": {"role": "assistant", "content": content}},
        "stopReason": _stop(choice),
        "metrics": {"latencyMs": 1},
    }
    return said if directives.no_usage else said | {"usage": _usage(completion)}


def events(completion: Completion, ask: Ask, directives: Directives) -> Iterator[JsonObject]:
    """See `Dialect.events`."""
    choice = completion.choices[0]
    yield {"messageStart": {"role": "assistant"}}
    for n, (pieces, kind, call) in enumerate([] if directives.empty else _blocks(choice, ask)):
        at = {"contentBlockIndex": n}
        if call is not None:
            yield {"contentBlockStart": {"start": {"toolUse": _named(call)}, **at}}
        for piece in pieces:
            yield {"contentBlockDelta": {"delta": _delta(kind, piece), **at}}
        if kind == "thought":
            signed = {"reasoningContent": {"signature": sealed("".join(pieces), n)}}
            yield {"contentBlockDelta": {"delta": signed, **at}}
        yield {"contentBlockStop": at}
    yield {"messageStop": {"stopReason": _stop(choice)}}
    counted = {} if directives.no_usage else {"usage": _usage(completion)}
    yield {"metadata": {**counted, "metrics": {"latencyMs": 1}}}


def error(openai: JsonObject, _status: int) -> JsonObject:
    """See `Dialect.error`."""
    return {"message": openai["error"]["message"]}


def error_headers(status: int) -> Mapping[str, str]:
    """See `Dialect.error_headers`."""
    return {"x-amzn-errortype": _ERRORS.get(status, _ERRORS[400 if status < 500 else 500])}


NAME = "converse"
WIRE = AmazonEvents(error)


def _turn(turn: JsonObject) -> list[JsonObject]:
    blocks = [block for block in turn.get("content") or () if isinstance(block, dict)]
    if turn.get("role") == "assistant":
        calls = [_call(block["toolUse"]) for block in blocks if "toolUse" in block]
        said: JsonObject = {"role": "assistant", "content": _text(blocks) or None}
        return [said | ({"tool_calls": calls} if calls else {})]
    results = [_result(block["toolResult"]) for block in blocks if "toolResult" in block]
    parts = [_part(block) for block in blocks if {"text", "image", "document"} & set(block)]
    if results:  # words beside results are notes of the client, and no new question
        return [*results, *([{"role": "system", "content": _text(blocks)}] if parts else [])]
    return [{"role": "user", "content": parts}]


def _part(block: JsonObject) -> JsonObject:
    if "image" in block:
        return {"type": "image_url", "image_url": {"url": "data:image/png;base64,"}}
    return {"type": "text", "text": block.get("text") or ""}


def _call(call: JsonObject) -> JsonObject:
    function = {"name": call.get("name"), "arguments": json.dumps(call.get("input") or {})}
    return {"id": call.get("toolUseId"), "type": "function", "function": function}


def _result(result: JsonObject) -> JsonObject:
    words = [
        json.dumps(block["json"]) if "json" in block else block.get("text") or ""
        for block in result.get("content") or ()
    ]
    return {"role": "tool", "tool_call_id": result.get("toolUseId") or "", "content": " ".join(words)}


def _text(blocks: Any) -> str:
    return " ".join(
        block["text"]
        for block in blocks or ()
        if isinstance(block, dict) and isinstance(block.get("text"), str)
    )


def _tools(config: JsonObject, claudes_choice: JsonObject) -> JsonObject:
    specs = [tool["toolSpec"] for tool in config.get("tools") or () if isinstance(tool.get("toolSpec"), dict)]
    if not specs:
        return {}
    tools = [
        {"name": spec.get("name"), "parameters": (spec.get("inputSchema") or {}).get("json")}
        for spec in specs
    ]
    said: JsonObject = {"tools": [{"type": "function", "function": tool} for tool in tools]}
    if claudes_choice.get("type") == "none":
        said["tool_choice"] = "none"
    if claudes_choice.get("disable_parallel_tool_use"):
        said["parallel_tool_calls"] = False
    choice = config.get("toolChoice") or {}
    if "any" in choice:
        said["tool_choice"] = "required"
    elif "tool" in choice:
        said["tool_choice"] = {"type": "function", "function": {"name": choice["tool"].get("name")}}
    return said


def _form(config: JsonObject) -> JsonObject:
    found = ((config.get("textFormat") or {}).get("structure") or {}).get("jsonSchema")
    if not found:
        return {}
    schema = {"name": "answer", "schema": json.loads(found["schema"])}
    return {"response_format": {"type": "json_schema", "json_schema": schema}}


def _thinking(fields: JsonObject) -> JsonObject:
    if (fields.get("thinking") or {}).get("type") in ("enabled", "adaptive"):
        effort = (fields.get("output_config") or {}).get("effort") or "low"
        return {"reasoning_effort": effort, "include_thoughts": True}
    nova = fields.get("reasoningConfig") or {}
    if nova.get("type") == "enabled":
        return {"reasoning_effort": nova.get("maxReasoningEffort"), "include_thoughts": True}
    effort = fields.get("reasoning_effort")
    return {"reasoning_effort": effort} if effort else {}


def _blocks(choice: Choice, ask: Ask) -> Iterator[tuple[list[str], str, SpokenCall | None]]:
    if choice.thought and ask.body.get("include_thoughts"):
        yield choice.thought, "thought", None
    if choice.text or choice.refusal:
        yield choice.text or choice.refusal, "text", None
    for spoken in choice.calls:
        yield spoken.arguments, "call", spoken


def _block(place: int, pieces: list[str], kind: str, call: SpokenCall | None) -> JsonObject:
    said = "".join(pieces)
    if call is not None:
        return {"toolUse": {**_named(call), "input": call.input}}
    if kind == "thought":
        return {"reasoningContent": {"reasoningText": {"text": said, "signature": sealed(said, place)}}}
    return {"text": said}


def _delta(kind: str, piece: str) -> JsonObject:
    match kind:
        case "call":
            return {"toolUse": {"input": piece}}
        case "thought":
            return {"reasoningContent": {"text": piece}}
        case _:
            return {"text": piece}


def _named(call: SpokenCall) -> JsonObject:
    return {"toolUseId": call.id.replace("call_", "tooluse_"), "name": call.call.name}


def _stop(choice: Choice) -> str:
    reason = _STOPS.get(choice.finish, choice.finish)
    if choice.calls and reason == "end_turn":
        return "tool_use"
    return "content_filtered" if choice.refusal else reason


def _usage(completion: Completion) -> JsonObject:
    said = completion.usage()
    written = completion.cache_write_tokens or 0
    return {
        "inputTokens": said["prompt_tokens"] - completion.cached_tokens - written,
        "outputTokens": said["completion_tokens"],
        "totalTokens": said["total_tokens"],
        "cacheReadInputTokens": completion.cached_tokens,
        "cacheWriteInputTokens": written,
    }
