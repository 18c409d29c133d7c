"""Turns of the Messages API as messages of a chat completion.

Source: https://platform.claude.com/docs/en/api/messages/create. Marks for the prompt cache stay on their parts, and
thinking goes into `reasoning_details`, for the providers that take them; a tool's result may hold images. What another
provider makes of these is dialect.py's.
"""

import json
from typing import Any

from aggregator.errors import JsonObject
from aggregator.proxy.dialects.reasoning import (
    hidden_thought_of_claude,
    thought_of_claude,
    unpacked,
)
from aggregator.runtime.shape import (
    a_name,
    a_text,
    an_object,
    invalid,
    objects_in,
    one_of,
    unsupported,
)

Blocks = list[tuple[str, JsonObject]]


def messages_of(body: JsonObject) -> list[JsonObject]:
    """System and turns as messages.

    Raises:
        InvalidRequest: a turn has a wrong shape.
        UnsupportedParameter: it holds what is not offered here.
    """
    messages: list[JsonObject] = []
    system = _texts(body.get("system"), "system") if body.get("system") is not None else None
    if system:
        messages.append({"role": "system", "content": system})
    if not body.get("messages"):
        raise invalid("messages", "Field required")
    for place, turn in objects_in(body["messages"], "messages"):
        role = one_of(turn.get("role"), ("user", "assistant", "system"), f"{place}.role")
        if role == "system":
            messages.append({"role": "system", "content": _texts(turn.get("content"), f"{place}.content")})
        elif role == "assistant":
            messages.append(_assistant(turn.get("content"), f"{place}.content"))
        else:
            messages += _user(turn.get("content"), f"{place}.content")
    messages[-1] |= mark_of(body, "")  # of the whole request: as far as it goes
    return messages


def mark_of(block: JsonObject, place: str) -> JsonObject:
    """The mark that caches the prompt up to here, if it is set.

    Raises:
        InvalidRequest: it has a wrong shape.
    """
    mark = block.get("cache_control")
    return {} if mark is None else {"cache_control": an_object(mark, f"{place}.cache_control".lstrip("."))}


def _texts(content: Any, place: str) -> str | list[JsonObject]:
    if isinstance(content, str):
        return content
    return [_text(block, at) for at, block in _blocks(content, place)]


def _blocks(content: Any, place: str) -> Blocks:
    if not isinstance(content, list):
        raise invalid(place, "Field required" if content is None else "must be a string or an array")
    return list(objects_in(content, place))


def _user(content: Any, place: str) -> list[JsonObject]:
    """Results of tools first, for they answer the message before; then what the user says."""
    if isinstance(content, str):
        return [{"role": "user", "content": content}]
    results: list[JsonObject] = []
    parts: list[JsonObject] = []
    for at, block in _blocks(content, place):
        if block.get("type") == "tool_result":
            results.append(_result(block, at))
        else:
            parts += _parts(block, at)
    if parts or not results:
        results.append({"role": "user", "content": parts})
    return results


def _assistant(content: Any, place: str) -> JsonObject:
    if isinstance(content, str):
        return {"role": "assistant", "content": content}
    parts: list[JsonObject] = []
    calls: list[JsonObject] = []
    details: list[JsonObject] = []
    thoughts = ""
    for at, block in _blocks(content, place):
        match block.get("type"):
            case "text":
                parts.append(_text(block, at))
            case "tool_use":
                calls.append(_call(block, at))
            case "thinking":
                thought = a_text(block.get("thinking"), f"{at}.thinking")
                thoughts += thought
                details += _sealed(thought, a_text(block.get("signature") or "", f"{at}.signature"))
            case "redacted_thinking":
                data = a_name(block.get("data"), f"{at}.data")
                details += unpacked(data) or [hidden_thought_of_claude(data)]
            case kind:
                raise unsupported(f"{at}.type", f"an assistant's block of type '{kind}' is not offered here")
    turn: JsonObject = {"role": "assistant", "content": _simply(parts)}
    said = {"tool_calls": calls, "reasoning_details": details, "reasoning_content": thoughts}
    return turn | {name: value for name, value in said.items() if value}


