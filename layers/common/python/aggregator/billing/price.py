"""Prices, and the usage that they are for. Standard library only.

Prices are nano-US-dollars per million tokens, so that published prices ("$0.0375 per million") are exact integers.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple, TypeVar

RATES: Mapping[str, str] = {
    "input": "input",
    "output": "output",
    "cached_input": "cachedInput",
    "cache_write": "cacheWrite",
    "reasoning": "reasoning",
    "cache_write_hour": "cacheWriteHour",
}
"""The rates of a price and of its tiers, in the order in which they are said: their names here, and in JSON."""

AMOUNTS = frozenset({*RATES.values(), "image", "request"})
"""What of a price is an amount of money, by its name in JSON."""


class Usage(NamedTuple):
    """Tokens that a provider counted.

    `input_tokens` includes cached and cache-write ones, `output_tokens` reasoning ones: the parts say how many
    of the whole are priced otherwise. `cache_write_hour_tokens` are those of `cache_write_tokens` that stay for an hour
    instead of minutes. `estimated` marks a count of our own, where the provider gave none. `tools` are the calls of
    tools that ran at the provider, by their name in a price; `service_tier` is the one it says it served in, if that
    was asked for and has a price of its own.
    """

    input_tokens: int = 0
    output_tokens: int = 0
    cached_input_tokens: int = 0
    cache_write_tokens: int = 0
    reasoning_tokens: int = 0
    images: int = 0
    estimated: bool = False
    cache_write_hour_tokens: int = 0
    tools: tuple[tuple[str, int], ...] = ()
    service_tier: str = ""

    @property
    def tokens(self) -> int:
        """All tokens, in and out."""
        return self.input_tokens + self.output_tokens

    def to_json(self) -> dict[str, Any]:
        """As it stands in events and entries; what few requests have is there only if this one has it."""
        said: dict[str, Any] = {
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
        if self.tools:
            said["tools"] = dict(self.tools)
        if self.service_tier:
            said["serviceTier"] = self.service_tier
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
            tools=tuple(sorted((name, int(calls)) for name, calls in said.get("tools", {}).items())),
            service_tier=said.get("serviceTier", ""),
        )


class Tier(NamedTuple):
    """Prices of a whole request once its input is longer than `above_input_tokens`."""

    above_input_tokens: int
    input: int
    output: int
    cached_input: int | None = None
    cache_write: int | None = None
    reasoning: int | None = None
    cache_write_hour: int | None = None


class Price(NamedTuple):
    """One version of a route's prices, in nano-US-dollars per million tokens.

    `cached_input`, `cache_write` and `reasoning` fall back to `input` and `output` where a provider prices them
    alike, and `cache_write_hour` to `cache_write`. `image` is for each image sent and `request` for each call, in
    nano-US-dollars; so is `tools`, for each call of a tool that runs at the provider. `service_tiers` are the rates of
    a tier by its name, the fees being those of this price.
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
    tools: tuple[tuple[str, int], ...] = ()
    service_tiers: tuple[tuple[str, "Price"], ...] = ()

    def to_json(self, usage: Usage | None = None) -> dict[str, Any]:
        """As it stands in the catalogue; what is not priced apart is left out.

        In the event of `usage` it carries no rates either that this has no use for.
        """
        tools, service_tiers = self.tools, self.service_tiers
        if usage is not None:
            used = dict(usage.tools)
            tools = tuple([each for each in tools if each[0] in used]) if used else ()
            if usage.service_tier:
                service_tiers = tuple([each for each in service_tiers if each[0] == usage.service_tier])
            else:
                service_tiers = ()
        said = {"version": self.version} | _rates_json(self)
        if self.image:
            said["image"] = self.image
        if self.request:
            said["request"] = self.request
        if tools:
            said["tools"] = dict(tools)
        if service_tiers:
            said["serviceTiers"] = {name: _rates_json(rates) for name, rates in service_tiers}
        return said

    @classmethod
    def from_json(cls, said: Mapping[str, Any]) -> "Price":
        """Read what `to_json` wrote.

        Raises:
            KeyError: there is no input or output price: such a model must not be called.
        """
        version = said["version"]
        return cls(
            version=version,
            image=said.get("image", 0),
            request=said.get("request", 0),
            tools=tuple(sorted(said.get("tools", {}).items())),
            service_tiers=tuple(
                (name, cls(version=version, **_rates(rates)))
                for name, rates in sorted(said.get("serviceTiers", {}).items())
            ),
            **_rates(said),
        )

    def of_tool(self, name: str) -> int | None:
        """What a call of a tool costs, in nano-US-dollars; None if it has no price, which is not the same as 0."""
        return next((amount for tool, amount in self.tools if tool == name), None)

    @property
    def has_an_hour(self) -> bool:
        """Whether what a cache keeps for an hour has a price of its own."""
        if self.cache_write_hour is not None:
            return True
        return bool(self.tiers) and any(tier.cache_write_hour is not None for tier in self.tiers)

    def in_service_tier(self, name: str) -> "Price":
        """This price with the rates of a service tier; as it is for one that has none of its own."""
        for tier, rates in self.service_tiers:
            if tier == name:
                return rates._replace(image=self.image, request=self.request, tools=self.tools)
        return self

    def scaled(self, percent: int) -> "Price":
        """These prices with a markup: `percent` of them (110 adds a tenth), each rounded up."""
        if percent == 100:
            return self
        tiers = tuple(_scaled(tier, percent) for tier in self.tiers)
        scaled = _scaled(self, percent)
        return scaled._replace(
            version=f"{self.version}@{percent}%",
            image=_up(self.image, percent),
            request=_up(self.request, percent),
            tiers=tiers,
            tools=tuple((name, _up(amount, percent)) for name, amount in self.tools),
            service_tiers=tuple((name, rates.scaled(percent)) for name, rates in self.service_tiers),
        )


_RatesOf = TypeVar("_RatesOf", Price, Tier)


def _up(amount: int, percent: int) -> int:
    return -(-amount * percent // 100)


def _rates_json(rates: Price | Tier) -> dict[str, Any]:
    said: dict[str, Any] = {
        name: rate for field, name in RATES.items() if (rate := getattr(rates, field)) is not None
    }
    if isinstance(rates, Price) and rates.tiers:
        said["tiers"] = [
            {"aboveInputTokens": tier.above_input_tokens} | _rates_json(tier) for tier in rates.tiers
        ]
    return said


def _rates(said: Mapping[str, Any]) -> dict[str, Any]:
    """Rates and their tiers by length of input."""
    tiers = tuple(
        Tier(above_input_tokens=tier["aboveInputTokens"], **_flat_rates(tier))
        for tier in said.get("tiers", ())
    )
    return {**_flat_rates(said), "tiers": tiers}


def _flat_rates(said: Mapping[str, Any]) -> dict[str, Any]:
    return {field: said.get(name) for field, name in RATES.items()} | {
        "input": said["input"],
        "output": said["output"],
    }


def _scaled(rates: _RatesOf, percent: int) -> _RatesOf:
    said = {field: getattr(rates, field) for field in RATES}
    scaled: dict[str, Any] = {field: _up(rate, percent) for field, rate in said.items() if rate is not None}
    return rates._replace(**scaled)
