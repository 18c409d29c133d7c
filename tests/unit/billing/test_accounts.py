"""All accounts with their balances, in pages, found by a part of the user's id."""

import pytest

from aggregator.billing import accounts
from aggregator.billing.accounts import Balances, BalancesQuery, balances
from aggregator.errors import InvalidRequest
from tests.fakes.books_world import BooksWorld


@pytest.fixture
def world() -> BooksWorld:
    """Six users with a credit of 100 to 600, and a partition of the table that is no account."""
    found = BooksWorld()
    for n in range(1, 7):
        found.credit(n * 100, f"User-{n}")
    found.aws.call("PutItem", {
        "TableName": "billing", "Item": {"pk": {"S": "RECONCILE"}, "sk": {"S": "RUN#2026-11-24T01:17:00.000Z"}},
    })  # fmt: skip
    return found


def page(world: BooksWorld, *, seconds: int = 1_000_000, **query: object) -> Balances:
    left = iter(range(seconds))
    asked = BalancesQuery.model_validate(query)
    return balances(world.books, asked, world.now, lambda: next(left, None) is not None)


def pages(world: BooksWorld, *, seconds: int = 1_000_000, **query: object) -> list[list[str]]:
    found, cursor = [], None
    while True:
        said = page(world, seconds=seconds, cursor=cursor, **query)
        found.append([each.user_id for each in said.data])
        cursor = said.next_cursor
        if cursor is None:
            return found


def flat(found: list[list[str]]) -> list[str]:
    return [each for page in found for each in page]


def test_every_account_is_in_one_page_and_in_no_other(world: BooksWorld) -> None:
    found = pages(world, limit=2)

    assert sorted(flat(found)) == [f"User-{n}" for n in range(1, 7)]
    assert all(len(each) <= 2 for each in found)


def test_an_account_has_its_balance(world: BooksWorld) -> None:
    world.store.set_alert("User-3", 50)
    world.store.hold("User-3", 120, "4000000000")

    (found,) = page(world, search="User-3").data

    assert (found.available, found.held, found.total) == ("0.00000018", "0.00000012", "0.0000003")
    assert found.low_balance_threshold == "0.00000005"


def test_accounts_are_found_by_a_part_of_the_id_in_any_case(world: BooksWorld) -> None:
    assert flat(pages(world, search="eR-3")) == ["User-3"]
    assert flat(pages(world, search="nobody")) == []


def test_a_page_ends_where_enough_was_looked_at_and_the_next_goes_on(
    world: BooksWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(accounts, "MOST_LOOKED_AT", 2)

    found = pages(world, search="User-6")

    assert flat(found) == ["User-6"]
    assert len(found) == 4


def test_a_page_ends_where_time_is_over_and_the_next_goes_on(world: BooksWorld) -> None:
    assert flat(pages(world, seconds=0)) == [f"User-{n}" for n in range(1, 7)]
    assert len(page(world, seconds=0).data) == 1


@pytest.mark.parametrize("cursor", ["?", "/w==", "YQ=", ""])
def test_a_cursor_of_somebody_elses_is_refused(world: BooksWorld, cursor: str) -> None:
    with pytest.raises(InvalidRequest, match="cursor: is not one of ours"):
        page(world, cursor=cursor)
