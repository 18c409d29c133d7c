"""Objectives: their alarms go off when a month's budget burns too fast, and not otherwise, over made-up hours."""

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from local.observing.__main__ import STACKS, text_of
from local.observing.objectives import FEWEST_BAD, OBJECTIVES, RATES, Objective
from tests.contract.template.metric_math import (
    JsonObject,
    Minute,
    evaluate,
    is_in_alarm,
    rule_holds,
    statistic,
    value_of,
)
from tests.tables import load_template

ROOT = Path(__file__).parents[3]
HOUR = 60
PER_MINUTE = 10
TIMES = [each for each in OBJECTIVES if each.metric is not None]


@cache
def resources() -> JsonObject:
    found: JsonObject = load_template(ROOT / "stacks" / "objectives.yaml")["Resources"]
    return found


def minute_of(objective: Objective, requests: int, bad: int) -> Minute:
    """So many requests in a minute, of which so many were not good."""
    if objective.metric is None:
        return {"Count": [1.0] * requests, "5XXError": [1.0] * bad + [0.0] * (requests - bad)}
    within, over = [float(objective.within_ms)], [objective.within_ms + 1.0]
    return {objective.metric: within * (requests - bad) + over * bad}


def burning(objective: Objective, minutes: list[Minute], now: int) -> bool:
    """Whether the objective's composite alarm is on at the end of a minute."""

    def on(name: str) -> bool:
        return is_in_alarm(resources()[name]["Properties"], minutes, now)

    return rule_holds(resources()[f"{objective.name}BurnAlarm"]["Properties"]["AlarmRule"]["Fn::Sub"], on)


def first_on(objective: Objective, minutes: list[Minute], since: int) -> int | None:
    """Minutes from `since` until it goes off, or None; after the first quarter of an hour looked for every ten."""
    looked = [*range(since, since + 15), *range(since + 15, len(minutes), 10)]
    return next((now - since for now in looked if burning(objective, minutes, now)), None)


def hours_of(objective: Objective, hours: int, bad: Callable[[int], int] = lambda _: 0) -> list[Minute]:
    return [minute_of(objective, PER_MINUTE, bad(now)) for now in range(hours * HOUR)]


def share(percent: float) -> Callable[[int], int]:
    """So many per cent of requests bad, spread evenly."""

    def bad(now: int) -> int:
        before, after = (int(PER_MINUTE * percent / 100 * each + 1e-9) for each in (now, now + 1))
        return after - before

    return bad


def test_the_templates_are_those_that_the_data_makes() -> None:
    for name in STACKS:
        assert (ROOT / "stacks" / name).read_text(encoding="utf-8") == text_of(name), (
            "python -m local.observing writes it"
        )


def test_the_objectives_are_these() -> None:
    promised = {each.name: (each.target_percent, each.budget_percent, each.within_ms) for each in OBJECTIVES}

    assert promised == {
        "Availability": (99.9, 0.1, 0),
        "AddedLatency": (99.0, 1.0, 100),
        "SettleLag": (99.0, 1.0, 60_000),
        "RecordLag": (99.0, 1.0, 120_000),
    }
    assert [(rate.times, rate.long, rate.short) for rate in RATES] == [
        (14.4, 3600, 300),
        (6.0, 21600, 1800),
    ]


@pytest.mark.parametrize("objective", OBJECTIVES, ids=[each.name for each in OBJECTIVES])
def test_nothing_is_said_where_all_is_well(objective: Objective) -> None:
    assert first_on(objective, hours_of(objective, 8), since=0) is None


@pytest.mark.parametrize("objective", OBJECTIVES, ids=[each.name for each in OBJECTIVES])
def test_an_outage_is_told_in_minutes_and_ends_within_five_of_its_end(objective: Objective) -> None:
    began, ended = 7 * HOUR, 7 * HOUR + 30
    minutes = hours_of(objective, 9, lambda now: PER_MINUTE if began <= now < ended else 0)

    told = first_on(objective, minutes, since=began)

    assert told is not None
    assert told <= 10
    assert burning(objective, minutes, ended - 1)
    # the slow rate's short window is half an hour: it keeps what has burnt for so long
    assert not burning(objective, minutes, ended + 35)


