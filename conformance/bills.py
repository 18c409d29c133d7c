"""What a client's requests came to in the ledger, and whether that is what its price list says.

The arithmetic is done here anew, from the published prices, so that it does not repeat a mistake of the platform.
"""

from collections.abc import Iterable
from decimal import ROUND_CEILING, Decimal
from typing import Any, Protocol

from conformance.relay import Exchange

JsonObject = dict[str, Any]


class Ledger(Protocol):
    """Knows what was charged."""

    def settled(
        self, user_id: str, request_ids: set[str], at_least: int
    ) -> tuple[list[JsonObject], JsonObject]:
        """See `Api.settled`."""
        ...


_PER = Decimal(1_000_000)
_NANO = Decimal("0.000000001")


def is_charged(exchange: Exchange) -> bool:
    """Whether a request was let through to a provider and answered, so that the ledger must know it."""
    free = exchange.method == "GET" or exchange.path.endswith("/count_tokens")
    return not free and exchange.status is not None and exchange.status < 300


def bill_of(
    ledger: Ledger,
    prices: dict[str, JsonObject],
    user_id: str,
    exchanges: Iterable[Exchange],
    charged_requests: int | None = None,
) -> JsonObject:
    """The bill for the answered ones among `exchanges`, once it is settled: `charged_requests` of them, or all.

    `charged` and `owed` are decimal strings of US dollars; `fair` if each entry was charged what its tokens cost;
    `missing` are requests that the ledger does not know; `twice` if one is there more than once.
    """
    wanted = {str(each.request_id) for each in exchanges if is_charged(each)}
    entries, balance = ledger.settled(
        user_id, wanted, len(wanted) if charged_requests is None else charged_requests
    )
    requests = [entry["request"] for entry in entries]
    found = [request["requestId"] for request in requests]
    owed = [owed_for(request, prices) for request in requests]
    charged = [-Decimal(entry["amount"]) for entry in entries]
    return {
        "entries": len(entries),
        "missing": sorted(wanted - set(found)),
        "twice": len(set(found)) != len(found),
        "inputTokens": sum(request["tokens"]["input"] for request in requests),
        "outputTokens": sum(request["tokens"]["output"] for request in requests),
        "outcomes": sorted(request["outcome"] for request in requests),
        "estimated": any(request["estimated"] for request in requests),
        "charged": f"{sum(charged, Decimal()):f}",
        "owed": f"{sum(owed, Decimal()):f}",
        "fair": charged == owed,
        "held": balance["held"],
    }


def owed_for(request: JsonObject, prices: dict[str, JsonObject]) -> Decimal:
    """Tokens times price, in US dollars, rounded up to a nano-dollar once."""
    price = prices.get(f"{request['model']}@{request['provider']}") or prices[request["model"]]
    tokens = request["tokens"]
    cached, written, thought = tokens["cachedInput"], tokens["cacheWrite"], tokens["reasoning"]
    for_an_hour = tokens.get("cacheWriteHour", 0)
    per_input, per_output = Decimal(price["input"]), Decimal(price["output"])
    sums: Decimal = (
        per_input * (tokens["input"] - cached - written)
        + Decimal(price.get("cachedInput", per_input)) * cached
        + Decimal(price.get("cacheWrite", per_input)) * (written - for_an_hour)
        + Decimal(price.get("cacheWriteHour") or price.get("cacheWrite", per_input)) * for_an_hour
        + per_output * (tokens["output"] - thought)
        + Decimal(price.get("reasoning", per_output)) * thought
    )
    return (sums / _PER).quantize(_NANO, rounding=ROUND_CEILING)
