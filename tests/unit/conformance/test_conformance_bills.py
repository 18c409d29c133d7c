from typing import Any

import pytest

from conformance.bills import bill_of, owed_for
from conformance.relay import Exchange

JsonObject = dict[str, Any]

PRICES = {
    "m@p": {"input": "0.15", "output": "0.60", "cachedInput": "0.075"},
    "m": {"input": "9.00", "output": "9.00"},
}


def request(**tokens: int) -> JsonObject:
    none = {"input": 0, "cachedInput": 0, "cacheWrite": 0, "output": 0, "reasoning": 0}
    return {
        "requestId": "r1",
        "model": "m",
        "provider": "p",
        "tokens": none | tokens,
        "outcome": "completed",
        "estimated": False,
    }


def exchange(request_id: str, status: int = 200, path: str = "/v1/chat/completions") -> Exchange:
    return Exchange("POST", path, "", None, 0.0, status=status, request_id=request_id)


class Ledger:
    """Holds entries; says what it was asked for."""

    def __init__(self, *entries: JsonObject) -> None:
        self.entries = entries
        self.asked: tuple[set[str], int] = (set(), 0)

    def settled(
        self, user_id: str, request_ids: set[str], at_least: int
    ) -> tuple[list[JsonObject], JsonObject]:
        assert user_id == "alice"
        self.asked = (request_ids, at_least)
        return list(self.entries), {"held": "0.00"}


@pytest.mark.parametrize(
    ("tokens", "usd"),
    [
        ({"input": 16, "cachedInput": 3, "output": 16}, "0.000011775"),
        ({"input": 1}, "0.000000150"),
        ({"input": 5, "cacheWrite": 5}, "0.000000750"),
        ({"output": 3, "reasoning": 2}, "0.000001800"),
        ({}, "0.000000000"),
    ],
)
def test_what_is_owed_is_tokens_times_the_prices_of_the_route(tokens: dict[str, int], usd: str) -> None:
    assert f"{owed_for(request(**tokens), PRICES):f}" == usd


def test_less_than_a_nano_dollar_is_rounded_up_once() -> None:
    prices = {"m": {"input": "0.0001", "output": "0.0001"}}

    assert f"{owed_for(request(input=1, output=1), prices):f}" == "0.000000001"


def test_a_charge_that_is_not_the_price_is_not_fair() -> None:
    right = {"request": request(input=10), "amount": "-0.0000015"}
    wrong = {"request": request(input=10), "amount": "-0.0000016"}

    assert bill_of(Ledger(right), PRICES, "alice", [exchange("r1")])["fair"] is True
    assert bill_of(Ledger(wrong), PRICES, "alice", [exchange("r1")])["fair"] is False


def test_requests_that_the_ledger_does_not_know_or_knows_twice_are_told() -> None:
    entry = {"request": request(input=10), "amount": "-0.0000015"}

    bill = bill_of(Ledger(entry, entry), PRICES, "alice", [exchange("r1"), exchange("r2")])

    assert (bill["missing"], bill["twice"]) == (["r2"], True)


def test_only_what_was_answered_by_a_provider_is_looked_for() -> None:
    ledger = Ledger()
    listed = Exchange("GET", "/v1/models", "", None, 0.0, status=200, request_id="r4")
    made = [exchange("r1"), exchange("r2", 402), exchange("r3", path="/v1/messages/count_tokens"), listed]

    bill_of(ledger, PRICES, "alice", made)

    assert ledger.asked == ({"r1"}, 1)


def test_of_repeated_requests_as_many_are_waited_for_as_are_to_be_charged() -> None:
    ledger = Ledger()

    bill_of(ledger, PRICES, "alice", [exchange("r1"), exchange("r2")], 1)

    assert ledger.asked == ({"r1", "r2"}, 1)
