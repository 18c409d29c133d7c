"""A conversation as generateContent takes it: a system instruction, then contents of user and model.

Standard library only. Sources: https://ai.google.dev/api/caching#Content (contents and parts),
https://ai.google.dev/gemini-api/docs/generate-content/thought-signatures (what must come back with a call).
"""

import re
from collections.abc import Iterable
from typing import Any

from aggregator.errors import InvalidRequest
from aggregator.proxy.dialects.conversation import (
    Block,
    Call,
    File,
    Image,
    Refusal,
    Result,
    Text,
    Thinking,
    Turns,
    add_said,
    apart,
    in_two_roles,
    said_in,
)
from aggregator.proxy.dialects.events import text_in as text
from aggregator.proxy.dialects.gemini.models import must_sign_calls, takes_media_in_results
from aggregator.proxy.dialects.reading import DataUri, by_https, data_of, data_uri_of, refuse_detail
from aggregator.proxy.dialects.tools import arguments_of
from aggregator.proxy.model import JsonObject
from aggregator.runtime import passable_json
from aggregator.runtime.shape import unsupported

_WEB_ADDRESS = re.compile(r"https://(?:[^/?#@]*@)?(?P<host>[^/?#:]+)(?::\d+)?(?P<path>[^?#]*)", re.IGNORECASE)
_MEDIA_TYPES = {
    "png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg", "webp": "image/webp", "heic": "image/heic",
    "heif": "image/heif", "gif": "image/gif", "pdf": "application/pdf",
}  # fmt: skip

DETAILS_FORMAT = "google-gemini-v1"
"""Marks what only Gemini can read of an assistant's `reasoning_details`."""

NO_SIGNATURE = "skip_thought_signature_validator"
"""What Google has clients send for a call that Gemini did not make, or whose signature is lost."""


def conversation(turns: Turns, model: str) -> tuple[JsonObject | None, list[JsonObject]]:
    """System instruction, and contents. Neighbours of one role become one; what says nothing is left out.

    What the system says in mid-conversation stays there, in the user's name: hoisted, it would change the front of the
    prompt with every turn, which then is never read from a cache.

    Raises:
        InvalidRequest: nobody but the system says anything, or a result answers no call.
        UnsupportedParameter: it holds what Gemini does not take.
    """
    prompt, said = apart(turns)
    contents: list[JsonObject] = []
    names: dict[str, str] = {}
    for turn in in_two_roles(said):
        if turn.role == "assistant":
            role, parts = "model", _model_parts(turn.blocks, model, names)
        else:
            role, parts = "user", [_part(block, model, names) for block in turn.blocks]
        add_said(contents, role, "parts", parts)
    if not contents:
        raise InvalidRequest("messages: needs at least one message with content", param="messages")
    system = [_part(block, model, names) for block in prompt]
    return ({"parts": system} if system else None), contents


def _model_parts(blocks: Iterable[Block], model: str, names: dict[str, str]) -> list[JsonObject]:
    """Words and calls in their order, each with the signature it came with. Remembers the name of every call.

    A signature without a call's id belongs to the words that it follows, or goes with what comes next. The first call
    of a step must be signed; what made no call of Gemini's has none.
    """
    parts: list[JsonObject] = []
    by_call: dict[str, str] = {}
    loose: str | None = None
    for block in blocks:
        match block:
            case Thinking(seal=seal) if seal and seal.get("format") == DETAILS_FORMAT and text(seal, "data"):
                if text(seal, "id"):
                    by_call[text(seal, "id")] = text(seal, "data")
                elif parts and "text" in parts[-1] and "thoughtSignature" not in parts[-1]:
                    parts[-1]["thoughtSignature"] = text(seal, "data")
                else:
                    loose = text(seal, "data")
            case Text() | Refusal():
                parts.append({"text": block.text} | _signed(loose))
                loose = None
            case Call():
                names[block.id] = block.name
                signature = _extra_signature(block.came.said) or by_call.get(block.id)
                if signature is None and not any("functionCall" in part for part in parts):
                    signature, loose = loose, None
                    if signature is None and must_sign_calls(model):
                        signature = NO_SIGNATURE
                call = {"id": block.id, "name": block.name, "args": arguments_of(block)}
                parts.append({"functionCall": call} | _signed(signature))
    return parts


def _signed(signature: str | None) -> JsonObject:
    return {"thoughtSignature": signature} if signature else {}


def _extra_signature(call: JsonObject) -> str | None:
    """Signature where Google's OpenAI-compatible endpoint puts it: `extra_content.google.thought_signature`."""
    found: Any = call
    for name in ("extra_content", "google", "thought_signature"):
        found = found.get(name) if isinstance(found, dict) else None
    return found if isinstance(found, str) and found else None


def _function_response(result: Result, model: str, names: dict[str, str]) -> JsonObject:
    name = names.get(result.call_id) or result.name
    if not name:
        at = result.came.content
        raise InvalidRequest(f"{at}: answers no call of an earlier message", param=at)
    blocks = said_in(result)
    words = "\n".join(block.text for block in blocks if isinstance(block, Text))
    media = [block for block in blocks if not isinstance(block, Text)]
    if media and not takes_media_in_results(model):
        raise unsupported(media[0].came.place, "this model takes only text as the result of a call")
    response = {"error": words} if result.is_error else _response(words)
    said: JsonObject = {"id": result.call_id, "name": name, "response": response}
    if media:
        said["parts"] = [_part(block, model, names) for block in media]
    return {"functionResponse": said}


def _response(words: str) -> JsonObject:
    """A result as an object, which Gemini wants; any other is its `output`."""
    try:
        said = passable_json.read(words)
    except ValueError:
        said = None
    return said if isinstance(said, dict) else {"output": words}


def _part(block: Block, model: str, names: dict[str, str]) -> JsonObject:
    match block:
        case Text() | Refusal():
            return {"text": block.text}
        case Result():
            return _function_response(block, model, names)
        case Image():
            refuse_detail(block)
            data = data_uri_of(block.url, block.came.content)
            return _by_url(block.url, block.came.content) if data is None else _inline(data)
        case File() if by_https(block.data):
            return _by_url(block.data, block.came.content)
        case File():
            return _inline(data_of(block))
        case _:
            raise AssertionError(f"nothing that a user says: {block}")


def _by_url(url: str, place: str) -> JsonObject:
    """A picture or a PDF on the web, which Gemini fetches by itself; never what lies in the platform's account there.

    Source: https://blog.google/innovation-and-ai/technology/developers-tools/gemini-api-new-file-limits
    """
    found = _WEB_ADDRESS.match(url)
    if found is None or f".{found['host'].lower()}".endswith((".googleapis.com", ".google.com")):
        raise unsupported(place, "cannot be fetched: Gemini takes pictures inline, or by https from the web")
    ending = found["path"].rpartition(".")[2].lower()
    return {"fileData": {"mimeType": _MEDIA_TYPES.get(ending, "image/jpeg"), "fileUri": url}}


def _inline(data: DataUri) -> JsonObject:
    return {"inlineData": {"mimeType": data.media_type, "data": data.base64}}
