"""Writing a chat completion, whole or in chunks, from the answer of a provider that speaks another protocol.

Standard library only. Source of the forms: OpenAI API reference, "The chat completion object" and "The chat completion
chunk object". Two fields are common extensions: `reasoning_content` holds what the model thought, in words, and
`reasoning_details` what the provider wants back unchanged with the next request (source of its form: OpenRouter API
reference, "Reasoning tokens"). A client that returns the assistant's message as it came keeps both.
"""

import json
import time
from typing import Any
from uuid import uuid4

from aggregator.billing.price import Usage
from aggregator.errors import ProviderUnreadable
from aggregator.proxy.dialects.chat.spoken import bytes_said, says_something
from aggregator.proxy.dialects.chat.usage import usage_json
from aggregator.proxy.model import JsonObject, Progress
from aggregator.runtime.sse import data_event, provider_json

_MOST_TOKENS = 2**40


def read_json(body: bytes) -> JsonObject:
    """The JSON object a provider answered.

    Raises:
        ProviderUnreadable: there is none.
    """
    said = provider_json(body, "The provider answered what is not JSON.")
    if not isinstance(said, dict):
        raise ProviderUnreadable("The provider answered without a completion.")
    return said


def tokens(said: Any, name: str) -> int:
    """A count of tokens; 0 where there is none, or none that can be."""
    value = said.get(name) if isinstance(said, dict) else None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < _MOST_TOKENS:
        return 0
    return int(value)


def text(said: Any, name: str) -> str:
    """A text; empty where there is none."""
    value = said.get(name) if isinstance(said, dict) else None
    return value if isinstance(value, str) else ""


def objects(said: Any, name: str) -> list[JsonObject]:
    """The objects of a list; none where there is no list."""
    value = said.get(name) if isinstance(said, dict) else None
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def usage_with_details(usage: Usage) -> JsonObject:
    """Usage for the client, with the parts that are priced apart."""
    said = {
        "prompt_tokens_details": {
            "cached_tokens": usage.cached_input_tokens,
            "cache_write_tokens": usage.cache_write_tokens,
        },
        "completion_tokens_details": {"reasoning_tokens": usage.reasoning_tokens},
    }
    return usage_json(usage, said)


def tool_call(call_id: str, name: str, arguments: str) -> JsonObject:
    """A call as OpenAI writes it; `arguments` is JSON."""
    return {"id": call_id, "type": "function", "function": {"name": name, "arguments": arguments}}


def compact(value: Any) -> str:
    """JSON without spaces, with letters as they are."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


class Said:
    """What one choice has said so far, in the fields of an assistant's message."""

    def __init__(self) -> None:
        self.content: list[str] = []
        self.reasoning: list[str] = []
        self.tool_calls: list[JsonObject] = []
        self.reasoning_details: list[JsonObject] = []
        self.refusal = ""

    def message(self) -> JsonObject:
        """The message; what was not said is left out."""
        words = "".join(self.content)
        message: JsonObject = {"role": "assistant", "content": words or (None if self.tool_calls else "")}
        if self.refusal:
            message["refusal"] = self.refusal
        if self.reasoning:
            message["reasoning_content"] = "".join(self.reasoning)
        if self.tool_calls:
            message["tool_calls"] = self.tool_calls
        if self.reasoning_details:
            message["reasoning_details"] = self.reasoning_details
        return message


def completion(
    answer_id: str, model: str, choices: list[JsonObject], usage: Usage | None, progress: Progress
) -> bytes:
    """A whole chat completion; its usage, length and end go into `progress`."""
    progress.say(sum(bytes_said(choice["message"]) for choice in choices))
    progress.finished = True
    said: JsonObject = {
        "id": answer_id or f"chatcmpl-{uuid4().hex}",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": model,
        "choices": choices,
    }
    if usage is not None:
        said["usage"] = usage_with_details(progress.count(usage))
    return json.dumps(said, separators=(",", ":")).encode()


class Chunks:
    """Writes the chunks of one streamed answer, and keeps `progress` up to date."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._base: JsonObject = {
            "id": f"chatcmpl-{uuid4().hex}",
            "object": "chat.completion.chunk",
            "created": int(time.time()),
            "model": "",
        }
        self._named = False
        self._open: set[int] = set()
        self._closed: set[int] = set()

    def name(self, answer_id: str, model: str) -> None:
        """Say which answer this is; the first to say so counts."""
        if answer_id and not self._named:
            self._base = {**self._base, "id": answer_id, "model": model}
            self._named = True

    def delta(self, delta: JsonObject, index: int = 0, **more: Any) -> bytes:
        """One more piece of a choice; its role stands in the first."""
        if says_something(delta):
            self._progress.say(bytes_said(delta))
        if index not in self._open:
            self._open.add(index)
            delta = {"role": "assistant", "content": "", **delta}
        return self._chunk({"index": index, "delta": delta, "finish_reason": None, **more})

    def finish(self, reason: str, index: int = 0, **more: Any) -> bytes:
        """The end of a choice. The answer is complete once every choice that began has ended.

        `more` goes beside its reason.
        """
        delta: JsonObject = {} if index in self._open else {"role": "assistant", "content": ""}
        self._open.add(index)
        self._closed.add(index)
        self._progress.say(0)
        self._progress.finished = self._open == self._closed
        return self._chunk({"index": index, "delta": delta, "finish_reason": reason, **more})

    def has_begun(self, index: int = 0) -> bool:
        """Whether anything of this choice went out."""
        return index in self._open

    def has_ended(self, index: int = 0) -> bool:
        """Whether this choice's end went out."""
        return index in self._closed

    def are_over(self) -> bool:
        """Whether as many choices as were asked for have ended."""
        return self._progress.finished and len(self._closed) >= self._progress.choices

    def count(self, usage: Usage | None) -> None:
        """Take the provider's count of all that was said so far."""
        if usage is not None:
            usage = self._progress.count(usage)
            self._progress.usage_chunk = {**self._base, "choices": [], "usage": usage_with_details(usage)}

    def _chunk(self, choice: JsonObject) -> bytes:
        return data_event({**self._base, "choices": [choice]})
