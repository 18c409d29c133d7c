"""Bad input to our own calls is a 4xx in the envelope that names the field: each a literal that once was a 500."""

import json
from typing import Any

import pytest

from tests.integration.own_calls.platform import (
    KEY,
    MODEL,
    OWN_CALLS,
    PRICE,
    WITH_BODY,
    OwnCall,
    Platform,
    own,
)

FIVE = {"userId": "ann", "type": "credit", "amount": "5.00"}
EXTREMES = ("9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00")


@pytest.mark.parametrize(
    "text",
    [
        "[" * 50_000,
        "[" * 50_000 + "]" * 50_000,
        '{"a":' * 50_000 + "1" + "}" * 50_000,
        '{"name":' + "[" * 980 + "]" * 980 + "}",
        '{"name":' + "9" * 5_000 + "}",
        '{"name": NaN}',
        '{"name": 1e999}',
        '{"name": "\\ud800"}',
        "\ufeff{}",
        "null",
        "7",
    ],
    ids=lambda text: text[:12],
)
@pytest.mark.parametrize("call", WITH_BODY, ids=str)
def test_a_body_that_is_none_of_ours_is_refused(platform: Platform, call: OwnCall, text: str) -> None:
    said = platform.call(call, body=text)

    assert (said.status, said.code) == (400, "invalid_request")


@pytest.mark.parametrize("call", [each for each in WITH_BODY if each.body], ids=str)
def test_a_field_that_comes_twice_is_named(platform: Platform, call: OwnCall) -> None:
    name, value = next(iter((call.body or {}).items()))
    body = json.dumps(call.body)[:-1] + f", {json.dumps(name)}: {json.dumps(value)}}}"

    said = platform.call(call, body=body)

    assert (said.status, said.param) == (400, name)
    assert said.body["error"]["message"] == f"{name}: is there twice"


def test_an_amount_that_comes_twice_books_nothing(platform: Platform) -> None:
    body = '{"userId":"twice","type":"credit","amount":"1.00","amount":"100.00"}'

    said = platform.call(own("create_transaction"), body=body)
    spelt = platform.call(
        own("update_balance"), body='{"lowBalanceThreshold":"1","low_balance_threshold":"2"}'
    )

    assert (said.status, said.param) == (400, "amount")
    assert spelt.status == 400
    assert platform.call(own("get_balance"), path={"userId": "twice"}).body["available"] == "0.00"


@pytest.mark.parametrize("call", OWN_CALLS, ids=str)
def test_a_query_parameter_that_is_not_there_or_twice_is_named(platform: Platform, call: OwnCall) -> None:
    unknown = platform.call(call, query={"since": "2026-01-01T00:00:00Z"})
    twice = [platform.call(call, query={name: ["1", "1"]}) for name in call.query]

    assert (unknown.status, unknown.param) == (400, "since")
    assert [(said.status, said.param) for said in twice] == [(400, name) for name in call.query]


@pytest.mark.parametrize(
    "amount",
    [
        "\N{ARABIC-INDIC DIGIT ONE}.00",
        "\N{FULLWIDTH DIGIT ONE}",
        " 5.00 ",
        "+5",
        ".5",
        "5.",
        "1000000000",
        "1_0",
        "1e3",
        "0.0000000001",
        "",
        "5\n",
        "\N{MINUS SIGN}5",
        "0x5",
    ],
)
@pytest.mark.parametrize(
    ("function", "field", "body"),
    [
        ("create_transaction", "amount", FIVE),
        ("update_balance", "lowBalanceThreshold", {}),
        ("create_api_key", "limits.dailyBudget", {"userId": "ann", "name": "x"}),
        ("update_api_key", "limits.monthlyBudget", {}),
        ("put_model", "price.input", MODEL),
    ],
)
def test_an_amount_is_as_published_or_refused(
    platform: Platform, function: str, field: str, body: dict[str, Any], amount: str
) -> None:
    outer, _, inner = field.partition(".")
    value: Any = {**(PRICE if outer == "price" else {}), inner: amount} if inner else amount

    said = platform.call(own(function), body={**body, outer: value})

    assert (said.status, said.param) == (400, field)


