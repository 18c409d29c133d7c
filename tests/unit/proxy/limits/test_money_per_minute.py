"""Money per minute: what a request may cost counts when it is let in, and what it did cost while the minute lasts."""

from datetime import timedelta

import pytest

from aggregator.auth.caller import Over
from aggregator.errors import ProviderFailed, RateLimitExceeded, headers_of
from aggregator.proxy.limits.take import give_back, take
from aggregator.proxy.walk import walk
from aggregator.runtime.streaming import StreamingResponse
from tests.fakes.chat_world import CALLER, ScriptedResponse, ask, completion, counted, visit
from tests.unit.proxy.limits.limits_desk import NOW, FaultyAws, demand, key
from tests.unit.proxy.limits.test_limits_in_the_walk import Limited, used
from tests.unit.proxy.limits.test_limits_of_lines import caller, children

USD = "usdPerMinuteNanoUsd"
MINUTE = "u#29923920"


def served(
    world: Limited, limit: int, seconds_later: float = 0, request_id: str = "", **fields: object
) -> StreamingResponse:
    at = visit(world.clock)
    at = at._replace(request_id=request_id or at.request_id, started_ms=at.started_ms - seconds_later * 1_000)
    return walk(CALLER._replace(limits={USD: limit}), ask(**fields), at, world.collaborators())


def answered() -> ScriptedResponse:
    """It costs 10 + 2 * 5 nano-dollars."""
    return ScriptedResponse(completion("hello", counted(10, 5)))


def test_a_request_counts_for_what_it_may_cost_and_then_for_what_it_did() -> None:
    aws = FaultyAws()

    taken = take(aws.store(), key(**{USD: 1_000}), demand(at_most_nano_usd=300))
    while_it_runs = aws.counted
    give_back(aws.store(), taken, 20, now=NOW + timedelta(seconds=2))

    assert while_it_runs == {MINUTE: 300, "running": 1}
    assert aws.counted == {MINUTE: 20}
    assert aws.calls == ["UpdateItem", "UpdateItem"]


def test_over_http_words_it_is_put_right_in_the_same_minute() -> None:
    here = Limited(answered(), answered())

    for request_id in ("r1", "r2"):
        served(here, 1_000, request_id=request_id, max_tokens=10)

    assert used(here)[MINUTE] == 40


def test_a_request_that_nobody_answered_spent_nothing() -> None:
    here = Limited(ScriptedResponse(status=500), ScriptedResponse(status=500))

    with pytest.raises(ProviderFailed):
        served(here, 1_000)

    assert used(here) == {MINUTE: 0}


def test_too_little_left_is_a_429_that_names_the_limit_and_the_next_minute() -> None:
    aws = FaultyAws()
    limited = key(**{USD: 500_000_000})
    take(aws.store(), limited, demand("r1", at_most_nano_usd=495_000_000))
    before = aws.counted

    with pytest.raises(RateLimitExceeded) as refused:
        take(aws.store(), limited, demand("r2", at_most_nano_usd=20_000_000, at_least_nano_usd=6_000_000))

    assert refused.value.message == (
        "This API key is limited to 0.50 USD per minute (usdPerMinute), and too little is left: this request may "
        "cost up to 0.006 USD. The next minute begins in 47 s."
    )
    assert headers_of(refused.value, "r2")["Retry-After"] == "47"
    assert "x-should-retry" not in headers_of(refused.value, "r2")
    assert aws.counted == before


def test_the_next_minute_has_its_own_money() -> None:
    aws = FaultyAws()
    limited = key(**{USD: 100})
    take(aws.store(), limited, demand("r1"))

    with pytest.raises(RateLimitExceeded):
        take(aws.store(), limited, demand("r2"))
    taken = take(aws.store(), limited, demand("r3", NOW + timedelta(seconds=47)))

    assert taken.at_most_nano_usd == 100


def test_what_no_minute_can_hold_is_not_to_be_tried_again() -> None:
    aws = FaultyAws()

    with pytest.raises(RateLimitExceeded) as refused:
        take(aws.store(), key(**{USD: 9}), demand())

    assert refused.value.message == (
        "This request may cost up to 0.00000001 USD, and this API key is limited to 0.000000009 USD per minute "
        "(usdPerMinute). Shorten the prompt, or lower max_tokens."
    )
    assert headers_of(refused.value, "r1")["x-should-retry"] == "false"
    assert aws.counted == {}


@pytest.mark.parametrize(
    ("limit", "most", "least", "taken"),
    [
        (100, 100, 10, 100),  # it fits: all of it
        (100, 101, 10, 50),  # it does not: half of what is left
        (100, 500, 60, 60),  # or its least, where that is more
        (1_000, 500, 60, 500),
        (60, 500, 60, 60),
    ],
)
def test_what_does_not_fit_takes_half_of_what_is_left_so_that_others_have_room(
    limit: int, most: int, least: int, taken: int
) -> None:
    aws = FaultyAws()

    got = take(aws.store(), key(**{USD: limit}), demand(at_most_nano_usd=most, at_least_nano_usd=least))

    assert (got.at_most_nano_usd, aws.counted[MINUTE]) == (taken, taken)


