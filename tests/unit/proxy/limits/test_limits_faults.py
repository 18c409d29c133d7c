import json

import pytest

from aggregator.errors import StoreUnavailable
from aggregator.proxy.limits.rules import Taken
from aggregator.proxy.limits.store import LimitStore
from aggregator.proxy.limits.take import give_back, take
from aggregator.runtime.aws import JsonObject
from tests.unit.proxy.limits.limits_desk import FaultyAws, demand, key

ALL_KINDS = {
    "requestsPerMinute": 5,
    "tokensPerMinute": 50,
    "concurrentRequests": 2,
    "dailyBudgetNanoUsd": 1_000,
}


@pytest.mark.parametrize("code", ["Unreachable", "ThrottlingException", "AccessDeniedException", "TimedOut"])
def test_a_store_that_fails_is_no_free_pass(code: str) -> None:
    aws = FaultyAws()
    aws.faults = [("before", code)]

    with pytest.raises(StoreUnavailable) as refused:
        take(aws.store(), key(requestsPerMinute=5), demand())

    assert refused.value.retry_after_seconds == 1
    assert aws.counted == {}


def test_a_take_whose_answer_was_lost_holds_neither_money_nor_a_place() -> None:
    aws = FaultyAws()
    aws.faults = [("after", "TimedOut")]

    with pytest.raises(StoreUnavailable):
        take(aws.store(), key(**ALL_KINDS), demand())

    assert {name: count for name, count in aws.counted.items() if name[0] in "dr"} == {
        "d#2026-11-23": 0,
        "r#29923920": 1,
    }
    assert "running" not in aws.counted


@pytest.mark.parametrize(("places", "budget"), [(1, 150), (5, 1_000)])
def test_a_take_that_is_repeated_though_it_was_carried_out_takes_nothing_more(
    places: int, budget: int
) -> None:
    aws = FaultyAws()

    class Repeating:
        def call(self, action: str, request: JsonObject) -> JsonObject:
            aws.call(action, request)
            return aws.call(action, request)

    taken = take(
        LimitStore(Repeating(), "proxy"), key(concurrentRequests=places, dailyBudgetNanoUsd=budget), demand()
    )

    assert taken.at_most_nano_usd == 100
    assert aws.counted == {"d#2026-11-23": 100, "running": 1}


def test_a_take_that_never_arrived_is_not_given_back() -> None:
    aws = FaultyAws()
    caller = key(**ALL_KINDS)
    take(aws.store(), caller, demand())
    before = aws.counted
    aws.faults = [("before", "TimedOut")]

    with pytest.raises(StoreUnavailable):
        take(aws.store(), caller, demand("r2"))

    assert aws.counted == before


def test_a_sweep_that_fails_is_no_free_pass() -> None:
    aws = FaultyAws()
    caller = key(concurrentRequests=1)
    take(aws.store(), caller, demand(seconds=-1_000))
    aws.faults = [None, ("before", "Unreachable")]

    with pytest.raises(StoreUnavailable):
        take(aws.store(), caller, demand("r2"))


@pytest.mark.parametrize("when", ["before", "after"])
def test_giving_back_is_said_again_when_the_answer_is_lost(when: str) -> None:
    aws = FaultyAws()
    taken = take(aws.store(), key(**ALL_KINDS), demand())
    aws.faults = [(when, "TimedOut")]

    give_back(aws.store(), taken, spent_nano_usd=30)

    assert aws.counted == {"r#29923920": 1, "t#29923920": 10, "d#2026-11-23": 30}


def test_what_cannot_be_given_back_is_logged_and_counted_and_harms_nobody(
    capsys: pytest.CaptureFixture[str],
) -> None:
    aws = FaultyAws()
    taken = take(aws.store(), key(**ALL_KINDS), demand())
    aws.faults = [("before", "ThrottlingException")]

    give_back(aws.store(), taken)

    said, counted = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert (said["message"], said["request_id"], said["code"]) == (
        "limits_not_given_back",
        "r1",
        "ThrottlingException",
    )
    assert counted["LimitsNotGivenBack"] == 1
    assert aws.counted["running"] == 1


def test_a_defect_in_giving_back_does_not_harm_the_answer(capsys: pytest.CaptureFixture[str]) -> None:
    class Broken:
        def call(self, action: str, request: dict[str, object]) -> dict[str, object]:
            raise RuntimeError(action, request)

    store = FaultyAws().store()
    store._aws = Broken()

    give_back(store, Taken("k1", "r1", 5, ticket="1#a"))

    assert json.loads(capsys.readouterr().out.splitlines()[0])["code"] == "RuntimeError"


def test_a_budget_that_is_gone_is_not_made_negative() -> None:
    aws = FaultyAws()
    taken = take(aws.store(), key(dailyBudgetNanoUsd=1_000), demand())
    del aws.inner.items["LIMITS#k1", "LIMITS"]["d#2026-11-23"]

    give_back(aws.store(), taken)

    assert aws.counted == {"running": 1}


def test_a_budget_that_holds_less_than_is_given_back_is_not_made_negative() -> None:
    aws = FaultyAws()
    taken = take(aws.store(), key(dailyBudgetNanoUsd=1_000), demand())
    aws.inner.items["LIMITS#k1", "LIMITS"]["d#2026-11-23"] = {"N": "99"}

    give_back(aws.store(), taken)

    assert aws.counted == {"running": 1, "d#2026-11-23": 99}
