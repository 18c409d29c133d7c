"""What recording costs, in DynamoDB write units: a transaction takes two for each kilobyte of an item."""

import random
from datetime import UTC, datetime, timedelta

from aggregator.analytics.model import Entry
from aggregator.analytics.record_events import record_events
from aggregator.analytics.store import CubeStore
from aggregator.runtime.clock import iso
from tests.integration.analytics.recording_aws import RecordingAws, size_of
from tests.unit.analytics.entries import MORNING, no_pause, usage_entry

USER = "0d9a3f52-7f0e-4a57-9a53-0d1c7c0e6b11"


def traffic(count: int, *, every: timedelta, begin: datetime = MORNING) -> list[Entry]:
    """Requests of one user and model: 0.2 to 60 s long, as costly as real ones."""
    dealt = random.Random(count)
    return [
        usage_entry(
            f"{number:012x}-c6af9ac6-7b61-11e6-9a41-93e8deadbeef",
            user_id=USER,
            occurred_at=iso(begin + every * number),
            cost=dealt.randint(10_000, 90_000_000),
            keyId="k_7Qm2ZbX9Lw",
            model="claude-sonnet-4-5-20250929",
            provider="anthropic",
            latencyMs=int(dealt.lognormvariate(8, 1)),
            timeToFirstTokenMs=int(dealt.lognormvariate(6, 0.7)),
            inputTokens=dealt.randint(10, 100_000),
        )
        for number in range(count)
    ]


def record_in_batches_of_ten(entries: list[Entry], cube: CubeStore) -> None:
    for first in range(0, len(entries), 10):
        recorded = record_events(entries[first : first + 10], cube, MORNING, no_pause)
        assert recorded.failed == frozenset()


def test_a_first_batch_of_ten_costs_eight_write_units(cube: CubeStore, aws: RecordingAws) -> None:
    record_in_batches_of_ten(traffic(10, every=timedelta(milliseconds=500)), cube)

    assert aws.write_units == 8


def test_a_batch_of_ten_costs_at_most_twelve_write_units_in_an_hour_of_a_thousand(
    cube: CubeStore, aws: RecordingAws
) -> None:
    record_events(traffic(1000, every=timedelta(seconds=1)), cube, MORNING, no_pause)
    aws.write_units = 0

    record_in_batches_of_ten(
        traffic(10, every=timedelta(milliseconds=500), begin=datetime(2026, 11, 23, 6, 30, tzinfo=UTC)), cube
    )

    assert aws.write_units <= 12


def test_twenty_requests_a_second_of_one_user_cost_at_most_1_2_write_units_each(
    cube: CubeStore, aws: RecordingAws
) -> None:
    record_in_batches_of_ten(traffic(600, every=timedelta(milliseconds=50)), cube)

    assert aws.write_units <= 1.2 * 600


def test_a_batch_takes_one_call(cube: CubeStore, aws: RecordingAws) -> None:
    record_in_batches_of_ten(traffic(10, every=timedelta(milliseconds=500)), cube)

    assert [action for action, _ in aws.calls] == ["TransactWriteItems"]


def test_an_items_size_counts_names_and_values() -> None:
    item = {"pk": {"S": "ALL"}, "n": {"N": "12345"}, "m": {"N": "-7"}, "ids": {"SS": ["abcd", "efgh"]}}

    assert size_of(item) == (2 + 3) + (1 + 3 + 1) + (1 + 1 + 1 + 1) + (3 + 8 + 3 + 2)