@pytest.mark.parametrize("user_id", [".", "..", "", "a/b", "a" * 129, "ä", "a\n"])
def test_a_user_whom_nobody_could_ask_for_is_not_made(platform: Platform, user_id: str) -> None:
    key = platform.call(own("create_api_key"), body={"userId": user_id, "name": "x"})
    booked = platform.call(own("create_transaction"), body={**FIVE, "userId": user_id})
    listed = platform.call(own("list_api_keys"), query={"userId": user_id})

    assert [(said.status, said.param) for said in (key, booked, listed)] == [(400, "userId")] * 3


@pytest.mark.parametrize("user_id", ["...", "a.", ".a", "..a", "._@-", "a" * 128])
def test_a_user_with_points_in_its_name_is_one(platform: Platform, user_id: str) -> None:
    said = platform.call(own("create_transaction"), body={**FIVE, "userId": user_id})

    assert (said.status, said.body["userId"]) == (201, user_id)
    assert platform.call(own("get_balance"), path={"userId": user_id}).status == 200


@pytest.mark.parametrize("moment", EXTREMES)
def test_a_moment_at_the_end_of_time_is_named(platform: Platform, moment: str) -> None:
    created = platform.call(own("create_api_key"), body={"userId": "ann", "name": "x", "expiresAt": moment})
    updated = platform.call(own("update_api_key"), body={"expiresAt": moment})
    price = platform.call(own("put_model"), body={**MODEL, "price": {**PRICE, "effectiveAt": moment}})
    asked = [
        platform.call(own(function), query={name: moment})
        for function in ("list_transactions", "get_metrics")
        for name in ("from", "to")
    ]

    assert [(said.status, said.param) for said in (created, updated, price)] == [
        (400, "expiresAt"),
        (400, "expiresAt"),
        (400, "price.effectiveAt"),
    ]
    assert [(said.status, said.param) for said in asked] == [(400, "from"), (400, "to")] * 2


def test_a_key_may_end_in_the_last_year_there_is(platform: Platform) -> None:
    body = {"userId": "ann", "name": "x", "expiresAt": "9999-12-31T23:59:59Z"}

    said = platform.call(own("create_api_key"), body=body)

    assert (said.status, said.body["expiresAt"]) == (201, "9999-12-31T23:59:59.000Z")


def test_an_id_longer_than_any_is_refused(platform: Platform) -> None:
    receipt = platform.call(own("get_receipt"), path={"requestId": "x" * 1_100})
    unicode = platform.call(own("get_receipt"), path={"requestId": "é" * 200})
    key = platform.call(own("get_api_key"), path={"keyId": "x" * 1_100})
    user = platform.call(own("get_balance"), path={"userId": "x" * 1_100})
    model = platform.call(own("get_model"), path={"model": "x" * 1_100})

    assert (receipt.status, receipt.param) == (400, "requestId")
    assert [said.status for said in (unicode, key, user, model)] == [404, 404, 400, 400]


@pytest.mark.parametrize("key", ["😀" * 255, "é" * 128, "k" * 256, "", "\ud800"])
def test_an_idempotency_key_that_is_too_long_in_bytes_is_named(platform: Platform, key: str) -> None:
    said = platform.call(own("create_transaction"), body=FIVE, headers={"Idempotency-Key": key})

    assert (said.status, said.param) == (400, "Idempotency-Key")


