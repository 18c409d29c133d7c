"""A conversation as the Messages API takes it: the system's words apart, then turns of user and assistant.

Standard library only. Source: https://platform.claude.com/docs/en/api/messages/create
"""

import re
from collections.abc import Iterable, Iterator

from aggregator.errors import InvalidRequest
from aggregator.proxy.dialects.claude import DETAILS_FORMAT
from aggregator.proxy.dialects.conversation import (
    Block,
    Call,
    Citable,
    File,
    Image,
    Refusal,
    Result,
    Text,
    Thinking,
    Turns,
    add_said,
    apart,
    by_source,
    in_two_roles,
    said_in,
)
from aggregator.proxy.dialects.events import text_in as text
from aggregator.proxy.dialects.reading import by_https, data_of, data_uri_of, refuse_detail
from aggregator.proxy.dialects.tools import arguments_of
from aggregator.proxy.model import JsonObject
from aggregator.runtime.shape import unsupported

_IMAGES = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"})
_NOT_IN_AN_ID = re.compile(r"[^a-zA-Z0-9_-]")


def conversation(turns: Turns) -> tuple[list[JsonObject], list[JsonObject]]:
    """System blocks and turns. Neighbours of one role become one turn; what says nothing is left out.

    What the system says in mid-conversation stays there, in a user's turn: hoisted, it would change the front of the
    prompt with every turn, which then is never read from a cache.

    Raises:
        InvalidRequest: nobody but the system says anything.
        UnsupportedParameter: it holds what Claude does not take.
    """
    prompt, said = apart(turns)
    found: list[JsonObject] = []
    for turn in in_two_roles(said):
        add_said(found, turn.role, "content", list(_blocks(turn.blocks)))
    if not found:
        raise InvalidRequest("messages: needs at least one message with content", param="messages")
    return list(_blocks(prompt)), found


def cache_control_of(mark: JsonObject | None, place: str) -> JsonObject:
    """The mark that caches the prompt up to here, if the client set one: an extension that gateways share.

    Raises:
        UnsupportedParameter: it asks for another lifetime than Claude offers.
    """
    if mark is None:
        return {}
    at = f"{place}.cache_control"
    match mark.get("ttl"):
        case None | "5m":
            return {"cache_control": {"type": "ephemeral"}}
        case "1h":
            return {"cache_control": {"type": "ephemeral", "ttl": "1h"}}
        case _:
            raise unsupported(f"{at}.ttl", "only '5m' and '1h' are offered here")


def _blocks(blocks: Iterable[Block]) -> Iterator[JsonObject]:
    for block in blocks:
        if isinstance(block, Text) and block.citations:
            yield from _cited(block)
        elif (said := _block(block)) is not None:
            yield said | cache_control_of(block.mark, block.came.place)


def _cited(text: Text) -> Iterator[JsonObject]:
    """Words with their sources, those that Claude takes: they are of whole blocks."""
    from aggregator.proxy.dialects.messages.citations import for_provider  # noqa: PLC0415 (few texts have any)

    for piece, citations in by_source(text, for_provider):
        mark = cache_control_of(piece.mark, piece.came.place)
        yield {"type": "text", "text": piece.text, **({"citations": citations} if citations else {}), **mark}


def _block(block: Block) -> JsonObject | None:
    """The block as Claude takes it; None for what another provider thought, which cannot be given back."""
    match block:
        case Text() | Refusal():
            return {"type": "text", "text": block.text}
        case Thinking():
            return _thought(block)
        case Call():
            return {
                "type": "tool_use",
                "id": _id(block.id),
                "name": block.name,
                "input": arguments_of(block),
            }
        case Result():
            return _result(block)
        case Image():
            return {"type": "image", "source": _image(block)}
        case File():
            return _document(block)
        case Citable():
            return {name: value for name, value in block.came.said.items() if name != "cache_control"}
        case _:
            raise AssertionError(f"no block of a conversation: {block}")


def _thought(thought: Thinking) -> JsonObject | None:
    """Thinking as Claude signed it."""
    seal = thought.seal or {}
    if seal.get("format") != DETAILS_FORMAT:
        return None
    kind, signature, data = seal.get("type"), text(seal, "signature"), text(seal, "data")
    if kind == "reasoning.text" and signature:
        return {"type": "thinking", "thinking": text(seal, "text") or thought.text, "signature": signature}
    return {"type": "redacted_thinking", "data": data} if kind == "reasoning.encrypted" and data else None


def _result(result: Result) -> JsonObject:
    said: JsonObject = {"type": "tool_result", "tool_use_id": _id(result.call_id)}
    if content := list(_blocks(said_in(result))):
        said["content"] = content
    if result.is_error:
        said["is_error"] = True
    return said


def _image(image: Image) -> JsonObject:
    refuse_detail(image)
    at = image.came.content
    data = data_uri_of(image.url, at)
    if data is None:
        if not by_https(image.url):
            raise unsupported(at, "Claude takes images by https or inline")
        return {"type": "url", "url": image.url}
    if data.media_type not in _IMAGES:
        raise unsupported(at, "Claude takes images as JPEG, PNG, GIF or WebP")
    return {"type": "base64", "media_type": data.media_type, "data": data.base64}


def _document(file: File) -> JsonObject:
    if by_https(file.data):
        source = {"type": "url", "url": file.data}
        return {"type": "document", "source": source} | ({"title": file.name} if file.name else {})
    data, at = data_of(file), file.came.content
    if data.media_type == "application/pdf":
        source = {"type": "base64", "media_type": "application/pdf", "data": data.base64}
    elif data.media_type == "text/plain":
        source = {"type": "text", "media_type": "text/plain", "data": data.text(at)}
    else:
        raise unsupported(at, "Claude takes files as PDF or plain text")
    return {"type": "document", "source": source} | ({"title": file.name} if file.name else {})


def _id(call_id: str) -> str:
    """An id as Claude takes it: other providers' may hold what it does not."""
    return _NOT_IN_AN_ID.sub("_", call_id)
