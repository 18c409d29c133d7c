"""Reserve: an upper bound is taken aside in one write, or what is there, or nothing."""

import pytest

from aggregator.billing.model import Held, Hold, bucket_for, has_lapsed
from aggregator.billing.reserve import reserve
from aggregator.errors import InsufficientQuota, StoreUnavailable
from aggregator.runtime.aws import AwsError
from tests.fakes.ledger_world import BUCKET, NOW, LedgerWorld

SHORT = {
    "available": {"N": "59"},
    f"hold#{int(NOW) - 300}": {"N": "41"},
    f"holds#{int(NOW) - 300}": {"N": "1"},
}
"""Too little is available, but for what has lapsed, which others sweep and take in turn."""


def reserved(world: LedgerWorld, most: int, least: int | None = None, now: float = NOW) -> Hold:
    return reserve(
        world.store,
        "ann",
        at_most_nano_usd=most,
        at_least_nano_usd=most if least is None else least,
        now_epoch_seconds=now,
    )


def test_what_is_there_is_held_in_one_write() -> None:
    world = LedgerWorld()
    world.credit(100)
    world.aws.inner.calls.clear()

    hold = reserved(world, 60)

    assert hold == Hold(60, BUCKET, available_after_nano_usd=40)
    assert (world.available(), world.held()) == (40, 60)
    assert world.aws.inner.calls[:1] == ["UpdateItem"]
    assert world.aws.inner.calls.count("UpdateItem") == 1


def test_holds_of_one_window_share_a_bucket() -> None:
    world = LedgerWorld()
    world.credit(100)

    reserved(world, 10)
    reserved(world, 20)

    assert world.store.account("ann").holds == {BUCKET: Held(30, 2)}


def test_what_is_short_is_refused_with_what_is_needed_and_what_is_there() -> None:
    world = LedgerWorld()
    world.credit(2_000_000_000)

    with pytest.raises(InsufficientQuota) as refused:
        reserved(world, 2_500_000_000)

    assert "may cost up to 2.50 USD, and 2.00 USD are available" in refused.value.message
    assert (world.available(), world.held()) == (2_000_000_000, 0)


def test_who_never_had_an_account_has_nothing() -> None:
    world = LedgerWorld()

    with pytest.raises(InsufficientQuota, match=r"0\.00 USD are available"):
        reserved(world, 1)

    assert world.aws.inner.items == {}


def test_what_can_cost_nothing_needs_no_account_and_no_write() -> None:
    world = LedgerWorld()

    hold = reserved(world, 0)

    assert hold == Hold(0, BUCKET, available_after_nano_usd=None)
    assert (world.aws.inner.calls, world.aws.inner.items) == ([], {})


def test_a_small_balance_is_held_as_a_whole_if_it_is_enough_to_be_of_use() -> None:
    world = LedgerWorld()
    world.credit(50)

    hold = reserved(world, most=100, least=50)

    assert (hold.amount_nano_usd, hold.available_after_nano_usd) == (50, 0)


def test_who_is_short_holds_no_more_than_is_asked_for_then() -> None:
    for credit, held in ((100, 100), (99, 40), (30, 30)):
        world = LedgerWorld()
        world.credit(credit)

        hold = reserve(
            world.store,
            "ann",
            at_most_nano_usd=100,
            at_least_nano_usd=10,
            if_short_nano_usd=40,
            now_epoch_seconds=NOW,
        )

        assert (hold.amount_nano_usd, world.available()) == (held, credit - held)


def test_a_balance_too_small_to_be_of_use_is_left_alone() -> None:
    world = LedgerWorld()
    world.credit(49)

    with pytest.raises(InsufficientQuota):
        reserved(world, most=100, least=50)

    assert world.available() == 49


def test_lapsed_holds_are_the_users_again_when_money_is_short() -> None:
    world = LedgerWorld()
    world.credit(100)
    reserved(world, 90)

    hold = reserved(world, 95, now=NOW + 3600 + 61)

    assert hold.amount_nano_usd == 95
    assert (world.available(), world.held()) == (5, 95)
    assert BUCKET not in world.store.account("ann").holds


def test_running_holds_are_not_taken_for_lapsed_ones() -> None:
    world = LedgerWorld()
    world.credit(100)
    reserved(world, 90)

    with pytest.raises(InsufficientQuota):
        reserved(world, 95, now=NOW + 3600 + 60)

    assert world.held() == 90


def test_while_there_is_enough_nothing_is_swept() -> None:
    world = LedgerWorld()
    world.credit(100)
    reserved(world, 10)

    reserved(world, 90, now=NOW + 7200)

    assert world.store.account("ann").holds[BUCKET] == Held(10, 1)


def test_more_lapsed_buckets_than_one_write_can_name_are_swept_all_the_same() -> None:
    world = LedgerWorld()
    world.credit(100)
    for n in range(100):
        reserved(world, 1, now=NOW + 300 * n)

    hold = reserved(world, 100, now=NOW + 300 * 100 + 7200)

    assert hold.amount_nano_usd == 100
    assert world.held() == 100


def test_money_that_somebody_else_takes_meanwhile_is_not_promised() -> None:
    world = LedgerWorld()
    world.credit(100)
    world.aws.before["UpdateItem"] = lambda: reserved(world, 70)

    hold = reserved(world, most=100, least=20)

    assert hold.amount_nano_usd == 30
    assert (world.available(), world.held()) == (0, 100)


def test_who_has_the_money_and_always_comes_second_is_asked_to_come_again() -> None:
    world = LedgerWorld(UpdateItem=[AwsError("ConditionalCheckFailedException", item=SHORT)] * 10)
    world.credit(100)

    with pytest.raises(StoreUnavailable) as refused:
        reserved(world, 60)

    assert refused.value.retry_after_seconds == 1
    assert (world.available(), world.held()) == (100, 0)


def test_a_table_that_does_not_answer_is_told_as_it_is() -> None:
    world = LedgerWorld(UpdateItem=[AwsError("TimedOut")])
    world.credit(100)

    with pytest.raises(AwsError, match="TimedOut"):
        reserved(world, 10)

    assert world.available() == 100


@pytest.mark.parametrize(
    ("now", "bucket"),
    [(NOW, "1764003600"), (NOW + 1, "1764003900"), (NOW + 300, "1764003900"), (NOW + 300.9, "1764003900")],
)
def test_a_bucket_ends_an_hour_later_at_the_earliest(now: float, bucket: str) -> None:
    assert bucket_for(now) == bucket


def test_a_bucket_has_lapsed_a_minute_after_its_end() -> None:
    assert not has_lapsed("1764003600", 1764003660)
    assert has_lapsed("1764003600", 1764003660.5)
