"""The rest of a large hold comes back once, and never twice."""

import json
from typing import Any

import pytest

from aggregator.billing.grant_store import GrantStore
from aggregator.billing.model import Held, Hold, bucket_for
from aggregator.billing.reserve import reserve
from aggregator.billing.rest import return_rest
from aggregator.billing.settle import settle_account
from aggregator.runtime.aws import AwsError
from tests.fakes.ledger_world import BUCKET, NOW, FlakyAws, LedgerWorld, end

THROTTLED = AwsError("ThrottlingException", status=400)
NOT_SENT = AwsError("Unreachable")
SILENT = AwsError("TimedOut")
FAULT = AwsError("InternalServerError", status=500)
UNNAMED = AwsError("What")


class Losing(FlakyAws):
    """DynamoDB whose next answers are lost: what they answer is carried out."""

    lost: AwsError | None = None

    def call(self, action: str, request: dict[str, Any]) -> dict[str, Any]:
        answer = super().call(action, request)
        if self.lost is not None and action == "UpdateItem":
            raise self.lost
        return answer


def holding(world: LedgerWorld, amount: int, now: float = NOW) -> Hold:
    return reserve(
        world.store, "ann", at_most_nano_usd=amount, at_least_nano_usd=amount, now_epoch_seconds=now
    )


def returned(world: LedgerWorld, hold: Hold, charged: int) -> int:
    return return_rest(world.store, "ann", hold, charged, request_id="r1", ends=None)


def world_of(credit: int, **refusals: list[AwsError]) -> LedgerWorld:
    world = LedgerWorld(**refusals)
    world.credit(credit)
    return world


def holds(world: LedgerWorld) -> dict[str, Held]:
    return dict(world.store.account("ann").holds)


@pytest.mark.parametrize(
    ("available_after", "amount", "large"),
    [(950, 50, False), (949, 51, True), (0, 1, True), (None, 0, False), (0, 0, False), (19, 1, False)],
)
def test_a_hold_is_large_above_a_twentieth_of_what_was_there(
    available_after: int | None, amount: int, large: bool
) -> None:
    assert Hold(amount, BUCKET, available_after).is_large is large


def test_what_a_large_hold_does_not_need_is_available_at_once() -> None:
    world = world_of(1_000)

    back = returned(world, holding(world, 400), charged=30)

    assert back == 370
    assert world.available() == 970
    assert holds(world) == {BUCKET: Held(30, 1)}


def test_settling_then_finds_the_smaller_hold() -> None:
    world = world_of(1_000)
    back = returned(world, holding(world, 400), charged=30)

    done = settle_account(world.store, [end("r1", 30, held=400 - back)], world.slept.append, NOW)
    again = settle_account(world.store, [end("r1", 30, held=400 - back)], world.slept.append, NOW)

    assert (done.entries, done.late, done.loss_nano_usd, again.repeated) == (1, 0, 0, 1)
    assert (world.available(), holds(world)) == (970, {BUCKET: Held(0, 0)})
    assert world.legs("r1") == {"user:ann": -30, "revenue": 30}


def test_a_request_that_cost_nothing_leaves_no_trace_of_its_hold() -> None:
    world = world_of(1_000)

    back = returned(world, holding(world, 400), charged=0)
    done = settle_account(world.store, [end("r1", 0, held=400 - back)], world.slept.append, NOW)

    assert (back, done.entries, done.late) == (400, 1, 0)
    assert (world.available(), holds(world)) == (1_000, {BUCKET: Held(0, 0)})


@pytest.mark.parametrize(("credit", "charged"), [(8_000, 30), (1_000, 400)])
def test_a_small_hold_and_one_that_was_used_up_cost_no_write(credit: int, charged: int) -> None:
    world = world_of(credit)
    hold = holding(world, 400)
    world.aws.inner.calls.clear()

    back = returned(world, hold, charged)

    assert (back, world.aws.inner.calls) == (0, [])
    assert holds(world) == {BUCKET: Held(400, 1)}


