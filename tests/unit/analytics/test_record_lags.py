"""How long a call has been over when it stands in the figures."""

from datetime import UTC, datetime

import pytest

from aggregator.analytics.event import entry_of
from aggregator.analytics.record_events import Recorded, report_lags
from aggregator.runtime import observability
from tests.unit.analytics.entries import money_event, usage_event

NOTHING_ODD = Recorded()
ENDED = datetime(2026, 11, 23, 6, 19, 1, 123_000, tzinfo=UTC)  # it began at 19:00.123, and took a second


@pytest.fixture(autouse=True)
def _no_metrics_left_over() -> None:
    observability.metrics.clear_metrics()


def lags(now: datetime, recorded: Recorded = NOTHING_ODD) -> list[float]:
    entries = [
        entry_of(usage_event("r1")),
        entry_of(usage_event("r2", latencyMs=500)),
        entry_of(money_event("credit", 5)),
    ]
    report_lags(entries, recorded, now)
    metric = observability.metrics.metric_set.get("RecordLagMs")
    return [] if metric is None else metric["Value"]


def test_a_call_is_late_by_what_passed_since_its_end_and_money_is_not_timed() -> None:
    assert lags(ENDED.replace(second=5)) == [4_000, 4_500]


def test_a_clock_that_is_ahead_makes_nothing_early() -> None:
    assert lags(ENDED.replace(second=0)) == [0, 0]


def test_what_failed_or_was_there_before_is_not_timed() -> None:
    recorded = Recorded(failed=frozenset({"r1"}), repeated=frozenset({"r2"}))

    assert lags(ENDED.replace(second=5), recorded) == []
