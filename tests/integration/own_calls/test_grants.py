"""Grants over HTTP: given once, seen by whose they are, and said to have paid in the statement."""

from datetime import timedelta
from typing import Any

import pytest

from aggregator.auth.authorise import ADMIN_CALLER
from aggregator.auth.caller import Caller
from aggregator.billing import wiring
from aggregator.billing.settle import settle_account
from aggregator.billing.settle_batch import usage_end_of
from aggregator.contracts.ai_usage import AiUsage
from aggregator.runtime import clock
from tests.fakes.usage_events import ai_usage
from tests.integration.own_calls.platform import Platform, Said, own

USERS = iter(range(1_000))
LATER = "2036-11-01T00:00:00Z"


@pytest.fixture
def user_id() -> str:
    """A user of its own."""
    return f"granted-{next(USERS)}"


def given(platform: Platform, user_id: str, amount: str = "10.00", **how: Any) -> Said:
    body = {"userId": user_id, "amount": amount, "expiresAt": LATER} | how.pop("fields", {})
    return platform.call(own("create_grant"), body=body, **how)


def key_of(user_id: str, *scopes: str) -> Caller:
    return Caller("k", user_id, scopes or ("billing:read",))


def listed(platform: Platform, user_id: str) -> dict[str, Any]:
    said = platform.call(own("list_grants"), key_of(user_id))
    assert said.status == 200, said.text
    return said.body  # type: ignore[no-any-return]


def spend(user_id: str, nano_usd: int, request_id: str) -> None:
    """A request that held a dollar and used some of it."""
    store, now = wiring.store(), clock.now()
    bucket = str(int(now.timestamp()) // 300 * 300 + 3600)
    store.hold(user_id, 1_000_000_000, bucket)
    hold = {"amountNanoUsd": 1_000_000_000, "bucket": bucket}
    event = ai_usage(request_id, nano_usd, userId=user_id, hold=hold, occurredAt=clock.iso(now))
    settle_account(store, [usage_end_of(AiUsage.model_validate(event))], lambda _: None)


def test_a_grant_is_answered_as_it_is_listed_and_is_part_of_the_balance(
    platform: Platform, user_id: str
) -> None:
    said = given(platform, user_id, fields={"reason": "Welcome"})

    assert said.status == 201, said.text
    assert said.body | {"id": "-", "createdAt": "-"} == {
        "id": "-",
        "userId": user_id,
        "amount": "10.00",
        "left": "10.00",
        "expired": "0.00",
        "currency": "USD",
        "state": "active",
        "reason": "Welcome",
        "createdAt": "-",
        "expiresAt": "2036-11-01T00:00:00.000Z",
    }
    assert listed(platform, user_id) == {"userId": user_id, "left": "10.00", "data": [said.body]}
    balance = platform.call(own("get_balance"), key_of(user_id), path={"userId": user_id}).body
    assert (balance["available"], balance["total"], balance["granted"]) == ("10.00", "10.00", "10.00")


def test_a_balance_without_grants_is_as_it_was(platform: Platform, user_id: str) -> None:
    said = platform.call(own("get_balance"), key_of(user_id), path={"userId": user_id})

    assert "granted" not in said.body


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"amount": "0"}, "amount"),
        ({"amount": "-1"}, "amount"),
        ({"amount": "1.0000000001"}, "amount"),
        ({"expiresAt": "2020-01-01T00:00:00Z"}, "expiresAt"),
        ({"expiresAt": "2136-11-01T00:00:00Z"}, "expiresAt"),
        ({"expiresAt": "2036-11-01T00:00:00"}, "expiresAt"),
        ({"expiresAt": None}, "expiresAt"),
        ({"teamId": "crew"}, "userId"),
        ({"userId": None}, "userId"),
        ({"reason": "x" * 201}, "reason"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_what_is_no_grant_is_refused_by_its_field(
    platform: Platform, user_id: str, fields: dict[str, Any], param: str
) -> None:
    said = given(platform, user_id, fields=fields)

    assert (said.status, said.body["error"]["param"]) == (400, param)
    assert listed(platform, user_id)["data"] == []


def test_a_team_that_there_is_not_is_given_nothing(platform: Platform) -> None:
    body = {"teamId": "nobodys-team", "amount": "1.00", "expiresAt": LATER}

    assert platform.call(own("create_grant"), body=body).status == 404


def test_the_same_idempotency_key_gives_the_same_grant(platform: Platform, user_id: str) -> None:
    again = {"Idempotency-Key": f"grant-{user_id}"}

    first = given(platform, user_id, headers=again)
    second = given(platform, user_id, headers=again)
    other = given(platform, user_id, "11.00", headers=again)

    assert (first.status, second.status, other.status) == (201, 201, 422)
    assert first.body == second.body
    assert listed(platform, user_id)["left"] == "10.00"


def test_others_see_no_grants_and_an_admin_sees_anybodys(platform: Platform, user_id: str) -> None:
    given(platform, user_id)
    query = {"userId": user_id}

    assert platform.call(own("list_grants"), key_of("somebody-else"), query=query).status == 403
    assert platform.call(own("list_grants"), ADMIN_CALLER, query=query).body["left"] == "10.00"


def test_who_is_no_admin_gives_nothing(platform: Platform, user_id: str) -> None:
    said = given(platform, user_id, by=platform.key("keys:manage", "billing:read"))

    assert (said.status, said.body["error"]["code"]) == (403, "missing_scope")


def test_the_statement_says_which_grant_paid_and_the_csv_too(platform: Platform, user_id: str) -> None:
    soon = clock.iso(clock.now() + timedelta(days=1))
    last = given(platform, user_id, "0.02").body["id"]
    first = given(platform, user_id, "0.01", fields={"expiresAt": soon}).body["id"]
    credit = {"userId": user_id, "type": "credit", "amount": "5.00"}
    assert platform.call(own("create_transaction"), body=credit).status == 201
    request_id = f"{int(clock.now().timestamp() * 1000):012x}-paid"
    spend(user_id, 35_000_000, request_id)

    path = {"userId": user_id}
    query = {"from": "2025-11-01T00:00:00Z"}
    as_csv = {"Accept": "text/csv"}
    said = platform.call(own("list_transactions"), key_of(user_id), path=path, query=query).body["entries"]
    csv = platform.call(
        own("list_transactions"), key_of(user_id), path=path, query=query, headers=as_csv
    ).text.splitlines()

    used = next(each for each in said if each["id"] == request_id)
    assert used["amount"] == "-0.035"
    assert sorted(used["paidBy"], key=lambda part: part["amount"]) == [
        {"amount": "0.005"},
        {"grantId": first, "amount": "0.01"},
        {"grantId": last, "amount": "0.02"},
    ]
    assert {each["type"] for each in said} == {"usage", "credit", "grant"}
    assert all("paidBy" not in each for each in said if each["type"] != "usage")
    line = next(each for each in csv if request_id in each)
    assert csv[0].endswith(",paidByCredit,paidByGrants")
    assert line.endswith(f",0.005,{' '.join(sorted([f'{first}=0.01', f'{last}=0.02']))}")
    states = {each["id"]: each["state"] for each in listed(platform, user_id)["data"]}
    assert states == {first: "spent", last: "spent"}
