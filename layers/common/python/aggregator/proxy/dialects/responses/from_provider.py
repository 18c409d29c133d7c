"""What the Responses API answers, as a chat completion: whole, or its stream of events.

Standard library only. Source: OpenAI API reference, "The response object" and "Streaming events". Items and events of
kinds that are not known here are passed over: OpenAI adds new ones.
"""

from collections.abc import Iterator
from typing import Any

from aggregator.errors import ProviderFailed, ProviderUnreadable
from aggregator.proxy.dialects.chat.usage import usage_of
from aggregator.proxy.dialects.responses.to_provider import DETAILS_FORMAT
from aggregator.proxy.dialects.writing import Chunks, Said, completion, objects, read_json, text, tool_call
from aggregator.proxy.model import JsonObject, Progress, tier_named
from aggregator.runtime.sse import json_events

_PING = b": ping\n\n"


def decode(body: bytes, progress: Progress) -> bytes:
    """Plain answer as a chat completion; its usage goes into `progress`.

    Raises:
        ProviderFailed: the response failed.
        ProviderUnreadable: no JSON, or no response that came to an end.
    """
    answer = read_json(body)
    if answer.get("error") or answer.get("status") in ("failed", "cancelled"):
        raise ProviderFailed("The provider failed.")
    if not isinstance(answer.get("output"), list):
        raise ProviderUnreadable("The provider answered without a completion.")
    said, logprobs = Said(), []
    for item in objects(answer, "output"):
        _read_item(item, said)
        logprobs += [each for part in objects(item, "content") for each in objects(part, "logprobs")]
    choice: JsonObject = {
        "index": 0,
        "message": said.message(),
        "finish_reason": _finish(answer, said.tool_calls),
    }
    progress.service_tier = tier_named(answer.get("service_tier"))
    if logprobs:
        choice["logprobs"] = {"content": logprobs, "refusal": None}
    return completion(
        text(answer, "id"), text(answer, "model"), [choice], usage_of(answer.get("usage")), progress
    )


def stream(blocks: Iterator[bytes], progress: Progress) -> Iterator[bytes]:
    """Stream as chat completion chunks.

    Raises:
        ProviderFailed: the response failed.
        ProviderUnreadable: what cannot be read came in the stream.
        UpstreamError: the stream broke off.
    """
    reader = _Reader(progress)
    for event in json_events(blocks):
        yield from reader.read(event)
        if progress.finished:
            return  # whatever the connection does then


def _read_item(item: JsonObject, said: Said) -> None:
    match item.get("type"):
        case "message":
            for part in objects(item, "content"):
                if text(part, "text"):
                    said.content.append(text(part, "text"))
                said.refusal += text(part, "refusal")
        case "function_call" | "custom_tool_call":
            said.tool_calls.append(_call(item))
        case "reasoning":
            if words := _summary(item):
                said.reasoning.append(words)
            said.reasoning_details += _details(item, len(said.reasoning_details))


def _call(item: JsonObject) -> JsonObject:
    call_id, name = text(item, "call_id"), text(item, "name")
    if item.get("type") == "custom_tool_call":
        return {"id": call_id, "type": "custom", "custom": {"name": name, "input": text(item, "input")}}
    return tool_call(call_id, name, text(item, "arguments"))


def _summary(item: JsonObject) -> str:
    parts = [*objects(item, "summary"), *objects(item, "content")]
    return "\n\n".join(filter(None, (text(part, "text") for part in parts)))


def _details(item: JsonObject, index: int) -> list[JsonObject]:
    """A thought to come back as it is: one that is not sealed cannot, for nothing is stored there."""
    sealed = text(item, "encrypted_content")
    if not sealed:
        return []
    detail = {"type": "reasoning.encrypted", "data": sealed, "format": DETAILS_FORMAT, "index": index}
    summary = "\n\n".join(filter(None, (text(part, "text") for part in objects(item, "summary"))))
    return [detail | ({"summary": summary} if summary else {})]


def _finish(response: Any, calls: Any) -> str:
    reason = text(response.get("incomplete_details"), "reason") if isinstance(response, dict) else ""
    if reason == "max_output_tokens":
        return "length"
    if reason == "content_filter":
        return "content_filter"
    return "tool_calls" if calls else "stop"


class _Reader:
    """Reads the events of one stream in their order."""

    def __init__(self, progress: Progress) -> None:
        self._chunks = Chunks(progress)
        self._progress = progress
        self._calls: dict[Any, int] = {}
        self._details = 0
        self._thought = False

    def read(self, event: JsonObject) -> Iterator[bytes]:
        """The chunks that an event becomes."""
        match event.get("type"):
            case "response.created" | "response.in_progress" | "response.queued":
                response = event.get("response")
                self._chunks.name(text(response, "id"), text(response, "model"))
                yield _PING
            case "response.output_item.added":
                yield from self._begin(event)
            case "response.reasoning_summary_part.added" if self._thought:
                yield self._chunks.delta({"reasoning_content": "\n\n"})
            case "response.output_item.done":
                yield from self._end_of_item(event.get("item"))
            case "response.completed" | "response.incomplete":
                yield self._end(event.get("response"))
            case "response.failed" | "error":
                raise ProviderFailed("The provider failed in mid-stream.")
            case str(kind):
                yield from self._delta(kind, event)
            case _:
                raise ProviderUnreadable("The provider sent an event that cannot be read.")

    def _delta(self, kind: str, event: JsonObject) -> Iterator[bytes]:
        words = text(event, "delta")
        match kind:
            case "response.output_text.delta":
                yield self._chunks.delta({"content": words}, **_logprobs(event))
            case "response.refusal.delta":
                yield self._chunks.delta({"refusal": words})
            case "response.reasoning_summary_text.delta" | "response.reasoning_text.delta":
                self._thought = True
                yield self._chunks.delta({"reasoning_content": words})
            case "response.function_call_arguments.delta":
                yield self._piece(event, {"function": {"arguments": words}})
            case "response.custom_tool_call_input.delta":
                yield self._piece(event, {"custom": {"input": words}})

    def _begin(self, event: JsonObject) -> Iterator[bytes]:
        item = event.get("item")
        if not isinstance(item, dict) or item.get("type") not in ("function_call", "custom_tool_call"):
            return
        index = self._calls.setdefault(event.get("output_index"), len(self._calls))
        yield self._chunks.delta({"tool_calls": [{"index": index, **_call(item)}]})

    def _piece(self, event: JsonObject, said: JsonObject) -> bytes:
        index = self._calls.setdefault(event.get("output_index"), len(self._calls))
        return self._chunks.delta({"tool_calls": [{"index": index, **said}]})

    def _end_of_item(self, item: Any) -> Iterator[bytes]:
        if isinstance(item, dict) and item.get("type") == "reasoning":
            details = _details(item, self._details)
            if details:
                self._details += 1
                yield self._chunks.delta({"reasoning_details": details})

    def _end(self, response: Any) -> bytes:
        usage = response.get("usage") if isinstance(response, dict) else None
        self._progress.service_tier = tier_named(response.get("service_tier") if usage else None)
        self._chunks.count(usage_of(usage))
        return self._chunks.finish(_finish(response, self._calls))


def _logprobs(event: JsonObject) -> JsonObject:
    said = objects(event, "logprobs")
    return {"logprobs": {"content": said, "refusal": None}} if said else {}
