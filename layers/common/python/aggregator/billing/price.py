"""What a request costs: prices, usage, and the two rules between them. Standard library only.

Prices are nano-US-dollars per million tokens, so that published prices ("$0.0375 per million") are exact integers.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from aggregator.billing.money import NanoUsd

PER = 1_000_000
"""Prices count for this many tokens."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens that a provider counted.

    `input_tokens` includes cached and cache-write ones, `output_tokens` reasoning ones: the parts say how many
    of the whole are priced otherwise. `cache_write_hour_tokens` are those of `cache_write_tokens` that stay for an hour
    instead of minutes. `estimated` marks a count of our own, where the provider gave none.
    """

    input_tokens: int = 0
    output_tokens: int = 0
    cached_input_tokens: int = 0
    cache_write_tokens: int = 0
    reasoning_tokens: int = 0
    images: int = 0
    estimated: bool = False
    cache_write_hour_tokens: int = 0

    @property
    def tokens(self) -> int:
        """All tokens, in and out."""
        return self.input_tokens + self.output_tokens

    def to_json(self) -> dict[str, Any]:
        """As it stands in events and entries; what was written for an hour only if anything was."""
        said = {
            "inputTokens": self.input_tokens,
            "cachedInputTokens": self.cached_input_tokens,
            "cacheWriteTokens": self.cache_write_tokens,
            "outputTokens": self.output_tokens,
            "reasoningTokens": self.reasoning_tokens,
            "images": self.images,
            "estimated": self.estimated,
        }
        if self.cache_write_hour_tokens:
            said["cacheWriteHourTokens"] = self.cache_write_hour_tokens
        return said

    @classmethod
    def from_json(cls, said: Mapping[str, Any]) -> "Usage":
        """Read what `to_json` wrote; a missing count is 0."""
        return cls(
            input_tokens=int(said.get("inputTokens", 0)),
            output_tokens=int(said.get("outputTokens", 0)),
            cached_input_tokens=int(said.get("cachedInputTokens", 0)),
            cache_write_tokens=int(said.get("cacheWriteTokens", 0)),
            reasoning_tokens=int(said.get("reasoningTokens", 0)),
            images=int(said.get("images", 0)),
            estimated=bool(said.get("estimated", False)),
            cache_write_hour_tokens=int(said.get("cacheWriteHourTokens", 0)),
        )


@dataclass(frozen=True, slots=True)
class Tier:
    """Prices of a whole request once its input is longer than `above_input_tokens`."""

    above_input_tokens: int
    input: int
    output: int
    cached_input: int | None = None
    cache_write: int | None = None
    reasoning: int | None = None
    cache_write_hour: int | None = None


@dataclass(frozen=True, slots=True)
class Price:
    """One version of a route's prices, in nano-US-dollars per million tokens.

    `cached_input`, `cache_write` and `reasoning` fall back to `input` and `output` where a provider prices them
    alike, and `cache_write_hour` to `cache_write`. `image` is for each image sent and `request` for each call, in
    nano-US-dollars.
    """

    version: str
    input: int
    output: int
    cached_input: int | None = None
    cache_write: int | None = None
    reasoning: int | None = None
    image: int = 0
    request: int = 0
    tiers: tuple[Tier, ...] = ()
    cache_write_hour: int | None = None

    def to_json(self) -> dict[str, Any]:
        """As it stands in the catalogue and in events; what is not priced apart is left out."""
        said = {"version": self.version} | _prices_json(self)
        if self.image:
            said["image"] = self.image
        if self.request:
            said["request"] = self.request
        if self.tiers:
            said["tiers"] = [
                {"aboveInputTokens": tier.above_input_tokens} | _prices_json(tier) for tier in self.tiers
            ]
        return said

    @classmethod
    def from_json(cls, said: Mapping[str, Any]) -> "Price":
        """Read what `to_json` wrote.

        Raises:
            KeyError: there is no input or output price: such a model must not be called.
        """
        return cls(
            version=said["version"],
            image=said.get("image", 0),
            request=said.get("request", 0),
            tiers=tuple(
                Tier(above_input_tokens=tier["aboveInputTokens"], **_prices(tier))
                for tier in said.get("tiers", ())
            ),
            **_prices(said),
        )

    def scaled(self, percent: int) -> "Price":
        """These prices with a markup: `percent` of them (110 adds a tenth), each rounded up."""
        if percent == 100:
            return self
        tiers = tuple(_scaled(tier, percent) for tier in self.tiers)
        scaled = _scaled(self, percent)
        return replace(
            scaled,
            version=f"{self.version}@{percent}%",
            image=_up(self.image, percent),
            request=_up(self.request, percent),
            tiers=tiers,
        )


_Rates = TypeVar("_Rates", Price, Tier)


def cost_of(usage: Usage, price: Price) -> NanoUsd:
    """Charge for `usage` at `price`, in nano-US-dollars.

    Rounds up once, at the end: splitting a request never makes it cheaper. No usage at all costs nothing, not even
    the fee for a request: the provider did not take it.

    Raises:
        ValueError: a count is negative, or a part is more than its whole, so a provider adapter is broken;
            nothing was charged.
    """
    plain_input = usage.input_tokens - usage.cached_input_tokens - usage.cache_write_tokens
    plain_output = usage.output_tokens - usage.reasoning_tokens
    parts = (
        plain_input,
        plain_output,
        usage.cached_input_tokens,
        usage.cache_write_tokens - usage.cache_write_hour_tokens,
        usage.cache_write_hour_tokens,
        usage.reasoning_tokens,
    )
    if min(*parts, usage.images) < 0:
        raise ValueError(f"token counts do not add up: {usage}")
    if usage.input_tokens + usage.output_tokens + usage.images == 0:
        return 0
    rates = rates_for(usage.input_tokens, price)
    cache_write = _or(rates.cache_write, rates.input)
    millionths = (
        plain_input * rates.input
        + plain_output * rates.output
        + usage.cached_input_tokens * _or(rates.cached_input, rates.input)
        + (usage.cache_write_tokens - usage.cache_write_hour_tokens) * cache_write
        + usage.cache_write_hour_tokens * _or(rates.cache_write_hour, cache_write)
        + usage.reasoning_tokens * _or(rates.reasoning, rates.output)
        + (usage.images * price.image + price.request) * PER
    )
    return -(-millionths // PER)


def most_it_can_cost(*, input_tokens: int, output_tokens: int, images: int, price: Price) -> NanoUsd:
    """Upper bound of `cost_of` for any usage within these counts, however it splits into cached, reasoning, ...

    The dearest rate of each kind counts, over every tier that this much input can reach.
    """
    millionths = _input_millionths(input_tokens, images, price)
    millionths += output_tokens * _dearest_output(input_tokens, price)
    return -(-millionths // PER)


def output_tokens_that_fit(amount_nano_usd: NanoUsd, *, input_tokens: int, images: int, price: Price) -> int:
    """How many output tokens `amount_nano_usd` can pay on top of the input; negative if not even the input."""
    rest = amount_nano_usd * PER - _input_millionths(input_tokens, images, price)
    if rest < 0:
        return -1
    dearest = _dearest_output(input_tokens, price)
    return rest // dearest if dearest else 2**31


def without_an_hour(price: Price) -> Price:
    """The price of a request that asks no cache to keep anything for an hour: that rate bounds nothing of it."""
    if price.cache_write_hour is None and all(tier.cache_write_hour is None for tier in price.tiers):
        return price
    tiers = tuple(replace(tier, cache_write_hour=None) for tier in price.tiers)
    return replace(price, cache_write_hour=None, tiers=tiers)


def rates_for(input_tokens: int, price: Price) -> Price | Tier:
    """The tier that this much input falls into, or the price itself."""
    reached = [tier for tier in price.tiers if input_tokens > tier.above_input_tokens]
    return max(reached, key=lambda tier: tier.above_input_tokens) if reached else price


def _reachable(input_tokens: int, price: Price) -> list[Price | Tier]:
    return [price, *(tier for tier in price.tiers if input_tokens > tier.above_input_tokens)]


def _input_millionths(input_tokens: int, images: int, price: Price) -> int:
    fees = images * price.image + price.request
    return input_tokens * _dearest_input(input_tokens, price) + fees * PER


def _dearest_input(input_tokens: int, price: Price) -> int:
    return max(
        max(
            rates.input, _or(rates.cached_input, 0), _or(rates.cache_write, 0), _or(rates.cache_write_hour, 0)
        )
        for rates in _reachable(input_tokens, price)
    )


def _dearest_output(input_tokens: int, price: Price) -> int:
    return max(max(rates.output, _or(rates.reasoning, 0)) for rates in _reachable(input_tokens, price))


def _or(rate: int | None, fallback: int) -> int:
    return fallback if rate is None else rate


def _up(amount: int, percent: int) -> int:
    return -(-amount * percent // 100)


def _prices_json(rates: Price | Tier) -> dict[str, Any]:
    said: dict[str, Any] = {"input": rates.input, "output": rates.output}
    if rates.cached_input is not None:
        said["cachedInput"] = rates.cached_input
    if rates.cache_write is not None:
        said["cacheWrite"] = rates.cache_write
    if rates.reasoning is not None:
        said["reasoning"] = rates.reasoning
    if rates.cache_write_hour is not None:
        said["cacheWriteHour"] = rates.cache_write_hour
    return said


def _prices(said: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "input": said["input"],
        "output": said["output"],
        "cached_input": said.get("cachedInput"),
        "cache_write": said.get("cacheWrite"),
        "reasoning": said.get("reasoning"),
        "cache_write_hour": said.get("cacheWriteHour"),
    }


def _scaled(rates: _Rates, percent: int) -> _Rates:
    return replace(
        rates,
        input=_up(rates.input, percent),
        output=_up(rates.output, percent),
        cached_input=None if rates.cached_input is None else _up(rates.cached_input, percent),
        cache_write=None if rates.cache_write is None else _up(rates.cache_write, percent),
        reasoning=None if rates.reasoning is None else _up(rates.reasoning, percent),
        cache_write_hour=None if rates.cache_write_hour is None else _up(rates.cache_write_hour, percent),
    )
