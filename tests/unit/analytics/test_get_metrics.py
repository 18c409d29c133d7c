from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from aggregator.analytics.cube import Cell, cell_of, cells_of
from aggregator.analytics.get_metrics import MAX_GROUPS, Ask, Granularity, get_metrics
from aggregator.analytics.model import Entry
from aggregator.errors import InvalidRequest
from tests.unit.analytics.entries import money_entry, usage_entry


@dataclass
class FakeCells:
    """All cells of some entries, whatever the range."""

    entries: Sequence[Entry]
    partitions: list[str] = field(default_factory=list)

    def cells(self, partition: str, start: datetime, end: datetime) -> list[Cell]:
        assert start < end
        self.partitions.append(partition)
        return [
            cell_of(stored_in, sort_key, figures)
            for (stored_in, sort_key), figures in cells_of(self.entries).items()
            if stored_in == partition
        ]


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
