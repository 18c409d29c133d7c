"""A balance that falls below its threshold is told once for each crossing."""

import json
from typing import Any

import pytest

from aggregator.billing.keys import account_key
from aggregator.billing.model import Account, Held
from aggregator.billing.publish import publish
from aggregator.contracts.balance_low import BalanceLow
from aggregator.runtime import item


class RecordingBus:
    """A bus that keeps what is put on it."""

    def __init__(self) -> None:
        self.details: list[tuple[str, dict[str, Any]]] = []

    def call(self, action: str, request: dict[str, Any]) -> dict[str, Any]:
        assert action == "PutEvents"
        self.details += [(entry["DetailType"], json.loads(entry["Detail"])) for entry in request["Entries"]]
        return {"FailedEntryCount": 0}


def nowhere(what: dict[str, Any]) -> None:
    raise AssertionError(f"{what} was set aside")


def image(available: int, held: int = 0, alert_below: int | None = 100) -> dict[str, Any]:
    values: dict[str, Any] = {"available": available, "hold#900": held, "holds#900": 1 if held else 0}
    return item.item(values if alert_below is None else {**values, "alert_below": alert_below})


def change(before: dict[str, Any], after: dict[str, Any], number: str = "1") -> dict[str, Any]:
    return {
        "eventName": "MODIFY",
        "dynamodb": {
            "Keys": item.item({"pk": account_key("u"), "sk": "BALANCE"}),
            "OldImage": before,
            "NewImage": after,
            "SequenceNumber": number,
            "ApproximateCreationDateTime": 1_763_900_000.0,
        },
    }


def told(*records: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    bus = RecordingBus()
    assert publish(bus, "bus", list(records), nowhere) == []
    return bus.details


def test_a_charge_that_crosses_the_threshold_is_told_with_what_is_left() -> None:
    ((kind, detail),) = told(change(image(60, held=50), image(80, held=0)))

    assert kind == "balance_low"
    event = BalanceLow.model_validate(detail)
    assert (event.user_id, event.threshold_nano_usd, event.total_nano_usd) == ("u", 100, 80)


@pytest.mark.promise("books")
def test_holding_money_for_a_request_is_no_crossing() -> None:
    assert told(change(image(120), image(20, held=100))) == []


@pytest.mark.promise("books")
def test_a_further_charge_below_the_threshold_is_not_told_again() -> None:
    assert told(change(image(90), image(40))) == []


def test_after_a_credit_the_next_crossing_is_told_again() -> None:
    records = [
        change(image(110), image(90), "1"),
        change(image(90), image(200), "2"),
        change(image(200), image(99), "3"),
    ]

    assert [detail["crossingId"] for _, detail in told(*records)] == ["u-1", "u-3"]


def test_an_account_without_a_threshold_is_never_low() -> None:
    assert told(change(image(110, alert_below=None), image(0, alert_below=None))) == []


@pytest.mark.promise("returned")
def test_lapsed_holds_are_counted_apart_and_spendable() -> None:
    account = Account("u", 40, {"300": Held(60, 2), "9000": Held(10, 1)})

    assert account.spendable(1_000) == 100
    assert account.held(1_000) == 10
    assert sum(held.requests for held in account.lapsed(1_000).values()) == 2
