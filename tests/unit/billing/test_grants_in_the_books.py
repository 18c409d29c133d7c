"""Reconciling proves that grants add up: what is left of them, what the account says, and what the ledger says."""

import pytest

from aggregator.billing.examination import Examination
from aggregator.billing.give import GrantOrder, give
from tests.fakes.books_world import BooksWorld


@pytest.fixture
def world() -> BooksWorld:
    """Ann has 100 of paid credit and a grant of 60, of which 40 went; now is the day after."""
    world = BooksWorld()
    world.credit(100)
    order = GrantOrder(
        world.id_of("grant"), "ann", 60, "2036-11-01T00:00:00.000Z", "2026-11-23T12:00:00.000Z"
    )
    give(world.store, order, now_epoch_seconds=int(world.now), sleep=lambda _: None)
    world.use(40, "r1")
    world.at("2026-11-24T12:00:00")
    return world


def test_grants_that_add_up_are_no_finding(world: BooksWorld) -> None:
    found = world.examine()

    assert (found.is_sound, found.total_nano_usd, found.entries) == (True, 120, 3)
    assert world.store.account("ann").granted_nano_usd == 20
    assert world.examine(whole=True).is_sound


def test_an_account_that_says_more_than_is_left_of_its_grants_is_told(world: BooksWorld) -> None:
    world.examine()
    world.item("BALANCE")["granted"] = {"N": "21"}

    found = world.examine()

    assert found.misfits[0] == "20 nano-USD are left of grants, and the account says 21"


def test_grants_that_are_not_what_the_ledger_says_are_told_when_it_is_read_whole(world: BooksWorld) -> None:
    world.item("BALANCE")["granted"] = {"N": "30"}
    left = world.item("GRANTS")["left"]["M"]
    next(iter(left.values()))["L"][0] = {"N": "30"}

    found = world.examine(whole=True)

    assert found.misfits == ("the legs of grants come to 20, and 30 nano-USD are left of them",)


def test_an_examination_of_grants_goes_on_in_another_invocation(world: BooksWorld) -> None:
    account = world.store.account("ann")
    of = Examination.of(account, None, world.now, whole=True)
    of.granted_nano_usd = 20

    again = Examination.from_json(of.to_json())

    assert again.granted_nano_usd == 20
    assert (again.account.granted_nano_usd, again.account.grants_version) == (20, account.grants_version)
