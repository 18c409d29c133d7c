"""A conversation as generateContent takes it: a system instruction, then contents of user and model.

Standard library only. Sources: https://ai.google.dev/api/caching#Content (contents and parts),
https://ai.google.dev/gemini-api/docs/generate-content/thought-signatures (what must come back with a call).
"""

import re
from collections.abc import Iterator
from typing import Any

from aggregator.errors import InvalidRequest
from aggregator.proxy.dialects.gemini.models import must_sign_calls, takes_media_in_results
from aggregator.proxy.dialects.reading import (
    DataUri,
    data_uri_of,
    file_of,
    image_url_of,
    parts_of,
    refuse_message_fields,
    text_of,
    unsupported,
)
from aggregator.proxy.dialects.tools import tool_calls_of
from aggregator.proxy.dialects.writing import objects, text
from aggregator.proxy.model import JsonObject
from aggregator.runtime import passable_json

_WEB_ADDRESS = re.compile(r"https://(?:[^/?#@]*@)?(?P<host>[^/?#:]+)(?::\d+)?(?P<path>[^?#]*)", re.IGNORECASE)
_MEDIA_TYPES = {
    "png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg", "webp": "image/webp", "heic": "image/heic",
    "heif": "image/heif", "gif": "image/gif",
}  # fmt: skip

DETAILS_FORMAT = "google-gemini-v1"
"""Marks what only Gemini can read of an assistant's `reasoning_details`."""

NO_SIGNATURE = "skip_thought_signature_validator"
"""What Google has clients send for a call that Gemini did not make, or whose signature is lost."""


def conversation(messages: list[JsonObject], model: str) -> tuple[JsonObject | None, list[JsonObject]]:
    """System instruction, and contents. Neighbours of one role become one; what says nothing is left out.

    Raises:
        InvalidRequest: nobody but the system says anything, or a message has a wrong shape.
        UnsupportedParameter: it holds what Gemini does not take.
    """
    system: list[JsonObject] = []
    contents: list[JsonObject] = []
    names: dict[str, str] = {}
    for n, message in enumerate(messages):
        place = f"messages.{n}"
        refuse_message_fields(message, place, "Gemini")
        match message["role"]:
            case "system" | "developer":
                if words := text_of(message, place):
                    system.append({"text": words})
                continue
            case "assistant":
                role, parts = "model", list(_model_parts(message, place, model, names))
            case "tool":
                role, parts = "user", [_function_response(message, place, model, names)]
            case _:
                role, parts = "user", [_part(part, at) for at, part in parts_of(message, place)]
        if contents and contents[-1]["role"] == role:
            contents[-1]["parts"] += parts
        elif parts:
            contents.append({"role": role, "parts": parts})
    if not contents:
        raise InvalidRequest("messages: needs at least one message with content", param="messages")
    return ({"parts": system} if system else None), contents


def _model_parts(message: JsonObject, place: str, model: str, names: dict[str, str]) -> Iterator[JsonObject]:
    """Words, then calls, each with the signature it came with. Remembers the name of every call."""
    signatures = dict(_signatures(message))
    words = text_of(message, place)
    if words:
        yield {"text": words} | _signed(signatures.get(""))
    for k, call in enumerate(tool_calls_of(message, place)):
        names[call.id] = call.name
        signature = _extra_signature(call.said) or signatures.get(call.id)
        if signature is None and k == 0:
            signature = signatures.get("") if not words else None
            if signature is None and must_sign_calls(model):
                signature = NO_SIGNATURE
        yield {"functionCall": {"id": call.id, "name": call.name, "args": call.arguments}} | _signed(
            signature
        )


def _signed(signature: str | None) -> JsonObject:
    return {"thoughtSignature": signature} if signature else {}


def _signatures(message: JsonObject) -> Iterator[tuple[str, str]]:
    """Signatures that came with an answer, by the id of the call they belong to; "" is the text's."""
    for detail in objects(message, "reasoning_details"):
        if detail.get("format") == DETAILS_FORMAT and (data := text(detail, "data")):
            yield text(detail, "id"), data


def _extra_signature(call: JsonObject) -> str | None:
    """Signature where Google's OpenAI-compatible endpoint puts it: `extra_content.google.thought_signature`."""
    found: Any = call
    for name in ("extra_content", "google", "thought_signature"):
        found = found.get(name) if isinstance(found, dict) else None
    return found if isinstance(found, str) and found else None


def _function_response(message: JsonObject, place: str, model: str, names: dict[str, str]) -> JsonObject:
    at = f"{place}.tool_call_id"
    call_id = message.get("tool_call_id")
    if not isinstance(call_id, str) or not call_id:
        raise InvalidRequest(f"{at}: Field required", param=at)
    name = names.get(call_id) or message.get("name")
    if not isinstance(name, str) or not name:
        raise InvalidRequest(f"{at}: answers no call of an earlier message", param=at)
    parts = [(where, _part(part, where)) for where, part in parts_of(message, place)]
    words = "\n".join(part["text"] for _, part in parts if "text" in part)
    media = [(where, part) for where, part in parts if "text" not in part]
    if media and not takes_media_in_results(model):
        raise unsupported(media[0][0], "this model takes only text as the result of a call")
    response = {"error": words} if message.get("is_error") is True else _response(words)
    said: JsonObject = {"id": call_id, "name": name, "response": response}
    if media:
        said["parts"] = [part for _, part in media]
    return {"functionResponse": said}


def _response(words: str) -> JsonObject:
    """A result as an object, which Gemini wants; any other is its `output`."""
    try:
        said = passable_json.read(words)
    except ValueError:
        said = None
    return said if isinstance(said, dict) else {"output": words}


def _part(part: JsonObject, place: str) -> JsonObject:
    match part.get("type", "text"):
        case "text":
            return {"text": part["text"]}
        case "image_url":
            url = image_url_of(part, place)
            data = data_uri_of(url, f"{place}.image_url.url")
            return _by_url(url, f"{place}.image_url.url") if data is None else _inline(data)
        case "file":
            return _inline(file_of(part, place)[0])
        case _:
            raise unsupported(f"{place}.type", "only text, images and files are taken here")


def _by_url(url: str, place: str) -> JsonObject:
    """A picture on the web, which Gemini fetches by itself; never what lies in the platform's account at Google.

    Source: https://blog.google/innovation-and-ai/technology/developers-tools/gemini-api-new-file-limits
    """
    found = _WEB_ADDRESS.match(url)
    if found is None or f".{found['host'].lower()}".endswith((".googleapis.com", ".google.com")):
        raise unsupported(place, "cannot be fetched: Gemini takes pictures inline, or by https from the web")
    ending = found["path"].rpartition(".")[2].lower()
    return {"fileData": {"mimeType": _MEDIA_TYPES.get(ending, "image/jpeg"), "fileUri": url}}


def _inline(data: DataUri) -> JsonObject:
    return {"inlineData": {"mimeType": data.media_type, "data": data.base64}}
