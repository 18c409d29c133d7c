"""A plan through HTTP: prices, models and limits of the very next request; what it paid stands in the ledger."""

import uuid
from decimal import Decimal
from typing import Any

import pytest

from tests.e2e.caller import ApiCaller, UserCaller, eventually
from tests.e2e.conftest import NewUser

Charge = tuple[str, Decimal]


class Planned:
    """A plan of its own, and a user who is put on it and off."""

    def __init__(self, admin: ApiCaller, user: UserCaller) -> None:
        self.plan_id = f"plan-{uuid.uuid4().hex[:12]}"
        self.admin, self.user = admin, user
        record = {
            "userId": user.user_id,
            "email": f"{user.user_id}@example.com",
            "name": "Ann",
            "role": "member",
        }
        self._done(admin.post("/identity/users", record), 201)

    def put(self, **terms: Any) -> None:
        """Write the plan, or its next version."""
        self._done(self.admin.call("PUT", f"/billing/plans/{self.plan_id}", {"name": "A plan", **terms}), 200)

    def give(self, plan_id: str | None = None) -> None:
        """Put the user on it, or off any."""
        path = f"/identity/users/{self.user.user_id}"
        self._done(self.admin.call("PATCH", path, {"plan": plan_id}), 200)

    def charge(self, **fields: Any) -> Charge:
        """Ask once; the price version without the price's own, and the cost."""
        answer = self.user.chat("[[standin tokens=100]] hello", max_tokens=100, **fields)
        assert answer.status == 200, answer.body
        version = answer.headers["x-aggregator-price-version"].partition("@")[2]
        return version, Decimal(answer.headers["x-aggregator-cost-usd"])

    def _done(self, answer: Any, status: int) -> None:
        assert answer.status == status, answer.body


@pytest.fixture
def planned(new_user: NewUser, admin: ApiCaller) -> Planned:
    return Planned(admin, new_user())


def test_each_change_holds_for_the_very_next_request_and_is_charged(planned: Planned) -> None:
    name = planned.plan_id
    charges = [planned.charge()]
    planned.put(pricePercent=120)
    planned.give(name)
    charges += [planned.charge(), planned.charge()]
    planned.put(pricePercent=200)
    charges.append(planned.charge())
    planned.give(None)
    charges.append(planned.charge())

    once = charges[0][1]
    assert once > 0
    assert charges == [
        ("", once),
        (f"120%@{name}#1", once * 6 / 5),
        (f"120%@{name}#1", once * 6 / 5),
        (f"200%@{name}#2", once * 2),
        ("", once),
    ]
    assert planned.user.balance_at_rest()["available"]
    path = f"/billing/requests?userId={planned.user.user_id}"
    booked = eventually(lambda: planned.user.get(path).json["requests"], lambda found: len(found) == 5)
    assert [Decimal(each["charged"]) for each in reversed(booked)] == [cost for _, cost in charges]


def test_what_a_key_pays_stands_in_the_list_and_in_the_quote(planned: Planned) -> None:
    planned.put(pricePercent=200, allowedModels=["gpt-4o-mini"])
    planned.give(planned.plan_id)

    ours = planned.user.get("/orchestrator/models").json["models"]
    theirs = planned.user.get("/v1/models").json["data"]
    body = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "hi"}], "max_tokens": 16}
    quote = planned.user.post("/v1/quote", body).json

    assert [(each["id"], each["prices"]["input"]) for each in ours] == [("gpt-4o-mini", "0.30")]
    assert [each["id"] for each in theirs] == ["gpt-4o-mini"]
    assert quote["routes"][0]["price_version"].endswith(f"@200%@{planned.plan_id}#1")


def test_a_model_outside_the_plan_is_refused_by_name_and_holds_nothing(planned: Planned) -> None:
    planned.put(allowedModels=["gpt-4o-mini"])
    planned.give(planned.plan_id)
    before = planned.user.balance()

    answer = planned.user.chat("hello", model="gpt-4o", max_tokens=16)

    error = answer.json["error"]
    assert (answer.status, error["code"], error["param"]) == (403, "model_not_allowed", "model")
    assert error["message"] == f"The plan '{planned.plan_id}' does not have the model 'gpt-4o'."
    assert planned.user.balance() == before


def test_a_limit_of_the_plan_holds_for_a_key_without_one(planned: Planned) -> None:
    planned.put(limits={"dailyBudget": "0.00001"})
    planned.give(planned.plan_id)

    answer = planned.user.chat("hello", max_tokens=1000)

    assert (answer.status, answer.json["error"]["code"]) == (402, "insufficient_quota")