def _simply(parts: list[JsonObject]) -> str | list[JsonObject] | None:
    """Text of parts that carry nothing else: every provider takes that from an assistant."""
    if any("cache_control" in part for part in parts):
        return parts
    return "".join(part["text"] for part in parts) or None


def _sealed(thought: str, signature: str) -> list[JsonObject]:
    """A thought as its provider wants it back; one without a signature is nobody's."""
    if not signature:
        return []
    elsewhere = unpacked(signature)
    return [{**detail, "text": thought} for detail in elsewhere] or [thought_of_claude(thought, signature)]


def _call(block: JsonObject, place: str) -> JsonObject:
    arguments = an_object(block.get("input"), f"{place}.input")
    return {
        "id": a_name(block.get("id"), f"{place}.id"),
        "type": "function",
        "function": {
            "name": a_name(block.get("name"), f"{place}.name"),
            "arguments": json.dumps(arguments, separators=(",", ":"), ensure_ascii=False),
        },
        **mark_of(block, place),
    }


def _result(block: JsonObject, place: str) -> JsonObject:
    content = block.get("content")
    said: str | list[JsonObject]
    if content is None or isinstance(content, str):
        said = content or ""
    else:
        said = [part for at, each in _blocks(content, f"{place}.content") for part in _parts(each, at)]
    call_id = a_name(block.get("tool_use_id"), f"{place}.tool_use_id")
    result: JsonObject = {"role": "tool", "tool_call_id": call_id, "content": said, **mark_of(block, place)}
    if block.get("is_error") is True:
        result["is_error"] = True
    return result


def _parts(block: JsonObject, place: str) -> list[JsonObject]:
    match block.get("type"):
        case "text":
            return [_text(block, place)]
        case "image":
            return [_image(block, place)]
        case "document":
            return _document(block, place)
        case kind:
            raise unsupported(f"{place}.type", f"blocks of type '{kind}' are not offered here")


def _text(block: JsonObject, place: str) -> JsonObject:
    if block.get("type") != "text":
        raise unsupported(f"{place}.type", "only text is taken here")
    return {"type": "text", "text": a_text(block.get("text"), f"{place}.text"), **mark_of(block, place)}


def _image(block: JsonObject, place: str) -> JsonObject:
    at = f"{place}.source"
    source = an_object(block.get("source"), at)
    match source.get("type"):
        case "base64":
            url = _data_uri(source, at)
        case "url":
            url = a_name(source.get("url"), f"{at}.url")
        case _:
            raise unsupported(f"{at}.type", "images are taken as base64 or url")
    return {"type": "image_url", "image_url": {"url": url}, **mark_of(block, place)}


def _document(block: JsonObject, place: str) -> list[JsonObject]:
    citations = block.get("citations")
    if isinstance(citations, dict) and citations.get("enabled"):
        raise unsupported(f"{place}.citations", "citations are not offered here")
    about = [a_text(block[name], f"{place}.{name}") for name in ("title", "context") if block.get(name)]
    at = f"{place}.source"
    source = an_object(block.get("source"), at)
    match source.get("type"):
        case "text":
            text = "\n\n".join([*about, a_text(source.get("data"), f"{at}.data")])
            return [{"type": "text", "text": text, **mark_of(block, place)}]
        case "content":
            parts = [{"type": "text", "text": text} for text in about]
            content = source.get("content")
            if isinstance(content, str):
                return [*parts, {"type": "text", "text": content, **mark_of(block, place)}]
            return parts + [
                part for where, each in _blocks(content, f"{at}.content") for part in _parts(each, where)
            ]
        case "base64":
            file = {"file_data": _data_uri(source, at), "filename": (about or ["document.pdf"])[0]}
            return [{"type": "file", "file": file, **mark_of(block, place)}]
        case _:
            raise unsupported(f"{at}.type", "documents are taken as base64, text or content")


def _data_uri(source: JsonObject, place: str) -> str:
    media_type = a_name(source.get("media_type"), f"{place}.media_type")
    return f"data:{media_type};base64,{a_name(source.get('data'), f'{place}.data')}"
