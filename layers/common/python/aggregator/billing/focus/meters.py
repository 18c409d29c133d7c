"""What one request is charged for, meter by meter: the parts that `cost_of` adds up. Standard library only."""

from collections.abc import Iterator
from typing import NamedTuple

from aggregator.billing.cost import PER, rates_for
from aggregator.billing.price import Price, Tier, Usage

TOKENS, CALLS = "Tokens", "Calls"


class Meter(NamedTuple):
    """Something that is counted and has a price: a SKU of a model.

    `unit` is what is counted, `pricing_unit` what a price is for: `per` units. Both are written as FOCUS writes units.
    """

    name: str
    unit: str
    pricing_unit: str
    per: int = 1


def _of_tokens(name: str) -> Meter:
    return Meter(name, TOKENS, f"{PER} {TOKENS}", PER)


INPUT = _of_tokens("Input Tokens")
CACHED_INPUT = _of_tokens("Cached Input Tokens")
CACHE_WRITE = _of_tokens("Cache Write Tokens")
CACHE_WRITE_HOUR = _of_tokens("Cache Write Tokens for an Hour")
OUTPUT = _of_tokens("Output Tokens")
REASONING = _of_tokens("Reasoning Tokens")
IMAGES = Meter("Images", "Images", "Images")
REQUESTS = Meter("Requests", "Requests", "Requests")

NANO_PER_USD = 1_000_000_000
UNPRICED = Meter("Charges", TOKENS, "US Dollars", NANO_PER_USD)
"""The meter of what was charged at a price that is not known any more: nano-dollars, at a dollar for each dollar."""


class Metered(NamedTuple):
    """So many units of a meter, at a price in nano-US-dollars for `meter.per` of them.

    `list_price` is the catalogue's, `price` the one that was charged: a key's markup is in it.
    """

    meter: Meter
    quantity: int
    price: int
    list_price: int

    @property
    def millionths(self) -> int:
        """What it costs, in millionths of a nano-US-dollar: exact, as only the whole request is rounded."""
        return self.quantity * self.price * PER // self.meter.per

    @property
    def list_millionths(self) -> int:
        """What it would cost at the catalogue's price."""
        return self.quantity * self.list_price * PER // self.meter.per


def metered(usage: Usage, price: Price, listed: Price) -> list[Metered]:
    """What a request used, at the price it was charged at and at the one that this marks up.

    Images, requests and tools without a fee are left out. The sum, rounded up to a nano-US-dollar, is `cost_of`.
    """
    if usage.input_tokens + usage.output_tokens + usage.images == 0 and not usage.tools:
        return []
    paid, catalogued = _prices(usage, price), _prices(usage, listed)
    return [
        Metered(meter, quantity, paid[meter], catalogued.get(meter, 0))
        for meter, quantity in _quantities(usage)
        if quantity and meter in paid
    ]


def reached(usage: Usage, price: Price) -> int:
    """Above how many tokens of input the rates hold that a request was charged at; 0 for those of every length."""
    rates = rates_for(usage.input_tokens, price.in_service_tier(usage.service_tier))
    return rates.above_input_tokens if isinstance(rates, Tier) else 0


def _quantities(usage: Usage) -> Iterator[tuple[Meter, int]]:
    yield INPUT, usage.input_tokens - usage.cached_input_tokens - usage.cache_write_tokens
    yield CACHED_INPUT, usage.cached_input_tokens
    yield CACHE_WRITE, usage.cache_write_tokens - usage.cache_write_hour_tokens
    yield CACHE_WRITE_HOUR, usage.cache_write_hour_tokens
    yield OUTPUT, usage.output_tokens - usage.reasoning_tokens
    yield REASONING, usage.reasoning_tokens
    yield IMAGES, usage.images
    yield REQUESTS, 1
    for name, calls in usage.tools:
        yield of_tool(name), calls


def _prices(usage: Usage, price: Price) -> dict[Meter, int]:
    """Each meter's price; images, requests and tools only where they have one."""
    price = price.in_service_tier(usage.service_tier)
    rates = rates_for(usage.input_tokens, price)
    cache_write = _or(rates.cache_write, rates.input)
    fees = {IMAGES: price.image, REQUESTS: price.request}
    fees |= {of_tool(name): amount for name, amount in price.tools}
    return {
        INPUT: rates.input,
        CACHED_INPUT: _or(rates.cached_input, rates.input),
        CACHE_WRITE: cache_write,
        CACHE_WRITE_HOUR: _or(rates.cache_write_hour, cache_write),
        OUTPUT: rates.output,
        REASONING: _or(rates.reasoning, rates.output),
    } | {meter: fee for meter, fee in fees.items() if fee}


def of_tool(name: str) -> Meter:
    """The meter of a tool that runs at the provider."""
    return Meter(f"Calls of {name}", CALLS, CALLS)


def _or(rate: int | None, fallback: int) -> int:
    return fallback if rate is None else rate
