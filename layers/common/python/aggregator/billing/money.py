"""Amounts: integers of nano-US-dollars inside, decimal strings outside. Never a float. Standard library only."""

import re
from typing import Final

NanoUsd = int

NANO_PER_USD = 1_000_000_000
CURRENCY: Final = "USD"

# As it is published; at most a billion dollars, far inside DynamoDB's 38 digits.
AMOUNT_PATTERN: Final = r"^-?[0-9]{1,9}(\.[0-9]{1,9})?$"
AMOUNT_FROM_0_PATTERN: Final = r"^[0-9]{1,9}(\.[0-9]{1,9})?$"
_AMOUNT = re.compile(r"(?P<sign>-?)(?P<dollars>[0-9]{1,9})(?:\.(?P<finer>[0-9]{1,9}))?")


def to_nano_usd(text: str) -> NanoUsd:
    """Read a decimal string of US dollars (`"5.00"`, `"-0.000000001"`): `AMOUNT_PATTERN`, and nothing else.

    Raises:
        ValueError: no plain decimal number, finer than a nano-dollar, or a billion dollars and more.
    """
    found = _AMOUNT.fullmatch(text)
    if found is None:
        raise ValueError(
            "must be a decimal number such as 5.00, of at most nine digits before the point and after it"
        )
    dollars, finer = int(found["dollars"]), int((found["finer"] or "").ljust(9, "0"))
    nano = dollars * NANO_PER_USD + finer
    return -nano if found["sign"] else nano


def to_usd(amount_nano_usd: NanoUsd) -> str:
    """Write an amount as a decimal string: at least two places, no more than it needs (`"12.345"`, `"0.00"`)."""
    sign = "-" if amount_nano_usd < 0 else ""
    dollars, rest = divmod(abs(amount_nano_usd), NANO_PER_USD)
    places = f"{rest:09d}".rstrip("0").ljust(2, "0")
    return f"{sign}{dollars}.{places}"
