from datetime import UTC, datetime, timedelta

import pytest

from aggregator.errors import InsufficientQuota, RateLimitExceeded, headers_of
from aggregator.proxy.limits.take import demand_of, give_back, take, tokens_of
from aggregator.proxy.model import Bound
from tests.fakes.chat_world import ask
from tests.unit.proxy.limits.limits_desk import KEY_ITEM, NOW, FaultyAws, demand, key

MINUTE = "29923920"  # of NOW, since 1970


def test_a_key_without_limits_costs_no_call() -> None:
    aws = FaultyAws()

    taken = take(aws.store(), key(), demand())
    give_back(aws.store(), taken)

    assert aws.calls == []
    assert taken.at_most_nano_usd == 100
    assert taken.headers == {}


def test_all_limits_of_a_key_are_taken_in_one_call() -> None:
    aws = FaultyAws()
    limits = {"requestsPerMinute": 5, "tokensPerMinute": 50, "concurrentRequests": 2}
    caller = key(**limits, dailyBudgetNanoUsd=1_000, monthlyBudgetNanoUsd=9_000)

    taken = take(aws.store(), caller, demand())

    assert aws.calls == ["UpdateItem"]
    assert aws.counted == {
        f"r#{MINUTE}": 1,
        f"t#{MINUTE}": 10,
        "d#2026-11-23": 100,
        "m#2026-11": 100,
        "running": 1,
    }
    assert taken.headers == {
        "x-ratelimit-limit-requests": "5",
        "x-ratelimit-remaining-requests": "4",
        "x-ratelimit-reset-requests": "47s",
        "x-ratelimit-limit-tokens": "50",
        "x-ratelimit-remaining-tokens": "40",
        "x-ratelimit-reset-tokens": "47s",
    }


@pytest.mark.parametrize(
    "spent",
    [
        {"requestsPerMinute": 1},
        {"tokensPerMinute": 19},
        {"usdPerMinuteNanoUsd": 109},
        {"concurrentRequests": 1},
        {"dailyBudgetNanoUsd": 109},
        {"monthlyBudgetNanoUsd": 109},
    ],
)
def test_if_one_limit_refuses_nothing_is_taken_of_the_others(spent: dict[str, int]) -> None:
    aws = FaultyAws()
    roomy = {
        "requestsPerMinute": 9,
        "tokensPerMinute": 900,
        "usdPerMinuteNanoUsd": 9_000,
        "concurrentRequests": 9,
        "dailyBudgetNanoUsd": 9_000,
        "monthlyBudgetNanoUsd": 9_000,
    }
    take(aws.store(), key(**(roomy | spent)), demand())
    before = aws.counted

    with pytest.raises((RateLimitExceeded, InsufficientQuota)):
        take(aws.store(), key(**(roomy | spent)), demand("r2"))

    assert aws.counted == before


@pytest.mark.parametrize("budget", ["dailyBudgetNanoUsd", "monthlyBudgetNanoUsd"])
def test_what_costs_nothing_passes_a_budget_that_was_lowered_below_what_is_spent(budget: str) -> None:
    aws = FaultyAws()
    take(aws.store(), key(**{budget: 1_000}), demand(at_most_nano_usd=900))
    counted = next(name for name in aws.counted if name[:2] in ("d#", "m#"))

    lowered = key(**{budget: 500, "requestsPerMinute": 9})
    free = take(aws.store(), lowered, demand("free", at_most_nano_usd=0, at_least_nano_usd=0))

    assert aws.counted == {counted: 900, f"r#{MINUTE}": 1, "running": 2}
    with pytest.raises(InsufficientQuota):
        take(aws.store(), lowered, demand("paid", at_most_nano_usd=1, at_least_nano_usd=1))
    give_back(aws.store(), free)
    assert aws.counted == {counted: 900, f"r#{MINUTE}": 1, "running": 1}


def test_requests_over_a_minutes_limit_wait_for_the_next_minute() -> None:
    aws = FaultyAws()
    caller = key(requestsPerMinute=1)
    take(aws.store(), caller, demand())

    with pytest.raises(RateLimitExceeded) as refused:
        take(aws.store(), caller, demand("r2"))
    take(aws.store(), caller, demand("r3", NOW + timedelta(seconds=47)))

    assert headers_of(refused.value, "r2") == {
        "Content-Type": "application/json",
        "x-request-id": "r2",
        "request-id": "r2",
        "Cache-Control": "no-store",
        "Retry-After": "47",
        "x-ratelimit-limit-requests": "1",
        "x-ratelimit-remaining-requests": "0",
        "x-ratelimit-reset-requests": "47s",
    }
    assert "1 requests per minute" in refused.value.message


