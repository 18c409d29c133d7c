"""The native lane of chat: what a provider says passes as it came, and ends with the receipt. On the hot path.

It is read for what money and routing need, and for whether it is an answer at all. Source: OpenAI API reference,
"Create chat completion" and "Chat completion chunk".
"""

import json
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from aggregator.billing.price import Usage
from aggregator.errors import ProviderFailed, ProviderUnreadable, Refusal, envelope
from aggregator.proxy.dialects.chat.spoken import (
    bytes_said,
    choices_of,
    completed,
    has_failed_in,
    in_one_text,
    is_odd_perhaps,
    next_words,
    says_something,
)
from aggregator.proxy.dialects.lengths import utf8_length
from aggregator.proxy.dialects.under_200 import is_no_chunk, says_error
from aggregator.proxy.dialects.usage import usage_in, usage_json
from aggregator.proxy.exchange import Answer, Progress
from aggregator.proxy.model import Ask, JsonObject, Receipt, tier_named
from aggregator.runtime.passable_json import compact
from aggregator.runtime.sse import (
    DONE,
    MOST_ALIKE,
    Alike,
    data_event,
    is_error_event,
    payload_of,
    provider_json,
    split,
    whole_events,
)

if TYPE_CHECKING:
    from aggregator.proxy.dialects.chat.mending import Mender

_NO_JSON = "The provider sent what is not JSON."
_NULL_USAGE = re.compile(rb',\s*"usage":\s*null')


def decode(body: bytes, progress: Progress) -> bytes:
    """Answer for the client; its usage goes into `progress`.

    Raises:
        ProviderFailed: an error under status 200.
        ProviderUnreadable: no JSON, or no choices.
    """
    said = _as_object(provider_json(body, _NO_JSON))
    choices = completed(said)
    parted = False
    for choice in choices:
        progress.say(bytes_said(choice.get("message")))
        parted = in_one_text(choice.get("message")) or parted
        if is_odd_perhaps(choice):
            from aggregator.proxy.dialects.chat.mending import mend_message  # noqa: PLC0415 (words alone need none)

            parted = mend_message(choice) or parted
    progress.finished = True
    progress.service_tier = tier_named(said.get("service_tier"))
    usage, spelled = usage_in(said)
    told = said.get("usage") if usage is None else usage_json(progress.count(usage), spelled)
    if told == said.get("usage") and not parted:
        return body
    if usage is not None:
        said["usage"] = told
    return compact(said).encode()


def stream(blocks: Iterator[bytes], progress: Progress) -> Iterator[bytes]:
    """Pass a stream's events on as they come; usage goes into `progress`, and the end mark is left out.

    Whether the answer was complete is in `progress.finished`. After the end mark nothing more is read.

    Raises:
        ProviderFailed: the provider put an error into the stream.
        ProviderUnreadable: it put into it what is no JSON, or no events.
        UpstreamError: the stream broke off.
    """
    reader = _Reader(progress)
    for run in whole_events(blocks):
        passed: list[bytes] = []
        try:
            passed.extend(filter(None, map(reader.read, split(run))))  # what came before a failure is in it
        except ProviderFailed:
            if passed:
                yield b"".join(passed)
            raise
        if passed:
            yield b"".join(passed)
        if reader.ended:
            return


def end(ask: Ask, answer: Answer, receipt: Receipt) -> Iterator[bytes]:
    """The usage chunk, if the client asked for it, and the end mark."""
    if ask.wants_usage:
        yield data_event(usage_chunk(answer, receipt))
    yield DONE


def fail(refused: Refusal, request_id: str, _progress: Progress) -> bytes:
    """A failure in mid-stream; no end mark follows."""
    return data_event(envelope(refused, request_id))


def whole(_ask: Ask, body: bytes, usage: Usage) -> list[bytes]:
    """The plain answer as it came; of a provider that did not count to the end with our own count, flagged."""
    if not usage.estimated:
        return [body]
    said = json.loads(body)
    said["usage"] = {**usage_json(usage), "estimated": True}
    return [compact(said).encode()]


def usage_chunk(answer: Answer, receipt: Receipt) -> JsonObject:
    """Last chunk of a stream: no choices, the usage, and in it the receipt. Amounts in US dollars."""
    chunk: JsonObject = answer.progress.usage_chunk or {
        "id": f"chatcmpl-{receipt.request_id}",
        "object": "chat.completion.chunk",
        "created": int(receipt.request_id[:12], 16) // 1000,
        "model": answer.route.via.upstream_model,
        "choices": [],
    }
    return chunk | {"usage": {**usage_json(receipt.usage, chunk.get("usage")), **receipt.in_stream()}}


