"""What the billing endpoints take and give."""

from typing import Any

import pytest
from pydantic import ValidationError

from aggregator.billing.api import Balance, TransactionReceipt, TransactionRequest, order_of
from aggregator.billing.entry import Entry, Posting
from aggregator.billing.model import Account, Held
from aggregator.errors import InvalidRequest
from aggregator.runtime.aws import JsonObject

MOMENT = "2026-11-23T12:00:00.000Z"
GOOD: JsonObject = {"userId": "ann", "type": "credit", "amount": "5.00"}
EVENT: JsonObject = {
    "requestContext": {"requestId": "id-1", "requestTimeEpoch": 1_764_000_000_000},
    "headers": {"idempotency-key": "k1"},
}


def test_a_booking_is_read() -> None:
    body = TransactionRequest.model_validate(GOOD | {"currency": "USD", "description": "top-up"})

    order = order_of(body, EVENT)

    assert (order.user_id, order.kind, order.amount_nano_usd) == ("ann", "credit", 5_000_000_000)
    assert (order.id, order.idempotency_key) == ("019ab697e800-id-1", "k1")
    assert order.description == "top-up"


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"userId": ""}, "userId"),
        ({"userId": "a#b"}, "userId"),
        ({"userId": "x" * 129}, "userId"),
        ({"userId": 5}, "userId"),
        ({"type": "usage"}, "type"),
        ({"type": None}, "type"),
        ({"amount": 5}, "amount"),
        ({"amount": 5.0}, "amount"),
        ({"amount": "five"}, "amount"),
        ({"amount": "1e3"}, "amount"),
        ({"amount": "0.0000000001"}, "amount"),
        ({"amount": "1000000001"}, "amount"),
        ({"amount": "5" * 41}, "amount"),
        ({"amount": "0"}, "amount"),
        ({"amount": "-5"}, "amount"),
        ({"amount": "-5", "type": "refund"}, "amount"),
        ({"amount": "0.00", "type": "adjustment"}, "amount"),
        ({"currency": "EUR"}, "currency"),
        ({"description": "x" * 201}, "description"),
        ({"refersTo": "e1"}, "refersTo"),
        ({"refersTo": "e1", "type": "debit"}, "refersTo"),
        ({"amout": "5.00"}, "amout"),
    ],
)
def test_a_wrong_field_is_refused_by_its_path(fields: JsonObject, path: str) -> None:
    with pytest.raises(ValidationError) as refused:
        TransactionRequest.model_validate(GOOD | fields)

    assert ".".join(str(step) for step in refused.value.errors()[0]["loc"]) == path


@pytest.mark.parametrize("missing", ["userId", "type", "amount"])
def test_a_missing_field_is_refused_by_its_path(missing: str) -> None:
    with pytest.raises(ValidationError) as refused:
        TransactionRequest.model_validate({name: value for name, value in GOOD.items() if name != missing})

    assert refused.value.errors()[0]["loc"] == (missing,)


@pytest.mark.parametrize(
    "fields",
    [
        {"type": "adjustment", "amount": "-0.000000001"},
        {"type": "refund", "refersTo": "e1"},
        {"type": "adjustment", "refersTo": "e1"},
        {"amount": "999999999.999999999"},
    ],
)
def test_what_is_allowed_is_taken(fields: JsonObject) -> None:
    assert TransactionRequest.model_validate(GOOD | fields)


@pytest.mark.parametrize("key", ["", "x" * 256])
def test_an_idempotency_key_has_1_to_255_bytes(key: str) -> None:
    event = EVENT | {"headers": {"Idempotency-Key": key}}

    with pytest.raises(InvalidRequest) as refused:
        order_of(TransactionRequest.model_validate(GOOD), event)

    assert refused.value.param == "Idempotency-Key"


def test_without_an_idempotency_key_there_is_none() -> None:
    assert (
        order_of(TransactionRequest.model_validate(GOOD), EVENT | {"headers": None}).idempotency_key is None
    )


def test_the_same_body_has_the_same_hash_and_another_another() -> None:
    def hash_of(body: dict[str, Any]) -> str:
        return order_of(TransactionRequest.model_validate(body), EVENT).body_hash

    assert hash_of(GOOD) == hash_of(dict(reversed(GOOD.items())))
    assert hash_of(GOOD) != hash_of(GOOD | {"amount": "5.01"})


def test_a_balance_counts_lapsed_holds_as_available() -> None:
    account = Account("ann", 1_000_000_000, {"1000": Held(2, 1), "99999": Held(30, 1)})

    said = Balance.of(account, epoch_seconds=2_000).model_dump(by_alias=True)

    expected = {
        "userId": "ann",
        "currency": "USD",
        "available": "1.000000002",
        "held": "0.00000003",
        "total": "1.000000032",
    }
    assert {name: said[name] for name in expected} == expected


def test_an_account_that_was_never_funded_is_empty() -> None:
    said = Balance.of(Account("ann"), epoch_seconds=0)

    assert (said.available, said.held, said.total) == ("0.00", "0.00", "0.00")


def test_a_receipt_says_the_effect_on_the_wallet() -> None:
    legs = (Posting("user:ann", -5_000_000_000), Posting("cash", 5_000_000_000))

    said = TransactionReceipt.of(Entry("e1", "ann", "debit", MOMENT, legs, "manual"))

    assert said.model_dump(by_alias=True, exclude_none=True) == {
        "id": "e1",
        "userId": "ann",
        "type": "debit",
        "amount": "-5.00",
        "currency": "USD",
        "description": "manual",
        "createdAt": MOMENT,
    }
