"""The messages of a chat as Converse takes them: system texts apart, user and assistant in turns, content in blocks.

Standard library only. Source: Amazon Bedrock API Reference, "Converse", "Message" and "ContentBlock".
"""

import hashlib
import re
from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Iterator, Mapping
from typing import Any

from aggregator.errors import InvalidRequest
from aggregator.proxy.dialects.converse.models import (
    caches,
    claude_of,
    takes_media_in_results,
    takes_words_after_results,
)
from aggregator.proxy.dialects.messages.to_provider import DETAILS_FORMAT
from aggregator.proxy.dialects.reading import (
    DataUri,
    data_uri_of,
    file_of,
    image_url_of,
    parts_of,
    refuse_message_fields,
    unsupported,
)
from aggregator.proxy.dialects.tools import tool_calls_of
from aggregator.proxy.model import JsonObject

OTHERS_FORMAT = "bedrock-converse-v1"
"""Marks what a model on Bedrock other than Claude thought, in an assistant's `reasoning_details`."""

_IMAGES = {"image/png": "png", "image/jpeg": "jpeg", "image/gif": "gif", "image/webp": "webp"}
_OFFICE = "application/vnd.openxmlformats-officedocument"
_DOCUMENTS = {
    "application/pdf": "pdf",
    "application/msword": "doc",
    "application/vnd.ms-excel": "xls",
    f"{_OFFICE}.wordprocessingml.document": "docx",
    f"{_OFFICE}.spreadsheetml.sheet": "xlsx",
    "text/csv": "csv",
    "text/html": "html",
    "text/markdown": "md",
    "text/plain": "txt",
}
_NOT_IN_A_NAME = re.compile(r"[^A-Za-z0-9\-()\[\]]+")
_LONGEST_NAME = 180
_TOOL_USE_ID = re.compile(r"[a-zA-Z0-9_.:-]{1,64}")


# What stands where the model, or Converse, wants words and nobody said any.
_BESIDE_A_DOCUMENT = "See the document."
_BEFORE_THE_FIRST = "Begin."
_AFTER_RESULTS = "I have the results."


def details_format(model_id: str) -> str:
    """The form of a model's `reasoning_details`; Claude takes back what it thought wherever it runs."""
    return OTHERS_FORMAT if claude_of(model_id) is None else DETAILS_FORMAT


