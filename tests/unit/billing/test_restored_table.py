"""A table that was restored to a moment before: the events since then, sent again, bring it to where it would be."""

import copy
from itertools import permutations

import pytest

from aggregator.billing.entry import UsageEnd
from aggregator.billing.settle import settle_account
from tests.fakes.books_world import BooksWorld
from tests.fakes.ledger_world import BUCKET, NOW, LedgerWorld, end

SETTLED_BEFORE = end("r1", 100, held=400)
HELD_BEFORE_AND_SETTLED_AFTER = end("r2", 30, held=200)
ALL_OF_IT_AFTER = end("r3", 70, held=150)
# The archive is replayed from an hour before the moment on, so what was settled comes again.
SENT_AGAIN = [SETTLED_BEFORE, HELD_BEFORE_AND_SETTLED_AFTER, ALL_OF_IT_AFTER]


def lost_and_restored() -> tuple[LedgerWorld, LedgerWorld]:
    """The table as it was lost, and what a restore to the moment between makes of it."""
    lost, restored = LedgerWorld(), LedgerWorld()
    lost.credit(1_000)
    lost.store.hold("ann", 400, BUCKET)
    settle_account(lost.store, [SETTLED_BEFORE], lost.slept.append, NOW)
    lost.store.hold("ann", 200, BUCKET)

    restored.aws.inner.items = copy.deepcopy(lost.aws.inner.items)

    settle_account(lost.store, [HELD_BEFORE_AND_SETTLED_AFTER], lost.slept.append, NOW)
    lost.store.hold("ann", 150, BUCKET)
    settle_account(lost.store, [ALL_OF_IT_AFTER], lost.slept.append, NOW)
    return lost, restored


@pytest.mark.promise("books")
def test_events_since_the_moment_bring_a_restored_table_to_where_the_lost_one_was() -> None:
    lost, restored = lost_and_restored()

    done = [settle_account(restored.store, [each], restored.slept.append, NOW) for each in SENT_AGAIN]

    assert [each.repeated for each in done] == [1, 0, 0]
    assert (restored.available(), restored.held()) == (lost.available(), lost.held()) == (800, 0)
    assert restored.entries().keys() == lost.entries().keys() == {"credit", "r1", "r2", "r3"}
    assert restored.legs("r3") == {"user:ann": -70, "revenue": 70}


@pytest.mark.parametrize("order", list(permutations(SENT_AGAIN)))
def test_in_whatever_order_they_come_the_account_has_what_it_would_have(order: tuple[UsageEnd, ...]) -> None:
    """A hold that the restored table does not know may be taken from another's: what is left of that one lapses."""
    _, restored = lost_and_restored()

    for each in order:
        settle_account(restored.store, [each], restored.slept.append, NOW)

    assert restored.store.account("ann").total_nano_usd == 800
    assert restored.entries().keys() == {"credit", "r1", "r2", "r3"}


def test_the_same_events_once_more_change_nothing() -> None:
    _, restored = lost_and_restored()

    for _ in range(2):
        settle_account(restored.store, SENT_AGAIN, restored.slept.append, NOW)

    assert (restored.available(), restored.held()) == (800, 0)


def test_the_books_of_a_restored_table_are_sound_and_close() -> None:
    world = BooksWorld()
    world.credit(1_000_000)
    world.use(100, "r1")
    moment = copy.deepcopy(world.aws.inner.items)
    world.use(200, "r2")

    world.aws.inner.items = moment
    world.use(200, "r2")
    world.at("2026-11-25T02:00:00")

    found = world.examine()

    assert (found.is_sound, found.drift_nano_usd) == (True, 0)
    assert world.checkpoints() == {"2026-11-23": (999_700, 3)}
