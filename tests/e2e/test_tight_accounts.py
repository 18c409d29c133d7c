"""Accounts with little money, over HTTP: the rest of a hold is back with the answer, and every nano-dollar is there."""

from decimal import Decimal

import pytest

from tests.e2e.caller import ApiCaller, eventually
from tests.e2e.conftest import NewUser
from tests.e2e.test_money import entries_of
from tests.races.crowd import crowd


@pytest.mark.promise("returned")
@pytest.mark.parametrize("stream", [False, True])
def test_held_goes_down_with_the_answer_to_what_it_cost(new_user: NewUser, *, stream: bool) -> None:
    user = new_user(credit="0.02")

    answer = user.chat("What do you hold?", stream=stream, max_tokens=4_000)
    at_once = user.balance()

    entries = eventually(lambda: entries_of(user), lambda found: len(found) == 2)
    cost = -Decimal(entries[0]["amount"])
    assert answer.status == 200
    assert Decimal(answer.headers["x-aggregator-hold-usd"]) > Decimal("0.001")
    assert Decimal(at_once["held"]) in (cost, 0)  # until it is settled, and then
    assert Decimal(at_once["available"]) == Decimal("0.02") - cost
    assert entries[0]["request"]["hold"] == answer.headers["x-aggregator-hold-usd"]


@pytest.mark.promise("served")
def test_16_clients_of_one_small_account_spend_what_is_there_and_leave_what_they_did_not(
    new_user: NewUser,
) -> None:
    user = new_user(credit="0.005")
    statuses: list[int] = []
    costs: list[Decimal] = []

    def chat(_: int, n: int) -> None:
        for _ in range(20):
            answer = user.chat(f"[[standin tokens=100]] Count to {n}", max_tokens=2_000)
            if answer.status != 503:  # the money is there, and somebody else was faster each time: ask again
                break
        statuses.append(answer.status)
        if answer.status == 200:
            costs.append(Decimal(answer.headers["x-aggregator-cost-usd"]))

    crowd(16, range(120), chat)

    eventually(lambda: entries_of(user), lambda found: len(found) == 1 + statuses.count(200))
    balance = user.balance()
    assert set(statuses) <= {200, 402}
    assert statuses.count(200) > 4  # as many as whole holds would have fitted
    assert Decimal(balance["available"]) == Decimal("0.005") - sum(costs)
    assert balance["held"] == "0.00"
    assert balance["total"] == balance["available"]


def test_a_key_has_its_money_per_minute_and_a_request_beyond_it_is_a_429(
    admin: ApiCaller, new_user: NewUser
) -> None:
    user = new_user(limits={"usdPerMinute": "0.000001"})

    answer = user.chat("hi", max_tokens=100)
    shown = admin.get(f"/auth/api-keys/{user.key_id}").json

    assert shown["limits"]["usdPerMinute"] == "0.000001"
    assert (answer.status, answer.headers["x-should-retry"]) == (429, "false")
    assert "limited to 0.000001 USD per minute (usdPerMinute)" in answer.json["error"]["message"]
    assert user.balance()["available"] == "1.00"