class Conversation:
    """What a request says so far, to the model of this id. `called` are the names of tools that were."""

    def __init__(self, model_id: str) -> None:
        self.system: list[JsonObject] = []
        self.messages: list[JsonObject] = []
        self.called: dict[str, None] = {}
        self._caches = caches(model_id)
        self._thoughts = details_format(model_id)
        self._words_after_results = takes_words_after_results(model_id)
        self._media_in_results = takes_media_in_results(model_id)
        self._results = 0
        self._shown: list[JsonObject] = []
        self._names: set[str] = set()

    def add(self, message: Mapping[str, Any], place: str) -> None:
        """Take one message; neighbours of one role become one, for Converse takes them in turns.

        Raises:
            InvalidRequest: it has a wrong shape.
            UnsupportedParameter: it holds what Converse does not take.
        """
        refuse_message_fields(message, place, "Amazon Bedrock")
        if message["role"] in ("assistant", "user"):
            self._show()
        match message["role"]:
            case "system" | "developer":
                self.system += self._texts(message, place)
                self.system += self.cache_point(message, place)
                return
            case "assistant":
                role, blocks = "assistant", list(self._assistant(message, place))
            case "tool":
                role, blocks = "user", [self._tool_result(message, place)]
            case _:
                role, blocks = "user", list(self._parts(message, place))
        blocks += self.cache_point(message, place)
        self._turn(role, blocks)

    def end(self) -> None:
        """Take the last message as the last, and put right what the model would refuse of the turns."""
        self._show()
        for message in self.messages:
            content = message["content"]
            if any("document" in block for block in content) and not any(
                "text" in block for block in content
            ):
                content.insert(0, {"text": _BESIDE_A_DOCUMENT})
        if self.messages and self.messages[0]["role"] == "assistant":
            self.messages.insert(0, {"role": "user", "content": [{"text": _BEFORE_THE_FIRST}]})

    def _show(self) -> None:
        """What tools showed follows their results, where the model does not take it in them."""
        shown, self._shown, self._results = self._shown, [], 0
        self._turn("user", shown)

    def _turn(self, role: str, blocks: list[JsonObject]) -> None:
        last = self.messages[-1] if self.messages else None
        if last is not None and last["role"] == role:
            apart = role == "user" and not self._words_after_results and blocks
            if apart and "toolResult" in last["content"][-1] and "toolResult" not in blocks[0]:
                self.messages.append({"role": "assistant", "content": [{"text": _AFTER_RESULTS}]})
        if self.messages and self.messages[-1]["role"] == role:
            self.messages[-1]["content"] += blocks
        elif blocks:
            self.messages.append({"role": role, "content": blocks})

    def cache_point(self, holder: Mapping[str, Any], place: str) -> list[JsonObject]:
        """The block that keeps the prompt up to here, if `holder` asks for it in its `cache_control`.

        Raises:
            UnsupportedParameter: the model keeps none, or it should be kept for longer than is priced.
        """
        control = holder.get("cache_control")
        if control is None:
            return []
        at = f"{place}.cache_control"
        if not isinstance(control, Mapping) or control.get("type") != "ephemeral":
            raise unsupported(f"{at}.type", "must be 'ephemeral'")
        if control.get("ttl") not in (None, "5m"):
            raise unsupported(f"{at}.ttl", "only '5m' is offered here")
        return [{"cachePoint": {"type": "default"}}] if self._caches else []

    def _texts(self, message: Mapping[str, Any], place: str) -> Iterator[JsonObject]:
        for at, part in parts_of(message, place):
            if part.get("type", "text") not in ("text", "refusal"):
                raise unsupported(at, "only text is taken here")
            yield {"text": part["text"]}
            yield from self.cache_point(part, at)

    def _parts(self, message: Mapping[str, Any], place: str) -> Iterator[JsonObject]:
        for at, part in parts_of(message, place):
            match part.get("type", "text"):
                case "text":
                    yield {"text": part["text"]}
                case "image_url":
                    yield _image(part, at)
                case "file":
                    yield self._document(part, at)
                case other:
                    raise unsupported(f"{at}.type", f"{other} is not taken here")
            yield from self.cache_point(part, at)

    def _assistant(self, message: Mapping[str, Any], place: str) -> Iterator[JsonObject]:
        yield from _thoughts(message.get("reasoning_details"), self._thoughts)
        yield from self._texts(message, place)
        for call in tool_calls_of(message, place):
            self.called[call.name] = None
            yield {
                "toolUse": {"toolUseId": _tool_use_id(call.id), "name": call.name, "input": call.arguments}
            }
            yield from self.cache_point(call.said, place)

    def _tool_result(self, message: Mapping[str, Any], place: str) -> JsonObject:
        call_id = message.get("tool_call_id")
        if not isinstance(call_id, str) or not call_id:
            raise InvalidRequest(f"{place}.tool_call_id: must be a string", param=f"{place}.tool_call_id")
        content = [block for block in self._parts(message, place) if "cachePoint" not in block]
        self._results += 1
        if not self._media_in_results and (media := [block for block in content if "text" not in block]):
            self._shown += [{"text": f"From result {self._results}:"}, *media]
            content = [block for block in content if "text" in block]
        result = {"toolUseId": _tool_use_id(call_id), "content": content}
        if message.get("is_error") is True:
            result["status"] = "error"
        return {"toolResult": result}

    def _document(self, part: Mapping[str, Any], place: str) -> JsonObject:
        data, filename = file_of(part, place)
        if data.media_type not in _DOCUMENTS:
            raise unsupported(f"{place}.file.file_data", f"{data.media_type} is not taken as a file")
        stem = (filename or "").rpartition(".")[0] or filename or ""
        name = _NOT_IN_A_NAME.sub(" ", stem).strip()[:_LONGEST_NAME] or "document"
        unique = name
        while unique in self._names:
            unique = f"{name} ({len(self._names) + 1})"
        self._names.add(unique)
        return {
            "document": {
                "format": _DOCUMENTS[data.media_type],
                "name": unique,
                "source": {"bytes": _checked(data, f"{place}.file.file_data")},
            }
        }


def _image(part: Mapping[str, Any], place: str) -> JsonObject:
    at = f"{place}.image_url.url"
    data = data_uri_of(image_url_of(part, place), at)
    if data is None:
        raise unsupported(at, "Amazon Bedrock takes images only as data URIs")
    if data.media_type not in _IMAGES:
        raise unsupported(at, f"{data.media_type} is not taken as an image")
    return {"image": {"format": _IMAGES[data.media_type], "source": {"bytes": _checked(data, at)}}}


def _checked(data: DataUri, place: str) -> str:
    try:
        if not b64decode(data.base64, validate=True):
            raise InvalidRequest(f"{place}: is empty", param=place)
    except (NotBase64, ValueError):
        raise InvalidRequest(f"{place}: is not valid base64", param=place) from None
    return data.base64


def _tool_use_id(call_id: str) -> str:
    """A call's id as Converse takes it: those of other providers' calls may be too long for it."""
    if _TOOL_USE_ID.fullmatch(call_id):
        return call_id
    return f"call_{hashlib.sha256(call_id.encode(errors='surrogatepass')).hexdigest()[:32]}"


def _thoughts(details: Any, taken: str) -> Iterator[JsonObject]:
    """Reasoning that came with an earlier answer; what another provider thought cannot be given back."""
    for detail in details if isinstance(details, list) else ():
        if not isinstance(detail, dict) or detail.get("format") != taken:
            continue
        said = {
            name: detail[name] for name in ("text", "signature", "data") if isinstance(detail.get(name), str)
        }
        if said.get("data"):
            yield {"reasoningContent": {"redactedContent": said["data"]}}
        elif said.get("signature") or (said.get("text") and taken != DETAILS_FORMAT):
            yield {"reasoningContent": {"reasoningText": {"text": "", **said}}}
