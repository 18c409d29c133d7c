"""Anthropic's Messages, as the stand-in speaks it. Source: https://platform.claude.com/docs/en/api/messages/create."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from local.standin.ask import Ask, JsonObject
from local.standin.completion import Choice, Completion, SpokenCall
from local.standin.dialects.seal import sealed
from local.standin.directives import Directives
from local.standin.errors import BadRequest
from local.standin.wire import ServerSentEvents

_STOPS = {"stop": "end_turn", "length": "max_tokens", "tool_calls": "tool_use", "content_filter": "refusal"}
_KINDS = {401: "authentication_error", 403: "permission_error", 404: "not_found_error", 413: "request_too_large",
          429: "rate_limit_error", 529: "overloaded_error"}  # fmt: skip


def at(path: str) -> JsonObject | None:
    """See `Dialect.at`."""
    return {} if path.endswith("/messages") else None


def to_chat(body: JsonObject) -> JsonObject:
    """See `Dialect.to_chat`."""
    said: JsonObject = {
        name: body[name] for name in ("model", "max_tokens", "stream", "temperature", "top_p") if name in body
    }
    if not isinstance(body.get("max_tokens"), int):
        raise BadRequest("max_tokens: Field required", param="max_tokens")
    messages = [{"role": "system", "content": _text(body["system"])}] if body.get("system") else []
    for place, turn in enumerate(body.get("messages") or ()):
        messages += _turn(turn, f"messages.{place}")
    said["messages"] = messages
    tools = [_tool(tool) for tool in body.get("tools") or () if "input_schema" in tool]
    if tools:
        said["tools"] = tools
        said |= _choice(body.get("tool_choice") or {})
    if body.get("stop_sequences"):
        said["stop"] = body["stop_sequences"]
    thinking = body.get("thinking") or {}
    if thinking.get("type") in ("enabled", "adaptive"):
        said["reasoning_effort"] = (body.get("output_config") or {}).get("effort") or "low"
        said["include_thoughts"] = thinking.get("display") != "omitted"
    form = (body.get("output_config") or {}).get("format") or body.get("output_format")
    if form:
        said["response_format"] = {
            "type": "json_schema",
            "json_schema": {"name": "n", "schema": form.get("schema")},
        }
    if body.get("stream"):
        said["stream_options"] = {"include_usage": True}
    return said


def whole(completion: Completion, _ask: Ask, directives: Directives) -> JsonObject:
    """See `Dialect.whole`."""
    choice = completion.choices[0]
    blocks = [_block(n, *each) for n, each in enumerate(_blocks(choice))]
    message = _message(completion) | {
        "content": [] if directives.empty else blocks,
        "stop_reason": _stop(choice),
        "usage": _usage(completion),
    }
    if directives.no_usage:
        del message["usage"]
    return message


def events(completion: Completion, _ask: Ask, directives: Directives) -> Iterator[JsonObject]:
    """See `Dialect.events`."""
    choice = completion.choices[0]
    counted = {} if directives.no_usage else _usage(completion)
    begun = {**counted, "output_tokens": 1, "output_tokens_details": None} if counted else {}
    yield {"type": "message_start", "message": {**_message(completion), "usage": begun}}
    yield {"type": "ping"}
    for index, (kind, pieces, call) in enumerate([] if directives.empty else _blocks(choice)):
        empty = _block(index, kind, [], call) | ({"input": {}} if call else {})
        if kind == "thinking":
            empty["signature"] = ""
        yield {"type": "content_block_start", "index": index, "content_block": empty}
        for piece in pieces:
            yield {"type": "content_block_delta", "index": index, "delta": _delta(kind, piece)}
        if kind == "thinking":
            signed = {"type": "signature_delta", "signature": sealed("".join(pieces), index)}
            yield {"type": "content_block_delta", "index": index, "delta": signed}
        yield {"type": "content_block_stop", "index": index}
    end = {"stop_reason": _stop(choice), "stop_sequence": None}
    yield {"type": "message_delta", "delta": end, "usage": counted}
    yield {"type": "message_stop"}


def error(openai: JsonObject, status: int) -> JsonObject:
    """See `Dialect.error`."""
    said = openai["error"]
    kind = _KINDS.get(status, "invalid_request_error" if status < 500 else "api_error")
    return {"type": "error", "error": {"type": kind, "message": said["message"]}, "request_id": "req_standin"}


def error_headers(_status: int) -> Mapping[str, str]:
    """See `Dialect.error_headers`."""
    return {}


NAME = "messages"
WIRE = ServerSentEvents(error, named=True)


def _turn(turn: Any, place: str) -> list[JsonObject]:
    if not isinstance(turn, dict) or turn.get("role") not in ("user", "assistant", "system"):
        raise BadRequest(f'messages: Unexpected role "{turn.get("role")}".', param=place)
    content, role = turn.get("content"), turn["role"]
    if isinstance(content, str) or role == "system":
        return [{"role": role, "content": content if isinstance(content, str) else _text(content)}]
    blocks = [block for block in content or () if isinstance(block, dict)]
    if role == "assistant":
        calls = [_call(block, place) for block in blocks if block.get("type") == "tool_use"]
        said: JsonObject = {"role": role, "content": _text(blocks) or None}
        return [said | ({"tool_calls": calls} if calls else {})]
    results = [
        {"role": "tool", "tool_call_id": block.get("tool_use_id", ""), "content": _text(block.get("content"))}
        for block in blocks
        if block.get("type") == "tool_result"
    ]
    parts = [_part(block) for block in blocks if block.get("type") in ("text", "image", "document")]
    if results:  # words beside results are notes of the client, and no new question
        return [*results, *([{"role": "system", "content": _text(blocks)}] if parts else [])]
    return [{"role": role, "content": parts}]


def _part(block: JsonObject) -> JsonObject:
    if block["type"] == "image":
        return {"type": "image_url", "image_url": {"url": "data:image/png;base64,"}}
    return {"type": "text", "text": block.get("text") or ""}


def _call(block: JsonObject, place: str) -> JsonObject:
    if not isinstance(block.get("input"), dict):
        raise BadRequest(f"{place}.content: tool_use.input: Input should be a valid dictionary", param=place)
    function = {"name": block.get("name"), "arguments": json.dumps(block["input"])}
    return {"id": block.get("id"), "type": "function", "function": function}


def _text(content: Any) -> str:
    if isinstance(content, str):
        return content
    return " ".join(
        block["text"]
        for block in content or ()
        if isinstance(block, dict) and isinstance(block.get("text"), str)
    )


def _tool(tool: JsonObject) -> JsonObject:
    return {"type": "function", "function": {"name": tool.get("name"), "parameters": tool["input_schema"]}}


def _choice(choice: JsonObject) -> JsonObject:
    said: JsonObject = {}
    match choice.get("type"):
        case "any":
            said["tool_choice"] = "required"
        case "none":
            said["tool_choice"] = "none"
        case "tool":
            said["tool_choice"] = {"type": "function", "function": {"name": choice.get("name")}}
    if choice.get("disable_parallel_tool_use"):
        said["parallel_tool_calls"] = False
    return said


def _message(completion: Completion) -> JsonObject:
    return {
        "id": f"msg_{completion.id.removeprefix('chatcmpl-')}",
        "type": "message",
        "role": "assistant",
        "model": completion.model,
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
    }


def _blocks(choice: Choice) -> Iterator[tuple[str, list[str], SpokenCall | None]]:
    if choice.thought:
        yield "thinking", choice.thought, None
    if choice.text or choice.refusal:
        yield "text", choice.text or choice.refusal, None
    for call in choice.calls:
        yield "tool_use", call.arguments, call


def _block(place: int, kind: str, pieces: list[str], call: SpokenCall | None) -> JsonObject:
    said = "".join(pieces)
    if call is not None:
        name = call.id.replace("call_", "toolu_")
        return {"type": "tool_use", "id": name, "name": call.call.name, "input": call.input}
    if kind == "thinking":
        return {"type": "thinking", "thinking": said, "signature": sealed(said, place)}
    return {"type": "text", "text": said}


def _delta(kind: str, piece: str) -> JsonObject:
    match kind:
        case "tool_use":
            return {"type": "input_json_delta", "partial_json": piece}
        case "thinking":
            return {"type": "thinking_delta", "thinking": piece}
        case _:
            return {"type": "text_delta", "text": piece}


def _stop(choice: Choice) -> str:
    reason = _STOPS.get(choice.finish, choice.finish)
    return "tool_use" if choice.calls and reason == "end_turn" else "refusal" if choice.refusal else reason


def _usage(completion: Completion) -> JsonObject:
    written = completion.cache_write_tokens or 0
    return {
        "input_tokens": completion.prompt_tokens - completion.cached_tokens - written,
        "cache_creation_input_tokens": written,
        "cache_read_input_tokens": completion.cached_tokens,
        "output_tokens": sum(choice.tokens for choice in completion.choices),
        "output_tokens_details": {
            "thinking_tokens": sum(choice.reasoning_tokens for choice in completion.choices)
        },
    }
