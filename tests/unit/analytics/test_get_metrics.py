from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from aggregator.analytics.cube import Cell, cell_of, cells_of
from aggregator.analytics.day import Pack, packed
from aggregator.analytics.get_metrics import (
    MAX_CELLS,
    MAX_GROUPS,
    MAX_HOUR_CELLS,
    Ask,
    Granularity,
    Metrics,
)
from aggregator.analytics.get_metrics import get_metrics as get_metrics_at
from aggregator.analytics.model import Entry
from aggregator.errors import InvalidRequest, StoreUnavailable
from tests.unit.analytics.entries import money_entry, usage_entry


@dataclass
class FakeCells:
    """All cells of some entries, whatever the range."""

    entries: Sequence[Entry]
    partitions: list[str] = field(default_factory=list)
    kept: list[Pack] = field(default_factory=list)
    consistent: bool = False

    def cells(
        self, partition: str, start: datetime, end: datetime, *, consistent: bool = False
    ) -> Iterator[Cell]:
        assert start < end
        self.consistent = consistent
        self.partitions.append(partition)
        for (stored_in, sort_key), figures in sorted(cells_of(self.entries).items()):
            if stored_in == partition:
                yield cell_of(stored_in, sort_key, figures)

    def packs(self, partition: str, start: datetime, end: datetime) -> Iterator[Pack]:
        assert (partition, start < end) == (partition, True)
        yield from ()

    def keep(self, partition: str, pack: Pack) -> None:
        assert partition in self.partitions
        self.kept.append(pack)


NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def get_metrics(ask: Ask, cube: FakeCells) -> Metrics:
    return get_metrics_at(ask, cube, NOW)


def asking(**changes: Any) -> Ask:
    asked: dict[str, Any] = {
        "start": datetime(2026, 11, 22, tzinfo=UTC),
        "end": datetime(2026, 11, 24, tzinfo=UTC),
        "granularity": Granularity.HOUR,
    }
    return Ask(**(asked | changes))


def test_hours_without_entries_are_absent_and_the_others_in_order() -> None:
    cube = FakeCells([
        usage_entry("r1", occurred_at="2026-11-23T09:00:00.000Z"),
        usage_entry("r2", occurred_at="2026-11-23T06:59:59.999Z"),
    ])  # fmt: skip

    metrics = get_metrics(asking(), cube)

    assert list(metrics.series) == ["2026-11-23T06", "2026-11-23T09"]


def test_days_add_up_their_hours() -> None:
    cube = FakeCells([
        usage_entry("r1", occurred_at="2026-11-22T23:59:59.999Z", cost=1),
        usage_entry("r2", occurred_at="2026-11-23T00:00:00.000Z", cost=2),
        usage_entry("r3", occurred_at="2026-11-23T23:00:00.000Z", cost=4),
    ])  # fmt: skip

    metrics = get_metrics(asking(granularity=Granularity.DAY), cube)

    costs = {day: groups[()]["cost"] for day, groups in metrics.series.items()}
    assert costs == {"2026-11-22": 1, "2026-11-23": 6}


def test_groups_are_told_apart_by_several_dimensions() -> None:
    cube = FakeCells([
        usage_entry("r1", model="a", status=200, cost=1),
        usage_entry("r2", model="a", status=500, cost=2),
        usage_entry("r3", model="b", status=200, cost=4),
    ])  # fmt: skip

    metrics = get_metrics(asking(group_by=("model", "status")), cube)

    costs = {group: figures["cost"] for group, figures in metrics.groups.items()}
    assert costs == {("a", "200"): 1, ("a", "500"): 2, ("b", "200"): 4}


def test_a_filter_lets_one_value_through_and_no_money_that_lacks_it() -> None:
    cube = FakeCells(
        [usage_entry("r1", model="a", cost=1), usage_entry("r2", model="b"), money_entry("credit", 9)]
    )

    metrics = get_metrics(asking(where={"model": "a"}), cube)

    assert (metrics.totals["cost"], metrics.totals["requests"], metrics.totals["credits"]) == (1, 1, 0)


def test_a_credit_counts_in_the_totals_and_in_no_models_group() -> None:
    cube = FakeCells([usage_entry("r1"), money_entry("credit", 9)])

    metrics = get_metrics(asking(group_by=("model",)), cube)

    assert metrics.totals["credits"] == 9
    assert [figures["credits"] for figures in metrics.groups.values()] == [0]


