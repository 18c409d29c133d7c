"""What a statement holds: from its start on, and not its end; from 31 days ago until now where nothing is said."""

from datetime import UTC, datetime, timedelta

import pytest

from aggregator.billing.statement import StatementQuery, statement
from aggregator.billing.store import BillingStore
from aggregator.billing.transaction import Order, entry_of
from aggregator.errors import InvalidRequest
from aggregator.runtime.clock import iso

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
SECOND = timedelta(milliseconds=1_000)
MILLISECOND = timedelta(milliseconds=1)


def booked_at(store: BillingStore, moment: datetime, name: str) -> None:
    entry_id = f"{int(moment.timestamp() * 1000):012x}-{name}"
    store.book(entry_of(Order(entry_id, "ann", "credit", 1, iso(moment))))


def listed(store: BillingStore, **asked: object) -> list[str]:
    page = statement(store, "ann", StatementQuery.model_validate(asked), NOW)
    return [entry.id.partition("-")[2] for entry in page.entries]


@pytest.fixture
def store_of_three(store: BillingStore) -> BillingStore:
    """A ledger with entries at ten, eleven and twelve o'clock."""
    for hour, name in ((10, "ten"), (11, "eleven"), (12, "twelve")):
        booked_at(store, NOW.replace(hour=hour), name)
    return store


def test_without_a_range_it_is_the_31_days_up_to_now(store: BillingStore) -> None:
    booked_at(store, NOW - timedelta(days=31) + 2 * MILLISECOND, "oldest")
    booked_at(store, NOW - timedelta(days=31) - SECOND, "older")
    booked_at(store, NOW, "now")

    assert listed(store) == ["now", "oldest"]


def test_it_begins_with_its_start(store_of_three: BillingStore) -> None:
    assert listed(store_of_three, **{"from": "2026-11-23T11:00:00Z"}) == ["twelve", "eleven"]
    assert listed(store_of_three, **{"from": "2026-11-23T11:00:00.001Z"}) == ["twelve"]


def test_it_ends_before_its_end(store_of_three: BillingStore) -> None:
    assert listed(store_of_three, to="2026-11-23T11:00:00Z") == ["ten"]
    assert listed(store_of_three, to="2026-11-23T11:00:00.001Z") == ["eleven", "ten"]


def test_a_start_far_before_its_end_counts_too(store: BillingStore) -> None:
    booked_at(store, NOW - timedelta(days=300), "old")

    assert listed(store, **{"from": "2026-01-01T00:00:00Z"}) == ["old"]


def test_an_end_long_ago_has_31_days_before_it(store: BillingStore) -> None:
    booked_at(store, datetime(2026, 2, 10, tzinfo=UTC), "february")
    booked_at(store, datetime(2026, 1, 20, tzinfo=UTC), "january")
    booked_at(store, datetime(2026, 1, 9, tzinfo=UTC), "before")

    assert listed(store, to="2026-02-10T00:00:00Z") == ["january"]


def test_pages_go_on_where_the_last_one_ended(store_of_three: BillingStore) -> None:
    asked = {"from": "2026-11-23T10:00:00Z", "to": "2026-11-23T13:00:00Z", "limit": 2}
    first = statement(store_of_three, "ann", StatementQuery.model_validate(asked), NOW)

    assert [entry.id.partition("-")[2] for entry in first.entries] == ["twelve", "eleven"]
    assert listed(store_of_three, **asked, cursor=first.next_cursor) == ["ten"]


def test_an_empty_range_and_a_cursor_of_another_are_refused(store_of_three: BillingStore) -> None:
    first = statement(store_of_three, "ann", StatementQuery(limit=1), NOW)

    with pytest.raises(InvalidRequest) as empty:
        listed(store_of_three, **{"from": "2026-11-23T11:00:00Z", "to": "2026-11-23T11:00:00Z"})
    with pytest.raises(InvalidRequest) as elsewhere:
        listed(store_of_three, to="2026-11-23T11:00:00Z", cursor=first.next_cursor)

    assert (empty.value.param, elsewhere.value.param) == ("from", "cursor")
