"""What is wrong with the prices of a route, or of a model. Standard library only."""

from collections import Counter
from collections.abc import Iterator
from typing import Any, Literal, get_args

from aggregator.billing.price import RATES
from aggregator.orchestrator.problem import Place, Problem
from aggregator.runtime.clock import from_iso

JsonObject = dict[str, Any]

Tool = Literal[
    "web_search",
    "web_search_preview",
    "web_fetch",
    "code_interpreter",
    "code_interpreter_4g",
    "code_interpreter_16g",
    "code_interpreter_64g",
]
"""A tool that runs at a provider and can have a price for each call; a code interpreter's is for each container."""

ServiceTier = Literal["flex", "priority"]
"""A service tier that can have rates of its own."""


def check_prices(at: Place, prices: list[JsonObject], *, chat: bool, free: bool) -> Iterator[Problem]:
    """Every problem of the versions of a price; only a provider without a key may be `free` of charge."""
    if not prices:
        yield at.problem("price", "has no price")
    for version, count in Counter(price.get("version") for price in prices).items():
        if not version or count > 1 or "@" in str(version):  # `7@110%` is version 7, marked up
            yield at.problem(
                "price.version", f"price version {version} is missing or not the only one of its name"
            )
    moments = []
    for price in prices:
        here = at.within(f"price {price.get('version')}", "price")
        try:
            moments.append(from_iso(str(price.get("effectiveAt"))))
        except ValueError:
            yield here.problem("effectiveAt", "effectiveAt is no moment")
        yield from _of_rates_and_tiers(here, price, chat=chat, free=free)
        yield from _of_tools(here, price.get("tools", {}))
        for name, rates in price.get("serviceTiers", {}).items():
            inner = here.within(f"service tier {name}", f"serviceTiers.{name}")
            if name not in get_args(ServiceTier):
                tiers = ", ".join(get_args(ServiceTier))
                yield inner.problem("", f"a service tier with a price must be one of {tiers}")
            yield from _of_rates_and_tiers(inner, rates, chat=chat, free=free)
    if moments != sorted(set(moments)):
        yield at.problem("price.effectiveAt", "effective dates are out of order")


def _of_rates_and_tiers(at: Place, rates: JsonObject, *, chat: bool, free: bool) -> Iterator[Problem]:
    yield from _of_rates(at, rates, chat=chat, free=free)
    starts = [tier.get("aboveInputTokens") for tier in rates.get("tiers", ())]
    if not all(positive(start) for start in starts) or starts != sorted(set(starts)):
        yield at.problem("tiers", "tiers must start at growing numbers of input tokens")
    for number, tier in enumerate(rates.get("tiers", ())):
        inner = at.within(f"tier {tier.get('aboveInputTokens')}", f"tiers.{number}")
        yield from _of_rates(inner, tier, chat=chat, free=free)


def _of_tools(at: Place, tools: JsonObject) -> Iterator[Problem]:
    for name, amount in tools.items():
        if name not in get_args(Tool):
            yield at.problem(f"tools.{name}", f"tool {name} is none of {', '.join(get_args(Tool))}")
        if type(amount) is not int or amount < 0:
            yield at.problem(f"tools.{name}", f"{name} must be a whole number of nano-US-dollars a call")


def _of_rates(at: Place, rates: JsonObject, *, chat: bool, free: bool) -> Iterator[Problem]:
    for name in RATES.values():
        if name in rates and (type(rates[name]) is not int or rates[name] < 0):
            yield at.problem(name, f"{name} must be a whole number of nano-US-dollars")
            return
    for name in ("input", "output"):
        if name not in rates:
            yield at.problem(name, f"has no {name} price")
        elif not rates[name] and not free and (chat or name == "input"):
            yield at.problem(name, f"{name} is free of charge, which only a provider without a key may be")
    if rates.get("cachedInput", 0) > rates.get("input", 0):
        yield at.problem("cachedInput", "cached input costs more than input")


def positive(number: Any) -> bool:
    """Whether this is a whole number from 1 on."""
    return type(number) is int and number > 0
