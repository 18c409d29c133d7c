"""What a user hears of, and when: money, budgets, keys and models, each once a crossing."""

from datetime import timedelta

import pytest

from aggregator.alerts.model import Alert
from aggregator.alerts.run import watch
from aggregator.alerts.watch import Retiring, Wallet, alerts_of
from aggregator.identity.looking import TeamBudget
from aggregator.identity.team import Team
from tests.unit.alerts.alerts_world import NOW, USD, AlertsWorld, FakeWorld, key

DAY = {"dailyBudgetNanoUsd": 10 * USD}


def met(world: FakeWorld) -> list[Alert]:
    return list(alerts_of("ann", world, NOW))


def test_a_low_balance_says_how_many_days_it_lasts_at_this_rate() -> None:
    world = FakeWorld(money=Wallet(3 * USD, 4 * USD, 5 * USD), by_model={"a": 12 * USD, "b": 2 * USD})

    (alert,) = met(world)

    assert (alert.kind, alert.data) == (
        "balance.low",
        {
            "availableUsd": "3.00",
            "totalUsd": "4.00",
            "thresholdUsd": "5.00",
            "spentADayUsd": "2.00",
            "daysLeft": 2,
        },
    )


@pytest.mark.parametrize("money", [Wallet(0, 0, None), Wallet(5 * USD, 5 * USD, 5 * USD)])
def test_a_balance_that_is_not_below_what_was_set_is_not_low(money: Wallet) -> None:
    assert met(FakeWorld(money=money)) == []


@pytest.mark.parametrize(
    ("spent", "percent"),
    [
        (0, None),
        (5 * USD - 1, None),
        (5 * USD, 50),
        (8 * USD - 1, 50),
        (8 * USD, 80),
        (10 * USD, 100),
        (11 * USD, 100),
    ],
)
def test_a_budget_is_told_at_50_80_and_100_percent(spent: int, percent: int | None) -> None:
    world = FakeWorld(those=[key(limits=DAY)], by_key={"k1": spent})

    assert [alert.data["percent"] for alert in met(world)] == ([] if percent is None else [percent])


def test_keys_that_a_key_made_count_against_its_budget_and_revoked_ones_too() -> None:
    child = key("k2", line=("k1",))
    world = FakeWorld(
        those=[key(limits=DAY), child, key("k3")], by_key={"k1": USD, "k2": 4 * USD, "k3": 90 * USD}
    )

    (alert,) = met(world)

    assert (alert.data["percent"], alert.data["spentUsd"]) == (50, "5.00")
    assert alert.data["beginsAnewAt"] == "2026-11-24T00:00:00.000Z"


def test_a_key_has_the_stricter_budget_of_its_own_and_of_its_wallets_plan() -> None:
    world = FakeWorld(
        those=[key(limits=DAY), key("k2"), key("k3", team_id="ops"), key("k4", team_id="lab")],
        by_key={"k1": 2 * USD, "k2": 2 * USD, "k3": 2 * USD, "k4": 2 * USD},
        plans={"ann": {"dailyBudgetNanoUsd": 4 * USD}, "ops": {"monthlyBudgetNanoUsd": 2 * USD}},
    )

    assert [
        (alert.data["keyId"], alert.data["period"], alert.data["percent"], alert.data["budgetUsd"])
        for alert in met(world)
    ] == [("k1", "day", 50, "4.00"), ("k2", "day", 50, "4.00"), ("k3", "month", 100, "2.00")]


def test_a_month_in_a_team_is_told_to_its_member_and_the_teams_to_who_manages_it() -> None:
    ops = Team("ops", "Operations", NOW, "admin", NOW)
    world = FakeWorld(
        teams=[TeamBudget(ops, "team", 10 * USD, 8 * USD), TeamBudget(ops, "member", 4 * USD, 2 * USD - 1)]
    )

    (alert,) = met(world)

    assert alert.crossing == "budget team ops month 2026-11-01 80"
    assert alert.data == {
        "teamId": "ops", "teamName": "Operations", "level": "team", "period": "month", "percent": 80,
        "budgetUsd": "10.00", "spentUsd": "8.00", "beginsAnewAt": "2026-12-01T00:00:00.000Z",
    }  # fmt: skip
    world.teams[1] = TeamBudget(ops, "member", 4 * USD, 2 * USD)
    assert [each.crossing for each in met(world)][1:] == ["budget member ops month 2026-11-01 50"]


def test_a_months_budget_begins_anew_with_the_next() -> None:
    world = FakeWorld(those=[key(limits={"monthlyBudgetNanoUsd": USD})], by_key={"k1": USD})

    (alert,) = met(world)

    assert alert.crossing == "budget k1 month 2026-11-01 100"
    assert alert.data["beginsAnewAt"] == "2026-12-01T00:00:00.000Z"


@pytest.mark.parametrize(("days", "told"), [(6.99, 1), (7, 1), (7.01, 0), (-0.01, 0)])
def test_a_key_is_told_a_week_before_it_expires(days: float, told: int) -> None:
    world = FakeWorld(those=[key(expires_at=NOW + timedelta(days=days)), key("k2")])

    assert [alert.kind for alert in met(world)] == ["key.expiring"] * told


@pytest.mark.parametrize(
    ("day", "told"), [("2026-11-22", 0), ("2026-11-23", 1), ("2026-12-23", 1), ("2026-12-24", 0)]
)
def test_a_model_is_told_a_month_before_it_goes_to_who_used_it(day: str, told: int) -> None:
    world = FakeWorld(going=[Retiring("mini", day), Retiring("unused", day)], by_model={"mini": 1})

    assert [alert.data["model"] for alert in met(world)] == ["mini"] * told


def test_each_crossing_is_told_once_and_a_balance_anew_after_it_was_up_again() -> None:
    alerts, world = AlertsWorld(), FakeWorld(those=[key(limits=DAY)], by_key={"k1": 5 * USD})
    alerts.webhook()

    def looked() -> int:
        alerts.now += timedelta(minutes=5)
        return watch(alerts.store, world, lambda: alerts.now)

    low, up = Wallet(USD, USD, 2 * USD), Wallet(3 * USD, 3 * USD, 2 * USD)
    assert (looked(), looked()) == (1, 0)
    world.by_key["k1"] = 8 * USD
    assert (looked(), looked()) == (1, 0)
    world.money = low
    assert (looked(), looked()) == (1, 0)
    world.money = up
    assert looked() == 0
    world.money = low
    assert (looked(), looked()) == (1, 0)
    assert alerts.run() == 4


def test_who_has_no_webhook_is_not_looked_at() -> None:
    alerts, world = AlertsWorld(), FakeWorld(money=Wallet(0, 0, USD))

    assert watch(alerts.store, world, lambda: alerts.now) == 0
    assert alerts.deliveries() == []