@pytest.mark.parametrize(
    ("changes", "partition"),
    [
        ({}, "ALL"),
        ({"group_by": ("model", "provider", "status")}, "ALL"),
        ({"where": {"status": "500"}}, "ALL"),
        ({"group_by": ("user",)}, "ALL_USERS"),
        ({"user_id": "ann", "group_by": ("key", "user", "model")}, "USER#ann"),
    ],
)
def test_each_question_is_answered_from_one_partition(changes: dict[str, Any], partition: str) -> None:
    cube = FakeCells([])

    get_metrics(asking(**changes), cube)

    assert cube.partitions == [partition]


@pytest.mark.parametrize(
    ("changes", "param"),
    [
        ({"group_by": ("key",)}, "userId"),
        ({"where": {"key": "k1"}}, "userId"),
        ({"group_by": ("user", "model")}, "groupBy"),
        ({"group_by": ("user",), "where": {"model": "a"}}, "groupBy"),
    ],
)
def test_what_everybodys_cells_do_not_tell_is_refused_with_the_way_out(
    changes: dict[str, Any], param: str
) -> None:
    with pytest.raises(InvalidRequest, match="give userId") as refused:
        get_metrics(asking(**changes), FakeCells([]))

    assert refused.value.param == param


def test_an_answer_too_long_to_send_is_refused() -> None:
    cube = FakeCells([usage_entry(f"r{number}", user_id=f"u{number}") for number in range(MAX_GROUPS + 1)])

    with pytest.raises(InvalidRequest, match="more than 4000 groups"):
        get_metrics(asking(group_by=("user",)), cube)


@dataclass
class ManyCells(FakeCells):
    """So many cells an hour, each of one request; a day of them is kept, if it is asked to be."""

    hours: int = 0
    cells_an_hour: int = 0
    taken: int = 0

    def cells(
        self, partition: str, start: datetime, end: datetime, *, consistent: bool = False
    ) -> Iterator[Cell]:
        assert consistent == (end - start > timedelta(days=31))
        self.partitions.append(partition)
        for hour in range(self.hours):
            moment = (start + timedelta(hours=hour)).strftime("%Y-%m-%dT%H")
            for number in range(self.cells_an_hour):
                self.taken += 1
                yield cell_of(partition, f"HOUR#{moment}#k1#openai#m{number}#200", {"requests": 1})


def test_too_many_hours_are_refused_with_the_way_out_and_none_is_read_beyond() -> None:
    cube = ManyCells([], hours=744, cells_an_hour=100)

    with pytest.raises(InvalidRequest, match=r"over 25000.*a shorter one, or for days") as refused:
        get_metrics(asking(user_id="ann"), cube)

    assert refused.value.param == "from"
    assert cube.taken == MAX_HOUR_CELLS + 1


def test_too_many_hours_of_days_are_packed_as_far_as_it_goes_and_asked_for_again() -> None:
    cube = ManyCells([], hours=2208, cells_an_hour=100)
    days = asking(user_id="ann", granularity=Granularity.DAY, start=datetime(2026, 8, 1, tzinfo=UTC), end=NOW)

    with pytest.raises(StoreUnavailable, match="ask again") as refused:
        get_metrics(days, cube)

    assert refused.value.retry_after_seconds == 1
    assert [pack.day for pack in cube.kept] == [f"2026-08-{day:02d}" for day in range(1, 11)]
    assert cube.taken == MAX_HOUR_CELLS + 1


@dataclass
class PackedCells(FakeCells):
    """Packed days of two thousand cells each."""

    def packs(self, partition: str, start: datetime, end: datetime) -> Iterator[Pack]:
        assert (partition, start < end) == ("USER#ann", True)
        sums = packed({f"#k1#openai#m{number}#200": {"requests": 1} for number in range(2_000)})
        for day in range(1, 32):
            yield Pack(f"2026-08-{day:02d}", 0, sums)


def test_days_with_too_much_even_packed_are_refused_with_the_way_out() -> None:
    days = asking(user_id="ann", granularity=Granularity.DAY, start=datetime(2026, 8, 1, tzinfo=UTC), end=NOW)

    with pytest.raises(InvalidRequest, match=r"over 40000\): ask for a shorter one\.") as refused:
        get_metrics(days, PackedCells([]))

    assert refused.value.param == "from"
    assert MAX_CELLS == 40_000