class _Reader:
    """Reads the events of one stream in their order. `ended`: the end mark came, or all that stands before it."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._mender: Mender | None = None
        self._alike: Alike | None = None
        self._looks_left = MOST_ALIKE
        self.ended = False

    def read(self, event: bytes) -> bytes:
        """What the client gets of an event: the event, with its usage taken out, or nothing."""
        alike = self._alike
        if alike is not None and not self.ended and (said := alike.words_in(event)) is not None:
            if said:
                self._progress.say(len(said))
            return _without_usage(event) if alike.tells_usage else event
        return self._read(event)

    def _read(self, event: bytes) -> bytes:
        payload = payload_of(event)
        if self.ended:
            return b""
        if not payload.startswith(b"{") or not event.startswith(b"data:"):
            if is_error_event(event):
                raise ProviderFailed("The provider failed in mid-stream.")
            if not payload:
                return event
            if payload.strip() == b"[DONE]":
                self.ended = self._progress.finished = True
                return b""
        said = provider_json(payload, _NO_JSON)
        words = next_words(said)
        if words is None:
            return self._chunk(event, _as_object(said))
        if words:
            self._progress.say(utf8_length(words))
        if self._looks_left:
            self._looks_left -= 1
            self._alike = Alike.of(event, b'"content"', tells_usage="usage" in said) or self._alike
        return _without_usage(event) if "usage" in said else event

    def _chunk(self, event: bytes, said: JsonObject) -> bytes:
        choices = choices_of(said)
        if says_error(said) or has_failed_in(choices):
            raise ProviderFailed("The provider failed in mid-stream.")
        if is_no_chunk(said):
            raise ProviderUnreadable("The provider failed in mid-stream.")
        odd = self._mended(choices)
        ends = sum(1 for choice in choices if choice.get("finish_reason"))
        usage, spelled = usage_in(said)
        if usage is not None and choices and not ends:
            self._count(usage, spelled, said)  # it may have been counted before these words were said
        for choice in choices:
            delta = choice.get("delta")
            if choice.get("finish_reason") or says_something(delta):
                self._progress.say(bytes_said(delta))
        if usage is not None and (ends or not choices):
            self._count(usage, spelled, said)
        self._end(ends, is_last=usage is not None and not choices)
        if not choices:
            return b""
        parted = [in_one_text(choice.get("delta")) for choice in choices]
        if odd or said.get("usage") is not None or any(parted):
            said.pop("usage", None)
            return data_event(said)
        return _without_usage(event) if "usage" in said else event

    def _mended(self, choices: list[JsonObject]) -> bool:
        """Put right what clients cannot read; whether anything was. Most chunks have nothing of the kind."""
        if self._mender is None:
            if not any(is_odd_perhaps(choice) for choice in choices):
                return False
            from aggregator.proxy.dialects.chat.mending import Mender  # noqa: PLC0415 (words alone need none)

            self._mender = Mender()
        mended = [self._mender.mend(choice) for choice in choices]
        return any(mended)

    def _count(self, usage: Usage, spelled: JsonObject, said: JsonObject) -> None:
        progress = self._progress
        progress.service_tier = tier_named(said.get("service_tier"))
        usage = progress.count(usage)
        progress.usage_chunk = {
            "id": said.get("id"),
            "object": "chat.completion.chunk",
            "created": said.get("created"),
            "model": said.get("model"),
            "choices": [],
            "usage": usage_json(usage, spelled),
        }

    def _end(self, ends: int, *, is_last: bool) -> None:
        """A stream may be kept open after its end, or break: usage alone is what comes last before the end mark."""
        progress = self._progress
        progress.ended += ends
        progress.finished = progress.finished or progress.ended >= progress.choices
        self.ended = progress.finished and is_last


def _without_usage(event: bytes) -> bytes:
    """An event without the usage that it says it has not; a pattern is dear, and most say it without blanks."""
    left = event.replace(b',"usage":null', b"")
    return left if len(left) < len(event) else _NULL_USAGE.sub(b"", event)


def _as_object(said: Any) -> JsonObject:
    if not isinstance(said, dict):
        raise ProviderUnreadable("The provider sent what is no JSON object.")
    return said
