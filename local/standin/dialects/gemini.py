"""Google's generateContent, as the stand-in speaks it. Source: https://ai.google.dev/api/generate-content."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from local.standin.ask import Ask, JsonObject
from local.standin.completion import Choice, Completion, SpokenCall
from local.standin.dialects.seal import sealed
from local.standin.directives import Directives
from local.standin.wire import ServerSentEvents

_PATH = re.compile(r".*/models/(?P<model>[^/:]+):(?P<verb>generateContent|streamGenerateContent)")
_SNAKE = re.compile(r"(?<=[a-z0-9])_([a-z])")
_OPAQUE = {"args", "response", "parametersJsonSchema", "responseJsonSchema", "labels"}
"""Fields whose content is the client's own."""

_STOPS = {"stop": "STOP", "tool_calls": "STOP", "length": "MAX_TOKENS", "content_filter": "SAFETY"}
_STATUSES = {400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "NOT_FOUND",
             429: "RESOURCE_EXHAUSTED", 500: "INTERNAL", 503: "UNAVAILABLE", 504: "DEADLINE_EXCEEDED"}  # fmt: skip
_SAME = {"temperature": "temperature", "topP": "top_p", "maxOutputTokens": "max_tokens", "seed": "seed",
         "candidateCount": "n", "stopSequences": "stop"}  # fmt: skip


def at(path: str) -> JsonObject | None:
    """See `Dialect.at`."""
    found = _PATH.fullmatch(path)
    return found and {"model": found["model"], "stream": found["verb"] == "streamGenerateContent"}


def to_chat(body: JsonObject) -> JsonObject:
    """See `Dialect.to_chat`."""
    body = in_camels(body)
    config = body.get("generationConfig") or {}
    said: JsonObject = {"model": body["model"], "stream": body["stream"]}
    said |= {theirs: config[name] for name, theirs in _SAME.items() if name in config}
    system = _text((body.get("systemInstruction") or {}).get("parts"))
    said["messages"] = [{"role": "system", "content": system}] if system else []
    for content in body.get("contents") or ():
        said["messages"] += _turn(content)
    said |= _tools(body) | _form(config) | _thinking(config.get("thinkingConfig") or {})
    if config.get("responseLogprobs"):
        said |= {"logprobs": True, "top_logprobs": config.get("logprobs") or 0}
    return said


def whole(completion: Completion, ask: Ask, directives: Directives) -> JsonObject:
    """See `Dialect.whole`."""
    choices = [] if directives.empty else completion.choices
    said = [_candidate(choice, list(_parts(choice, ask)), _finish(choice)) for choice in choices]
    return _answer(completion, said, directives)


def events(completion: Completion, ask: Ask, directives: Directives) -> Iterator[JsonObject]:
    """See `Dialect.events`; a call comes in one piece, and each piece tells the tokens until then."""
    choices = [] if directives.empty else completion.choices
    spoken = [
        (choice, part, tokens)
        for choice in choices
        for part, tokens in _counted(choice, _parts(choice, ask, piece_by_piece=True))
    ]
    counted = sum(choice.tokens for choice in choices) - sum(tokens for _, _, tokens in spoken)
    for choice, part, tokens in spoken:
        counted += tokens
        yield _answer(completion, [_candidate(choice, [part])], directives, counted)
    for choice in choices:
        yield _answer(completion, [_candidate(choice, [{"text": ""}], _finish(choice))], directives)
    if not choices:
        yield _answer(completion, [], directives)


def error(openai: JsonObject, status: int) -> JsonObject:
    """See `Dialect.error`."""
    name = _STATUSES.get(status, "INVALID_ARGUMENT" if status < 500 else "INTERNAL")
    return {"error": {"code": status, "message": openai["error"]["message"], "status": name}}


def error_headers(_status: int) -> Mapping[str, str]:
    """See `Dialect.error_headers`."""
    return {}


NAME = "gemini"
WIRE = ServerSentEvents(error)


def in_camels(said: Any) -> Any:
    """The same with all its fields in camel case: Google takes either, and its own SDK sends both in one request."""
    if isinstance(said, list):
        return [in_camels(each) for each in said]
    if not isinstance(said, dict):
        return said
    named = {_SNAKE.sub(lambda found: found[1].upper(), name): value for name, value in said.items()}
    return {name: value if name in _OPAQUE else in_camels(value) for name, value in named.items()}


def _turn(content: JsonObject) -> list[JsonObject]:
    parts = [part for part in content.get("parts") or () if isinstance(part, dict)]
    if content.get("role") == "model":
        calls = [_call(part["functionCall"], n) for n, part in enumerate(parts) if "functionCall" in part]
        said: JsonObject = {"role": "assistant", "content": _text(parts) or None}
        return [said | ({"tool_calls": calls} if calls else {})]
    results = [_result(part["functionResponse"]) for part in parts if "functionResponse" in part]
    words = [_part(part) for part in parts if {"text", "inlineData", "fileData"} & set(part)]
    if results:  # words beside results are notes of the client, and no new question
        return [*results, *([{"role": "system", "content": _text(parts)}] if words else [])]
    return [{"role": "user", "content": words}]


