"""Packed days: whatever was recorded when, and read when, a packed day is the sum of its hours."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.analytics.day import Pack, is_closed, is_late, packed
from aggregator.analytics.get_metrics import Ask, Granularity, Metrics, get_metrics
from aggregator.analytics.pack_days import pack_days
from aggregator.analytics.record_events import record_events
from aggregator.analytics.store import CubeStore
from aggregator.runtime.clock import iso
from tests.fakes.memory_dynamodb import MemoryDynamoDb
from tests.unit.analytics.entries import money_entry, no_pause, usage_entry

MIDNIGHT = datetime(2026, 11, 24, tzinfo=UTC)
"""The end of the day that the tests are about."""

FIRST = datetime(2026, 11, 21, tzinfo=UTC)
LATER = MIDNIGHT + timedelta(hours=3)


def days_of(cube: CubeStore, now: datetime, user_id: str | None = None) -> Metrics:
    """Three days, by model."""
    ask = Ask(FIRST, FIRST + timedelta(days=3), Granularity.DAY, group_by=("model",), user_id=user_id)
    return get_metrics(ask, cube, now)


def record(cube: CubeStore, entry_id: str, occurred_at: datetime, now: datetime, *, cost: int = 1) -> None:
    recorded = record_events(
        [usage_entry(entry_id, occurred_at=iso(occurred_at), cost=cost)], cube, now, no_pause
    )
    assert recorded.failed == frozenset()


def packs(table: MemoryDynamoDb) -> dict[str, tuple[str, str]]:
    """Of everybody's packed days: late entries, and how many there were when they were packed."""
    return {
        sk: (item.get("late", {}).get("N", "0"), item.get("packed_late", {}).get("N", "-"))
        for (pk, sk), item in table.items.items()
        if pk == "ALL" and sk.startswith("DAY#")
    }


@pytest.fixture
def table() -> MemoryDynamoDb:
    return MemoryDynamoDb()


@pytest.fixture
def cube(table: MemoryDynamoDb) -> CubeStore:
    return CubeStore(table, "T")


def test_a_closed_day_is_read_from_its_hours_once(cube: CubeStore, table: MemoryDynamoDb) -> None:
    for hour in range(24):
        moment = MIDNIGHT - timedelta(hours=24 - hour)
        record(cube, f"r{hour}", moment, moment)

    first = days_of(cube, LATER)
    table.calls.clear()
    hours = {key: table.items.pop(key) for key in list(table.items) if key[1].startswith("HOUR#2026-11-23")}
    again = days_of(cube, LATER)

    assert len(hours) == 24 * 3
    assert again == first
    assert first.totals["requests"] == 24
    assert packs(table) == {"DAY#2026-11-23": ("0", "0")}


def test_a_day_is_packed_ninety_minutes_after_its_end_and_not_before(
    cube: CubeStore, table: MemoryDynamoDb
) -> None:
    record(cube, "r1", MIDNIGHT - timedelta(hours=1), MIDNIGHT)

    days_of(cube, MIDNIGHT + timedelta(minutes=90) - timedelta.resolution)
    before = packs(table)
    days_of(cube, MIDNIGHT + timedelta(minutes=90))

    assert before == {}
    assert packs(table) == {"DAY#2026-11-23": ("0", "0")}


def test_an_entry_that_comes_after_its_day_was_packed_is_in_the_next_answer(
    cube: CubeStore, table: MemoryDynamoDb
) -> None:
    record(cube, "r1", MIDNIGHT - timedelta(hours=1), MIDNIGHT, cost=5)
    before = days_of(cube, LATER).totals["cost"]

    record(cube, "r2", MIDNIGHT - timedelta(hours=2), LATER, cost=7)
    unpacked = packs(table)
    after = days_of(cube, LATER).totals["cost"]

    assert (before, after) == (5, 12)
    assert unpacked == {"DAY#2026-11-23": ("1", "0")}
    assert packs(table) == {"DAY#2026-11-23": ("1", "1")}


def test_a_late_entry_that_comes_again_is_added_once(cube: CubeStore) -> None:
    for _ in range(3):
        record(cube, "r1", MIDNIGHT - timedelta(hours=1), LATER, cost=5)
        days_of(cube, LATER)

    assert days_of(cube, LATER).totals["cost"] == 5


def test_a_pack_of_hours_that_were_read_before_a_late_entry_came_is_neither_kept_nor_used(
    cube: CubeStore, table: MemoryDynamoDb
) -> None:
    record(cube, "r1", MIDNIGHT - timedelta(hours=1), MIDNIGHT, cost=5)
    stale = packed({"#openai#gpt-4o-mini#200": {"requests": 1, "cost": 5}})
    record(cube, "r2", MIDNIGHT - timedelta(hours=2), LATER, cost=7)

    cube.keep("ALL", Pack("2026-11-23", 0, stale))

    assert packs(table) == {"DAY#2026-11-23": ("1", "-")}
    assert days_of(cube, LATER).totals["cost"] == 12