def test_an_idempotency_key_of_255_bytes_is_taken(platform: Platform) -> None:
    headers = {"Idempotency-Key": "é" * 127 + "k"}

    first, second = (platform.call(own("create_transaction"), body=FIVE, headers=headers) for _ in range(2))

    assert (first.status, second.status) == (201, 201)
    assert first.body["id"] == second.body["id"]


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"displayName": "x"}, "contextWindow"),
        ({"contextWindow": 1, "displayName": "x"}, "routes"),
        ({"price": PRICE, "contextWindow": 1}, "routes"),
        ({**MODEL, "retiresAt": "2027-02-31"}, "retiresAt"),
        ({**MODEL, "retiresAt": "\N{ARABIC-INDIC DIGIT TWO}027-01-01"}, "retiresAt"),
    ],
)
def test_a_new_model_that_is_not_whole_is_named(platform: Platform, body: dict[str, Any], param: str) -> None:
    said = platform.call(own("put_model"), path={"model": "new"}, body=body)

    assert (said.status, said.param) == (400, param)


@pytest.mark.parametrize("field", ["unsupported", "rename", "onlyValues"])
def test_half_a_character_never_gets_into_the_catalogue(platform: Platform, field: str) -> None:
    value = {"unsupported": '["\\ud800"]', "rename": '{"a":"\\ud800"}', "onlyValues": '{"a":["\\ud800"]}'}[
        field
    ]
    body = f'{{"baseUrl":"https://llm.example.com/v1","{field}":{value}}}'

    said = platform.call(own("put_provider"), body=body)

    assert said.status == 400
    assert str(said.param).startswith(field)


def test_a_key_that_is_not_there_is_not_found(platform: Platform) -> None:
    said = [
        platform.call(own(name), path=KEY) for name in ("get_api_key", "revoke_api_key", "update_api_key")
    ]

    assert [each.status for each in said] == [404, 404, 404]


def test_a_key_is_limited_to_models_that_there_are_in_any_spelling(platform: Platform) -> None:
    body = {
        "userId": "ann",
        "name": "x",
        "allowedModels": ["openai/gpt-4o-mini", "openai/*", "cheap", "gpt-4o*"],
    }
    made = platform.call(own("create_api_key"), body=body)
    slip = platform.call(own("create_api_key"), body={**body, "allowedModels": ["gpt-4o-minni"]})
    changed = platform.call(
        own("update_api_key"), path={"keyId": made.body["id"]}, body={"allowedModels": ["opnai/*"]}
    )

    assert made.status == 201
    assert [(said.status, said.param) for said in (slip, changed)] == [(400, "allowedModels")] * 2
    assert "Did you mean gpt-4o-mini" in slip.body["error"]["message"]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({**FIVE, "amount": "0.00"}, "amount: must be above zero"),
        ({**FIVE, "amount": "-5.00"}, "amount: must be above zero"),
        ({**FIVE, "type": "adjustment", "amount": "0"}, "amount: must be above zero"),
        ({**FIVE, "refersTo": "019ab697e800-c6af9ac6"}, "refersTo: is for refunds and adjustments"),
    ],
    ids=["nothing", "less", "adjusted by nothing", "a credit of an entry"],
)
def test_what_is_wrong_beside_another_field_is_named_as_well(
    platform: Platform, body: dict[str, Any], message: str
) -> None:
    said = platform.call(own("create_transaction"), body=body)

    assert (said.status, said.body["error"]["message"]) == (400, message)
    assert said.param == message.partition(":")[0]


@pytest.mark.parametrize(
    ("call", "body", "field"),
    [
        ("create_transaction", {**FIVE, "type": "refund", "refers_to": "019ab697e800"}, "refers_to"),
        (
            "create_api_key",
            {"userId": "ann", "name": "x", "limits": {"daily_budget": "5.00"}},
            "limits.daily_budget",
        ),
        ("update_api_key", {"allowed_models": ["gpt-4o-mini"]}, "allowed_models"),
        ("put_model", {**MODEL, "price": {**PRICE, "cached_input": "0.10"}}, "price.cached_input"),
        ("put_provider", {"base_url": "https://llm.example.com/v1"}, "base_url"),
    ],
)
def test_a_field_has_its_published_name_alone(
    platform: Platform, call: str, body: dict[str, Any], field: str
) -> None:
    said = platform.call(own(call), body=body)

    assert (said.status, said.param) == (400, field)
