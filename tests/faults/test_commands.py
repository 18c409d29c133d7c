"""What an operator runs when usage got stuck: nothing is taken away before it has arrived elsewhere."""

import json
from typing import Any

import pytest

from local.redrive import redrive
from local.replay_usage import lost_events, send

JsonObject = dict[str, Any]


class FakeSqs:
    """Two queues; `full` refuses every message that says so."""

    def __init__(self, dead: list[JsonObject], refuses: str = "-") -> None:
        self.dead = {str(n): message for n, message in enumerate(dead)}
        self.hidden: set[str] = set()
        self.live: list[JsonObject] = []
        self._refuses = refuses

    def receive_message(self, **request: Any) -> JsonObject:
        found = [handle for handle in self.dead if handle not in self.hidden][
            : request["MaxNumberOfMessages"]
        ]
        self.hidden |= set(found)
        return {"Messages": [{"ReceiptHandle": each, **self.dead[each]} for each in found]} if found else {}

    def send_message_batch(self, **request: Any) -> JsonObject:
        assert 0 < len(request["Entries"]) <= 10
        taken = [each for each in request["Entries"] if self._refuses not in each["MessageBody"]]
        self.live += taken
        refused = [each for each in request["Entries"] if each not in taken]
        return {
            "Successful": [{"Id": each["Id"]} for each in taken],
            "Failed": [{"Id": each["Id"]} for each in refused],
        }

    def delete_message_batch(self, **request: Any) -> None:
        for entry in request["Entries"]:
            del self.dead[entry["ReceiptHandle"]]


@pytest.mark.promise("books")
def test_all_messages_move_back_with_their_attributes() -> None:
    traced = {"Body": "traced", "MessageAttributes": {"trace": {"StringValue": "1", "DataType": "String"}}}
    sqs = FakeSqs([{"Body": f"m{n}"} for n in range(24)] + [traced])

    moved = redrive(sqs, "dead", "live")

    assert moved == (25, 0)
    assert sqs.dead == {}
    assert [each["MessageBody"] for each in sqs.live] == [f"m{n}" for n in range(24)] + ["traced"]
    assert sqs.live[-1]["MessageAttributes"] == {"trace": {"StringValue": "1", "DataType": "String"}}


@pytest.mark.promise("books")
def test_a_message_that_its_queue_refuses_stays_where_it_is() -> None:
    sqs = FakeSqs([{"Body": "good"}, {"Body": "too long"}, {"Body": "good"}], refuses="too long")

    moved = redrive(sqs, "dead", "live")

    assert moved == (2, 1)
    assert [each["Body"] for each in sqs.dead.values()] == ["too long"]


def test_lost_events_are_found_among_all_other_lines_each_once() -> None:
    lost = {"level": "ERROR", "message": "usage_lost", "event": {"requestId": "r1"}}
    other = {"level": "INFO", "message": "request", "event": {"requestId": "r2"}}

    found = list(
        lost_events([json.dumps(other), json.dumps(lost), "START RequestId", "[1]", json.dumps(lost)])
    )

    assert found == [{"requestId": "r1"}]


def test_lost_events_are_sent_as_the_bus_would_and_the_refused_ones_are_named() -> None:
    sqs = FakeSqs([], refuses="r3")

    refused = send(sqs, "live", [{"requestId": f"r{n}"} for n in range(12)])

    assert refused == [{"requestId": "r3"}]
    assert len(sqs.live) == 11
    assert json.loads(sqs.live[0]["MessageBody"]) == {
        "version": "0",
        "source": "aggregator.proxy",
        "detail-type": "ai_usage",
        "detail": {"requestId": "r0"},
    }
