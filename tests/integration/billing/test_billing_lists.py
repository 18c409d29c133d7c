"""What the billing store lists, on moto: a user's entries page by page."""

from aggregator.billing.entry import Entry
from aggregator.billing.store import BillingStore
from aggregator.billing.transaction import Order, entry_of
from tests.fakes.ledger_world import MOMENT


def order(entry_id: str, amount: int) -> Entry:
    return entry_of(Order(entry_id, "ann", "credit", amount, MOMENT))


def test_entries_are_listed_newest_first_page_by_page(store: BillingStore) -> None:
    for n in range(5):
        store.book(order(f"e{n}", 1))

    first, after = store.entries("ann", "", "~", limit=2)
    second, further = store.entries("ann", "", "~", limit=2, after=after)
    third, end_ = store.entries("ann", "", "~", limit=2, after=further)

    assert [[entry.id for entry in page] for page in (first, second, third)] == [
        ["e4", "e3"],
        ["e2", "e1"],
        ["e0"],
    ]
    assert end_ is None


def test_entries_are_listed_within_their_bounds(store: BillingStore) -> None:
    for n in range(5):
        store.book(order(f"e{n}", 1))

    page, after = store.entries("ann", "e1", "e3", limit=10)

    assert ([entry.id for entry in page], after) == (["e3", "e2", "e1"], None)


def test_other_items_are_no_entries(store: BillingStore) -> None:
    store.book(order("e1", 1), idempotency=("key", "hash"))

    page, _ = store.entries("ann", "", "~", limit=10)

    assert [entry.id for entry in page] == ["e1"]
