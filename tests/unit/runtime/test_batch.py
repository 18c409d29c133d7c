"""The queue edge: one bad record never takes its neighbours along."""

import json
from typing import Any

import pytest

from aggregator.runtime.aws import JsonObject
from aggregator.runtime.batch import Message, each_batch, each_stream


def record(message_id: str, body: Any) -> JsonObject:
    return {"messageId": message_id, "body": body if isinstance(body, str) else json.dumps(body)}


def envelope(detail: Any) -> JsonObject:
    return {"version": "0", "source": "aggregator.proxy", "detail-type": "ai_usage", "detail": detail}


def failed_of(answer: JsonObject) -> list[str]:
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


def test_details_are_taken_out_of_their_envelopes_in_order() -> None:
    seen: list[Message] = []
    handler = each_batch(lambda messages: seen.extend(messages) or ())  # type: ignore[func-returns-value]

    answer = handler({"Records": [record("m1", envelope({"a": 1})), record("m2", envelope({"b": 2}))]}, None)

    assert seen == [Message("m1", {"a": 1}), Message("m2", {"b": 2})]
    assert failed_of(answer) == []


def test_an_event_that_is_replayed_from_the_archive_reads_as_it_did_when_it_was_put() -> None:
    seen: list[Message] = []
    handler = each_batch(lambda messages: seen.extend(messages) or ())  # type: ignore[func-returns-value]
    replayed = envelope({"a": 1}) | {
        "replay-name": "again-1",
        "account": "000000000000",
        "region": "eu-central-1",
        "resources": [],
    }

    answer = handler({"Records": [record("m1", replayed)]}, None)

    assert seen == [Message("m1", {"a": 1})]
    assert failed_of(answer) == []


@pytest.mark.parametrize(
    "body", ["", "{", "[]", "null", "5", '"x"', {}, {"detail": None}, {"detail": []}, {"detail": "x"}]
)
def test_a_body_that_is_no_envelope_fails_alone(body: Any) -> None:
    seen: list[str] = []
    handler = each_batch(lambda messages: seen.extend(each.id for each in messages) or ())  # type: ignore[func-returns-value]

    answer = handler({"Records": [record("bad", body), record("good", envelope({}))]}, None)

    assert failed_of(answer) == ["bad"]
    assert seen == ["good"]


def test_what_the_handler_names_is_tried_again() -> None:
    handler = each_batch(lambda messages: [messages[1].id])

    answer = handler({"Records": [record(f"m{n}", envelope({})) for n in range(3)]}, None)

    assert failed_of(answer) == ["m1"]


def test_a_handler_that_fails_has_its_whole_batch_tried_again() -> None:
    def handle(_messages: list[Message]) -> list[str]:
        raise ZeroDivisionError

    answer = each_batch(handle)({"Records": [record("m1", envelope({})), record("m0", "{")]}, None)

    assert failed_of(answer) == ["m0", "m1"]


@pytest.mark.parametrize("event", [{}, {"Records": None}, {"Records": []}])
def test_an_empty_event_is_no_failure(event: JsonObject) -> None:
    assert each_batch(lambda _: ())(event, None) == {"batchItemFailures": []}
    assert each_stream(lambda _: ())(event, None) == {"batchItemFailures": []}


def test_a_stream_starts_again_where_the_handler_says() -> None:
    records = [{"dynamodb": {"SequenceNumber": str(n)}} for n in range(3)]
    seen: list[list[JsonObject]] = []

    def handle(given: list[JsonObject]) -> list[str]:
        seen.append(given)
        return ["1"]

    answer = each_stream(handle)({"Records": records}, None)

    assert seen == [records]
    assert failed_of(answer) == ["1"]


def test_a_stream_handler_that_fails_fails_whole() -> None:
    def handle(_records: list[JsonObject]) -> list[str]:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        each_stream(handle)({"Records": [{}]}, None)
