"""Amounts: integers of nano-US-dollars inside, decimal strings outside. Never a float. Standard library only."""

from decimal import Decimal, InvalidOperation
from typing import Final

NanoUsd = int

NANO_PER_USD = 1_000_000_000
CURRENCY: Final = "USD"
MAX_AMOUNT_NANO_USD = 1_000_000_000 * NANO_PER_USD  # a billion dollars: far inside DynamoDB's 38 digits


def to_nano_usd(text: str) -> NanoUsd:
    """Read a decimal string of US dollars (`"5.00"`, `"-0.000000001"`).

    Raises:
        ValueError: no plain decimal number, finer than a nano-dollar, or over a billion dollars.
    """
    try:
        amount = Decimal(text)
    except InvalidOperation:
        raise ValueError("must be a decimal number such as 5.00") from None
    if not amount.is_finite() or "e" in text.lower() or "_" in text:
        raise ValueError("must be a decimal number such as 5.00")
    numerator, denominator = amount.as_integer_ratio()
    nano, finer = divmod(numerator * NANO_PER_USD, denominator)
    if finer:
        raise ValueError("must not be finer than 0.000000001")
    if abs(nano) > MAX_AMOUNT_NANO_USD:
        raise ValueError("must not be over a billion")
    return nano


def to_usd(amount_nano_usd: NanoUsd) -> str:
    """Write an amount as a decimal string: at least two places, no more than it needs (`"12.345"`, `"0.00"`)."""
    sign = "-" if amount_nano_usd < 0 else ""
    dollars, rest = divmod(abs(amount_nano_usd), NANO_PER_USD)
    places = f"{rest:09d}".rstrip("0").ljust(2, "0")
    return f"{sign}{dollars}.{places}"
