"""What a request costs, and the most that it can: the two rules between usage and prices. Standard library only."""

from typing import NamedTuple

from aggregator.billing.money import NanoUsd
from aggregator.billing.price import Price, Tier, Usage

PER = 1_000_000
"""Prices count for this many tokens."""


def cost_of(usage: Usage, price: Price) -> NanoUsd:
    """Charge for `usage` at `price`, in nano-US-dollars.

    Rounds up once, at the end: splitting a request never makes it cheaper. No usage at all costs nothing, not even
    the fee for a request: the provider did not take it.

    Raises:
        ValueError: a count is negative, or a part is more than its whole, so a provider adapter is broken;
            nothing was charged.
    """
    if usage.service_tier:
        price = price.in_service_tier(usage.service_tier)
    (
        input_tokens, output_tokens, cached_input, cache_write, reasoning,
        images, _estimated, cache_write_hour, tools, _tier,
    ) = usage  # fmt: skip
    plain_input = input_tokens - cached_input - cache_write
    plain_output = output_tokens - reasoning
    cache_write_minutes = cache_write - cache_write_hour
    parts = (
        plain_input,
        plain_output,
        cached_input,
        cache_write_minutes,
        cache_write_hour,
        reasoning,
        images,
    )
    if min(parts) < 0 or (tools and min([calls for _, calls in tools]) < 0):
        raise ValueError(f"token counts do not add up: {usage}")
    if not (input_tokens or output_tokens or images or tools):
        return 0
    rates = rates_for(input_tokens, price)
    millionths = plain_input * rates.input + plain_output * rates.output
    if cached_input:
        millionths += cached_input * _or(rates.cached_input, rates.input)
    if cache_write:
        by_minutes = _or(rates.cache_write, rates.input)
        millionths += cache_write_minutes * by_minutes
        millionths += cache_write_hour * _or(rates.cache_write_hour, by_minutes)
    if reasoning:
        millionths += reasoning * _or(rates.reasoning, rates.output)
    millionths += (images * price.image + price.request + fees_of(tools, price)) * PER
    return -(-millionths // PER)


def fees_of(calls: tuple[tuple[str, int], ...], price: Price) -> NanoUsd:
    """What calls of tools cost at a price; nothing for one that has none: it was never offered at it."""
    return sum([count * (price.of_tool(name) or 0) for name, count in calls]) if calls else 0


def most_it_can_cost(
    *,
    input_tokens: int,
    output_tokens: int,
    images: int,
    price: Price,
    fees_nano_usd: NanoUsd = 0,
    read_again_tokens: int = 0,
) -> NanoUsd:
    """Upper bound of `cost_of` for any usage within these counts, however it splits into cached, reasoning, ...

    The dearest rate of each kind counts, over every tier that this much input can reach. `read_again_tokens` are input
    beside `input_tokens` that the provider's own passes over it read from its cache.
    """
    dearest = dearest_of(input_tokens, images, price, fees_nano_usd, read_again_tokens)
    return dearest.cost(output_tokens)


def output_tokens_that_fit(
    amount_nano_usd: NanoUsd,
    *,
    input_tokens: int,
    images: int,
    price: Price,
    fees_nano_usd: NanoUsd = 0,
    read_again_tokens: int = 0,
) -> int:
    """How many output tokens `amount_nano_usd` can pay on top of the input; negative if not even the input."""
    return dearest_of(input_tokens, images, price, fees_nano_usd, read_again_tokens).fits(amount_nano_usd)


class Dearest(NamedTuple):
    """What a request can cost at the most: all beside its output, in millionths, and the rate of its output."""

    millionths: int
    output: int

    def cost(self, output_tokens: int) -> NanoUsd:
        """The most that it costs with so much output."""
        return -(-(self.millionths + output_tokens * self.output) // PER)

    def fits(self, amount_nano_usd: NanoUsd) -> int:
        """How many output tokens an amount can pay on top of the rest; negative if not even that."""
        rest = amount_nano_usd * PER - self.millionths
        if rest < 0:
            return -1
        return rest // self.output if self.output else 2**31


def dearest_of(
    input_tokens: int,
    images: int,
    price: Price,
    fees_nano_usd: NanoUsd = 0,
    read_again_tokens: int = 0,
    *,
    for_an_hour: bool = True,
) -> Dearest:
    """Of each kind of tokens the dearest rate, over every tier that this much input can reach.

    `for_an_hour`: something may be written to a cache to stay for an hour, at the rate of that.
    """
    whole = input_tokens + read_again_tokens
    fees = images * price.image + price.request + fees_nano_usd
    if not price.tiers:
        to_read, to_read_again = _dearest_to_read(price, for_an_hour), _or(price.cached_input, price.input)
        output = max(price.output, price.reasoning or 0)
    else:
        reachable: list[Price | Tier] = [
            price,
            *(tier for tier in price.tiers if whole > tier.above_input_tokens),
        ]
        to_read = max([_dearest_to_read(rates, for_an_hour) for rates in reachable])
        to_read_again = max([_or(rates.cached_input, rates.input) for rates in reachable])
        output = max([max(rates.output, rates.reasoning or 0) for rates in reachable])
    return Dearest(input_tokens * to_read + read_again_tokens * to_read_again + fees * PER, output)


def rates_for(input_tokens: int, price: Price) -> Price | Tier:
    """The tier that this much input falls into, or the price itself."""
    if not price.tiers:
        return price
    reached = [tier for tier in price.tiers if input_tokens > tier.above_input_tokens]
    return max(reached, key=lambda tier: tier.above_input_tokens) if reached else price


def _dearest_to_read(rates: Price | Tier, for_an_hour: bool) -> int:
    hour = rates.cache_write_hour if for_an_hour else 0
    return max(rates.input, rates.cached_input or 0, rates.cache_write or 0, hour or 0)


def _or(rate: int | None, fallback: int) -> int:
    return fallback if rate is None else rate
