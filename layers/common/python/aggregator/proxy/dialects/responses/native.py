"""The native lane of Responses, the way back: the provider's answer as it came, with the receipt.

It stands in the usage of a stream's last event; an answer that is kept here gets its own id
(answers/kept_responses.py). Standard library only. Source: OpenAI API reference, "Streaming events".
"""

from collections.abc import Iterator
from typing import Any

from aggregator.billing.price import Usage
from aggregator.errors import ProviderFailed, ProviderUnreadable, Refusal, envelope
from aggregator.proxy.dialects.lengths import utf8_bytes
from aggregator.proxy.dialects.native import named_event
from aggregator.proxy.dialects.responses.client_errors import failure
from aggregator.proxy.dialects.responses.hosted import Count
from aggregator.proxy.dialects.usage import usage_of
from aggregator.proxy.exchange import Answer, Progress
from aggregator.proxy.model import Ask, JsonObject, Receipt, tier_named
from aggregator.runtime.sse import payload_of, provider_json, split, whole_events

_ENDS = frozenset({"response.completed", "response.incomplete"})
_FAILURES = frozenset({"response.failed", "error"})
# What a piece of an answer says, by the event that brings it.
_DELTAS = frozenset({
    "response.output_text.delta", "response.refusal.delta", "response.function_call_arguments.delta",
    "response.custom_tool_call_input.delta", "response.reasoning_summary_text.delta",
    "response.reasoning_text.delta",
})  # fmt: skip


def decode(body: bytes, progress: Progress) -> bytes:
    """The plain answer, as it came; its usage goes into `progress`.

    Raises:
        ProviderFailed: an error under status 200.
        ProviderUnreadable: no response that came to an end.
    """
    said = provider_json(body, "The provider answered what is not JSON.")
    if not isinstance(said, dict):
        raise ProviderUnreadable("The provider answered without a response.")
    if said.get("error") or said.get("status") in ("failed", "cancelled"):
        raise ProviderFailed("The provider failed.")
    output = said.get("output")
    if not isinstance(output, list) or said.get("status") not in ("completed", "incomplete"):
        raise ProviderUnreadable("The provider answered without a response.")
    counted = Count(progress)
    for item in output:
        progress.say(bytes_of_item(item))
        counted.add(item)
    if (usage := usage_of(said.get("usage"))) is not None:
        progress.count(usage)
    progress.service_tier = tier_named(said.get("service_tier"))
    progress.finished = True
    return body


def stream(blocks: Iterator[bytes], progress: Progress) -> Iterator[bytes]:
    """The stream's events as they came, up to the last, which waits for the receipt.

    Raises:
        ProviderFailed: the response failed.
        ProviderUnreadable: what cannot be read came in the stream.
        UpstreamError: the stream broke off.
    """
    counted = Count(progress)
    for run in whole_events(blocks):
        for event in split(run):
            payload = payload_of(event)
            if not payload or payload.strip() == b"[DONE]":
                if not payload:
                    yield event
                continue
            said = provider_json(payload, "The provider sent an event that is not JSON.")
            kind = said.get("type") if isinstance(said, dict) else None
            if not isinstance(kind, str):
                raise ProviderUnreadable("The provider sent an event that cannot be read.")
            if kind in _FAILURES:
                raise ProviderFailed("The provider failed in mid-stream.")
            if kind in _ENDS:
                _finish(said, progress)
                return
            number = said.get("sequence_number")
            progress.events = number + 1 if isinstance(number, int) else progress.events + 1
            if kind in _DELTAS:
                progress.say(utf8_bytes(said.get("delta")))
            elif kind == "response.created" and isinstance(said.get("response"), dict):
                progress.usage_chunk = said["response"]
            else:
                _read_item(kind, said.get("item"), progress, counted)
            yield event


def end(_ask: Ask, answer: Answer, receipt: Receipt) -> Iterator[bytes]:
    """What waited: the event with the whole response, the receipt in its usage."""
    last = answer.progress.usage_chunk or {"type": "response.completed", "response": {}}
    response = last.get("response") or {}
    usage = response.get("usage")
    told = {**(usage if isinstance(usage, dict) else {}), **receipt.in_stream()}
    yield named_event({**last, "response": {**response, "usage": told}})


def whole(_ask: Ask, body: bytes, _usage: Usage) -> list[bytes]:
    """The plain answer, as it came."""
    return [body]


def fail(refused: Refusal, request_id: str, progress: Progress) -> bytes:
    """A failure in mid-stream: of the response that began, numbered after its last event."""
    response = {
        "id": f"resp_{request_id}",
        "object": "response",
        "output": [],
        **(progress.usage_chunk or {}),
    }
    return b"".join(failure(envelope(refused, request_id)["error"], response, progress.events))


def bytes_of_item(item: Any) -> int:
    """How much text an item of the output says, as UTF-8."""
    if not isinstance(item, dict):
        return 0
    said = sum(utf8_bytes(item.get(name)) for name in ("name", "arguments", "input"))
    for name in ("content", "summary"):
        parts = item.get(name)
        for part in parts if isinstance(parts, list) else ():
            if isinstance(part, dict):
                said += utf8_bytes(part.get("text")) + utf8_bytes(part.get("refusal"))
    return said


def _finish(event: JsonObject, progress: Progress) -> None:
    response = event.get("response")
    if not isinstance(response, dict):
        raise ProviderUnreadable("The provider sent an event that cannot be read.")
    if (usage := usage_of(response.get("usage"))) is not None:
        progress.count(usage)
    progress.service_tier = tier_named(response.get("service_tier"))
    progress.usage_chunk = event
    progress.begun = progress.finished = True


def _read_item(kind: str, item: Any, progress: Progress, counted: Count) -> None:
    if kind == "response.output_item.added":
        progress.say(utf8_bytes(item.get("name")) if isinstance(item, dict) else 0)
    elif kind == "response.output_item.done":
        counted.add(item)