def test_a_limit_that_was_lowered_below_what_is_used_leaves_nothing() -> None:
    aws = FaultyAws()
    for n in range(3):
        take(aws.store(), key(requestsPerMinute=9), demand(f"r{n}"))

    with pytest.raises(RateLimitExceeded) as refused:
        take(aws.store(), key(requestsPerMinute=1), demand("r3"))

    assert refused.value.headers["x-ratelimit-remaining-requests"] == "0"


def test_at_the_beginning_of_a_minute_the_whole_of_it_is_left() -> None:
    aws = FaultyAws()

    taken = take(aws.store(), key(requestsPerMinute=1), demand(now=datetime(2026, 11, 23, 12, 0, tzinfo=UTC)))

    assert taken.headers["x-ratelimit-reset-requests"] == "1m0s"


def test_tokens_are_refused_when_fewer_are_left_than_the_request_counts_for() -> None:
    aws = FaultyAws()
    caller = key(tokensPerMinute=25)
    take(aws.store(), caller, demand("r1"))
    take(aws.store(), caller, demand("r2"))

    with pytest.raises(RateLimitExceeded) as refused:
        take(aws.store(), caller, demand("r3"))

    assert refused.value.retry_after_seconds == 47
    assert refused.value.headers["x-ratelimit-remaining-tokens"] == "5"


def test_a_request_that_no_minute_can_hold_is_told_not_to_come_again_and_costs_no_call() -> None:
    aws = FaultyAws()

    with pytest.raises(RateLimitExceeded) as refused:
        take(aws.store(), key(tokensPerMinute=9), demand())

    assert aws.calls == []
    assert refused.value.retry_after_seconds is None
    assert refused.value.headers["x-should-retry"] == "false"


def test_a_place_is_free_again_once_it_is_given_back() -> None:
    aws = FaultyAws()
    caller = key(concurrentRequests=1)
    first = take(aws.store(), caller, demand())

    with pytest.raises(RateLimitExceeded, match="limited to 1 requests at once") as refused:
        take(aws.store(), caller, demand("r2"))
    give_back(aws.store(), first)
    take(aws.store(), caller, demand("r3"))

    assert refused.value.retry_after_seconds == 1
    assert aws.calls == ["UpdateItem"] * 4


def test_the_place_of_a_request_that_died_is_free_a_minute_after_its_deadline() -> None:
    aws = FaultyAws()
    caller = key(concurrentRequests=1)
    take(aws.store(), caller, demand(seconds=100))

    with pytest.raises(RateLimitExceeded):
        take(aws.store(), caller, demand("r2", NOW + timedelta(seconds=160)))
    aws.calls.clear()
    take(aws.store(), caller, demand("r3", NOW + timedelta(seconds=162)))

    assert aws.counted == {"running": 1}
    assert aws.calls == ["UpdateItem"] * 3  # refused, swept, taken


def test_whoever_gives_back_takes_dead_requests_along() -> None:
    aws = FaultyAws()
    caller = key(concurrentRequests=9)
    take(aws.store(), caller, demand("died"))
    later = take(aws.store(), caller, demand("r2", NOW + timedelta(hours=1)))

    give_back(aws.store(), later)

    assert aws.counted == {}


def test_a_budget_keeps_what_was_spent_and_gets_the_rest_back() -> None:
    aws = FaultyAws()
    caller = key(dailyBudgetNanoUsd=1_000, monthlyBudgetNanoUsd=1_000)
    taken = take(aws.store(), caller, demand())

    give_back(aws.store(), taken, spent_nano_usd=30)

    assert aws.counted == {"d#2026-11-23": 30, "m#2026-11": 30}


def test_giving_back_twice_is_giving_back_once() -> None:
    aws = FaultyAws()
    caller = key(dailyBudgetNanoUsd=1_000)
    taken = take(aws.store(), caller, demand())
    take(aws.store(), caller, demand("r2"))

    give_back(aws.store(), taken, spent_nano_usd=30)
    give_back(aws.store(), taken, spent_nano_usd=30)

    assert aws.counted == {"d#2026-11-23": 130, "running": 1}


def test_a_cost_over_what_was_taken_gives_nothing_back_and_takes_nothing_more() -> None:
    aws = FaultyAws()
    taken = take(aws.store(), key(dailyBudgetNanoUsd=1_000), demand())

    give_back(aws.store(), taken, spent_nano_usd=101)

    assert aws.counted == {"d#2026-11-23": 100}


def test_where_a_budget_is_short_the_request_gets_what_is_left() -> None:
    aws = FaultyAws()
    caller = key(dailyBudgetNanoUsd=150, monthlyBudgetNanoUsd=5_000)
    take(aws.store(), caller, demand())

    taken = take(aws.store(), caller, demand("r2"))

    assert taken.at_most_nano_usd == 50
    assert aws.counted == {"d#2026-11-23": 150, "m#2026-11": 150, "running": 2}


