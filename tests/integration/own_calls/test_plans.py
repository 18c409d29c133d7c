"""Plans over HTTP: written version by version, given to users and teams, and read by who has them."""

from typing import Any

import pytest

from aggregator.billing import wiring as billing
from tests.integration.own_calls.platform import Platform, Said, own

NAMES = iter(range(1_000))
UNLIMITED = dict.fromkeys(
    (
        "requestsPerMinute",
        "tokensPerMinute",
        "usdPerMinute",
        "concurrentRequests",
        "dailyBudget",
        "monthlyBudget",
    )
)


@pytest.fixture
def plan_id() -> str:
    return f"plan-{next(NAMES)}"


def put(platform: Platform, plan_id: str, **fields: Any) -> Said:
    return platform.call(own("put_plan"), body={"name": "A plan", **fields}, path={"planId": plan_id})


def user_on(platform: Platform, plan_id: str | None, user_id: str = "") -> str:
    """A user of its own who is on a plan."""
    if not user_id:
        user_id = f"eve-{next(NAMES)}"
        body = {"userId": user_id, "email": f"{user_id}@example.com", "name": "Eve", "role": "member"}
        assert platform.call(own("create_user"), body=body).status == 201
    said = platform.call(own("update_user"), body={"plan": plan_id}, path={"userId": user_id})
    assert (said.status, said.body.get("plan")) == (200, plan_id), said.text
    return user_id


def test_a_plan_is_written_as_it_is_shown(platform: Platform, plan_id: str) -> None:
    said = put(
        platform,
        plan_id,
        name=" Pro ",
        pricePercent=120,
        limits={"requestsPerMinute": 60, "dailyBudget": "5"},
        allowedModels=["gpt-4o*"],
        monthlyCredit="20",
    )

    assert said.status == 200, said.text
    told = said.body
    assert told["effectiveFrom"] == told["createdAt"]
    assert told | {"effectiveFrom": "-", "createdAt": "-"} == {
        "planId": plan_id,
        "version": 1,
        "name": "Pro",
        "pricePercent": 120,
        "limits": UNLIMITED | {"requestsPerMinute": 60, "dailyBudget": "5.00"},
        "allowedModels": ["gpt-4o*"],
        "monthlyCredit": "20.00",
        "effectiveFrom": "-",
        "createdAt": "-",
        "byKeyId": "admin",
        "byUserId": "admin",
    }
    listed = platform.call(own("list_plans"), query={"limit": "100"}).body["data"]
    assert [each["pricePercent"] for each in listed if each["planId"] == plan_id] == [120]


def test_a_change_is_a_version_and_the_old_ones_stay_readable(platform: Platform, plan_id: str) -> None:
    put(platform, plan_id, pricePercent=120)
    put(platform, plan_id, pricePercent=130)
    put(platform, plan_id, pricePercent=130)
    later = put(platform, plan_id, pricePercent=140, effectiveFrom="2199-01-01T00:00:00Z")

    said = platform.call(own("get_plan"), path={"planId": plan_id}).body

    assert (later.status, later.body["version"]) == (200, 3)
    assert (said["version"], said["pricePercent"]) == (2, 130)
    assert [(each["version"], each["pricePercent"]) for each in said["versions"]] == [
        (3, 140),
        (2, 130),
        (1, 120),
    ]
    assert said["versions"][0]["effectiveFrom"] == "2199-01-01T00:00:00.000Z"


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"name": ""}, "name"),
        ({"pricePercent": 0}, "pricePercent"),
        ({"pricePercent": 120.5}, "pricePercent"),
        ({"pricePercent": 1001}, "pricePercent"),
        ({"limits": {"requestsPerMinute": 0}}, "limits.requestsPerMinute"),
        ({"limits": {"requestsPerHour": 5}}, "limits.requestsPerHour"),
        ({"allowedModels": []}, "allowedModels"),
        ({"allowedModels": ["gpt-4x-nano"]}, "allowedModels"),
        ({"monthlyCredit": "0"}, "monthlyCredit"),
        ({"monthlyCredit": 20}, "monthlyCredit"),
        ({"effectiveFrom": "2020-01-01T00:00:00Z"}, "effectiveFrom"),
        ({"effectiveFrom": "2199-01-01T00:00:00Z"}, "effectiveFrom"),
        ({"effectiveFrom": "tomorrow"}, "effectiveFrom"),
        ({"markup": 20}, "markup"),
    ],
)
def test_a_field_that_is_none_is_refused_by_its_name(
    platform: Platform, plan_id: str, fields: dict[str, Any], param: str
) -> None:
    said = put(platform, plan_id, **fields)

    assert (said.status, said.param) == (400, param)
    assert platform.call(own("get_plan"), path={"planId": plan_id}).status == 404


