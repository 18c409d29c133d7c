"""The native lane of Messages, the way back: the provider's answer as it came, with the receipt.

It stands in the usage of a stream's last event. Standard library only. Source:
https://platform.claude.com/docs/en/build-with-claude/streaming
"""

import json
from collections.abc import Iterator
from typing import Any

from aggregator.billing.price import Usage
from aggregator.errors import ProviderUnreadable, Refusal
from aggregator.proxy.dialects.lengths import utf8_bytes
from aggregator.proxy.dialects.messages import provider_errors
from aggregator.proxy.dialects.messages.client_errors import refuse
from aggregator.proxy.dialects.messages.hosted import count_result, count_used
from aggregator.proxy.dialects.native import named_event
from aggregator.proxy.dialects.usage import usage_of
from aggregator.proxy.exchange import Answer, Progress
from aggregator.proxy.model import Ask, JsonObject, Receipt
from aggregator.runtime.sse import MOST_ALIKE, Alike, payload_of, provider_json, split, whole_events

_SAID = {"text_delta": "text", "thinking_delta": "thinking", "input_json_delta": "partial_json"}


def decode(body: bytes, progress: Progress) -> bytes:
    """The plain answer, as it came; its usage goes into `progress`.

    Raises:
        ProviderFailed: an error under status 200.
        ProviderUnreadable: no message.
    """
    said = provider_json(body, "The provider answered what is not JSON.")
    if not isinstance(said, dict):
        raise ProviderUnreadable("The provider answered without a message.")
    provider_errors.raise_error(said)
    content = said.get("content")
    if not isinstance(content, list):
        raise ProviderUnreadable("The provider answered without a message.")
    for block in content:
        progress.say(_bytes_of(block))
    if (usage := usage_of(said.get("usage"))) is not None:
        progress.count(usage)
        count_used(said["usage"], progress)
    progress.finished = True
    return body


def stream(blocks: Iterator[bytes], progress: Progress) -> Iterator[bytes]:
    """The stream's events as they came, up to the one with the reason to stop, which waits for the receipt.

    Raises:
        ProviderFailed: an error came in the stream.
        ProviderUnreadable: what cannot be read did.
        UpstreamError: the stream broke off.
    """
    reader = _Reader(progress)
    for run in whole_events(blocks):
        passed: list[bytes] = []
        try:
            for event in split(run):
                if reader.passes(event):
                    passed.append(event)
                if progress.finished:
                    break
        except Refusal:
            if passed:
                yield b"".join(passed)
            raise
        if passed:
            yield b"".join(passed)
        if progress.finished:
            return  # whatever the connection does then


class _Reader:
    """Reads the events of one stream in their order: what is said, what is counted, and which is the last."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._counted: JsonObject = {}
        self._alike: Alike | None = None
        self._looks_left = MOST_ALIKE

    def passes(self, event: bytes) -> bool:
        """Whether an event goes on to the client now: what comes with the reason to stop waits for the receipt."""
        if self._alike is not None and (words := self._alike.words_in(event)) is not None:
            self._progress.say(len(words))
            return True
        return self._passes(event)

    def _passes(self, event: bytes) -> bool:
        payload = payload_of(event)
        if not payload:
            return True
        said = provider_json(payload, "The provider sent an event that is not JSON.")
        if not isinstance(said, dict):
            raise ProviderUnreadable("The provider sent an event that is not JSON.")
        provider_errors.raise_error(said)
        match said.get("type"):
            case "message_start":
                self._count(said.get("message"))
            case "content_block_start":
                self._progress.say(_bytes_of(said.get("content_block")))
                count_result(said.get("content_block"), self._progress)
            case "content_block_delta":
                self._say_next(event, said.get("delta"))
            case "message_delta":
                self._count(said)
                return not self._stops(said)
            case "message_stop":
                self._progress.finished = True
                return False
        return True

    def _say_next(self, event: bytes, delta: Any) -> None:
        self._progress.say(_bytes_of_delta(delta))
        kind = delta.get("type") if isinstance(delta, dict) else None
        if self._looks_left and kind in _SAID and isinstance(delta.get(_SAID[kind]), str):
            self._looks_left -= 1
            self._alike = Alike.of(event, f'"{_SAID[kind]}"'.encode()) or self._alike

    def _stops(self, event: JsonObject) -> bool:
        delta = event.get("delta")
        if not isinstance(delta, dict) or delta.get("stop_reason") is None:
            return False
        self._progress.begun = True
        self._progress.usage_chunk = event
        return True

    def _count(self, said: Any) -> None:
        usage = said.get("usage") if isinstance(said, dict) else None
        if isinstance(usage, dict):
            self._counted |= {name: value for name, value in usage.items() if value is not None}
            count_used(usage, self._progress)
        if (counted := usage_of(self._counted)) is not None:
            self._progress.count(counted)


def end(_ask: Ask, answer: Answer, receipt: Receipt) -> Iterator[bytes]:
    """What waited: the event with the reason to stop, the receipt in its usage, and the end."""
    last = answer.progress.usage_chunk or {
        "type": "message_delta",
        "delta": {"stop_reason": None},
        "usage": {},
    }
    usage = last.get("usage")
    yield named_event(
        {**last, "usage": {**(usage if isinstance(usage, dict) else {}), **receipt.in_stream()}}
    )
    yield named_event({"type": "message_stop"})


def whole(_ask: Ask, body: bytes, _usage: Usage) -> list[bytes]:
    """The plain answer, as it came."""
    return [body]


def fail(refused: Refusal, request_id: str, _progress: Progress) -> bytes:
    """A failure in mid-stream."""
    return named_event(refuse(refused, request_id))


def _bytes_of(block: Any) -> int:
    """How much text a block says, as UTF-8."""
    if not isinstance(block, dict):
        return 0
    called = block.get("input")
    said = sum(utf8_bytes(block.get(name)) for name in ("text", "thinking", "name"))
    return said + (utf8_bytes(json.dumps(called, ensure_ascii=False)) if called else 0)


def _bytes_of_delta(delta: Any) -> int:
    kind = delta.get("type") if isinstance(delta, dict) else None
    return utf8_bytes(delta.get(_SAID[kind])) if kind in _SAID else 0
