"""Keys that charge a team: its month, the member's, each key's own and the wallet hold together, by one write."""

from datetime import timedelta
from typing import Any

import pytest

from aggregator.auth.caller import Caller, Over, Team
from aggregator.errors import InsufficientQuota, RateLimitExceeded, Refusal
from aggregator.proxy.limits.counts import is_limited, item_of, owners_of
from aggregator.proxy.limits.spent import TeamCounts
from aggregator.proxy.limits.take import give_back, take
from tests.unit.proxy.limits.limits_desk import NOW, FaultyAws, demand

DAILY, MONTHLY = "dailyBudgetNanoUsd", "monthlyBudgetNanoUsd"
TEAM_ITEM = ("LIMITS#TEAM#crew", "LIMITS")


def key(
    key_id: str = "k1",
    user_id: str = "ann",
    *,
    team: int | None = None,
    member: int | None = None,
    **limits: int,
) -> Caller:
    return Caller(key_id=key_id, user_id=user_id, limits=limits, team=Team("crew", team, member))


def counted(aws: FaultyAws) -> dict[str, int]:
    stored = aws.inner.items.get(TEAM_ITEM, {})
    return {
        name: int(kept["N"]) if "N" in kept else len(kept["SS"])
        for name, kept in stored.items()
        if name not in {"pk", "sk", "expires_at"}
    }


def refusal(aws: FaultyAws, caller: Caller, request_id: str = "r", **fields: Any) -> Refusal:
    with pytest.raises((InsufficientQuota, RateLimitExceeded)) as refused:
        take(aws.store(), caller, demand(request_id, **fields))
    return refused.value


def test_one_write_takes_of_all_levels_and_one_gives_back_to_all() -> None:
    aws = FaultyAws()
    caller = key(team=1_000, member=400, dailyBudgetNanoUsd=300, monthlyBudgetNanoUsd=900)

    taken = take(aws.store(), caller, demand(at_most_nano_usd=350))
    while_it_runs = counted(aws)
    give_back(aws.store(), taken, 70)

    assert while_it_runs == {
        "m#2026-11": 300,
        "m#2026-11#@ann": 300,
        "m#2026-11#k1": 300,
        "d#2026-11-23#k1": 300,
        "running#k1": 1,
    }
    assert counted(aws) == {
        "m#2026-11": 70,
        "m#2026-11#@ann": 70,
        "m#2026-11#k1": 70,
        "d#2026-11-23#k1": 70,
    }
    assert aws.calls == ["UpdateItem", "UpdateItem"]


def test_who_looks_reads_what_the_budgets_count_while_a_request_runs_and_after_it() -> None:
    aws = FaultyAws()
    counts = TeamCounts(aws, "proxy")
    caller = key(team=1_000, member=400)

    unused = counts.month("crew", NOW)
    taken = take(aws.store(), caller, demand(at_most_nano_usd=350))
    running = counts.month("crew", NOW)
    give_back(aws.store(), taken, 70)
    take(aws.store(), key("k2", "bob", team=1_000), demand("r2", at_most_nano_usd=5))
    after = counts.month("crew", NOW)

    assert (unused.of_team(), unused.of_member("ann")) == (0, 0)
    assert (running.of_team(), running.of_member("ann")) == (350, 350)
    assert (after.of_team(), after.of_member("ann"), after.of_member("bob")) == (75, 70, 0)
    assert counts.month("crew", NOW + timedelta(days=31)).of_team() == 0
    assert counts.month("others", NOW).of_team() == 0


