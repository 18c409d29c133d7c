"""Comparing a provider's own costs with what the ledger says, by model and day. Standard library only.

Amounts are nano-US-dollars. A leak is what the provider charges beyond what our requests come to at the catalogue's
prices: a price that is not ours any more, answers that were paid for and not charged, or somebody else's use of a key.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal, NamedTuple

from aggregator.billing.money import NANO_PER_USD, NanoUsd

OTHER = "(other)"
"""The model of what a provider charges by no model: calls of its tools, and whatever else stands on its bill."""

ByModel = Mapping[str, NanoUsd]

State = Literal["compared", "missing", "failed"]

_SNAPSHOT = re.compile(r"-(20\d{2}-\d{2}-\d{2}|20\d{6}|\d{4})$")


class CostsUnread(Exception):
    """A provider did not say what we cost it; `str` says why, in a few words, and has nothing of the key."""


class Row(NamedTuple):
    """One model's day: what we owe by the ledger, and what the provider charges."""

    model: str
    owed_nano_usd: NanoUsd
    billed_nano_usd: NanoUsd

    @property
    def leak_nano_usd(self) -> NanoUsd:
        """What the provider charges beyond what we owe; below zero where it charges less."""
        return self.billed_nano_usd - self.owed_nano_usd


@dataclass(frozen=True, slots=True)
class Comparison:
    """A provider's day. `missing`: it says nothing of that day yet; `failed`: it could not be asked, for a `reason`."""

    day: str
    provider: str
    compared_at: str
    state: State
    rows: tuple[Row, ...] = ()
    reason: str = ""

    @property
    def leaked_nano_usd(self) -> NanoUsd:
        """All that leaks; what a provider charges less for one model does not make up for another."""
        return sum(max(0, row.leak_nano_usd) for row in self.rows)


def compared(day: str, provider: str, billed: ByModel | None, owed: ByModel, at: str) -> Comparison:
    """A provider's day, model by model; None billed is a day that the provider says nothing of."""
    if billed is None or (not billed and any(owed.values())):
        return Comparison(day, provider, at, "missing")
    rows = tuple(Row(model, owed.get(model, 0), billed.get(model, 0)) for model in sorted({*owed, *billed}))
    return Comparison(day, provider, at, "compared", tuple(row for row in rows if any(row[1:])))


def named(model: str) -> str:
    """A model without the date of its snapshot: providers bill `gpt-4o-mini-2024-07-18` for `gpt-4o-mini`."""
    return _SNAPSHOT.sub("", model)


def nano_usd(amount: Any, per_usd: int = 1) -> NanoUsd:
    """An amount as a provider says it, `per_usd` of them a dollar, to the nearest nano-dollar.

    Raises:
        CostsUnread: it is no number.
    """
    try:
        exact = Decimal(str(amount)) * NANO_PER_USD / per_usd
        return int(exact.to_integral_value())
    except (ArithmeticError, ValueError):
        raise CostsUnread("it says an amount that is no number") from None
