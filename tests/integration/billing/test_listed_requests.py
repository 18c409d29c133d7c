"""A user's requests as they are listed: newest first, by key, model and status, in pages that miss none."""

from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from aggregator.billing import requests as listed_requests
from aggregator.billing.grant_store import GrantStore
from aggregator.billing.requests import Requests, RequestsQuery, requests
from aggregator.billing.settle import settle_account
from aggregator.billing.transaction import Order, entry_of
from aggregator.errors import InvalidRequest
from aggregator.runtime.clock import iso
from tests.faults.usage import end_of, usage_event

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
TOLD = {
    "strategy": "cheapest",
    "leftOut": ["groq"],
    "maxTokens": 388,
    "capped": "balance",
    "ignored": ["seed"],
}
BEGINS = int(NOW.timestamp() * 1000) - 3_600_000


def entry_id(minute: int) -> str:
    return f"{BEGINS + minute * 60_000:012x}-r{minute}"


@pytest.fixture
def ledger(store: GrantStore) -> GrantStore:
    """A top-up, and six requests a minute apart: two models in turn, the third from another key, the fourth failed."""
    store.book(entry_of(Order(f"{BEGINS - 1:012x}-credit", "ann", "credit", 1_000_000, iso(NOW))))
    for minute in range(6):
        event = usage_event(store, "ann", entry_id(minute)) | {
            "model": ("small", "large")[minute % 2],
            "keyId": "other" if minute == 2 else "key",
            "status": 502 if minute == 3 else 200,
            "timeToFirstTokenMs": 7,
            "latencyMs": 10 + minute,
            **(TOLD if minute == 2 else {}),
        }
        settle_account(store, [end_of(event)], lambda _: None, NOW.timestamp())
    return store


def page(store: GrantStore, **asked: object) -> Requests:
    return requests(store, "ann", RequestsQuery.model_validate(asked), NOW)


def names(found: Requests) -> list[str]:
    return [each.request_id.partition("-")[2] for each in found.requests]


def test_requests_come_newest_first_and_other_entries_not_at_all(ledger: GrantStore) -> None:
    found = page(ledger)

    assert (names(found), found.next_cursor) == (["r5", "r4", "r3", "r2", "r1", "r0"], None)


def test_a_request_is_told_with_what_it_used_and_cost(ledger: GrantStore) -> None:
    (found,) = page(ledger, keyId="other").requests

    assert found.model_dump(mode="json", by_alias=True, exclude_none=True) == {
        "requestId": entry_id(2),
        "createdAt": "2026-11-23T06:00:00.000Z",
        "keyId": "other",
        "model": "small",
        "provider": "made-up",
        "surface": "chat",
        "outcome": "completed",
        "status": 200,
        "stream": False,
        "attempts": 1,
        "latencyMs": 12,
        "timeToFirstTokenMs": 7,
        "tokens": {"input": 0, "cachedInput": 0, "cacheWrite": 0, "output": 10, "reasoning": 0},
        "estimated": False,
        "priceVersion": "1",
        "charged": "0.0000001",
        "hold": "0.00001",
        **TOLD,
    }


@pytest.mark.parametrize(
    ("asked", "wanted"),
    [
        ({"model": "large"}, ["r5", "r3", "r1"]),
        ({"keyId": "key", "model": "small"}, ["r4", "r0"]),
        ({"status": "502"}, ["r3"]),
        ({"status": "5xx"}, ["r3"]),
        ({"status": "2xx", "model": "large"}, ["r5", "r1"]),
        ({"status": "404"}, []),
        ({"model": "larg"}, []),
        ({"from": "2026-11-23T11:02:00Z", "to": "2026-11-23T11:04:00Z"}, ["r3", "r2"]),
    ],
)
def test_filters_are_exact(ledger: GrantStore, asked: dict[str, str], wanted: list[str]) -> None:
    assert names(page(ledger, **asked)) == wanted


@pytest.mark.parametrize("limit", [1, 2, 3, 4])
def test_pages_go_on_where_the_last_one_ended(ledger: GrantStore, limit: int) -> None:
    found, cursor, asked = [], None, {"model": "large", "limit": limit}
    for _ in range(4):
        one = page(ledger, **asked, **({} if cursor is None else {"cursor": cursor}))
        assert len(one.requests) <= limit
        found += names(one)
        if (cursor := one.next_cursor) is None:
            break

    assert (found, cursor) == (["r5", "r3", "r1"], None)


def test_what_one_answer_looks_at_is_bounded(ledger: GrantStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listed_requests, "_PAGE", 2)
    monkeypatch.setattr(listed_requests, "_MOST_READ", 3)

    first = page(ledger, model="nobody's")
    second = page(ledger, model="small", cursor=first.next_cursor)

    assert (names(first), first.next_cursor is None) == ([], False)
    assert (names(second), second.next_cursor is None) == (["r2", "r0"], False)
    assert names(page(ledger, model="small", cursor=second.next_cursor)) == []


@pytest.mark.parametrize("status", ["20", "2000", "600", "2x", "ok", "", "0xx"])
def test_a_status_is_one_or_a_class(status: str) -> None:
    with pytest.raises(ValidationError) as refused:
        RequestsQuery.model_validate({"status": status})

    assert refused.value.errors()[0]["loc"] == ("status",)


def test_a_cursor_that_is_none_of_ours_is_refused(ledger: GrantStore) -> None:
    with pytest.raises(InvalidRequest) as refused:
        page(ledger, cursor="bm9uZQ==")

    assert refused.value.param == "cursor"
