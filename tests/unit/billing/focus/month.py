"""Entries of a ledger as they come about, for tests of bills."""

from aggregator.billing.entry import Entry, Posting, UsageEnd, usage_entry
from aggregator.billing.price import Price, Tier, Usage
from aggregator.billing.repricing import Prices
from aggregator.billing.transaction import Order, entry_of

PRICE = Price(
    "7",
    input=150_000_000,
    output=600_000_000,
    cached_input=75_000_000,
    image=1_000_000,
    tiers=(Tier(1_000, input=300_000_000, output=1_200_000_000),),
    tools=(("web_search", 10_000_000),),
    service_tiers=(("flex", Price("7", input=75_000_000, output=300_000_000)),),
)
PRICES = Prices([("gpt-4o-mini", "openai", PRICE)])

NOV_24 = "01a20aee5040"
OCTOBER_31 = "01a19466fda0"
"""How ids begin of 24 November 2026, 00:22, and of 31 October, 23:59 (UTC)."""


def called(
    name: str,
    usage: Usage,
    *,
    at: str = NOV_24,
    wallet: str = "ann",
    key: str = "k1",
    percent: int = 100,
    charged: int | None = None,
    by: str | None = None,
    version: str | None = None,
    granted: int = 0,
) -> Entry:
    """The entry of a request; `charged` where that is less than it cost, `by` who asked where a team pays.

    `granted` of it is paid by a grant.
    """
    price = PRICE.scaled(percent)
    if version is not None:
        price = price._replace(version=version)
    details = {"keyId": key, "model": "gpt-4o-mini", "provider": "openai", **usage.to_json()}
    if by is not None:
        details["userId"] = by
    end = UsageEnd(f"{at}-{name}", wallet, "", 10**12, "1", usage, price, details)
    paid = end.cost_nano_usd if charged is None else charged
    return usage_entry(end, {"": paid - granted, "grant:spring": granted} if granted else {"": paid})


def booked(
    name: str,
    kind: str,
    amount: int,
    *,
    at: str = NOV_24,
    refunded: Entry | None = None,
    description: str | None = None,
) -> Entry:
    """An entry that an operator books."""
    order = Order(
        f"{at}-{name}",
        "ann",
        kind,  # type: ignore[arg-type]
        amount,
        "",
        description,
        None if refunded is None else refunded.id,
    )
    return entry_of(order, refunded)


def moved(name: str, kind: str, **postings: int) -> Entry:
    """An entry with postings of one's own."""
    legs = tuple(
        Posting(account.replace("wallet", "user:ann"), amount) for account, amount in postings.items()
    )
    return Entry(f"{NOV_24}-{name}", "ann", kind, "", legs)  # type: ignore[arg-type]
