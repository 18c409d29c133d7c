"""Entries of a ledger added up to the charges of a bill. Pure rules; standard library only.

A charge is what an entry took of the wallet otherwise than in exchange for cash: payments in and out move money, and
charge for nothing. So paid credit before + payments - charges = paid credit after: what a grant pays of a request is
billed with it, and is a credit beside it; a grant alone, or its end, bills nothing. What the platform lost, of a
request or of a payment that was taken back, was never taken of the wallet, and is on nobody's bill.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple

from aggregator.billing.entry import CASH, PLATFORM_LOSS, Entry, wallet_of
from aggregator.billing.focus.meters import NANO_PER_USD, UNPRICED, Meter, Metered, metered, reached
from aggregator.billing.money import NanoUsd
from aggregator.billing.price import Price, Usage
from aggregator.billing.repricing import Prices

USAGE, CREDIT, ADJUSTMENT = "Usage", "Credit", "Adjustment"

_PAYMENT = {CASH, PLATFORM_LOSS}
"""What a wallet is paid by, or pays out to; the platform's loss is what is missing of a payment that was taken back."""
_ID_DIGITS = 12
_CATEGORIES = {"credit": CREDIT, "usage": USAGE}


class Called(NamedTuple):
    """What requests of one row have in common. `user_id` is who asked, where the wallet is a team's."""

    key_id: str
    model: str
    provider: str
    version: str
    service_tier: str = ""
    above_input_tokens: int = 0
    user_id: str = ""


class Charge(NamedTuple):
    """One row of a bill.

    `day` is when it was used or booked, `consumed` how much, in the meter's own unit. `entry_id` and `refers_to` name
    what is no usage; such a charge has no meter, and of what was called only what the entry that it gives back was for.
    """

    day: str
    category: str
    billed_nano_usd: NanoUsd
    called: Called | None = None
    metered: Metered | None = None
    consumed: int = 0
    is_correction: bool = False
    kind: str = "usage"
    entry_id: str = ""
    refers_to: str = ""
    description: str = ""
    grant_id: str = ""


@dataclass(slots=True)
class _Sum:
    """What requests of one day that have all in common come to, by meter and price."""

    billed_nano_usd: NanoUsd = 0
    tokens: int = 0
    granted: defaultdict[str, NanoUsd] = field(default_factory=lambda: defaultdict(int))
    meters: defaultdict[tuple[Meter, int, int], int] = field(default_factory=lambda: defaultdict(int))


@dataclass(slots=True)
class Day:
    """The charges of one day (UTC) of one wallet, added up entry by entry."""

    day: str
    prices: Prices
    find: Callable[[str], Entry | None]
    """Reads the entry that another one refers to."""
    _sums: dict[Called, _Sum] = field(default_factory=dict)
    _others: list[Charge] = field(default_factory=list)

    def add(self, entry: Entry) -> None:
        """Count one more entry; what is no charge counts for nothing."""
        if entry.usage is not None:
            self._add_usage(entry, entry.usage)
            return
        paid = sum(each.amount_nano_usd for each in entry.postings if each.account in _PAYMENT)
        wallet = wallet_of(entry.user_id)
        billed = -paid - sum(each.amount_nano_usd for each in entry.postings if each.account == wallet)
        if billed:
            self._others.append(self._other(entry, billed))

    def charges(self) -> Iterator[Charge]:
        """What there is to bill, in an order that is always the same."""
        for called, total in sorted(self._sums.items()):
            yield from _rows(self.day, called, total)
        yield from self._others

    def _add_usage(self, entry: Entry, said: Mapping[str, Any]) -> None:
        billed = -entry.amount_nano_usd
        usage = Usage.from_json(said)
        model, provider, version = said["model"], said["provider"], said["priceVersion"]
        price = self.prices.of(model, provider, version)
        called = Called(
            said["keyId"],
            model,
            provider,
            version,
            usage.service_tier,
            0 if price is None else reached(usage, price),
            said.get("userId", ""),
        )
        total = self._sums.setdefault(called, _Sum())
        total.billed_nano_usd += billed
        total.tokens += usage.tokens
        for grant_id, paid in entry.paid_by_grants.items():
            total.granted[grant_id] += paid
        if price is None:
            total.meters[UNPRICED, NANO_PER_USD, NANO_PER_USD] += billed
            return
        for each in metered(usage, price, self._listed(model, provider, price)):
            total.meters[each.meter, each.price, each.list_price] += each.quantity

    def _listed(self, model: str, provider: str, price: Price) -> Price:
        return self.prices.of(model, provider, price.version.partition("@")[0]) or price

    def _other(self, entry: Entry, billed: NanoUsd) -> Charge:
        refunded = None if entry.refers_to is None else self.find(entry.refers_to)
        said = None if refunded is None else refunded.usage
        return Charge(
            self.day,
            _CATEGORIES.get(entry.kind, ADJUSTMENT),
            billed,
            called=None if said is None else Called(
                said["keyId"], said["model"], said["provider"], said["priceVersion"],
                said.get("serviceTier", ""), user_id=said.get("userId", ""),
            ),
            is_correction=entry.refers_to is not None and day_of(entry.refers_to, self.day)[:7] < self.day[:7],
            kind=entry.kind,
            entry_id=entry.id,
            refers_to=entry.refers_to or "",
            description=entry.description or "",
        )  # fmt: skip


def day_of(entry_id: str, otherwise: str) -> str:
    """The UTC date that an entry's id begins with, by which statements are in order; `otherwise` if it has none."""
    try:
        moment = datetime.fromtimestamp(int(entry_id[:_ID_DIGITS], 16) / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return otherwise
    return moment.strftime("%Y-%m-%d")


def _rows(day: str, called: Called, total: _Sum) -> Iterator[Charge]:
    """A row for each meter; what was billed is shared out by what each of them costs, to the nano-US-dollar."""
    rows = [
        Metered(meter, quantity, price, list_price)
        for (meter, price, list_price), quantity in sorted(total.meters.items())
        if quantity
    ]
    if total.billed_nano_usd and not any(each.millionths for each in rows):
        rows = [Metered(UNPRICED, total.billed_nano_usd, NANO_PER_USD, NANO_PER_USD)]
    shares = shared(total.billed_nano_usd, [each.millionths for each in rows])
    for row, billed in zip(rows, shares, strict=True):
        consumed = total.tokens if row.meter is UNPRICED else row.quantity
        yield Charge(day, USAGE, billed, called, row, consumed)
    for grant_id, paid in sorted(total.granted.items()):
        yield Charge(day, CREDIT, -paid, called, kind="credit", grant_id=grant_id)


def shared(amount: NanoUsd, weights: list[int]) -> list[NanoUsd]:
    """An amount shared out by weights: each share rounded down, what is left over to the heaviest.

    Where nothing has weight nothing costs anything, and nothing was charged.
    """
    whole = sum(weights)
    if not whole:
        return [0] * len(weights)
    shares = [amount * weight // whole for weight in weights]
    shares[weights.index(max(weights))] += amount - sum(shares)
    return shares