def test_a_hold_is_no_more_than_what_the_minute_gave_and_the_answer_is_capped_to_it() -> None:
    here = Limited(answered())

    answer = served(here, 328)

    assert here.wallets.held == [164]
    assert 16 <= int(answer.headers["x-aggregator-max-tokens"]) < 100
    assert used(here) == {MINUTE: 20}


def test_what_costs_nothing_passes_and_leaves_no_trace() -> None:
    aws = FaultyAws()
    take(aws.store(), key(**{USD: 100}), demand("r1"))

    lowered = key(**{USD: 50})
    free = take(aws.store(), lowered, demand("r2", at_most_nano_usd=0, at_least_nano_usd=0))

    assert (free.at_most_nano_usd, aws.counted) == (0, {MINUTE: 100, "running": 2})


def test_a_minute_that_is_over_is_left_as_it_is() -> None:
    here = Limited(answered())

    served(here, 1_000, seconds_later=60, max_tokens=10)

    assert used(here) == {MINUTE: here.wallets.held[0]}


def test_putting_right_twice_is_putting_right_once() -> None:
    aws = FaultyAws()
    taken = take(aws.store(), key(**{USD: 1_000}), demand())
    aws.faults = [("after", "TimedOut")]

    for _ in range(2):
        give_back(aws.store(), taken, 20, now=NOW + timedelta(seconds=2))

    assert aws.counted == {MINUTE: 20}


def test_a_budget_gets_back_what_a_minute_that_is_over_does_not() -> None:
    aws = FaultyAws()
    taken = take(aws.store(), key(**{USD: 1_000, "dailyBudgetNanoUsd": 1_000}), demand())

    give_back(aws.store(), taken, 20, now=NOW + timedelta(seconds=60))

    assert aws.counted == {MINUTE: 100, "d#2026-11-23": 20}


def test_a_budget_that_is_used_up_is_told_before_the_minute() -> None:
    aws = FaultyAws()
    limited = key(**{USD: 100, "dailyBudgetNanoUsd": 100})
    take(aws.store(), limited, demand("r1"))

    with pytest.raises(Exception, match="daily budget"):
        take(aws.store(), limited, demand("r2"))


def test_counts_of_minutes_long_over_are_tidied_away() -> None:
    aws = FaultyAws()
    limited = key(**{USD: 1_000})
    give_back(aws.store(), take(aws.store(), limited, demand("r1")), 20)

    later = NOW + timedelta(minutes=2)
    give_back(aws.store(), take(aws.store(), limited, demand("r2", later)), 30, now=later)

    assert aws.counted == {"u#29923922": 30}


def test_ten_keys_of_a_key_spend_its_minute_once() -> None:
    aws = FaultyAws()
    granted: list[int] = []
    refusals: set[str] = set()

    for n, child in enumerate(children(10, **{USD: 1_000})):
        try:
            taken = take(aws.store(), child, demand(f"r{n}", at_most_nano_usd=300, at_least_nano_usd=300))
        except RateLimitExceeded as refused:
            refusals.add(refused.message.partition(",")[0])
        else:
            granted.append(taken.at_most_nano_usd)

    assert granted == [300, 300, 300]
    assert refusals == {
        "The API key that this one was made by is limited to 0.000001 USD per minute (usdPerMinute)"
    }
    assert aws.counted[MINUTE] == 900


def test_each_key_of_a_line_has_its_own_minute_and_all_are_put_right_in_one_write() -> None:
    aws = FaultyAws()
    grandchild = caller("k3", {USD: 200}, Over("k1", {USD: 1_000}), Over("k2", {USD: 500}))

    taken = take(aws.store(), grandchild, demand(at_most_nano_usd=150))
    while_it_runs = aws.counted
    give_back(aws.store(), taken, 70, now=NOW)

    assert while_it_runs == {MINUTE: 150, f"{MINUTE}#k2": 150, f"{MINUTE}#k3": 150, "running#k3": 1}
    assert aws.counted == {MINUTE: 70, f"{MINUTE}#k2": 70, f"{MINUTE}#k3": 70}
    assert aws.calls == ["UpdateItem", "UpdateItem"]


def test_of_a_line_the_minute_with_least_left_says_how_much() -> None:
    aws = FaultyAws()
    child = caller("k2", {USD: 1_000}, Over("k1", {USD: 80}))

    taken = take(aws.store(), child, demand(at_most_nano_usd=900))

    assert taken.at_most_nano_usd == 40
