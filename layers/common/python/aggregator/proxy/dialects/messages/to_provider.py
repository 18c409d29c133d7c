"""A conversation as the Messages API takes it: the system's words apart, then turns of user and assistant.

Standard library only. Source: https://platform.claude.com/docs/en/api/messages/create
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from aggregator.errors import InvalidRequest
from aggregator.proxy.dialects.reading import (
    an_object,
    data_uri_of,
    file_of,
    image_url_of,
    parts_of,
    refuse_message_fields,
    unsupported,
)
from aggregator.proxy.dialects.tools import tool_calls_of
from aggregator.proxy.dialects.writing import objects, text
from aggregator.proxy.model import JsonObject

DETAILS_FORMAT = "anthropic-claude-v1"
"""Marks what only Claude can read of an assistant's `reasoning_details`."""

_IMAGES = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"})
_NOT_IN_AN_ID = re.compile(r"[^a-zA-Z0-9_-]")


def conversation(messages: list[JsonObject]) -> tuple[list[JsonObject], list[JsonObject]]:
    """System blocks and turns. Neighbours of one role become one turn; what says nothing is left out.

    Raises:
        InvalidRequest: nobody but the system says anything, or a message has a wrong shape.
        UnsupportedParameter: it holds what Claude does not take.
    """
    system: list[JsonObject] = []
    turns: list[JsonObject] = []
    for n, message in enumerate(messages):
        place = f"messages.{n}"
        refuse_message_fields(message, place, "Claude")
        role, blocks = message["role"], _blocks_of(message, place)
        if role in ("system", "developer"):
            system += blocks
            continue
        speaker = "assistant" if role == "assistant" else "user"
        if turns and turns[-1]["role"] == speaker:
            turns[-1]["content"] += blocks
        elif blocks:
            turns.append({"role": speaker, "content": blocks})
    if not turns:
        raise InvalidRequest("messages: needs at least one message with content", param="messages")
    return system, turns


def cache_control_of(said: Mapping[str, Any], place: str) -> JsonObject:
    """The mark that caches the prompt up to here, if the client set one: an extension that gateways share.

    Raises:
        UnsupportedParameter: it asks for another lifetime than Claude offers.
    """
    mark = said.get("cache_control")
    if mark is None:
        return {}
    at = f"{place}.cache_control"
    match an_object(mark, at).get("ttl"):
        case None | "5m":
            return {"cache_control": {"type": "ephemeral"}}
        case "1h":
            return {"cache_control": {"type": "ephemeral", "ttl": "1h"}}
        case _:
            raise unsupported(f"{at}.ttl", "only '5m' and '1h' are offered here")


def _blocks_of(message: JsonObject, place: str) -> list[JsonObject]:
    match message["role"]:
        case "system" | "developer":
            blocks = [_text(part, at, only_text=True) for at, part in parts_of(message, place)]
        case "assistant":
            blocks = list(_assistant_blocks(message, place))
        case "tool":
            return [_tool_result(message, place)]
        case _:
            blocks = [_block(part, at) for at, part in parts_of(message, place)]
    if blocks and "cache_control" in message:
        blocks[-1].update(cache_control_of(message, place))
    return blocks


def _assistant_blocks(message: JsonObject, place: str) -> Iterator[JsonObject]:
    """Thoughts first, then words, then calls: the order in which Claude says them."""
    thoughts = list(_thoughts(message))
    yield from thoughts
    for at, part in parts_of(message, place):
        if part.get("type") not in ("thinking", "redacted_thinking"):
            yield _text(part, at, only_text=True)
        elif not thoughts:
            yield part
    for call in tool_calls_of(message, place):
        yield {
            "type": "tool_use",
            "id": _id(call.id),
            "name": call.name,
            "input": call.arguments,
            **cache_control_of(call.said, place),
        }


def _thoughts(message: JsonObject) -> Iterator[JsonObject]:
    """Thinking as Claude signed it; what another provider thought cannot be given back."""
    for detail in objects(message, "reasoning_details"):
        if detail.get("format") != DETAILS_FORMAT:
            continue
        kind, signature, data = detail.get("type"), text(detail, "signature"), text(detail, "data")
        if kind == "reasoning.text" and signature:
            yield {"type": "thinking", "thinking": text(detail, "text"), "signature": signature}
        elif kind == "reasoning.encrypted" and data:
            yield {"type": "redacted_thinking", "data": data}


def _tool_result(message: JsonObject, place: str) -> JsonObject:
    call_id = message.get("tool_call_id")
    if not isinstance(call_id, str) or not call_id:
        raise InvalidRequest(f"{place}.tool_call_id: Field required", param=f"{place}.tool_call_id")
    result: JsonObject = {"type": "tool_result", "tool_use_id": _id(call_id)}
    content = [_block(part, at) for at, part in parts_of(message, place)]
    if content:
        result["content"] = content
    if message.get("is_error") is True:
        result["is_error"] = True
    return result | cache_control_of(message, place)


def _block(part: JsonObject, place: str) -> JsonObject:
    match part.get("type", "text"):
        case "image_url":
            return {"type": "image", "source": _image(part, place)} | cache_control_of(part, place)
        case "file":
            return _document(part, place) | cache_control_of(part, place)
        case _:
            return _text(part, place)


def _text(part: JsonObject, place: str, *, only_text: bool = False) -> JsonObject:
    if part.get("type", "text") != "text":
        what = "only text is taken here" if only_text else "only text, images and files are taken here"
        raise unsupported(f"{place}.type", what)
    return {"type": "text", "text": part["text"], **cache_control_of(part, place)}


def _image(part: JsonObject, place: str) -> JsonObject:
    url = image_url_of(part, place)
    at = f"{place}.image_url.url"
    data = data_uri_of(url, at)
    if data is None:
        if not url.lower().startswith("https://"):
            raise unsupported(at, "Claude takes images by https or inline")
        return {"type": "url", "url": url}
    if data.media_type not in _IMAGES:
        raise unsupported(at, "Claude takes images as JPEG, PNG, GIF or WebP")
    return {"type": "base64", "media_type": data.media_type, "data": data.base64}


def _document(part: JsonObject, place: str) -> JsonObject:
    data, name = file_of(part, place)
    at = f"{place}.file.file_data"
    if data.media_type == "application/pdf":
        source = {"type": "base64", "media_type": "application/pdf", "data": data.base64}
    elif data.media_type == "text/plain":
        source = {"type": "text", "media_type": "text/plain", "data": data.text(at)}
    else:
        raise unsupported(at, "Claude takes files as PDF or plain text")
    return {"type": "document", "source": source} | ({"title": name} if name else {})


def _id(call_id: str) -> str:
    """An id as Claude takes it: other providers' may hold what it does not."""
    return _NOT_IN_AN_ID.sub("_", call_id)
