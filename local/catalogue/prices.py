"""Rates of litellm's price file as versions of a price.

All arithmetic is decimal: prices are parsed from their text and must come out as whole nano-US-dollars.
"""

from datetime import date
from decimal import Decimal
from fnmatch import fnmatchcase
from re import fullmatch
from typing import Any

JsonObject = dict[str, Any]

ALWAYS = "1970-01-01T00:00:00.000Z"
"""The first version of a price holds for all time before the second: `asOf` says when it was read."""

NANO_USD_PER_MILLION = Decimal(10) ** 15
"""From US dollars for one token to nano-US-dollars for a million."""

# Our name of a rate: litellm's.
RATES = {
    "input": "input_cost_per_token",
    "output": "output_cost_per_token",
    "cachedInput": "cache_read_input_token_cost",
    "cacheWrite": "cache_creation_input_token_cost",
    "reasoning": "output_cost_per_reasoning_token",
    "cacheWriteHour": "cache_creation_input_token_cost_above_1hr",
}


def nano_usd_per_million(usd_per_token: Decimal) -> int:
    """A published price as an exact integer.

    Raises:
        ValueError: it is finer than a nano-dollar for a million tokens.
    """
    nano_usd = usd_per_token * NANO_USD_PER_MILLION
    if nano_usd != nano_usd.to_integral_value():
        raise ValueError(f"{usd_per_token} USD a token is no whole number of nano-dollars a million")
    return int(nano_usd)


def rates(fact: JsonObject, suffix: str = "") -> JsonObject:
    """The rates of one tier; what is not priced apart is left out.

    Raises:
        KeyError: there is no input price, or no output price though the model writes.
    """
    said = {
        ours: nano_usd_per_million(Decimal(fact[theirs + suffix]))
        for ours, theirs in RATES.items()
        if fact.get(theirs + suffix) is not None
    }
    if fact["mode"] == "embedding":
        said.setdefault("output", 0)
    for name in ("cacheWrite", "cacheWriteHour"):
        if not said.get(name):
            said.pop(name, None)  # 0 means that writing is not charged apart from the input
    if said.get("reasoning") == said["output"]:
        said.pop("reasoning")
    return {"input": said.pop("input"), "output": said.pop("output")} | said


def price(
    fact: JsonObject, as_of: date, provider: JsonObject | None = None, upstream: str = ""
) -> JsonObject:
    """One version of a price, in force since ever.

    A provider's `serviceTiers` have rates of their own where the price file knows them; its `toolPrices` are US dollars
    for a call, the first that fit the model's name there.
    """
    said: JsonObject = {"version": as_of.isoformat(), "effectiveAt": ALWAYS} | _rates_and_tiers(fact)
    if provider is not None:
        said |= _paid_apart(fact, provider, upstream)
    source = fact.get("source", "")
    return said | {"asOf": as_of.isoformat()} | ({"source": source} if source.startswith("https://") else {})


def _rates_and_tiers(fact: JsonObject, service: str = "") -> JsonObject:
    starts = sorted(
        int(found[1])
        for key in fact
        if (found := fullmatch(rf"input_cost_per_token_above_(\d+)k_tokens{service}", key)) is not None
    )
    said = rates(fact, service)
    if starts:
        said["tiers"] = [
            {"aboveInputTokens": start * 1000} | rates(fact, f"_above_{start}k_tokens{service}")
            for start in starts
        ]
    return said


def _paid_apart(fact: JsonObject, provider: JsonObject, upstream: str) -> JsonObject:
    said: JsonObject = {}
    tiers = {
        name: _rates_and_tiers(fact, f"_{name}")
        for name in provider.get("serviceTiers", ())
        if f"input_cost_per_token_{name}" in fact and f"output_cost_per_token_{name}" in fact
    }
    if fact.get("supports_function_calling"):
        usd: JsonObject = next(
            (
                each["usd"]
                for each in provider.get("toolPrices", ())
                if any(fnmatchcase(upstream, pattern) for pattern in each["models"])
            ),
            {},
        )
        said["tools"] = {name: int(Decimal(amount).scaleb(9)) for name, amount in usd.items()}
    if tiers:
        said["serviceTiers"] = tiers
    return {name: content for name, content in said.items() if content}


def kept_by_hand(said: JsonObject) -> JsonObject:
    """Rates of `models.json`, US dollars for a million tokens, as litellm would have them."""
    usd = {theirs: Decimal(said[ours]).scaleb(-6) for ours, theirs in RATES.items() if ours in said}
    return usd | ({"source": said["source"]} if said else {})


def keep_versions(model: JsonObject, earlier: JsonObject, effective_at: str) -> None:
    """Versions that were there stay; a route that had its model's prices takes them along when it gets its own."""
    before_by_provider = {route["provider"]: route for route in earlier.get("routes", ())}
    of_model = earlier.get("prices", [])
    for holder, before in [
        (model, of_model),
        *(
            (route, before_by_provider.get(route["provider"], {"prices": []}).get("prices", of_model))
            for route in model["routes"]
        ),
    ]:
        if not before or "prices" not in holder:
            continue
        new = holder["prices"][0]
        if amounts(new) == amounts(before[-1]):
            holder["prices"] = before
        else:
            names = {each["version"] for each in before}
            day = new["version"]
            version = next(n for n in (day, *(f"{day}.{k}" for k in range(2, 99))) if n not in names)
            holder["prices"] = [*before, new | {"version": version, "effectiveAt": effective_at}]


def amounts(version: JsonObject) -> JsonObject:
    """What a version says of money, without its name and dates."""
    return {k: v for k, v in version.items() if k not in {"version", "effectiveAt", "asOf", "source"}}