@pytest.mark.parametrize(
    ("tight", "level", "name", "limit", "message"),
    [
        (
            {"team": 95},
            "team",
            "monthlyBudget",
            "0.000000095",
            "The team's monthly budget of 0.000000095 USD has 0.000000005 USD left",
        ),
        (
            {"member": 95},
            "member",
            "monthlyBudget",
            "0.000000095",
            "This user's monthly budget of 0.000000095 USD in the team has 0.000000005 USD left",
        ),
        (
            {MONTHLY: 95},
            "key",
            "monthlyBudget",
            "0.000000095",
            "This API key's monthly budget of 0.000000095 USD has 0.000000005 USD left",
        ),
        (
            {DAILY: 95},
            "key",
            "dailyBudget",
            "0.000000095",
            "This API key's daily budget of 0.000000095 USD has 0.000000005 USD left",
        ),
    ],
)
def test_the_level_that_is_in_the_way_is_named_and_none_is_taken_of(
    tight: dict[str, int], level: str, name: str, limit: str, message: str
) -> None:
    aws = FaultyAws()
    limits: Any = {"team": 1_000, "member": 1_000, MONTHLY: 1_000, DAILY: 1_000} | tight
    caller = key(**limits)
    take(aws.store(), caller, demand("r1", at_most_nano_usd=90))
    before = counted(aws)

    said = refusal(aws, caller, "r2")

    assert said.message.startswith(message)
    assert said.details == {
        "limit": {
            "level": level,
            "name": name,
            "limit": limit,
            "left": "0.000000005",
            "needed": "0.00000001",
            "resets_at": "2026-11-24T00:00:00Z" if name == "dailyBudget" else "2026-12-01T00:00:00Z",
        }
    }
    assert counted(aws) == before


def test_members_share_the_teams_month_and_each_has_no_more_than_its_own() -> None:
    aws = FaultyAws()
    granted: list[int] = []

    for n, (user_id, key_id) in enumerate([("ann", "k1"), ("ann", "k2"), ("bob", "k3"), ("bob", "k4")]):
        caller = key(key_id, user_id, team=220, member=150)
        asked = demand(f"r{n}", at_most_nano_usd=100, at_least_nano_usd=1)
        granted.append(take(aws.store(), caller, asked).at_most_nano_usd if n < 3 else 0)

    assert granted == [100, 50, 70, 0]
    assert refusal(aws, key("k4", "bob", team=220, member=150)).details["limit"]["level"] == "team"
    assert counted(aws) == {
        "m#2026-11": 220,
        "m#2026-11#@ann": 150,
        "m#2026-11#@bob": 70,
        "running#k1": 1,
        "running#k2": 1,
        "running#k3": 1,
    }


def test_a_limit_of_a_minute_names_its_key_what_is_left_and_when_it_begins_anew() -> None:
    aws = FaultyAws()
    caller = key(team=1_000, requestsPerMinute=1)
    take(aws.store(), caller, demand("r1"))

    said = refusal(aws, caller, "r2")

    assert (said.code, said.details["limit"]) == (
        "rate_limit_exceeded",
        {
            "level": "key",
            "name": "requestsPerMinute",
            "limit": 1,
            "left": 0,
            "needed": 1,
            "resets_at": "2026-11-23T12:01:00Z",
        },
    )


def test_places_at_once_begin_anew_at_no_moment() -> None:
    aws = FaultyAws()
    caller = key(concurrentRequests=1)
    take(aws.store(), caller, demand("r1"))

    assert refusal(aws, caller, "r2").details["limit"] == {
        "level": "key",
        "name": "concurrentRequests",
        "limit": 1,
        "left": 0,
        "needed": 1,
        "resets_at": None,
    }


def test_keys_above_count_in_the_teams_item_too_and_are_named() -> None:
    aws = FaultyAws()
    child = key("k2", team=1_000)._replace(over=(Over("k1", {DAILY: 95}),))
    take(aws.store(), child, demand("r1", at_most_nano_usd=90))

    said = refusal(aws, child, "r2")

    assert counted(aws) == {"m#2026-11": 90, "d#2026-11-23#k1": 90, "running#k2": 1}
    assert said.details["limit"]["level"] == "key_above"


def test_a_team_that_gets_a_budget_moves_no_count_of_its_keys() -> None:
    aws = FaultyAws()
    take(aws.store(), key(dailyBudgetNanoUsd=100), demand("r1", at_most_nano_usd=95))

    said = refusal(aws, key(team=1_000, dailyBudgetNanoUsd=100), "r2")

    assert said.details["limit"]["left"] == "0.000000005"


def test_who_is_in_a_team_without_any_limit_takes_nothing() -> None:
    aws = FaultyAws()

    taken = take(aws.store(), key(), demand())
    give_back(aws.store(), taken, 5)

    assert not is_limited(key())
    assert (aws.calls, taken.at_most_nano_usd) == ([], 100)


def test_users_and_keys_of_one_name_have_counters_of_their_own() -> None:
    caller = key("ann", "ann", team=1, member=2, dailyBudgetNanoUsd=3)

    assert item_of(caller) == "TEAM#crew"
    assert [owner.suffix for owner in owners_of(caller)] == ["", "#@ann", "#ann"]