def test_a_late_entry_counts_in_all_three_views_and_a_timely_one_in_none(
    cube: CubeStore, table: MemoryDynamoDb
) -> None:
    record(cube, "r1", MIDNIGHT - timedelta(seconds=1), MIDNIGHT + timedelta(minutes=29))
    timely = [key for key in table.items if key[1].startswith("DAY#")]

    record(cube, "r2", MIDNIGHT - timedelta(seconds=1), MIDNIGHT + timedelta(minutes=30))

    late = {key: item["late"] for key, item in table.items.items() if key[1].startswith("DAY#")}
    assert timely == []
    assert late == {(pk, "DAY#2026-11-23"): {"N": "1"} for pk in ("ALL", "ALL_USERS", "USER#ann")}


def test_late_entries_of_many_users_and_days_fit_into_transactions(
    cube: CubeStore, table: MemoryDynamoDb
) -> None:
    entries = [
        usage_entry(f"r{number}", user_id=f"u{number}", occurred_at=f"2026-10-{number + 1:02d}T06:00:00Z")
        for number in range(25)
    ]
    sizes = []
    inner = table.call

    def call(action: str, request: dict[str, list[object]]) -> dict[str, object]:
        sizes.append(len(request["TransactItems"]))
        return inner(action, request)

    table.call = call  # type: ignore[method-assign]

    recorded = record_events(entries, cube, LATER, no_pause)

    assert recorded.failed == frozenset()
    assert sizes == [98, 77]


def test_from_when_an_entry_is_late_and_from_when_a_day_is_closed() -> None:
    entry = usage_entry(occurred_at="2026-11-23T12:00:00Z")
    begin = MIDNIGHT - timedelta(days=1)

    assert [is_late(entry, MIDNIGHT + timedelta(minutes=each)) for each in (0, 29, 30, 9999)] == [
        False, False, True, True,
    ]  # fmt: skip
    assert [is_closed(begin, MIDNIGHT + timedelta(minutes=each)) for each in (0, 30, 89, 90, 9999)] == [
        False, False, False, True, True,
    ]  # fmt: skip


def test_a_day_with_more_than_can_be_packed_is_answered_from_its_hours_each_time(
    cube: CubeStore, table: MemoryDynamoDb
) -> None:
    for number in range(2_001):
        hour = f"HOUR#2026-11-23T{number % 24:02d}"
        key = ("USER#ann", f"{hour}#k{number}#openai#gpt-4o#200")
        table.items[key] = {"pk": {"S": key[0]}, "sk": {"S": key[1]}, "requests": {"N": "1"}}

    first, again = days_of(cube, LATER, "ann"), days_of(cube, LATER, "ann")

    assert [each.totals["requests"] for each in (first, again)] == [2_001, 2_001]
    assert not [key for key in table.items if key[1].startswith("DAY#")]


@pytest.mark.parametrize("value", ["a#b", "50%", "模型", ""])
def test_what_a_cell_is_about_survives_its_packing(cube: CubeStore, value: str) -> None:
    entry = usage_entry(
        model=value or "m", keyId=value or "k", occurred_at=iso(MIDNIGHT - timedelta(hours=1))
    )
    record_events(
        [entry, money_entry("credit", 9, occurred_at="2026-11-23T01:00:00Z")], cube, MIDNIGHT, no_pause
    )

    first, again = days_of(cube, LATER, "ann"), days_of(cube, LATER, "ann")

    assert first == again
    assert list(first.groups) == [(value or "m",)]
    assert first.totals["credits"] == 9


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("record"), st.integers(0, 71), st.integers(0, 30)),
        st.tuples(st.just("read"), st.booleans(), st.just(0)),
        st.tuples(st.just("pack"), st.integers(0, 9), st.just(0)),
        st.tuples(st.just("wait"), st.integers(1, 30), st.just(0)),
    ),
    max_size=40,
)


@settings(max_examples=150, deadline=None)
@given(STEPS)
def test_whatever_comes_when_days_are_the_sum_of_what_was_recorded(
    steps: list[tuple[str, int, int]],
) -> None:
    cube = CubeStore(MemoryDynamoDb(), "T")
    now, recorded = FIRST + timedelta(days=1), Counter[str]()

    for number, (step, what, cost) in enumerate(steps):
        if step == "wait":
            now += timedelta(hours=what)
        elif step == "record":
            moment = min(FIRST + timedelta(hours=what), now)
            record(cube, f"r{number}", moment, now, cost=cost)
            recorded[moment.strftime("%Y-%m-%d")] += cost
        elif step == "pack":
            time_left = iter([True] * what)
            pack_days(cube, now, lambda left=time_left: next(left, False))  # type: ignore[misc]
        else:
            answered = days_of(cube, now, "ann" if what else None)
            said = {day: sum(f["cost"] for f in groups.values()) for day, groups in answered.series.items()}
            assert +Counter(said) == +recorded_until(recorded)


def recorded_until(recorded: Counter[str]) -> Counter[str]:
    """What the three days of the question hold."""
    return Counter({day: cost for day, cost in recorded.items() if day < "2026-11-24"})