@pytest.mark.parametrize(
    ("times", "least", "most"),
    [
        (0.5, None, None),  # half the rate at which the budget lasts a month
        (5.0, None, None),  # under both rates: the month's end is in sight, and no night is ruined
        (10.0, 2 * HOUR, 5 * HOUR),  # over the slow rate, under the fast one
        (20.0, 30, HOUR),  # over the fast one: within the hour
        (100.0, 1, 15),
    ],
)
@pytest.mark.parametrize("objective", OBJECTIVES, ids=[each.name for each in OBJECTIVES])
def test_the_faster_a_budget_burns_the_sooner_it_is_told(
    objective: Objective, times: float, least: int | None, most: int | None
) -> None:
    began, percent = 7 * HOUR, times * objective.budget_percent
    bad = share(percent)
    minutes = hours_of(objective, 13, lambda now: bad(now) if now >= began else 0)

    told = first_on(objective, minutes, since=began)

    if least is None or most is None:
        assert told is None
    else:
        assert told is not None
        assert least <= told <= most


@pytest.mark.parametrize("objective", OBJECTIVES, ids=[each.name for each in OBJECTIVES])
def test_a_few_bad_requests_at_night_wake_nobody(objective: Objective) -> None:
    quiet = [minute_of(objective, now % 10 == 0, 0) for now in range(7 * HOUR)]
    quiet += [minute_of(objective, 1, 1) for _ in range(FEWEST_BAD - 1)]

    assert first_on(objective, quiet, since=0) is None
    assert not burning(objective, quiet, len(quiet) - 1)
    assert burning(objective, [*quiet, minute_of(objective, 1, 1)], len(quiet))


@pytest.mark.parametrize("objective", OBJECTIVES, ids=[each.name for each in OBJECTIVES])
def test_what_nobody_asks_burns_nothing(objective: Objective) -> None:
    silent = [minute_of(objective, 0, 0)] * (7 * HOUR)

    assert not burning(objective, silent, len(silent) - 1)


@pytest.mark.parametrize("objective", TIMES, ids=[each.name for each in TIMES])
def test_a_time_is_good_up_to_its_limit(objective: Objective) -> None:
    alarm = resources()[f"{objective.name}FastShortAlarm"]["Properties"]
    metric = objective.metric or ""

    assert value_of(alarm, [{metric: [objective.within_ms] * 10}], 0) == 0
    assert value_of(alarm, [{metric: [objective.within_ms] * 9 + [objective.within_ms + 1]}], 0) == (
        pytest.approx(10)
    )


def test_only_the_composite_alarms_page_and_each_names_its_place_in_the_runbook() -> None:
    for name, each in resources().items():
        properties = each["Properties"]
        parent = name if name.endswith("BurnAlarm") else re.sub(r"(Fast|Slow)\w+", "BurnAlarm", name)
        assert properties["AlarmDescription"]["Fn::Sub"].endswith(f"${{RunbookUrl}}#{parent.lower()}")
        assert properties.get("AlarmActions", []) == (
            [{"Ref": "PageTopic"}] if each["Type"].endswith("CompositeAlarm") else []
        )


def test_every_alarm_of_a_rate_is_in_the_rule_of_its_objective() -> None:
    named = {
        name
        for each in resources().values()
        if each["Type"].endswith("CompositeAlarm")
        for name in re.findall(r"\$\{(\w+)\}", each["Properties"]["AlarmRule"]["Fn::Sub"])
    }

    assert named == {name for name, each in resources().items() if each["Type"].endswith("::Alarm")}
    assert len(named) == 4 * 2 * 2


def test_metric_math_is_cloudwatchs() -> None:
    assert statistic("PR(:100)", [99, 100, 101, 500]) == 50
    assert statistic("Sum", []) is None
    assert evaluate("IF(bad >= 5, bad / requests * 100 / 0.1, 0)", {"bad": 5, "requests": 500}) == 10
    assert evaluate("IF(bad >= 5, bad / requests, 0)", {"bad": 4, "requests": 4}) == 0
    assert evaluate("bad / requests", {"bad": 0, "requests": 0}) is None
    assert evaluate("(100 - good) / 1", {"good": None}) is None
