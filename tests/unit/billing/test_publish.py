"""The outbox: each new entry is put on the bus, in the order of the stream."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from aggregator.billing.entry import Entry, Posting
from aggregator.billing.entry_item import to_event, to_item
from aggregator.billing.publish import dead_letters, publish
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


def nowhere(what: JsonObject) -> None:
    raise AssertionError(f"{what} was set aside")


def put_ids(bus: ScriptedAws) -> list[list[str]]:
    return [
        [json.loads(each["Detail"])["entryId"] for each in request["Entries"]] for _, request in bus.calls
    ]


def test_a_new_entry_is_put_on_the_bus_as_it_stands() -> None:
    bus = ScriptedAws(PUT)

    again = publish(bus, "platform", [record("e1")], nowhere)

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


def test_an_entry_takes_the_trace_of_its_request_along_and_no_other_has_one() -> None:
    trace = "Root=1-6a22a50c-aaaabbbbccccddddeeeeffff;Parent=53995c3f42cd8ad8;Sampled=1"
    bus = ScriptedAws(PUT)

    publish(bus, "platform", [record("e1", trace={"S": trace}), record("e2", number=2)], nowhere)

    ((_, request),) = bus.calls
    first, second = request["Entries"]
    assert first["TraceHeader"] == trace
    assert "trace" not in json.loads(first["Detail"])
    assert "TraceHeader" not in second


def test_what_was_published_is_said_with_its_traces(caplog: pytest.LogCaptureFixture) -> None:
    root = "1-6a22a50c-aaaabbbbccccddddeeeeffff"
    records = [record("e1", trace={"S": f"Root={root};Sampled=1"}), record("e2", number=2)]

    publish(ScriptedAws(PUT), "platform", records, nowhere)

    (line,) = (each for each in caplog.records if each.message == "published")
    assert (vars(line)["entries"], vars(line)["traces"]) == (["e1", "e2"], {"e1": root})


def test_what_is_no_new_entry_is_passed_over() -> None:
    bus = ScriptedAws(PUT)
    account = record("e1", sk={"S": "BALANCE"})
    idempotency = record("e1", sk={"S": "IDEMPOTENCY#k"})

    again = publish(
        bus, "platform", [account, idempotency, record("e1", "MODIFY"), record("e1", "REMOVE")], nowhere
    )

    assert again == []
    assert bus.calls == []


def test_ten_entries_go_in_one_call() -> None:
    bus = ScriptedAws(PUT)

    publish(bus, "platform", [record(f"e{n}") for n in range(23)], nowhere)

    assert [len(ids) for ids in put_ids(bus)] == [10, 10, 3]
    assert put_ids(bus)[2] == ["e20", "e21", "e22"]


class PickyBus:
    """Takes what it does not refuse: `refused` has the code for an entry id, or None for the whole call."""

    def __init__(self, refused: dict[str | None, str]) -> None:
        self.refused = refused
        self.asked: list[list[str]] = []
        self.put: list[str] = []

    def call(self, action: str, request: JsonObject) -> JsonObject:
        assert action == "PutEvents"
        ids = [json.loads(each["Detail"])["entryId"] for each in request["Entries"]]
        self.asked.append(ids)
        if None in self.refused and len(ids) > 1:
            raise AwsError(self.refused[None])
        codes = [self.refused.get(each) for each in ids]
        self.put += [each for each, code in zip(ids, codes, strict=True) if code is None]
        results = [{"ErrorCode": code} if code else {"EventId": "e"} for code in codes]
        return {"FailedEntryCount": sum(code is not None for code in codes), "Entries": results}


def batch(count: int, first: int = 100) -> list[JsonObject]:
    return [record(f"e{n}", number=first + n) for n in range(count)]


def aside(*refusals: AwsError) -> tuple[list[JsonObject], Callable[[JsonObject], None]]:
    kept: list[JsonObject] = []
    due = list(refusals)

    def set_aside(what: JsonObject) -> None:
        if due:
            raise due.pop()
        kept.append(what)

    return kept, set_aside


def test_of_ten_entries_the_refused_one_comes_again_and_no_other() -> None:
    bus = PickyBus({"e6": "InternalFailure"})

    again = publish(bus, "platform", batch(10), nowhere)

    assert again == ["106"]
    assert bus.asked == [[f"e{n}" for n in range(10)], ["e6"]]
    assert sorted(bus.put) == sorted(f"e{n}" for n in range(10) if n != 6)


def test_of_several_refused_ones_the_first_that_is_still_refused_comes_again() -> None:
    bus = PickyBus({"e1": "InternalFailure", "e8": "ThrottlingException"})
    passing = bus.call

    def call(action: str, request: JsonObject) -> JsonObject:
        answer = passing(action, request)
        bus.refused.pop("e1", None)  # it passes the second time
        return answer

    bus.call = call  # type: ignore[method-assign]

    assert publish(bus, "platform", batch(10), nowhere) == ["108"]


def test_what_the_bus_will_never_take_is_set_aside_and_the_stream_goes_on() -> None:
    bus = PickyBus({"e3": "MalformedDetail"})
    kept, set_aside = aside()

    again = publish(bus, "platform", batch(23), set_aside)

    assert again == []
    assert sorted(bus.put) == sorted(f"e{n}" for n in range(23) if n != 3)
    (message,) = kept
    assert (message["sequenceNumber"], message["reason"]) == ("103", "MalformedDetail")
    assert json.loads(message["Detail"])["entryId"] == "e3"


def test_a_call_that_is_refused_whole_for_one_entry_is_made_entry_by_entry() -> None:
    bus = PickyBus({None: "ValidationException", "e4": "ValidationException"})
    kept, set_aside = aside()

    again = publish(bus, "platform", batch(6), set_aside)

    assert again == []
    assert bus.put == ["e0", "e1", "e2", "e3", "e5"]
    assert [each["sequenceNumber"] for each in kept] == ["104"]


def test_what_cannot_be_set_aside_comes_again() -> None:
    bus = PickyBus({"e3": "MalformedDetail"})
    _, set_aside = aside(AwsError("Unreachable"))

    assert publish(bus, "platform", batch(10), set_aside) == ["103"]


@pytest.mark.parametrize("code", ["InternalException", "Unreachable", "TimedOut", "ThrottlingException"])
def test_a_bus_that_is_away_is_asked_once_and_all_comes_again_from_there(code: str) -> None:
    bus = ScriptedAws(
        {"FailedEntryCount": 0},
        AwsError(code),
    )

    again = publish(bus, "platform", batch(23), nowhere)

    assert again == ["110"]
    assert len(bus.calls) == 2


def test_a_bus_that_refuses_everybody_is_no_fault_of_the_entries() -> None:
    bus = PickyBus({f"e{n}": "AccessDeniedException" for n in range(10)})

    assert publish(bus, "platform", batch(10), nowhere) == ["100"]


def test_a_record_that_is_no_entry_is_set_aside_and_its_neighbours_are_put() -> None:
    bus = PickyBus({})
    kept, set_aside = aside()
    spoiled = record("e1", number=101, postings={"S": "none"})

    again = publish(bus, "platform", [record("e0", number=100), spoiled, record("e2", number=102)], set_aside)

    assert again == []
    assert bus.put == ["e0", "e2"]
    assert kept == [
        {
            "sequenceNumber": "101",
            "reason": "AttributeError",
            "Keys": {"pk": {"S": "ACCOUNT#ann"}, "sk": {"S": "ENTRY#e1"}},
        }
    ]


def test_a_record_that_can_neither_be_read_nor_set_aside_comes_again_after_its_neighbours_were_put() -> None:
    bus = PickyBus({"e2": "InternalFailure"})
    _, set_aside = aside(AwsError("Unreachable"))
    spoiled = record("e1", number=9, kind={"N": "x"})

    again = publish(bus, "platform", [spoiled, record("e0", number=10), record("e2", number=11)], set_aside)

    assert again == ["9"]
    assert bus.put == ["e0"]


def test_what_is_set_aside_is_a_message_of_its_own_in_the_dead_letter_queue() -> None:
    sqs = ScriptedAws({})

    dead_letters(sqs, "https://queue")({"sequenceNumber": "7", "reason": "MalformedDetail"})

    assert sqs.calls == [
        (
            "SendMessage",
            {
                "QueueUrl": "https://queue",
                "MessageBody": '{"sequenceNumber": "7", "reason": "MalformedDetail"}',
            },
        )
    ]


def test_an_empty_batch_is_no_call() -> None:
    bus = ScriptedAws(PUT)

    assert publish(bus, "platform", [], nowhere) == []
    assert bus.calls == []
