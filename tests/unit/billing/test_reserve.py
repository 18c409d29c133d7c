"""Reserve: an upper bound is taken aside in one write, or what is there, or nothing."""

import pytest

from aggregator.billing.model import Account, Held, Hold, bucket_for, has_lapsed
from aggregator.billing.reserve import Wish, reserve
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
    world.credit(240)
    world.aws.inner.calls.clear()

    hold = reserved(world, 60)

    assert hold == Hold(60, BUCKET, available_after_nano_usd=180)
    assert (world.available(), world.held()) == (180, 60)
    assert world.aws.inner.calls[:1] == ["UpdateItem"]
    assert world.aws.inner.calls.count("UpdateItem") == 1


@pytest.mark.parametrize(
    ("credit", "others", "held"),
    [
        (239, 0, 60),  # half of what is there is more than the bound
        (100, 0, 50),  # half of it
        (100, 20, 20),  # a quarter of 80
        (30, 0, 15),
        (31, 1, 10),  # a quarter would be too little
        (10, 0, 10),
    ],
)
def test_a_tight_account_lends_a_share_or_what_is_needed_at_the_least_in_two_writes(
    credit: int, others: int, held: int
) -> None:
    world = LedgerWorld()
    world.credit(credit)
    if others:
        reserved(world, others)
    world.aws.inner.calls.clear()

    hold = reserved(world, most=60, least=10)

    left = credit - others - held
    assert hold == Hold(held, BUCKET, available_after_nano_usd=left)
    assert world.aws.inner.calls == ["UpdateItem", "UpdateItem"]
    assert (world.available(), world.held()) == (left, held + others)


def test_a_tight_account_is_looked_at_closer_once() -> None:
    world = LedgerWorld()
    world.credit(100)
    seen: list[int] = []
    world.aws.before["UpdateItem"] = lambda: reserved(world, 50)

    def closer(account: Account) -> Wish:
        seen.append(account.available_nano_usd)
        return Wish(at_most_nano_usd=44, at_least_nano_usd=3, useful_nano_usd=20)

    hold = reserve(
        world.store,
        "ann",
        at_most_nano_usd=60,
        at_least_nano_usd=60,
        now_epoch_seconds=NOW,
        if_tight=closer,
    )

    assert seen == [50]
    assert (hold.amount_nano_usd, world.available()) == (20, 30)


def test_a_rich_account_is_not_looked_at() -> None:
    world = LedgerWorld()
    world.credit(400)

    hold = reserve(
        world.store,
        "ann",
        at_most_nano_usd=100,
        at_least_nano_usd=100,
        now_epoch_seconds=NOW,
        if_tight=lambda _: pytest.fail("it is rich"),
    )

    assert hold.amount_nano_usd == 100


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

    assert refused.value.message == (
        "This request needs 2.50 USD at the least, and 2.00 USD are available. "
        "Add credit or shorten the prompt."
    )
    assert refused.value.details == {
        "balance": {
            "needed_usd": "2.50",
            "available_usd": "2.00",
            "held_usd": "0.00",
            "held_until": None,
            "most_max_tokens": None,
        }
    }
    assert (world.available(), world.held()) == (2_000_000_000, 0)


def test_a_refusal_says_what_running_requests_hold_until_when_and_what_would_pass() -> None:
    world = LedgerWorld()
    world.credit(2_000_000_000)
    for n, amount in enumerate((100_000_000, 200_000_000, 400_000_000)):
        reserved(world, amount, now=NOW + 300 * n - 4_200)  # the first two have lapsed

    with pytest.raises(InsufficientQuota) as refused:
        reserve(
            world.store,
            "ann",
            at_most_nano_usd=9_000_000_000,
            at_least_nano_usd=9_000_000_000,
            now_epoch_seconds=NOW,
            if_tight=lambda _: Wish(3_000_000_000, 2_500_000_000, most_tokens=lambda amount: amount // 10**7),
        )

    assert refused.value.message == (
        "This request needs 2.50 USD at the least, and 1.60 USD are available. "
        "Running requests hold 0.40 USD, of which the last is back by 2025-11-24T16:01:00Z. "
        "Add credit, shorten the prompt, or lower max_tokens to 160."
    )
    assert refused.value.details == {
        "balance": {
            "needed_usd": "2.50",
            "available_usd": "1.60",
            "held_usd": "0.40",
            "held_until": "2025-11-24T16:01:00Z",
            "most_max_tokens": 160,
        }
    }


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


@pytest.mark.parametrize(("credit", "held"), [(400, 100), (100, 90), (99, 40), (30, 30)])
def test_who_is_short_holds_no_more_than_is_asked_for_then(credit: int, held: int) -> None:
    world = LedgerWorld()
    world.credit(credit)

    hold = reserve(
        world.store,
        "ann",
        at_most_nano_usd=100,
        at_least_nano_usd=10,
        now_epoch_seconds=NOW,
        if_tight=lambda _: Wish(100, 10, useful_nano_usd=90, if_short_nano_usd=40),
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
    world.credit(370)
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

    assert hold.amount_nano_usd == 20
    assert (world.available(), world.held()) == (10, 90)


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
