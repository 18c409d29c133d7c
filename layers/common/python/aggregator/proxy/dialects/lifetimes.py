"""How long a prompt stays in a cache: an hour costs more than five minutes, so it is taken where it has a price.

Source: https://platform.claude.com/docs/en/build-with-claude/prompt-caching
"""

from collections.abc import Iterator, Mapping
from typing import Any

from aggregator.billing.price import Price
from aggregator.runtime.shape import unsupported


def refuse_unpriced_hour(body: Mapping[str, Any], price: Price) -> None:
    """Pass a request that keeps nothing for an hour, or whose route has a rate for that in all of its tiers.

    Raises:
        UnsupportedParameter: it wants an hour that the route has no rate for; names the mark as the client wrote it.
    """
    if price.cache_write_hour is not None and all(tier.cache_write_hour is not None for tier in price.tiers):
        return
    marked = [""] if _is_longer(body.get("cache_control")) else []
    for name in ("system", "messages", "tools"):
        marked += _hours(body.get(name), f"{name}.")
    if marked:
        raise unsupported(f"{marked[0]}cache_control.ttl", "only '5m' is offered here: an hour has no price")


def _hours(value: Any, place: str) -> Iterator[str]:
    """Paths to what is to be kept for an hour; a call's arguments and a tool's schema are no marks."""
    if isinstance(value, list):
        for n, each in enumerate(value):
            yield from _hours(each, f"{place}{n}.")
    elif isinstance(value, dict):
        if _is_longer(value.get("cache_control")):
            yield place
        for name in ("content", "tool_calls", "function"):
            yield from _hours(value.get(name), f"{place}{name}.")


def _is_longer(mark: Any) -> bool:
    return isinstance(mark, dict) and mark.get("ttl") not in (None, "5m")
