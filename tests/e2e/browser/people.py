"""Who sits before the screen: a user with money spent, to the nano-dollar, and whoever runs the platform."""

from dataclasses import dataclass

from tests.e2e.caller import ApiCaller, UserCaller, eventually

ALL_SCOPES = ["inference", "models:read", "billing:read", "analytics:read", "keys:manage"]


@dataclass(frozen=True)
class Person:
    """Somebody with a key."""

    user_id: str
    key: str
    key_id: str
    caller: ApiCaller


def joined(person: Person, admin: ApiCaller) -> Person:
    """The same in a team that they manage, with an address that hears of alerts, and a test on its way there."""
    team = {"teamId": f"team-of-{person.user_id}", "name": "The crew", "monthlyBudget": "1.00"}
    assert admin.post("/identity/teams", team).status == 201
    place = f"/identity/teams/{team['teamId']}/members/{person.user_id}"
    assert admin.call("PUT", place, {"role": "manager", "monthlyBudget": "0.50"}).status == 200
    assert person.caller.post("/alerts/webhooks", {"url": "https://hooks.example.com/ai"}).status == 201
    return person


def spent(user: UserCaller) -> Person:
    """A user who had 25.00 and asked three things, one of which the provider refused.

    gpt-4o: 15 tokens in, 1,000 out, at 2.50 and 10.00 a million: 0.0100375.
    claude-haiku-4-5: 15 in, 400 out, at 1.00 and 5.00: 0.002015. In all 0.0120525; left are 24.9879475.
    """
    for text, model, status in (
        ("[[standin tokens=1000]] hello", "gpt-4o", 200),
        ("[[standin tokens=400]] hello", "claude-haiku-4-5", 200),
        ("[[standin status=400]] hello", "gpt-4o-mini", 400),
    ):
        reply = user.chat(text, model=model)
        assert reply.status == status, reply.body
    assert user.balance_at_rest()["total"] == "24.9879475"
    totals = eventually(
        lambda: user.get("/analytics/metrics").json["totals"], lambda totals: totals["requests"] == 3
    )
    assert totals["cost"] == "0.0120525"
    assert user.key is not None
    return Person(user.user_id, user.key, user.key_id, user)
