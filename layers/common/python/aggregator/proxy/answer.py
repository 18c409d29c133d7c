"""Answer: what the client sees of a request that got one: headers, the receipt, and the end of a stream."""

from collections.abc import Callable, Iterator

from aggregator.billing.model import Hold
from aggregator.billing.money import to_usd
from aggregator.billing.price import Usage
from aggregator.errors import ProviderFailed, ProviderTimedOut, ProviderUnreadable, Refusal, envelope
from aggregator.proxy.dialects.chat.usage import usage_json
from aggregator.proxy.model import EMBEDDINGS, Answer, Ask, JsonObject, Receipt, UpstreamError
from aggregator.runtime.sse import DONE, data_event

Finish = Callable[[str], Receipt]


def headers_before(request_id: str, ask: Ask, answer: Answer, hold: Hold) -> dict[str, str]:
    """Headers that are known before the body is: who answers, and what is held. Amounts in US dollars.

    `x-aggregator-max-tokens` is the limit of output tokens that the platform chose, where the client set none;
    `x-aggregator-left-out` names the providers that were passed over because they kept failing;
    `x-aggregator-retires-at` is the day on which the model goes, where one is known.
    """
    headers = {
        "x-request-id": request_id,
        "Cache-Control": "no-cache",
        "x-aggregator-provider": answer.route.provider.id,
        "x-aggregator-model": answer.route.model_id,
        "x-aggregator-attempts": str(answer.attempts),
        "x-aggregator-hold-usd": to_usd(hold.amount_nano_usd),
        "x-aggregator-price-version": answer.route.price.version,
        "x-aggregator-strategy": answer.route.strategy,
    }
    if answer.route.via.retires_at:
        headers["x-aggregator-retires-at"] = answer.route.via.retires_at
    if answer.route.left_out:
        headers["x-aggregator-left-out"] = ",".join(answer.route.left_out)
    if ask.max_output_tokens is None and ask.surface != EMBEDDINGS:
        headers["x-aggregator-max-tokens"] = str(answer.way.output_tokens)
    return headers


def headers_after(receipt: Receipt) -> dict[str, str]:
    """Headers that only a whole answer can carry: what it cost, and what is left, if that was asked."""
    headers = {
        "x-aggregator-cost-usd": to_usd(receipt.charged_nano_usd),
        "openai-processing-ms": str(receipt.latency_ms),
    }
    if receipt.balance_nano_usd is not None:
        headers["x-aggregator-balance-usd"] = to_usd(receipt.balance_nano_usd)
    return headers


def relay(ask: Ask, answer: Answer, request_id: str, finish: Finish) -> Iterator[bytes]:
    """The stream for the client; `finish` is called once, with the outcome, in every exit.

    - `completed`: the provider said so, whatever its connection did then. The usage chunk, if asked for, and the end
      mark follow; after it, the connection is let go.
    - `provider_cut`, `deadline`: an error chunk follows, and no end mark.
    - `client_gone`: the reader closed the stream; the provider is hung up on.
    - `cancelled`: a defect of ours.

    The first item is empty: whoever starts the stream by taking it makes sure that its end is reached.
    """
    outcome = "cancelled"
    failure: Refusal | None = None
    try:
        yield b""
        for chunk in answer.chunks:
            yield chunk
            if answer.progress.finished:
                answer.response.hasten()
        if answer.progress.finished:
            outcome = "completed"
        else:
            outcome, failure = "provider_cut", ProviderFailed("The provider ended the stream too early.")
    except GeneratorExit:
        outcome = "client_gone"
        raise
    except (UpstreamError, ProviderUnreadable) as broken:
        outcome, failure = ("completed", None) if answer.progress.finished else _broken(broken)
        answer.response.close()
    except Refusal as refused:
        outcome, failure = "provider_cut", refused
    finally:
        if outcome != "completed":
            answer.response.close()
        receipt = finish(outcome)
    if failure is not None:
        yield data_event(envelope(failure, request_id))
        return
    if ask.wants_usage:
        yield data_event(usage_chunk(answer, receipt))
    yield DONE
    answer.response.release()


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
    balance = receipt.balance_nano_usd
    return chunk | {
        "usage": {
            **usage_json(receipt.usage, chunk.get("usage")),
            "cost_usd": to_usd(receipt.charged_nano_usd),
            "hold_usd": to_usd(receipt.hold.amount_nano_usd),
            **({} if balance is None else {"balance_usd": to_usd(balance)}),
            "price_version": receipt.route.price.version,
            "request_id": receipt.request_id,
            "estimated": receipt.usage.estimated,
        }
    }


def _broken(broken: UpstreamError | ProviderUnreadable) -> tuple[str, Refusal]:
    if isinstance(broken, ProviderUnreadable):
        return "provider_cut", broken
    if broken.silent:
        return "provider_cut", ProviderTimedOut("The provider fell silent in the middle of its answer.")
    if broken.timed_out:
        return "deadline", ProviderTimedOut("The time limit of the platform ended the stream.")
    return "provider_cut", ProviderFailed("The provider ended the stream too early.")
