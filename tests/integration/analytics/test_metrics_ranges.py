from datetime import UTC, datetime, timedelta

import pytest

from aggregator.analytics.cube import begin_of, of_user, place_of
from aggregator.analytics.record_events import record_events
from aggregator.analytics.store import CubeStore
from aggregator.runtime.aws import JsonObject
from aggregator.runtime.clock import iso
from tests.integration.analytics.recording_aws import RecordingAws
from tests.unit.analytics.entries import MORNING, money_entry, no_pause, usage_entry

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.fixture
def at_each_edge(cube: CubeStore) -> CubeStore:
    moments = ["11:59:59.999Z", "12:00:00.000Z", "13:59:59.999Z", "14:00:00.000Z"]
    entries = [usage_entry(f"r{moment}", occurred_at=f"2026-11-23T{moment}") for moment in moments]
    entries += [
        money_entry("credit", 1, f"m{moment}", occurred_at=f"2026-11-23T{moment}") for moment in moments
    ]
    record_events(entries, cube, MORNING, no_pause)
    return cube


@pytest.mark.parametrize("partition", ["ALL", "ALL_USERS", of_user("ann")])
def test_a_range_holds_its_first_hour_and_not_its_end(at_each_edge: CubeStore, partition: str) -> None:
    cells = list(at_each_edge.cells(partition, NOON, NOON + timedelta(hours=2)))

    assert sorted({cell.hour for cell in cells}) == ["2026-11-23T12", "2026-11-23T13"]
    assert sum(cell.figures["requests"] for cell in cells) == 2
    assert sum(cell.figures["credits"] for cell in cells) == 2


@pytest.mark.parametrize("days", [1, 2, 3, 8, 31, 92])
def test_long_ranges_are_read_without_gap_or_overlap(cube: CubeStore, aws: RecordingAws, days: int) -> None:
    for number in range(330):
        put_one_call(aws, NOON + timedelta(hours=number * 7))
    aws.calls.clear()

    cells = list(cube.cells(of_user("ann"), NOON, NOON + timedelta(days=days)))

    assert [cell.hour for cell in cells] == sorted({cell.hour for cell in cells})
    assert len(cells) == {1: 4, 2: 7, 3: 11, 8: 28, 31: 107, 92: 316}[days]
    assert len(aws.calls) == 1


def test_a_model_name_beyond_ascii_is_within_its_hour(cube: CubeStore) -> None:
    record_events([usage_entry("r1", model="模型#1", occurred_at=iso(NOON))], cube, MORNING, no_pause)

    cells = cube.cells(of_user("ann"), NOON, NOON + timedelta(hours=1))

    assert [cell.dimensions["model"] for cell in cells] == ["模型#1"]


def test_all_pages_of_a_range_are_read(cube: CubeStore, aws: RecordingAws) -> None:
    record_events(
        [usage_entry(f"r{number}", model=f"m{number}") for number in range(10)], cube, MORNING, no_pause
    )
    paged = CubeStore(ThreeAPage(aws), "AnalyticsTable")

    cells = paged.cells(of_user("ann"), MORNING.replace(minute=0), NOON)

    assert sorted(cell.dimensions["model"] for cell in cells) == [f"m{number}" for number in range(10)]


def test_users_are_listed_between_two_places_page_by_page(cube: CubeStore, aws: RecordingAws) -> None:
    for hour, user_id in [(6, "ann"), (6, "b#b"), (7, "ann"), (7, "cy"), (8, "dee"), (9, "eve")]:
        moment = f"2026-11-23T{hour:02d}:00:00Z"
        record_events(
            [usage_entry(f"r{hour}{user_id}", user_id=user_id, occurred_at=moment)], cube, MORNING, no_pause
        )

    found = CubeStore(ThreeAPage(aws), "AnalyticsTable").users(
        "HOUR#2026-11-23T06#b%23b", begin_of(NOON.replace(hour=9))
    )

    assert [(place_of(cell), cell.dimensions["user"]) for cell in found] == [
        ("HOUR#2026-11-23T06#b%23b", "b#b"),
        ("HOUR#2026-11-23T07#ann", "ann"),
        ("HOUR#2026-11-23T07#cy", "cy"),
        ("HOUR#2026-11-23T08#dee", "dee"),
    ]


def test_how_far_days_were_packed_is_kept(cube: CubeStore) -> None:
    before = cube.packed_until()
    cube.note_packed("HOUR#2026-11-23T06#ann")

    assert (before, cube.packed_until()) == ("", "HOUR#2026-11-23T06#ann")


def test_an_empty_range_reads_nothing(cube: CubeStore, aws: RecordingAws) -> None:
    assert list(cube.cells("ALL", NOON, NOON)) == []
    assert aws.calls == []


def test_the_next_page_is_read_when_the_one_before_is_used_up(cube: CubeStore, aws: RecordingAws) -> None:
    record_events(
        [usage_entry(f"r{number}", model=f"m{number}") for number in range(10)], cube, MORNING, no_pause
    )
    aws.calls.clear()
    cells = CubeStore(ThreeAPage(aws), "AnalyticsTable").cells(
        of_user("ann"), MORNING.replace(minute=0), NOON
    )

    for _ in range(4):
        next(cells)

    assert [action for action, _ in aws.calls] == ["Query", "Query"]


class ThreeAPage:
    """Answers queries in pages of three items."""

    def __init__(self, behind: RecordingAws) -> None:
        self._behind = behind

    def call(self, action: str, request: JsonObject) -> JsonObject:
        return self._behind.call(action, {**request, "Limit": 3} if action == "Query" else request)


def put_one_call(aws: RecordingAws, moment: datetime) -> None:
    """Write ann's cell of an hour as it stands after one call: much faster here than a transaction."""
    hour = moment.strftime("%Y-%m-%dT%H")
    cell = {
        "pk": {"S": "USER#ann"},
        "sk": {"S": f"HOUR#{hour}#k1#openai#gpt-4o-mini#200"},
        "requests": {"N": "1"},
    }
    aws.call("PutItem", {"TableName": "AnalyticsTable", "Item": cell})
