"""How a chat completion ends: the usage chunk with the receipt, the end mark, or an error. On the hot path."""

from collections.abc import Iterator

from aggregator.billing.price import Usage
from aggregator.errors import Refusal, envelope
from aggregator.proxy.dialects.chat.usage import usage_json
from aggregator.proxy.model import Answer, Ask, JsonObject, Receipt
from aggregator.runtime.sse import DONE, data_event


def end(ask: Ask, answer: Answer, receipt: Receipt) -> Iterator[bytes]:
    """The usage chunk, if the client asked for it, and the end mark."""
    if ask.wants_usage:
        yield data_event(usage_chunk(answer, receipt))
    yield DONE


def fail(refused: Refusal, request_id: str) -> bytes:
    """A failure in mid-stream; no end mark follows."""
    return data_event(envelope(refused, request_id))


def with_usage(body: bytes, usage: Usage) -> bytes:
    """Plain answer of a provider that counted nothing, with our own count, flagged."""
    from aggregator.proxy.dialects.embeddings.vectors import apart, together  # noqa: PLC0415 (it is seldom called)

    answer = apart(body)
    answer.said["usage"] = {**usage_json(usage), "estimated": True}
    return b"".join(together(answer))


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
