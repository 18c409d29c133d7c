import json
from typing import Any

import pytest

from aggregator.auth.announce import ChangeAnnouncer
from aggregator.auth.audit import change_of
from aggregator.runtime.aws import AwsError, JsonObject
from tests.unit.auth.fakes import MANAGER, NOW, a_key


class FakeBus:
    """EventBridge: takes entries, or refuses them in one of its two ways."""

    def __init__(self, answer: JsonObject | None = None, error: AwsError | None = None) -> None:
        self.entries: list[dict[str, Any]] = []
        self._answer = answer or {"FailedEntryCount": 0, "Entries": [{"EventId": "1"}]}
        self._error = error

    def call(self, action: str, request: JsonObject) -> JsonObject:
        assert action == "PutEvents"
        if self._error:
            raise self._error
        self.entries += request["Entries"]
        return self._answer


CHANGE = change_of(a_key()[0], "updated", {"name": {"from": "a", "to": "b"}}, by=MANAGER, now=NOW)


def test_a_change_is_one_event_from_auth() -> None:
    bus = FakeBus()

    ChangeAnnouncer(bus, "the-bus").announce(CHANGE)

    (entry,) = bus.entries
    assert (entry["EventBusName"], entry["Source"], entry["DetailType"]) == (
        "the-bus",
        "aggregator.auth",
        "api_key_changed",
    )
    assert json.loads(entry["Detail"]) == {
        "version": 1,
        "changeId": CHANGE.change_id,
        "keyId": "someKeyOfAnn",
        "userId": "ann",
        "action": "updated",
        "occurredAt": "2026-11-23T12:00:00.000Z",
        "by": {"keyId": "managerKey00", "userId": "ann"},
        "changes": {"name": {"from": "a", "to": "b"}},
    }


@pytest.mark.parametrize(
    "bus",
    [
        FakeBus(error=AwsError("TimedOut")),
        FakeBus(answer={"FailedEntryCount": 1, "Entries": [{"ErrorCode": "InternalFailure"}]}),
    ],
)
def test_a_bus_that_fails_leaves_the_whole_event_in_one_log_record(
    bus: FakeBus, caplog: pytest.LogCaptureFixture
) -> None:
    ChangeAnnouncer(bus, "the-bus").announce(CHANGE)

    (record,) = caplog.records
    event = record.__dict__["event"]
    assert record.levelname == "ERROR"
    assert (event["changeId"], event["action"]) == (CHANGE.change_id, "updated")