def test_other_holds_of_the_bucket_stay_whole() -> None:
    world = world_of(1_000)
    hold = holding(world, 400)
    holding(world, 100)

    returned(world, hold, charged=30)

    assert (world.available(), holds(world)) == (870, {BUCKET: Held(130, 2)})


def test_a_bucket_that_was_swept_returns_nothing_and_the_event_says_the_whole_hold() -> None:
    world = world_of(1_000)
    hold = holding(world, 400)
    world.store.sweep("ann", {BUCKET: Held(400, 1)})

    back = returned(world, hold, charged=30)

    assert (back, world.available()) == (0, 1_000)


@pytest.mark.parametrize("others", [Held(399, 1), Held(400, 0)])
def test_what_others_hold_in_a_bucket_that_was_swept_is_not_returned(others: Held) -> None:
    world = world_of(1_000)
    hold = holding(world, 400)
    stored = world.aws.inner.items["ACCOUNT#ann", "BALANCE"]
    stored[f"hold#{BUCKET}"] = {"N": str(others.amount_nano_usd)}
    stored[f"holds#{BUCKET}"] = {"N": str(others.requests)}

    back = returned(world, hold, charged=30)

    assert (back, world.available(), holds(world)) == (0, 600, {BUCKET: others})


@pytest.mark.parametrize("refused", [THROTTLED, NOT_SENT])
def test_a_write_that_surely_did_not_happen_leaves_the_hold_as_it_is(refused: AwsError) -> None:
    world = world_of(1_000)
    hold = holding(world, 400)
    world.aws.refusals["UpdateItem"] = [refused]

    back = returned(world, hold, charged=30)

    assert (back, world.available(), holds(world)) == (0, 600, {BUCKET: Held(400, 1)})


@pytest.mark.parametrize("lost", [SILENT, FAULT, UNNAMED])
def test_a_write_that_may_have_happened_counts_as_done_and_lapses_into_the_account_if_it_did_not(
    lost: AwsError,
) -> None:
    world = world_of(1_000)
    hold = holding(world, 400)
    world.aws.refusals["UpdateItem"] = [lost]

    back = returned(world, hold, charged=30)
    done = settle_account(world.store, [end("r1", 30, held=400 - back)], world.slept.append, NOW)

    assert (back, done.late, done.loss_nano_usd) == (370, 0, 0)
    assert (world.available(), holds(world)) == (600, {BUCKET: Held(370, 0)})
    later = int(BUCKET) + 61
    assert world.store.account("ann").spendable(later) == 970
    assert holding(world, 970, now=later).bucket == bucket_for(later)
    assert world.available() == 0


@pytest.mark.parametrize("lost", [SILENT, FAULT])
def test_a_write_whose_answer_was_lost_returns_its_money_once(lost: AwsError) -> None:
    world = world_of(1_000)
    hold = holding(world, 400)
    holding(world, 400)
    losing = Losing()
    losing.inner, losing.lost = world.aws.inner, lost
    world.store = GrantStore(losing, "billing")
    losing.inner.calls.clear()

    back = returned(world, hold, charged=30)

    assert (back, losing.inner.calls) == (370, ["UpdateItem"])
    assert (world.available(), holds(world)) == (570, {BUCKET: Held(430, 2)})


def test_the_write_goes_out_by_a_client_that_repeats_no_fault_within_its_time() -> None:
    asked: list[object] = []

    class Asked(FlakyAws):
        def until(self, ends: float) -> "Asked":
            asked.append(ends)
            return self

        def once(self) -> "Asked":
            asked.append("once")
            return self

    world = world_of(1_000)
    hold = holding(world, 400)
    told = Asked()
    told.inner = world.aws.inner

    return_rest(GrantStore(told, "billing"), "ann", hold, 30, request_id="r1", ends=7.5)

    assert asked == [7.5, "once"]
    assert world.available() == 970


def test_a_defect_counts_as_done_and_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    world = world_of(1_000)
    hold = holding(world, 400)
    world.aws.before["UpdateItem"] = lambda: 1 / 0

    back = returned(world, hold, charged=30)

    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert back == 370
    assert (told["message"], told["request_id"], told["code"]) == ("rest_in_doubt", "r1", "ZeroDivisionError")
