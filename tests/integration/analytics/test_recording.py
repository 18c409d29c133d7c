import random
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pytest

from aggregator.analytics.cube import of_user
from aggregator.analytics.model import Entry
from aggregator.analytics.record_events import Recorded, record_events
from aggregator.analytics.store import AlreadyAdded, CubeBusy, CubeStore
from aggregator.runtime.aws import AwsError
from tests.integration.analytics.recording_aws import RecordingAws
from tests.unit.analytics.entries import MORNING, money_entry, no_pause, usage_entry

DAY = (datetime(2026, 11, 23, tzinfo=UTC), datetime(2026, 11, 24, tzinfo=UTC))


def record(entries: list[Entry], cube: CubeStore) -> Recorded:
    return record_events(entries, cube, MORNING, no_pause)


def total(cube: CubeStore, partition: str, figure: str) -> int:
    return sum(cell.figures[figure] for cell in cube.cells(partition, *DAY))


def test_the_three_views_of_the_cube_agree(cube: CubeStore) -> None:
    record([usage_entry("r1", cost=40), usage_entry("r2", user_id="bob", model="o3", cost=2)], cube)

    assert total(cube, "ALL", "cost") == 42
    assert total(cube, "ALL_USERS", "cost") == 42
    assert total(cube, of_user("ann"), "cost") == 40
    assert total(cube, of_user("bob"), "cost") == 2


@pytest.mark.promise("once")
@pytest.mark.parametrize("seed", range(5))
def test_entries_redelivered_in_other_company_and_order_are_added_once(cube: CubeStore, seed: int) -> None:
    entries = [
        usage_entry(f"r{number}", user_id=f"u{number % 3}", occurred_at=f"2026-11-23T06:{number:02d}:00Z")
        for number in range(30)
    ]
    dealt = random.Random(seed)

    for _ in range(4):
        cuts = [0, *sorted(dealt.sample(range(1, 30), 5)), 30]
        for first, last in pairwise(cuts):
            record(entries[first:last], cube)
        dealt.shuffle(entries)

    assert total(cube, "ALL", "requests") == 30
    assert total(cube, "ALL_USERS", "requests") == 30
    assert [total(cube, of_user(f"u{number}"), "cost") for number in range(3)] == [400, 400, 400]


def test_what_was_added_before_is_reported(cube: CubeStore) -> None:
    record([usage_entry("r1")], cube)

    recorded = record([usage_entry("r1"), usage_entry("r2")], cube)

    assert recorded == Recorded(repeated=frozenset({"r1"}))
    assert total(cube, "ALL", "requests") == 2


def test_a_repeated_entry_leaves_its_whole_transaction_unwritten(cube: CubeStore) -> None:
    cube.add([usage_entry("r1")], MORNING)

    with pytest.raises(AlreadyAdded) as known:
        cube.add([usage_entry("r1"), usage_entry("r2"), usage_entry("r3", user_id="bob")], MORNING)

    assert known.value.entry_ids == {"r1"}
    assert total(cube, "ALL", "requests") == 1


def test_a_late_event_counts_in_the_hour_it_is_about(cube: CubeStore) -> None:
    record([usage_entry("r1", occurred_at="2026-11-23T01:59:59.999Z")], cube)

    assert [cell.hour for cell in cube.cells("ALL", *DAY)] == ["2026-11-23T01"]


def test_money_of_all_kinds_is_added_beside_the_calls(cube: CubeStore) -> None:
    record(
        [
            usage_entry("r1"),
            money_entry("credit", 500, "m1"),
            money_entry("credit", 50, "m2"),
            money_entry("debit", -20, "m3"),
            money_entry("adjustment", 0, "m4"),
        ],
        cube,
    )

    for partition in ("ALL", "ALL_USERS", of_user("ann")):
        assert total(cube, partition, "credits") == 550
        assert total(cube, partition, "debits") == -20
        assert total(cube, partition, "requests") == 1


def test_marks_expire_and_cells_do_not(cube: CubeStore, aws: RecordingAws) -> None:
    record([usage_entry("r1")], cube)

    stored = aws.call("Scan", {"TableName": "AnalyticsTable"})["Items"]
    expiries = {each["sk"]["S"].split("#")[0]: each.get("expires_at", {}).get("N") for each in stored}
    assert expiries == {"SEEN": "1799302740", "HOUR": None}  # 2027-01-07T06:19:00Z


def test_a_full_transaction_of_entries_that_share_nothing_fits(cube: CubeStore, aws: RecordingAws) -> None:
    entries = [usage_entry(f"r{number}", user_id=f"u{number}", model=f"m{number}") for number in range(25)]

    record(entries, cube)

    assert [len(request["TransactItems"]) for _, request in aws.calls] == [100]
    assert total(cube, "ALL", "requests") == 25


@pytest.mark.parametrize(
    "refusal",
    [
        AwsError("TransactionCanceledException", reasons=[{"Code": "None"}, {"Code": "TransactionConflict"}]),
        AwsError("TransactionCanceledException", reasons=[{"Code": "ThrottlingError"}]),
        AwsError("ProvisionedThroughputExceededException"),
        AwsError("TransactionInProgressException"),
    ],
)
def test_a_refusal_that_passes_is_tried_again_until_the_entries_are_in(
    aws: RecordingAws, refusal: AwsError
) -> None:
    cube = CubeStore(FailingAws(aws, [refusal, refusal]), "AnalyticsTable")

    recorded = record([usage_entry("r1")], cube)

    assert recorded == Recorded()
    assert total(cube, "ALL", "requests") == 1


def test_an_answer_that_was_lost_after_the_write_does_not_add_twice(aws: RecordingAws) -> None:
    cube = CubeStore(FailingAws(aws, [AwsError("TimedOut")], applied=True), "AnalyticsTable")

    recorded = record([usage_entry("r1")], cube)

    assert recorded.failed == frozenset()
    assert total(cube, "ALL", "requests") == 1


def test_a_refusal_that_stays_is_not_taken_for_a_busy_table(aws: RecordingAws) -> None:
    refusal = AwsError("TransactionCanceledException", reasons=[{"Code": "ValidationError"}])
    cube = CubeStore(FailingAws(aws, [refusal]), "AnalyticsTable")

    with pytest.raises(AwsError, match="TransactionCanceledException"):
        cube.add([usage_entry("r1")], MORNING)


def test_a_transaction_in_conflict_writes_nothing_and_says_busy(aws: RecordingAws) -> None:
    refusal = AwsError("TransactionCanceledException", reasons=[{"Code": "TransactionConflict"}])
    cube = CubeStore(FailingAws(aws, [refusal]), "AnalyticsTable")

    with pytest.raises(CubeBusy):
        cube.add([usage_entry("r1")], MORNING)

    assert total(cube, "ALL", "requests") == 0


class FailingAws:
    """Fails the first transactions with `refusals`; after `applied`, although they were written."""

    def __init__(self, behind: RecordingAws, refusals: list[AwsError], *, applied: bool = False) -> None:
        self._behind = behind
        self._refusals = list(refusals)
        self._applied = applied

    def call(self, action: str, request: dict[str, Any]) -> dict[str, Any]:
        if action == "TransactWriteItems" and self._refusals:
            if self._applied:
                self._behind.call(action, request)
            raise self._refusals.pop(0)
        return self._behind.call(action, request)
