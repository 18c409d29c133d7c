"""A suspended user reserves nothing, from the write on that says so; what runs is settled, and money is booked."""

import pytest

from aggregator.billing.model import Hold
from aggregator.billing.reserve import reserve
from aggregator.billing.settle import settle_account
from aggregator.errors import UserSuspended
from tests.fakes.ledger_world import BUCKET, NOW, LedgerWorld, end


def refused(world: LedgerWorld, amount: int = 10) -> UserSuspended:
    with pytest.raises(UserSuspended) as raised:
        world.reserve(amount)
    return raised.value


def test_nothing_is_held_for_who_is_suspended_and_one_write_says_so() -> None:
    world = LedgerWorld()
    world.credit(240)
    world.store.suspend("ann", 2)
    world.aws.inner.calls.clear()

    refusal = refused(world, 60)

    assert (refusal.code, refusal.message) == (
        "user_suspended",
        "The user of this API key is suspended. Whoever runs this platform can resume them.",
    )
    assert world.aws.inner.calls == ["UpdateItem"]
    assert (world.available(), world.held()) == (240, 0)


def test_who_is_suspended_and_has_nothing_is_told_the_first() -> None:
    world = LedgerWorld()
    world.store.suspend("ann", 2)

    assert refused(world).code == "user_suspended"
    assert world.available() == 0


def test_a_tight_account_that_is_suspended_is_looked_at_no_closer() -> None:
    world = LedgerWorld()
    world.credit(100)
    world.store.suspend("ann", 2)

    with pytest.raises(UserSuspended):
        reserve(
            world.store,
            "ann",
            at_most_nano_usd=60,
            at_least_nano_usd=1,
            now_epoch_seconds=NOW,
            if_tight=lambda _account: pytest.fail("nobody asks a provider for it"),
        )


def test_who_is_suspended_between_two_tries_of_one_request_holds_nothing() -> None:
    world = LedgerWorld()
    world.credit(100)
    tries: list[str] = []

    def suspended_meanwhile() -> None:
        tries.append("first")
        world.aws.before["UpdateItem"] = lambda: world.store.suspend("ann", 2)

    world.aws.before["UpdateItem"] = suspended_meanwhile
    refused(world, 60)

    assert tries == ["first"]
    assert (world.available(), world.held()) == (100, 0)


def test_what_runs_while_its_user_is_suspended_is_settled_and_its_rest_comes_back() -> None:
    world = LedgerWorld()
    world.credit(400)
    world.reserve(100)
    world.store.suspend("ann", 2)

    world.store.return_rest("ann", Hold(100, BUCKET, available_after_nano_usd=300), 30)
    settle_account(world.store, [end("r1", cost=40, held=70)], world.slept.append)

    assert (world.available(), world.held()) == (360, 0)
    assert world.legs("r1") == {"user:ann": -40, "revenue": 40}


def test_money_is_booked_for_who_is_suspended() -> None:
    world = LedgerWorld()
    world.store.suspend("ann", 2)

    world.credit(50)
    world.book("debit", 20)

    assert world.available() == 30
    assert world.store.account("ann").suspended


def test_who_is_resumed_reserves_as_before() -> None:
    world = LedgerWorld()
    world.credit(400)
    world.store.suspend("ann", 2)
    world.store.resume("ann", 3)

    world.reserve(100)

    assert (world.available(), world.held()) == (300, 100)


@pytest.mark.parametrize(
    ("said", "suspended"),
    [
        ([("suspend", 2), ("resume", 3)], False),
        ([("resume", 3), ("suspend", 2)], False),
        ([("suspend", 4), ("resume", 3)], True),
        ([("suspend", 2), ("resume", 3), ("suspend", 2)], False),
        ([("suspend", 2), ("suspend", 2)], True),
    ],
)
def test_what_the_latest_version_of_a_user_said_stands_in_whatever_order_it_comes(
    said: list[tuple[str, int]], suspended: bool
) -> None:
    world = LedgerWorld()
    world.credit(40)

    for word, version in said:
        getattr(world.store, word)("ann", version)

    assert world.store.account("ann").suspended is suspended
    assert world.available() == 40


def test_a_suspended_member_reserves_nothing_of_the_teams_money_and_others_do() -> None:
    world = LedgerWorld()
    world.credit(400)
    world.store.suspend("ann", 2, member="bob")

    def of_team(member: str) -> None:
        reserve(
            world.store,
            "ann",
            at_most_nano_usd=10,
            at_least_nano_usd=10,
            now_epoch_seconds=NOW,
            member=member,
        )

    with pytest.raises(UserSuspended) as raised:
        of_team("bob")
    of_team("eve")

    assert raised.value.message.startswith("The user of this API key is suspended.")
    assert (world.available(), world.held()) == (390, 10)


def test_a_suspended_team_says_that_it_is_the_team() -> None:
    world = LedgerWorld()
    world.credit(400)
    world.store.suspend("ann", 2)

    with pytest.raises(UserSuspended) as raised:
        reserve(
            world.store,
            "ann",
            at_most_nano_usd=10,
            at_least_nano_usd=10,
            now_epoch_seconds=NOW,
            member="eve",
        )

    assert raised.value.message.startswith("The team that this API key charges is suspended.")
