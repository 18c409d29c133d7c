"""Packing ahead: everybody who has cells, once, from where the last run ended, and no further than what is closed."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from aggregator.analytics import pack_days as module
from aggregator.analytics.get_metrics import Ask, Granularity, get_metrics
from aggregator.analytics.pack_days import Done, pack_days
from aggregator.analytics.record_events import record_events
from aggregator.analytics.store import CubeStore
from aggregator.runtime.aws import AwsError, JsonObject
from aggregator.runtime.clock import iso
from tests.fakes.memory_dynamodb import MemoryDynamoDb
from tests.unit.analytics.entries import no_pause, usage_entry

MIDNIGHT = datetime(2026, 11, 24, tzinfo=UTC)
DAY = timedelta(days=1)
TWO = MIDNIGHT + timedelta(hours=2)


def record(
    table: MemoryDynamoDb, user_id: str, hours_before_midnight: int, *, at: datetime | None = None
) -> None:
    moment = MIDNIGHT - timedelta(hours=hours_before_midnight)
    entry = usage_entry(
        f"r-{user_id}-{hours_before_midnight}", user_id=user_id, occurred_at=iso(moment), cost=5
    )
    recorded = record_events([entry], CubeStore(table, "T"), at or moment, no_pause)
    assert recorded.failed == frozenset()


def always() -> bool:
    return True


def times(most: int) -> Callable[[], bool]:
    """Time for so many users: the first of them is the one with whom the last run ended."""
    left = [True] * most
    return lambda: bool(left) and left.pop()


def packs(table: MemoryDynamoDb) -> list[tuple[str, str]]:
    return sorted(
        (pk, sk) for (pk, sk), stored in table.items.items() if sk.startswith("DAY#") and "sums" in stored
    )


def reached(table: MemoryDynamoDb) -> str | None:
    found = table.items.get(("PACKING", "REACHED"))
    return str(found["reached"]["S"]) if found else None


@pytest.fixture
def table() -> MemoryDynamoDb:
    return MemoryDynamoDb()


@pytest.fixture
def cube(table: MemoryDynamoDb) -> CubeStore:
    return CubeStore(table, "T")


def test_yesterday_is_packed_of_all_who_have_cells_in_it_and_of_everybody(
    cube: CubeStore, table: MemoryDynamoDb
) -> None:
    for user_id, hours in [("ann", 24), ("ann", 1), ("b#b", 5), ("cy", 0)]:
        record(table, user_id, hours)

    done = pack_days(cube, TWO, always)

    assert done == Done(packed=4, whole=True)
    assert packs(table) == [(pk, "DAY#2026-11-23") for pk in ("ALL", "ALL_USERS", "USER#ann", "USER#b#b")]
    assert reached(table) == "HOUR#2026-11-24T00"


def test_the_first_question_reads_no_hours(cube: CubeStore, table: MemoryDynamoDb) -> None:
    for hours in range(1, 25):
        record(table, "ann", hours)
    pack_days(cube, TWO, always)
    for key in [key for key in table.items if key[1].startswith("HOUR#")]:
        del table.items[key]

    asked = Ask(MIDNIGHT - DAY, MIDNIGHT, Granularity.DAY, group_by=("model",), user_id="ann")

    assert get_metrics(asked, cube, TWO).totals["requests"] == 24


@pytest.mark.parametrize(
    ("minutes", "days"), [(89, ["DAY#2026-11-22"]), (90, ["DAY#2026-11-22", "DAY#2026-11-23"])]
)
def test_a_day_that_is_not_closed_is_left_alone(
    cube: CubeStore, table: MemoryDynamoDb, minutes: int, days: list[str]
) -> None:
    record(table, "ann", 25)
    record(table, "ann", 1)

    pack_days(cube, MIDNIGHT + timedelta(minutes=minutes), always)

    assert [sk for pk, sk in packs(table) if pk == "USER#ann"] == days


def test_a_day_that_was_not_closed_at_one_run_is_packed_by_the_next(
    cube: CubeStore, table: MemoryDynamoDb
) -> None:
    record(table, "ann", 1)

    early = pack_days(cube, MIDNIGHT + timedelta(minutes=89), always)
    due = pack_days(cube, MIDNIGHT + timedelta(minutes=90), always)

    assert (early, due) == (Done(packed=0, whole=True), Done(packed=3, whole=True))


def test_a_run_that_finds_nothing_to_do_reads_one_item(cube: CubeStore, table: MemoryDynamoDb) -> None:
    record(table, "ann", 1)
    pack_days(cube, TWO, always)
    table.calls.clear()

    again = pack_days(cube, TWO + timedelta(hours=1), always)

    assert again == Done(packed=0, whole=True)
    assert table.calls == ["GetItem"]


def test_days_that_were_missed_are_packed_as_far_back_as_a_question_reaches(
    cube: CubeStore, table: MemoryDynamoDb
) -> None:
    for day in (1, 2, 50, 92, 93):
        record(table, "ann", 24 * day)

    done = pack_days(cube, TWO, always)

    assert done.packed == 4 * 3
    assert [sk for pk, sk in packs(table) if pk == "USER#ann"] == [
        "DAY#2026-08-24", "DAY#2026-10-05", "DAY#2026-11-22", "DAY#2026-11-23",
    ]  # fmt: skip


@pytest.mark.parametrize("most", [2, 3, 4, 20])
def test_what_there_is_no_time_for_is_gone_on_with_and_nobody_is_left_out(
    cube: CubeStore, table: MemoryDynamoDb, most: int
) -> None:
    for user_id in ("ann", "bob", "cy", "dee"):
        for hours in (30, 20, 10):
            record(table, user_id, hours)

    runs = [pack_days(cube, TWO, times(most)) for _ in range(30)]

    assert sum(run.packed for run in runs) == 2 * (4 + 2)
    assert runs[-1].whole
    assert len(packs(table)) == 12


def test_where_the_table_fails_the_next_run_goes_on_from_there(table: MemoryDynamoDb) -> None:
    for user_id in ("ann", "bob", "cy"):
        record(table, user_id, 24)
    failing = FailsOnce(table, "USER#bob")

    with pytest.raises(AwsError):
        pack_days(CubeStore(failing, "T"), TWO, always)
    before = reached(table), len(packs(table))
    done = pack_days(CubeStore(failing, "T"), TWO + timedelta(hours=1), always)

    assert before == ("HOUR#2026-11-23T00#ann", 3)
    assert done == Done(packed=2, whole=True)


def test_a_user_with_more_than_can_be_packed_holds_nobody_up(cube: CubeStore, table: MemoryDynamoDb) -> None:
    record(table, "ann", 24)
    record(table, "bob", 24)
    for number in range(2_001):
        key = ("USER#ann", f"HOUR#2026-11-23T{number % 24:02d}#k{number}#openai#gpt-4o#200")
        table.items[key] = {"pk": {"S": key[0]}, "sk": {"S": key[1]}, "requests": {"N": "1"}}

    done = pack_days(cube, TWO, always)

    assert done == Done(packed=3, whole=True)
    assert ("USER#ann", "DAY#2026-11-23") not in packs(table)
    assert ("USER#bob", "DAY#2026-11-23") in packs(table)


def test_what_is_remembered_of_a_day_has_a_bound(
    cube: CubeStore, table: MemoryDynamoDb, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_MOST_REMEMBERED", 3)
    for user_id in ("ann", "bob", "cy", "dee"):
        for hours in (20, 10):
            record(table, user_id, hours)

    done = pack_days(cube, TWO, always)

    assert done == Done(packed=6, whole=True)


def test_a_late_event_counts_after_its_day_was_packed_ahead(cube: CubeStore, table: MemoryDynamoDb) -> None:
    record(table, "ann", 10)
    pack_days(cube, TWO, always)
    record(table, "ann", 11, at=TWO)
    record(table, "ann", 11, at=TWO)  # and again

    asked = Ask(MIDNIGHT - DAY, MIDNIGHT, Granularity.DAY)

    assert Counter(cost=get_metrics(asked, cube, TWO).totals["cost"]) == Counter(cost=10)


class FailsOnce:
    """A table that once refuses to read a partition."""

    def __init__(self, behind: MemoryDynamoDb, partition: str) -> None:
        self._behind = behind
        self._refused = {partition}

    def call(self, action: str, request: JsonObject) -> JsonObject:
        partition = request.get("ExpressionAttributeValues", {}).get(":partition", {}).get("S")
        if partition in self._refused:
            self._refused.remove(partition)
            raise AwsError("InternalServerError")
        return self._behind.call(action, request)