def test_a_name_that_is_none_is_refused(platform: Platform) -> None:
    said = put(platform, "-a")

    assert (said.status, said.param) == (400, "planId")


def test_a_user_has_a_plan_reads_it_and_no_other(platform: Platform, plan_id: str) -> None:
    put(platform, plan_id, pricePercent=120)
    other = f"plan-{next(NAMES)}"
    put(platform, other)
    user_id = user_on(platform, plan_id)
    eve = platform.key("billing:read")._replace(user_id=user_id)

    balance = platform.call(own("get_balance"), eve, path={"userId": user_id})
    mine = platform.call(own("get_plan"), eve, path={"planId": plan_id})
    theirs = platform.call(own("get_plan"), eve, path={"planId": other})

    assert balance.body["plan"] == plan_id
    assert (mine.status, mine.body["pricePercent"]) == (200, 120)
    assert "versions" not in mine.body
    assert theirs.status == 404


def test_a_plan_is_taken_away(platform: Platform, plan_id: str) -> None:
    put(platform, plan_id)
    user_id = user_on(platform, plan_id)

    user_on(platform, None, user_id)

    assert platform.call(own("get_balance"), path={"userId": user_id}).body["plan"] is None


def test_whoever_has_a_plan_is_moved_to_its_new_version_before_the_call_answers(
    platform: Platform, plan_id: str
) -> None:
    put(platform, plan_id)
    user_id = user_on(platform, plan_id)

    put(platform, plan_id, pricePercent=150)

    assert billing.store().account(user_id).plan == f"{plan_id}#000002"


def test_a_team_has_a_plan_that_its_members_keys_may_read(platform: Platform, plan_id: str) -> None:
    put(platform, plan_id)
    team_id = f"crew-{plan_id}"
    platform.call(own("create_team"), body={"teamId": team_id, "name": "The crew"})

    said = platform.call(own("update_team"), body={"plan": plan_id}, path={"teamId": team_id})

    assert (said.status, said.body["plan"]) == (200, plan_id)
    assert billing.store().account(team_id).plan == f"{plan_id}#000001"


def test_this_months_credit_is_there_with_the_plan_and_once(platform: Platform, plan_id: str) -> None:
    put(platform, plan_id, monthlyCredit="20")
    user_id = user_on(platform, plan_id)

    user_on(platform, None, user_id)
    user_on(platform, plan_id, user_id)

    balance = platform.call(own("get_balance"), path={"userId": user_id}).body
    (grant,) = platform.call(own("list_grants"), query={"userId": user_id}).body["data"]
    assert balance["available"] == "20.00"
    assert grant["reason"].startswith(f"Monthly credit of the plan '{plan_id}', 20")
    assert grant["expiresAt"].endswith("-01T00:00:00.000Z")


def test_a_plan_that_there_is_not_is_refused_by_name_and_nothing_is_written(platform: Platform) -> None:
    body = {"userId": "dora", "email": "dora@example.com", "name": "Dora", "role": "member"}
    assert platform.call(own("create_user"), body=body).status == 201

    said = platform.call(
        own("update_user"), body={"plan": "no-such-plan", "name": "D"}, path={"userId": "dora"}
    )

    assert (said.status, said.param) == (400, "plan")
    assert (
        platform.call(own("list_users"), query={"email": "dora@example.com"}).body["data"][0]["name"]
        == "Dora"
    )
