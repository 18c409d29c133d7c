from dataclasses import dataclass, field
from typing import Any

import pytest

from aggregator.analytics.event import entry_of, read_batch
from tests.unit.analytics.entries import money_event, usage_event


@dataclass(frozen=True)
class FakeMessage:
    id: str
    detail: dict[str, Any] = field(default_factory=dict)
    trace: str = ""


def test_an_entrys_trace_is_that_of_its_message() -> None:
    traced = FakeMessage("m1", usage_event("r1"), "Root=1-6a22a50c-aaaabbbbccccddddeeeeffff;Sampled=1")

    batch = read_batch([traced, FakeMessage("m2", usage_event("r2"))])

    assert batch.traces == {"r1": "1-6a22a50c-aaaabbbbccccddddeeeeffff"}


def test_an_event_with_fields_of_a_later_day_is_read() -> None:
    event = usage_event("r1") | {"region": "eu"}

    assert entry_of(event).id == "r1"


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"version": 2}, "version: Input should be 1"),
        ({"entryId": ""}, "entryId: String should have at least 1 character"),
        ({"kind": "gift"}, "kind: Input should be"),
        ({"amountNanoUsd": 1.5}, "amountNanoUsd: Input should be a valid integer"),
        ({"occurredAt": "yesterday"}, "Invalid isoformat string"),
        ({"usage": None}, "usage: an entry of kind usage has it, and no other"),
        ({"kind": "credit"}, "usage: an entry of kind usage has it, and no other"),
    ],
)
def test_an_event_of_another_shape_is_refused_with_the_field_at_fault(
    wrong: dict[str, Any], reason: str
) -> None:
    event = usage_event() | wrong

    with pytest.raises(ValueError, match=reason):
        entry_of(event)


def test_the_reason_of_a_refusal_does_not_repeat_what_was_sent() -> None:
    with pytest.raises(ValueError, match="userId") as refused:
        entry_of(usage_event() | {"userId": ["a private matter"]})

    assert "private" not in str(refused.value)


def test_poison_is_told_apart_from_its_neighbours() -> None:
    batch = read_batch([
        FakeMessage("1", usage_event("r1")),
        FakeMessage("2", {"version": 1}),
        FakeMessage("3", money_event("credit", 5)),
    ])  # fmt: skip

    assert [entry.id for entry in batch.entries] == ["r1", "m1"]
    assert set(batch.poison) == {"2"}
    assert batch.failed([]) == {"2"}


def test_an_entry_that_came_in_two_messages_fails_in_both() -> None:
    batch = read_batch([FakeMessage("1", usage_event("r1")), FakeMessage("2", usage_event("r1"))])

    assert len(batch.entries) == 1
    assert batch.failed(["r1"]) == {"1", "2"}
