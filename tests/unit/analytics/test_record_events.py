from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from aggregator.analytics.model import Entry
from aggregator.analytics.record_events import Recorded, record_events
from aggregator.analytics.store import AlreadyAdded, CubeBusy
from aggregator.runtime.aws import AwsError
from tests.unit.analytics.entries import MORNING, no_pause, usage_entry


@dataclass
class FakeCube:
    """Keeps entry ids; is busy `busy_times` times, and refuses what holds an entry of `refused_user`."""

    added: list[str] = field(default_factory=list)
    calls: list[list[str]] = field(default_factory=list)
    busy_times: int = 0
    refused_user: str | None = None

    def add(self, entries: Sequence[Entry], now: datetime) -> None:
        assert now == MORNING
        ids = [entry.id for entry in entries]
        self.calls.append(ids)
        if self.busy_times:
            self.busy_times -= 1
            raise CubeBusy("TransactionConflict")
        if any(entry.user_id == self.refused_user for entry in entries):
            raise AwsError("ValidationException", "item too large")
        if known := frozenset(ids) & frozenset(self.added):
            raise AlreadyAdded(known)
        self.added += ids


def test_entries_of_several_users_are_added_together() -> None:
    cube = FakeCube()

    record_events([usage_entry("r1"), usage_entry("r2", user_id="bob")], cube, MORNING, no_pause)

    assert cube.calls == [["r1", "r2"]]


def test_more_entries_than_a_transaction_holds_are_added_in_several() -> None:
    cube = FakeCube()

    record_events([usage_entry(f"r{number:02d}") for number in range(30)], cube, MORNING, no_pause)

    assert [len(call) for call in cube.calls] == [25, 5]
    assert len(set(cube.added)) == 30


def test_entries_that_were_added_before_are_left_out_and_their_neighbours_added() -> None:
    cube = FakeCube(added=["r1"])

    recorded = record_events([usage_entry("r1"), usage_entry("r2")], cube, MORNING, no_pause)

    assert recorded == Recorded(repeated=frozenset({"r1"}))
    assert cube.added == ["r1", "r2"]


def test_a_batch_of_nothing_new_adds_nothing_and_succeeds() -> None:
    cube = FakeCube(added=["r1"])

    recorded = record_events([usage_entry("r1")], cube, MORNING, no_pause)

    assert recorded.failed == frozenset()
    assert cube.added == ["r1"]


def test_an_entry_that_is_twice_in_a_batch_is_added_once() -> None:
    cube = FakeCube()

    record_events([usage_entry("r1"), usage_entry("r1")], cube, MORNING, no_pause)

    assert cube.added == ["r1"]


def test_a_busy_cube_is_tried_again_after_ever_longer_pauses() -> None:
    cube = FakeCube(busy_times=4)
    pauses: list[float] = []

    recorded = record_events([usage_entry("r1")], cube, MORNING, pauses.append)

    assert recorded.failed == frozenset()
    assert cube.added == ["r1"]
    assert len(pauses) == 4
    assert all(pause <= longest for pause, longest in zip(pauses, [0.02, 0.04, 0.08, 0.16], strict=True))


def test_a_cube_that_stays_busy_fails_the_entries_and_says_why() -> None:
    cube = FakeCube(busy_times=1000)

    recorded = record_events([usage_entry("r1")], cube, MORNING, no_pause)

    assert recorded == Recorded(failed=frozenset({"r1"}), reasons=frozenset({"TransactionConflict"}))
    assert len(cube.calls) == 6


def test_entries_that_meet_others_at_the_same_cells_for_long_are_added_user_by_user() -> None:
    cube = FakeCube(busy_times=6)

    recorded = record_events([usage_entry("r1"), usage_entry("r2", user_id="bob")], cube, MORNING, no_pause)

    assert recorded == Recorded()
    assert cube.calls[5:] == [["r1", "r2"], ["r1"], ["r2"]]


def test_a_user_whose_entries_are_refused_fails_alone() -> None:
    cube = FakeCube(refused_user="bob")
    entries = [usage_entry("r1"), usage_entry("r2", user_id="bob"), usage_entry("r3", user_id="cid")]

    recorded = record_events(entries, cube, MORNING, no_pause)

    assert recorded.failed == {"r2"}
    assert recorded.reasons == {"ValidationException: item too large"}
    assert cube.added == ["r1", "r3"]
