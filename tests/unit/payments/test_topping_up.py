"""However runs meet, die, and miss answers: no charge is made twice, and no more a day than its user agreed to."""

from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.billing.model import Account
from aggregator.payments.automatic import ACTIVE, Agreed, Attempt, Card, Standing
from aggregator.payments.automatic_store import AutomaticStore, Changed
from aggregator.payments.cards import Charged, Declined, NotKnown
from aggregator.payments.happened import Failed
from aggregator.payments.stripe_event import Told
from aggregator.payments.topping_up import TopUp
from tests.fakes.memory_dynamodb import MemoryDynamoDb

NIGHT = datetime(2026, 11, 23, 23, 50, tzinfo=UTC)
AGREED = Agreed(5_000_000_000, 100, at_most_a_day=2)
CARD = Card("cus_1", "pm_1", "Visa 4242")


class Died(Exception):
    """A run that was killed."""


@dataclass
class World:
    """Stripe, which keeps what it said under each name; a ledger; a clock; and what the next charge meets."""

    store: AutomaticStore = field(default_factory=lambda: AutomaticStore(MemoryDynamoDb(), "payments"))
    made: dict[str, Charged] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)
    ledger: set[str] = field(default_factory=set)
    told: list[Failed] = field(default_factory=list)
    now: datetime = NIGHT
    meets: str = "yes"

    def __post_init__(self) -> None:
        self.store.save(Standing("ann", ACTIVE, AGREED, CARD))

    def charge(self, attempt: Attempt) -> Charged:
        """Stripe's answer, or what became of it."""
        if self.meets == "dies before":
            raise Died
        if self.meets == "busy":
            raise NotKnown
        if attempt.name in self.refused or (self.meets == "declined" and attempt.name not in self.made):
            self.refused.add(attempt.name)
            raise Declined("card_declined")
        charged = self.made.setdefault(
            attempt.name, Charged(f"pi_{len(self.made)}", int(self.now.timestamp()))
        )
        if self.meets == "dies after":
            raise Died
        if self.meets == "lost":
            raise NotKnown
        return charged

    def found(self, attempt: Attempt) -> Charged | None:
        """What Stripe has of a name."""
        if self.meets == "busy":
            raise NotKnown
        if attempt.name in self.refused:
            raise Declined("card_declined")
        return self.made.get(attempt.name)

    def top_up(self) -> TopUp:
        """A run of this moment."""
        return TopUp(
            self.store,
            lambda: self,
            Account,
            lambda _, told: told.name in self.ledger,
            lambda _, told: self.ledger.add(told.name),
            self.told.append,
            lambda: self.now,
        )

    def run(self, seen: Standing) -> None:
        """A run that saw this; it may die, or be too late."""
        with suppress(Changed, Died):
            self.top_up().one(seen)


STEPS = st.tuples(
    st.sampled_from(["yes", "yes", "lost", "busy", "declined", "dies before", "dies after"]),
    st.integers(0, 3),  # how old what the run saw is, in writes
    st.sampled_from([1, 1, 2, 20]),  # minutes until then
    st.booleans(),  # whether events arrive
    st.booleans(),  # whether the user, if paused, acts
)


@pytest.mark.promise("limits")
@given(st.lists(STEPS, max_size=25))
@settings(max_examples=150, deadline=None)
def test_charges_are_made_once_and_no_more_a_day_than_agreed(
    steps: list[tuple[str, int, int, bool, bool]],
) -> None:
    world = World()
    seen = [world.store.of("ann")]
    for meets, age, minutes, arrives, acts in steps:
        world.meets, world.now = meets, world.now + timedelta(minutes=minutes)
        world.run(seen[max(0, len(seen) - 1 - age)])
        if arrives:
            world.ledger |= {each.payment for each in world.made.values()}
        standing = world.store.of("ann")
        if acts and standing.state != ACTIVE:
            standing = world.store.save(standing.agree(AGREED, None))
        seen.append(standing)

    a_day = Counter(name.split(":")[3] for name in world.made)
    assert max(a_day.values(), default=0) <= 2
    assert not world.refused & set(world.made)
    assert len({each.payment for each in world.made.values()}) == len(world.made)

    world.meets = "yes"
    for _ in range(8):  # nothing is left undone once all works
        world.ledger |= {each.payment for each in world.made.values()}
        world.now += timedelta(minutes=1)
        world.run(world.store.of("ann"))
        standing = world.store.of("ann")
    assert standing.attempt is None or standing.attempt.payment is not None
    assert len({failed.name for failed in world.told}) <= len(world.refused)


def test_a_declined_charge_gives_its_place_in_the_day_back_and_the_next_has_another_name() -> None:
    world = World(meets="declined")
    world.run(world.store.of("ann"))
    paused = world.store.of("ann")
    assert (paused.state, paused.reason, paused.used, paused.number) == ("paused", "card_declined", 0, 1)

    world.meets = "yes"
    world.store.save(paused.agree(AGREED, None))
    for _ in range(4):
        world.run(world.store.of("ann"))
        world.ledger |= {each.payment for each in world.made.values()}
    assert sorted(world.made) == [f"automatic:cus_1:ann:2026-11-23:{number}" for number in (2, 3)]


def test_yesterdays_charge_that_is_declined_takes_nothing_off_today() -> None:
    world = World(meets="dies before")
    world.run(world.store.of("ann"))
    claimed = world.store.of("ann")
    world.store.save(replace(claimed, day="2026-11-24", used=2, number=2))
    world.meets = "declined"
    world.run(world.store.of("ann"))

    assert (world.store.of("ann").used, world.store.of("ann").state) == (2, "paused")


def test_what_one_cannot_be_charged_for_harms_no_other() -> None:
    world = World()
    world.store.save(Standing("bob", ACTIVE, AGREED, CARD))

    def account(user_id: str) -> Account:
        if user_id == "ann":
            raise Changed
        return Account(user_id)

    assert replace(world.top_up(), account=account).everybody() == 1
    assert [name.split(":")[2] for name in world.made] == ["bob"]


def test_with_little_time_left_nothing_more_is_begun() -> None:
    world = World()

    assert world.top_up().everybody(lambda: False) == 0
    assert world.made == {}


def test_the_movement_of_a_charge_is_the_one_that_its_event_tells() -> None:
    world = World()
    booked: list[Told] = []
    world.run(world.store.of("ann"))
    world.now += timedelta(minutes=6)
    top_up = replace(world.top_up(), book=lambda _, told: booked.append(told))
    top_up.one(world.store.of("ann"))

    (told,) = booked
    second = int(NIGHT.timestamp())
    assert told.movement("ann").id == f"{second * 1000:012x}-stripe-pi_0"
    assert told.movement("ann").amount_nano_usd == 1_000_000_000
