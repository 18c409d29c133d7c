"""A team through HTTP: its wallet pays, and its month and a member's bound what its keys spend together."""

import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest

from tests.e2e.caller import ApiCaller, UserCaller, eventually
from tests.e2e.conftest import NewSdk
from tests.e2e.stack import Stack


class Crew:
    """A team with money, and keys of its members."""

    def __init__(self, stack: Stack, admin: ApiCaller, **fields: Any) -> None:
        self.team_id = f"crew-{uuid.uuid4().hex[:12]}"
        self._stack, self._admin = stack, admin
        self.keys: list[UserCaller] = []
        self._done(admin.post("/identity/teams", {"teamId": self.team_id, "name": "The crew", **fields}), 201)
        credit = {"teamId": self.team_id, "type": "credit", "amount": "5.00"}
        self._done(admin.post("/billing/transaction", credit), 201)

    def key(self, user_id: str, *, budget: str | None = None, **fields: Any) -> UserCaller:
        """A key of a member that charges the team."""
        place = {"role": "member"} | ({} if budget is None else {"monthlyBudget": budget})
        path = f"/identity/teams/{self.team_id}/members/{user_id}"
        self._done(self._admin.call("PUT", path, place), 200)
        body = {"userId": user_id, "teamId": self.team_id, "name": "test", **fields}
        made = self._done(self._admin.post("/auth/api-keys", body), 201)
        self.keys.append(UserCaller(self._stack.base_url, made["key"], user_id, made["id"]))
        return self.keys[-1]

    def change(self, **fields: Any) -> None:
        """Change the team."""
        self._done(self._admin.call("PATCH", f"/identity/teams/{self.team_id}", fields), 200)

    def balance(self) -> dict[str, Any]:
        """What the team has, once nothing is held."""
        path = f"/billing/balance/{self.team_id}"
        found: dict[str, Any] = eventually(
            lambda: self._admin.get(path).json, lambda balance: balance["held"] == "0.00"
        )
        return found

    def _done(self, answer: Any, status: int) -> Any:
        assert answer.status == status, answer.body
        return answer.json


@pytest.fixture
def new_crew(stack: Stack, admin: ApiCaller) -> Iterator[Any]:
    """Make a team: `new_crew(monthlyBudget="1.00")`."""
    made: list[Crew] = []

    def make(**fields: Any) -> Crew:
        made.append(Crew(stack, admin, **fields))
        return made[-1]

    yield make
    for crew in made:
        for key in crew.keys:
            key.close()


def test_a_request_of_a_member_is_paid_by_the_team_and_stands_in_its_books(new_crew: Any) -> None:
    crew = new_crew()
    user_id = f"ann-{crew.team_id}"
    key = crew.key(user_id)

    answer = key.chat("hello", max_tokens=16)
    left = crew.balance()

    assert answer.status == 200
    cost = Decimal(answer.headers["x-aggregator-cost-usd"])
    assert Decimal(left["available"]) == Decimal("5.00") - cost
    assert Decimal(answer.headers["x-aggregator-balance-usd"]) == Decimal(left["available"])
    assert key.balance()["total"] == "0.00"
    (request,) = key.get("/billing/requests").json["requests"]
    assert (request["userId"], request["keyId"]) == (user_id, key.key_id)
    receipt = key.get(f"/billing/receipts/{answer.headers['x-request-id']}").json
    assert (receipt["userId"], receipt["request"]["userId"]) == (crew.team_id, user_id)
    statement = key.get(f"/billing/transactions/{crew.team_id}").json["entries"]
    assert [entry["type"] for entry in statement] == ["usage", "credit"]
    metrics = eventually(
        lambda: key.get("/analytics/metrics").json["totals"], lambda totals: totals["requests"] == 1
    )
    assert metrics["requests"] == 1


def test_keys_of_a_team_spend_its_month_together_and_not_a_nano_dollar_more(new_crew: Any) -> None:
    crew = new_crew(monthlyBudget="0.0001")
    keys = [crew.key(f"user{n}-{crew.team_id}") for n in range(4)]

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda n: keys[n % 4].chat("hello", max_tokens=64), range(40)))
    while (last := keys[0].chat("hello", max_tokens=64)).status == 200:
        answers.append(last)

    said = last.json["error"]["limit"]
    spent = Decimal("5.00") - Decimal(crew.balance()["available"])
    assert {answer.status for answer in answers} <= {200, 402}
    assert any(answer.status == 200 for answer in answers)
    assert (said["level"], said["name"], said["limit"]) == ("team", "monthlyBudget", "0.0001")
    assert Decimal(said["left"]) < Decimal(said["needed"])
    assert spent == Decimal("0.0001") - Decimal(said["left"])


def test_each_sdk_is_told_of_the_members_budget(sdk: NewSdk, new_crew: Any) -> None:
    crew = new_crew(monthlyBudget="1.00")
    key = crew.key(f"ann-{crew.team_id}", budget="0.00000001")

    for name, call in (("openai", "chat"), ("openai", "responses"), ("anthropic", "messages")):
        raised = sdk(name, key.key).refused(call)
        error = raised.response.json()["error"]
        assert (raised.status_code, error["code"]) == (402, "insufficient_quota")
        assert (error["limit"]["level"], error["limit"]["left"]) == ("member", "0.00000001")


def test_a_suspended_team_and_a_suspended_member_are_refused_at_once(new_crew: Any, admin: ApiCaller) -> None:
    crew = new_crew()
    ann, bob = (crew.key(f"{name}-{crew.team_id}") for name in ("ann", "bob"))
    person = {"userId": ann.user_id, "email": f"{ann.user_id}@example.com", "name": "Ann", "role": "member"}
    assert admin.post("/identity/users", person).status == 201
    assert [each.chat("hello", max_tokens=16).status for each in (ann, bob)] == [200, 200]

    assert admin.call("PATCH", f"/identity/users/{ann.user_id}", {"state": "suspended"}).status == 200
    without_ann = [each.chat("hello", max_tokens=16) for each in (ann, bob)]
    crew.change(state="suspended")
    nobody = bob.chat("hello", max_tokens=16)
    crew.change(state="active")

    assert [each.status for each in without_ann] == [403, 200]
    assert without_ann[0].json["error"]["code"] == "user_suspended"
    assert nobody.json["error"]["message"].startswith("The team that this API key charges is suspended.")
    assert bob.chat("hello", max_tokens=16).status == 200
