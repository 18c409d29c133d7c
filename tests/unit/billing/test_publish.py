"""The outbox: each new entry is put on the bus, in the order of the stream."""

import json
from typing import Any

import pytest

from aggregator.billing.entry_item import to_event, to_item
from aggregator.billing.model import Entry, Posting
from aggregator.billing.publish import publish
from aggregator.runtime.aws import AwsError, JsonObject
from tests.fakes.ledger_world import MOMENT
from tests.fakes.scripted_aws import ScriptedAws

PUT: JsonObject = {"FailedEntryCount": 0}


def entry(entry_id: str) -> Entry:
    return Entry(entry_id, "ann", "credit", MOMENT, (Posting("user:ann", 5), Posting("cash", -5)))


def record(entry_id: str, event: str = "INSERT", number: int = 1, **image: Any) -> JsonObject:
    item = to_item(entry(entry_id)) | image
    return {
        "eventName": event,
        "dynamodb": {
            "Keys": {"pk": item["pk"], "sk": item["sk"]},
            "NewImage": item,
            "SequenceNumber": str(number),
            "ApproximateCreationDateTime": 1_764_000_000,
        },
    }


def put_ids(bus: ScriptedAws) -> list[list[str]]:
    return [
        [json.loads(each["Detail"])["entryId"] for each in request["Entries"]] for _, request in bus.calls
    ]


def test_a_new_entry_is_put_on_the_bus_as_it_stands() -> None:
    bus = ScriptedAws(PUT)

    again = publish(bus, "platform", [record("e1")])

    ((action, request),) = bus.calls
    (put,) = request["Entries"]
    assert again == []
    assert action == "PutEvents"
    assert (put["EventBusName"], put["Source"], put["DetailType"]) == (
        "platform",
        "aggregator.billing",
        "transaction_created",
    )
    assert json.loads(put["Detail"]) == to_event(entry("e1"))


def test_what_is_no_new_entry_is_passed_over() -> None:
    bus = ScriptedAws(PUT)
    account = record("e1", sk={"S": "BALANCE"})
    idempotency = record("e1", sk={"S": "IDEMPOTENCY#k"})

    again = publish(bus, "platform", [account, idempotency, record("e1", "MODIFY"), record("e1", "REMOVE")])

    assert again == []
    assert bus.calls == []


def test_ten_entries_go_in_one_call() -> None:
    bus = ScriptedAws(PUT)

    publish(bus, "platform", [record(f"e{n}") for n in range(23)])

    assert [len(ids) for ids in put_ids(bus)] == [10, 10, 3]
    assert put_ids(bus)[2] == ["e20", "e21", "e22"]


@pytest.mark.parametrize("refusal", [AwsError("InternalException"), {"FailedEntryCount": 1}])
def test_the_stream_starts_again_at_the_first_entry_that_was_not_put(refusal: JsonObject | AwsError) -> None:
    bus = ScriptedAws(PUT, refusal)

    again = publish(bus, "platform", [record(f"e{n}", number=100 + n) for n in range(23)])

    assert again == ["110"]
    assert len(bus.calls) == 2


def test_a_call_that_fails_at_once_starts_again_at_the_beginning() -> None:
    bus = ScriptedAws(AwsError("Unreachable"))

    again = publish(
        bus, "platform", [record("e0", "MODIFY", 7), record("e1", number=8), record("e2", number=9)]
    )

    assert again == ["8"]


def test_an_empty_batch_is_no_call() -> None:
    bus = ScriptedAws(PUT)

    assert publish(bus, "platform", []) == []
    assert bus.calls == []
