"""Answer: what the client sees of a request that got one: headers, the receipt, and the end of a stream."""

import re
from collections.abc import Callable, Iterator

from aggregator.billing.model import Hold
from aggregator.billing.money import to_usd
from aggregator.errors import ProviderFailed, ProviderTimedOut, ProviderUnreadable, Refusal
from aggregator.proxy.exchange import Answer, UpstreamError
from aggregator.proxy.model import Ask, Receipt

CAPPED = "x-aggregator-capped"

_NOT_IN_A_NAME = re.compile(r"[^A-Za-z0-9_.:/\[\]-]+")
_LONGEST_NAME, _MOST_NAMES = 64, 20

Finish = Callable[[str], Receipt]


def headers_before(request_id: str, ask: Ask, answer: Answer, hold: Hold) -> dict[str, str]:
    """Headers that are known before the body is: who answers, and what is held. Amounts in US dollars.

    `x-aggregator-max-tokens` is the limit of output tokens that the platform chose, where the client set none, or a
    higher one than its balance pays for, which `x-aggregator-capped` says;
    `x-aggregator-max-tool-calls` is the same of calls of tools that run at the provider;
    `x-aggregator-ignored` names what the client sent and the provider did not get; `x-aggregator-left-out`
    the providers that were passed over because they kept failing; `x-aggregator-retires-at` is the day on which the
    model goes, where one is known.
    """
    way, ignored = answer.way, answer.ignored
    route = way.route
    via = route.via
    headers = {
        "x-request-id": request_id,
        "Cache-Control": "no-cache",
        "x-aggregator-provider": via.provider.id,
        "x-aggregator-model": via.model_id,
        "x-aggregator-attempts": str(answer.attempts),
        "x-aggregator-hold-usd": to_usd(hold.amount_nano_usd),
        "x-aggregator-price-version": route.price.version,
        "x-aggregator-strategy": route.strategy,
    }
    if via.retires_at:
        headers["x-aggregator-retires-at"] = via.retires_at
    if ignored:
        headers["x-aggregator-ignored"] = ", ".join(told_names(ignored))
    if route.left_out:
        headers["x-aggregator-left-out"] = ",".join(route.left_out)
    if (chosen := way.chosen_tokens(ask)) is not None:
        headers["x-aggregator-max-tokens"] = str(chosen)
    if way.capped_by_balance:
        headers[CAPPED] = "balance"
    if ask.hosted is not None and way.tool_calls not in (0, ask.hosted.asked_calls):
        headers["x-aggregator-max-tool-calls"] = str(way.tool_calls)
    return headers


def told_names(names: tuple[str, ...]) -> list[str]:
    """Names of fields as they are told. A client can name its fields as it likes: none of that ends a line of ours."""
    told = [_NOT_IN_A_NAME.sub("?", name[:_LONGEST_NAME]) for name in dict.fromkeys(names)]
    more = [f"and {len(told) - _MOST_NAMES} more"] if len(told) > _MOST_NAMES else []
    return told[:_MOST_NAMES] + more


def headers_after(receipt: Receipt) -> dict[str, str]:
    """Headers that only a whole answer can carry: what it cost and for what beside tokens, and what is left."""
    headers = {
        "x-aggregator-cost-usd": to_usd(receipt.charged_nano_usd),
        "openai-processing-ms": str(receipt.latency_ms),
    }
    if receipt.usage.tools:
        headers["x-aggregator-tool-calls"] = ", ".join(f"{name}={n}" for name, n in receipt.usage.tools)
    if receipt.usage.service_tier:
        headers["x-aggregator-service-tier"] = receipt.usage.service_tier
    if (balance := receipt.balance_nano_usd) is not None:
        headers["x-aggregator-balance-usd"] = to_usd(balance)
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
            if chunk:
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
        yield answer.lane.ending.fail(failure, request_id, answer.progress)
        return
    yield from answer.lane.ending.end(ask, answer, receipt)
    answer.response.release()


def _broken(broken: UpstreamError | ProviderUnreadable) -> tuple[str, Refusal]:
    if isinstance(broken, ProviderUnreadable):
        return "provider_cut", broken
    if broken.silent:
        return "provider_cut", ProviderTimedOut("The provider fell silent in the middle of its answer.")
    if broken.timed_out:
        return "deadline", ProviderTimedOut("The time limit of the platform ended the stream.")
    return "provider_cut", ProviderFailed("The provider ended the stream too early.")