@pytest.mark.parametrize(
    ("limit", "name", "next_at"),
    [
        ("dailyBudgetNanoUsd", "daily", "2026-11-24T00:00:00Z"),
        ("monthlyBudgetNanoUsd", "monthly", "2026-12-01T00:00:00Z"),
    ],
)
def test_a_budget_that_is_used_up_is_named_with_the_time_it_begins_anew(
    limit: str, name: str, next_at: str
) -> None:
    aws = FaultyAws()
    caller = key(**{limit: 105, "requestsPerMinute": 1})
    take(aws.store(), caller, demand())

    with pytest.raises(InsufficientQuota) as refused:
        take(aws.store(), caller, demand("r2"))

    assert refused.value.message == (
        f"This API key's {name} budget of 0.000000105 USD has 0.000000005 USD left that no running request holds, "
        f"and this request may cost up to 0.00000001 USD. The budget begins anew at {next_at}."
    )
    assert refused.value.retry_after_seconds is None


def test_a_budget_below_the_least_cost_of_a_request_costs_no_call() -> None:
    aws = FaultyAws()

    with pytest.raises(InsufficientQuota):
        take(aws.store(), key(dailyBudgetNanoUsd=9), demand())

    assert aws.calls == []


def test_budgets_begin_anew_with_the_day_and_the_month_in_utc() -> None:
    aws = FaultyAws()
    caller = key(dailyBudgetNanoUsd=100, monthlyBudgetNanoUsd=200)
    late = datetime.fromisoformat("2026-12-31T23:59:59+00:00")
    take(aws.store(), caller, demand("r1", late - timedelta(days=1)))
    take(aws.store(), caller, demand("r2", late))

    with pytest.raises(InsufficientQuota, match="2027-01-01T00:00:00Z"):
        take(aws.store(), caller, demand("r3", late))
    take(aws.store(), caller, demand("r4", datetime.fromisoformat("2026-12-31T23:30:00-01:00")))

    assert aws.counted["m#2027-01"] == 100


def test_what_was_taken_before_midnight_is_given_back_to_that_day() -> None:
    aws = FaultyAws()
    caller = key(dailyBudgetNanoUsd=1_000)
    before = take(aws.store(), caller, demand("r1", datetime(2026, 11, 23, 23, 59, 59, tzinfo=UTC)))
    take(aws.store(), caller, demand("r2", datetime(2026, 11, 24, 0, 0, 1, tzinfo=UTC)))

    give_back(aws.store(), before, spent_nano_usd=1)

    assert aws.counted == {"d#2026-11-23": 1, "d#2026-11-24": 100, "running": 1}


def test_counters_of_windows_long_over_are_tidied_up_by_those_who_give_back() -> None:
    aws = FaultyAws()
    caller = key(requestsPerMinute=9, dailyBudgetNanoUsd=9_000)
    take(aws.store(), caller, demand("r1", NOW - timedelta(days=2)))
    take(aws.store(), caller, demand("r2", NOW - timedelta(days=1)))

    give_back(aws.store(), take(aws.store(), caller, demand("r3")))

    assert aws.counted == {f"r#{MINUTE}": 1, "d#2026-11-22": 100, "d#2026-11-23": 0}


def test_a_key_with_nothing_to_give_back_stays_small_all_the_same() -> None:
    aws = FaultyAws()
    caller = key(requestsPerMinute=9)
    sizes = []

    for minute in range(60):
        now = NOW + timedelta(minutes=minute)
        give_back(aws.store(), take(aws.store(), caller, demand(f"r{minute}", now)))
        sizes.append(len(aws.counted))

    assert max(sizes) == 9
    assert len(aws.calls) == 60 + 7


def test_an_item_expires_a_month_after_its_last_use() -> None:
    aws = FaultyAws()

    take(aws.store(), key(requestsPerMinute=9), demand())

    assert aws.inner.items[KEY_ITEM]["expires_at"] == {"N": str(int(NOW.timestamp()) + 35 * 86_400)}


def test_tokens_are_estimated_from_bytes_images_and_the_clients_own_limit() -> None:
    limited = ask(max_tokens=50, n=2)
    free = ask()

    assert limited.text_bytes == 92
    assert tokens_of(limited) == 23 + 2 * 50
    assert free.text_bytes == 66
    assert tokens_of(free) == 17
    assert tokens_of(free._replace(surface="embeddings", tokens=7, images=2)) == 17 + 7 + 2_048


def test_a_request_demands_what_it_was_bounded_to() -> None:
    asked = demand_of(ask(max_tokens=50), Bound(300, 200), request_id="r1", now=NOW, seconds=5)

    assert asked == demand("r1", seconds=5, tokens=21 + 50, at_most_nano_usd=300, at_least_nano_usd=200)
