"""How a chat completion ends: the usage chunk with the receipt, the end mark, or an error. On the hot path."""

import json
from collections.abc import Iterator

from aggregator.billing.price import Usage
from aggregator.errors import Refusal, envelope
from aggregator.proxy.dialects.usage import usage_json
from aggregator.proxy.model import Answer, Ask, JsonObject, Progress, Receipt
from aggregator.runtime.sse import DONE, data_event


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
    return [json.dumps(said, separators=(",", ":")).encode()]


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
