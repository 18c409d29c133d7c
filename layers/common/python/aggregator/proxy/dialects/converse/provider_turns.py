"""The messages of a chat as Converse takes them: system texts apart, user and assistant in turns, content in blocks.

Standard library only. Source: Amazon Bedrock API Reference, "Converse", "Message" and "ContentBlock".
"""

import hashlib
import re
from collections.abc import Iterable, Iterator

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
    Turn,
    Turns,
    add_said,
    apart,
    in_two_roles,
    said_in,
)
from aggregator.proxy.dialects.converse.cited import citable, cited
from aggregator.proxy.dialects.converse.models import (
    caches,
    claude_of,
    takes_media_in_results,
    takes_words_after_results,
)
from aggregator.proxy.dialects.reading import checked, data_of, data_uri_of, refuse_detail
from aggregator.proxy.dialects.tools import arguments_of
from aggregator.proxy.model import JsonObject
from aggregator.runtime.shape import unsupported

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
        self._shown: list[JsonObject] = []
        self._results = 0
        self._names: set[str] = set()

    def take(self, turns: Turns) -> None:
        """Take the turns of a request. Those of the system in mid-conversation stay there, in the user's name.

        Raises:
            InvalidRequest: something has a wrong shape.
            UnsupportedParameter: it holds what Converse does not take.
        """
        prompt, said = apart(turns)
        self.system = list(self._blocks(prompt))
        for turn in in_two_roles(said):
            self._turn(turn)
        for message in self.messages:
            content = message["content"]
            if any("document" in block for block in content) and not any(
                "text" in block for block in content
            ):
                content.insert(0, {"text": _BESIDE_A_DOCUMENT})
        if self.messages and self.messages[0]["role"] == "assistant":
            self.messages.insert(0, {"role": "user", "content": [{"text": _BEFORE_THE_FIRST}]})

    def _turn(self, turn: Turn) -> None:
        """Results first, then what they showed where the model does not take it in them, then words."""
        results = [block for block in turn.blocks if isinstance(block, Result)]
        self._shown, self._results = [], 0
        content = list(self._blocks(results)) + self._shown
        others = list(self._blocks(block for block in turn.blocks if not isinstance(block, Result)))
        if content and others and not self._words_after_results:
            self._say(turn.role, content)
            self._say("assistant", [{"text": _AFTER_RESULTS}])
            content = []
        self._say(turn.role, content + others)

    def _say(self, role: str, blocks: list[JsonObject]) -> None:
        add_said(self.messages, role, "content", blocks)

    def cache_point(self, mark: JsonObject | None, place: str) -> list[JsonObject]:
        """The block that keeps the prompt up to here, if there is a `mark`.

        Raises:
            UnsupportedParameter: it is of another kind, or should be kept for longer than is priced.
        """
        if mark is None:
            return []
        at = f"{place}.cache_control"
        if mark.get("type") != "ephemeral":
            raise unsupported(f"{at}.type", "must be 'ephemeral'")
        if mark.get("ttl") not in (None, "5m"):
            raise unsupported(f"{at}.ttl", "only '5m' is offered here")
        return [{"cachePoint": {"type": "default"}}] if self._caches else []

    def _blocks(self, blocks: Iterable[Block]) -> Iterator[JsonObject]:
        for block in blocks:
            if isinstance(block, Text) and block.citations:
                yield from cited(block)
                yield from self.cache_point(block.mark, block.came.place)
            elif (said := self._block(block)) is not None:
                yield said
                yield from self.cache_point(block.mark, block.came.place)

    def _block(self, block: Block) -> JsonObject | None:
        """The block as Converse takes it; None for what another provider thought, which cannot be given back."""
        match block:
            case Text() | Refusal():
                return {"text": block.text}
            case Thinking():
                return _thought(block, self._thoughts)
            case Call():
                self.called[block.name] = None
                call_id = _tool_use_id(block.id)
                return {"toolUse": {"toolUseId": call_id, "name": block.name, "input": arguments_of(block)}}
            case Result():
                return self._result(block)
            case Image():
                return _image(block)
            case File():
                return self._document(block)
            case Citable():
                return citable(block, self._name(block.title))
            case _:
                raise AssertionError(f"no block of a conversation: {block}")

    def _result(self, result: Result) -> JsonObject:
        content = [said for block in said_in(result) if (said := self._block(block)) is not None]
        self._results += 1
        if not self._media_in_results and (media := [block for block in content if "text" not in block]):
            self._shown += [{"text": f"From result {self._results}:"}, *media]
            content = [block for block in content if "text" in block]
        found: JsonObject = {"toolUseId": _tool_use_id(result.call_id), "content": content}
        if result.is_error:
            found["status"] = "error"
        return {"toolResult": found}

    def _document(self, file: File) -> JsonObject:
        data, at = data_of(file), file.came.content
        if data.media_type not in _DOCUMENTS:
            raise unsupported(at, f"{data.media_type} is not taken as a file")
        return {
            "document": {
                "format": _DOCUMENTS[data.media_type],
                "name": self._name(file.name or ""),
                "source": {"bytes": checked(data, at)},
            }
        }

    def _name(self, filename: str) -> str:
        """A name that Converse takes, and that no other document has."""
        stem = filename.rpartition(".")[0] or filename
        name = _NOT_IN_A_NAME.sub(" ", stem).strip()[:_LONGEST_NAME] or "document"
        unique = name
        while unique in self._names:
            unique = f"{name} ({len(self._names) + 1})"
        self._names.add(unique)
        return unique


def _image(image: Image) -> JsonObject:
    refuse_detail(image)
    at = image.came.content
    data = data_uri_of(image.url, at)
    if data is None:
        raise unsupported(at, "must be a data URI, or an http or https address")
    if data.media_type not in _IMAGES:
        raise unsupported(at, f"{data.media_type} is not taken as an image")
    return {"image": {"format": _IMAGES[data.media_type], "source": {"bytes": checked(data, at)}}}


def _tool_use_id(call_id: str) -> str:
    """A call's id as Converse takes it: those of other providers' calls may be too long for it."""
    if _TOOL_USE_ID.fullmatch(call_id):
        return call_id
    return f"call_{hashlib.sha256(call_id.encode(errors='surrogatepass')).hexdigest()[:32]}"


def _thought(thought: Thinking, taken: str) -> JsonObject | None:
    """Reasoning that came with an earlier answer."""
    seal = thought.seal or {}
    if seal.get("format") != taken:
        return None
    said = {name: seal[name] for name in ("text", "signature", "data") if isinstance(seal.get(name), str)}
    if said.get("data"):
        return {"reasoningContent": {"redactedContent": said["data"]}}
    if said.get("signature") or (said.get("text") and taken != DETAILS_FORMAT):
        return {"reasoningContent": {"reasoningText": {"text": thought.text, **said}}}
    return None