def _part(part: JsonObject) -> JsonObject:
    media = part.get("inlineData") or part.get("fileData") or {}
    if str(media.get("mimeType", "")).startswith("image/"):
        return {"type": "image_url", "image_url": {"url": media.get("fileUri") or "data:image/png;base64,"}}
    return {"type": "text", "text": part.get("text") or ""}


def _call(call: JsonObject, place: int) -> JsonObject:
    function = {"name": call.get("name"), "arguments": json.dumps(call.get("args") or {})}
    return {"id": call.get("id") or f"{call.get('name')}-{place}", "type": "function", "function": function}


def _result(result: JsonObject) -> JsonObject:
    said = result.get("response") or {}
    words = (
        said["output"] if set(said) == {"output"} and isinstance(said["output"], str) else json.dumps(said)
    )
    name = result.get("name")
    return {"role": "tool", "tool_call_id": result.get("id") or f"{name}-0", "name": name, "content": words}


def _text(parts: Any) -> str:
    return " ".join(
        part["text"]
        for part in parts or ()
        if isinstance(part, dict) and isinstance(part.get("text"), str) and not part.get("thought")
    )


def _tools(body: JsonObject) -> JsonObject:
    declared = [each for tool in body.get("tools") or () for each in tool.get("functionDeclarations") or ()]
    if not declared:
        return {}
    tools = [
        {"name": each.get("name"), "parameters": each.get("parametersJsonSchema") or {"type": "object"}}
        for each in declared
    ]
    said: JsonObject = {"tools": [{"type": "function", "function": tool} for tool in tools]}
    mode = (body.get("toolConfig") or {}).get("functionCallingConfig") or {}
    match mode.get("mode"), mode.get("allowedFunctionNames"):
        case "NONE", _:
            said["tool_choice"] = "none"
        case "ANY", [name]:
            said["tool_choice"] = {"type": "function", "function": {"name": name}}
        case "ANY", _:
            said["tool_choice"] = "required"
    return said


def _form(config: JsonObject) -> JsonObject:
    if config.get("responseMimeType") != "application/json":
        return {}
    schema = config.get("responseJsonSchema")
    if schema is None:
        return {"response_format": {"type": "json_object"}}
    return {"response_format": {"type": "json_schema", "json_schema": {"name": "answer", "schema": schema}}}


def _thinking(config: JsonObject) -> JsonObject:
    level = str(config.get("thinkingLevel") or "").lower()
    if not level and "thinkingBudget" in config:
        level = "low" if config["thinkingBudget"] else "none"
    return ({"reasoning_effort": level} if level else {}) | (
        {"include_thoughts": True} if config.get("includeThoughts") else {}
    )


def _parts(choice: Choice, ask: Ask, *, piece_by_piece: bool = False) -> Iterator[JsonObject]:
    def pieces(said: list[str]) -> list[str]:
        return said if piece_by_piece else ["".join(said)] if said else []

    if ask.body.get("include_thoughts"):
        for piece in pieces(choice.thought):
            yield {"text": piece, "thought": True}
    for piece in pieces(choice.text or choice.refusal):
        yield {"text": piece}
    for place, spoken in enumerate(choice.calls):
        yield {"functionCall": _function_call(spoken)} | (
            {"thoughtSignature": sealed(spoken.id, 0)} if place == 0 else {}
        )


def _function_call(spoken: SpokenCall) -> JsonObject:
    try:
        arguments = json.loads("".join(spoken.arguments) or "{}")
    except ValueError:
        arguments = {}
    return {"id": spoken.id.removeprefix("call_"), "name": spoken.call.name, "args": arguments}


def _finish(choice: Choice) -> str:
    return "SAFETY" if choice.refusal else _STOPS.get(choice.finish, choice.finish)


def _candidate(choice: Choice, parts: list[JsonObject], finish: str = "") -> JsonObject:
    said: JsonObject = {"content": {"parts": parts, "role": "model"}, "index": choice.index}
    return said | ({"finishReason": finish} if finish else {})


def _counted(choice: Choice, parts: Iterable[JsonObject]) -> Iterator[tuple[JsonObject, int]]:
    """Each part with its tokens: a piece of text or thought is one."""
    calls = iter(choice.calls)
    for part in parts:
        yield part, next(calls).tokens if "functionCall" in part else 1


def _answer(
    completion: Completion, candidates: list[JsonObject], directives: Directives, spoken: int | None = None
) -> JsonObject:
    said: JsonObject = {
        "candidates": candidates,
        "modelVersion": completion.model,
        "responseId": completion.id.removeprefix("chatcmpl-"),
    }
    return said if directives.no_usage else said | {"usageMetadata": _usage(completion, spoken)}


def _usage(completion: Completion, spoken: int | None) -> JsonObject:
    said = completion.usage(spoken)
    thought = said["completion_tokens_details"]["reasoning_tokens"]
    counted = {
        "promptTokenCount": said["prompt_tokens"],
        "candidatesTokenCount": said["completion_tokens"] - thought,
        "totalTokenCount": said["total_tokens"],
        "cachedContentTokenCount": completion.cached_tokens,
        "thoughtsTokenCount": thought,
    }
    return {
        name: value for name, value in counted.items() if value or not name.startswith(("cached", "thoughts"))
    }
