"""Teams over HTTP: an id and a wallet of their own, members, keys that charge them, and who may look and change."""

from typing import Any

import pytest

from aggregator.auth.authorise import ADMIN_CALLER
from aggregator.auth.caller import Caller, Team
from aggregator.billing import wiring as billing
from aggregator.identity import wiring as identity
from aggregator.identity.standing import Standing, standing_of
from aggregator.proxy.limits.rules import Demand
from aggregator.proxy.limits.store import LimitStore
from aggregator.proxy.limits.take import give_back, take
from aggregator.runtime import clock
from aggregator.runtime.boto_client import BotoClient
from tests.integration.own_calls.platform import OwnCall, Platform, Said, own

GET = OwnCall("identity/get_team", "GET", "/identity/teams/{teamId}", scope="")
LIST = OwnCall("identity/list_teams", "GET", "/identity/teams", scope="")
MEMBERS = OwnCall("identity/list_members", "GET", "/identity/teams/{teamId}/members", scope="")
NAMES = iter(range(1_000))


@pytest.fixture
def team(platform: Platform) -> str:
    """A team of its own, with ann in it."""
    team_id = f"team-{next(NAMES)}"
    said = made(platform, team_id)
    assert said.status == 201, said.text
    assert placed(platform, team_id, "ann").status == 200
    return team_id


def made(platform: Platform, team_id: str, **fields: Any) -> Said:
    return platform.call(own("create_team"), body={"teamId": team_id, "name": "A team", **fields})


def placed(
    platform: Platform, team_id: str, user_id: str, /, by: Caller = ADMIN_CALLER, **fields: Any
) -> Said:
    body = {"role": "member", **fields}
    return platform.call(own("set_member"), by, body=body, path={"teamId": team_id, "userId": user_id})


def changed(platform: Platform, team_id: str, **fields: Any) -> Said:
    return platform.call(own("update_team"), body=fields, path={"teamId": team_id})


def standing(team_id: str, user_id: str) -> Standing | None:
    return standing_of(BotoClient("dynamodb"), "IdentityTable", team_id, user_id)


def key_for(platform: Platform, **fields: Any) -> Said:
    return platform.call(own("create_api_key"), body={"name": "laptop", **fields})


def test_a_team_is_written_down_as_it_is_shown(platform: Platform) -> None:
    said = made(platform, "crew-of-all", name=" The crew ", monthlyBudget="100")

    assert said.status == 201
    assert said.body | {"createdAt": "-", "updatedAt": "-"} == {
        "teamId": "crew-of-all",
        "name": "The crew",
        "monthlyBudget": "100.00",
        "state": "active",
        "plan": None,
        "createdAt": "-",
        "createdBy": "admin",
        "updatedAt": "-",
    }
    assert "crew-of-all" in [each["teamId"] for each in platform.call(LIST).body["data"]]


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"teamId": "an/id"}, "teamId"),
        ({"name": ""}, "name"),
        ({"monthlyBudget": "0"}, "monthlyBudget"),
        ({"monthlyBudget": "-1.00"}, "monthlyBudget"),
        ({"monthlyBudget": 5}, "monthlyBudget"),
        ({"wallet": "x"}, "wallet"),
    ],
)
def test_a_field_that_is_none_is_refused_by_its_name(
    platform: Platform, fields: dict[str, Any], param: str
) -> None:
    said = platform.call(own("create_team"), body={"teamId": "odd", "name": "Odd"} | fields)

    assert (said.status, said.code, said.param) == (400, "invalid_request", param)


def test_a_team_has_an_id_that_no_user_has_and_no_user_gets(platform: Platform, team: str) -> None:
    platform.call(own("create_transaction"), body={"userId": "has-money", "type": "credit", "amount": "1.00"})
    key_for(platform, userId="has-a-key")
    user = {"userId": "is-written-down", "email": "down@example.com", "name": "x", "role": "member"}
    platform.call(own("create_user"), body=user)

    taken = [made(platform, each) for each in ("has-money", "has-a-key", "is-written-down", team)]
    as_user = platform.call(own("create_user"), body={**user, "userId": team, "email": "t@example.com"})
    as_owner = key_for(platform, userId=team)

    assert [(each.status, each.code, each.param) for each in taken] == [(409, "conflict", "teamId")] * 4
    assert (as_user.status, as_user.param) == (409, "userId")
    assert (as_owner.status, as_owner.param) == (400, "userId")


def test_a_wallet_of_the_team_is_credited_and_read_by_its_keys(platform: Platform, team: str) -> None:
    said = platform.call(own("create_transaction"), body={"teamId": team, "type": "credit", "amount": "5.00"})
    key = Caller("teamsKey0000", "ann", scopes=("billing:read",), team=Team(team))

    balance = platform.call(own("get_balance"), key, path={"userId": team})
    statement = platform.call(
        own("list_transactions"), key, path={"userId": team}, query={"from": "2025-11-01"}
    )
    receipt = platform.call(own("get_receipt"), key, path={"requestId": said.body["id"]})
    requests = platform.call(own("list_requests"), key)
    alone = platform.call(own("get_balance"), key._replace(team=None), path={"userId": team})

    assert (said.status, said.body["userId"], said.body["amount"]) == (201, team, "5.00")
    assert (balance.status, balance.body["available"]) == (200, "5.00")
    assert [each["amount"] for each in statement.body["entries"]] == ["5.00"]
    assert (receipt.status, receipt.body["amount"]) == (200, "5.00")
    assert (requests.status, requests.body["userId"], requests.body["requests"]) == (200, team, [])
    assert (alone.status, alone.code) == (403, "forbidden")


@pytest.mark.parametrize(
    ("whose", "status", "param"),
    [
        ({"teamId": "no-such-team"}, 404, None),
        ({}, 400, "userId"),
        ({"teamId": "no-such-team", "userId": "ann"}, 400, "userId"),
    ],
)
def test_a_booking_is_of_one_wallet_that_there_is(
    platform: Platform, whose: dict[str, str], status: int, param: str | None
) -> None:
    said = platform.call(own("create_transaction"), body={**whose, "type": "credit", "amount": "5.00"})

    assert (said.status, said.param) == (status, param)


def test_a_key_charges_a_team_that_its_user_may_spend_for(platform: Platform, team: str) -> None:
    placed(platform, team, "looker", role="viewer")

    made_for_ann = key_for(platform, userId="ann", teamId=team)
    others = [key_for(platform, userId=each, teamId=team) for each in ("looker", "stranger")]

    assert (made_for_ann.status, made_for_ann.body["teamId"]) == (201, team)
    assert [(each.status, each.param) for each in others] == [(400, "teamId")] * 2


def test_what_the_authorizer_reads_follows_the_team_and_the_member(platform: Platform, team: str) -> None:
    unlimited = Standing(suspended=False, monthly_nano_usd=None, member_monthly_nano_usd=None)
    assert standing(team, "ann") == unlimited

    changed(platform, team, monthlyBudget="100.00")
    placed(platform, team, "ann", monthlyBudget="20.00")
    assert standing(team, "ann") == unlimited._replace(
        monthly_nano_usd=100_000_000_000, member_monthly_nano_usd=20_000_000_000
    )

    changed(platform, team, monthlyBudget=None, state="suspended")
    placed(platform, team, "ann")
    assert standing(team, "ann") == unlimited._replace(suspended=True)
    assert billing.store().account(team).suspended

    placed(platform, team, "ann", role="viewer")
    assert standing(team, "ann") is None
    platform.call(own("remove_member"), path={"teamId": team, "userId": "ann"})
    assert standing(team, "ann") is None


def test_a_suspended_user_is_so_in_the_wallets_of_their_teams(platform: Platform, team: str) -> None:
    user_id = f"member-of-{team}"
    platform.call(
        own("create_user"),
        body={"userId": user_id, "email": f"{user_id}@example.com", "name": "x", "role": "member"},
    )
    placed(platform, team, user_id)
    path = {"userId": user_id}

    platform.call(own("update_user"), body={"state": "suspended"}, path=path)
    suspended = billing.store().account(team).suspended_members
    other = f"other-{team}"
    made(platform, other)
    placed(platform, other, user_id)
    joined = billing.store().account(other).suspended_members
    platform.call(own("update_user"), body={"state": "active"}, path=path)

    assert (set(suspended), set(joined)) == ({user_id}, {user_id})
    assert billing.store().account(team).suspended_members == set()
    assert billing.store().account(other).suspended_members == set()


def test_a_user_finds_the_teams_that_it_is_in_and_an_admin_those_of_anybody(
    platform: Platform, team: str
) -> None:
    user_id = f"in-{team}"
    other = f"second-{team}"
    made(platform, other)
    placed(platform, team, user_id, role="viewer")
    placed(platform, other, user_id, role="manager")
    key = platform.key()._replace(user_id=user_id)

    own_teams = platform.call(LIST, key)
    of_user = platform.call(LIST, query={"userId": user_id})
    page = platform.call(LIST, key, query={"limit": "1"})
    rest = platform.call(LIST, key, query={"limit": "1", "cursor": page.body["nextCursor"]})
    of_another = platform.call(LIST, key, query={"userId": "ann"})
    nobodys = platform.call(LIST, key._replace(user_id="in-no-team"))

    found = [(each["teamId"], each["role"]) for each in own_teams.body["data"]]
    assert found == [(other, "manager"), (team, "viewer")]
    assert of_user.body == own_teams.body
    assert [each["teamId"] for each in page.body["data"] + rest.body["data"]] == [other, team]
    assert (of_another.status, of_another.code) == (403, "forbidden")
    assert nobodys.body == {"data": [], "nextCursor": None}
    assert {each["role"] for each in platform.call(LIST).body["data"]} == {None}


def test_what_is_spent_of_a_budget_is_told_to_who_may_know_it(platform: Platform, team: str) -> None:
    changed(platform, team, monthlyBudget="1.00")
    placed(platform, team, "ann", monthlyBudget="0.50")
    placed(platform, team, "bob", role="manager", monthlyBudget="0.25")
    platform.call(own("create_transaction"), body={"teamId": team, "type": "credit", "amount": "5.00"})
    counts = LimitStore(BotoClient("dynamodb"), "ProxyTable")
    key = Caller("k1", "ann", team=Team(team, 1_000_000_000, 500_000_000))
    asked = Demand("r1", clock.now(), 100, 10, at_most_nano_usd=40_000_000, at_least_nano_usd=1)
    give_back(counts, take(counts, key, asked), 10_037_500)
    bob, ann = (platform.key()._replace(user_id=each) for each in ("bob", "ann"))
    path = {"teamId": team}

    seen = {each.user_id: platform.call(GET, each, path=path).body for each in (ADMIN_CALLER, bob, ann)}
    listed = {each.user_id: platform.call(MEMBERS, each, path=path).body for each in (ADMIN_CALLER, bob, ann)}

    def spent(by: str) -> list[tuple[str, str]]:
        return [(each["userId"], each["spentThisMonth"]) for each in listed[by]["data"]]

    assert {by: each["spentThisMonth"] for by, each in seen.items()} == dict.fromkeys(seen, "0.0100375")
    assert {by: each["role"] for by, each in seen.items()} == {
        "admin": None,
        "bob": "manager",
        "ann": "member",
    }
    wallet = {"available": "5.00", "held": "0.00", "total": "5.00"}
    assert {by: each["wallet"] for by, each in seen.items()} == {"admin": wallet, "bob": wallet, "ann": None}
    assert spent("admin") == spent("bob") == [("ann", "0.0100375"), ("bob", "0.00")]
    assert spent("ann") == [("ann", "0.0100375")]
    assert {each["memberUserId"] for each in seen["ann"]["history"]} == {None, "ann"}
    assert {each["memberUserId"] for each in seen["bob"]["history"]} == {None, "ann", "bob"}

    budgets = {
        user_id: [
            (each.level, each.budget_nano_usd, each.spent_nano_usd)
            for each in identity.budgets_of(user_id, clock.now())
        ]
        for user_id in ("ann", "bob", "nobody")
    }
    assert budgets == {
        "ann": [("member", 500_000_000, 10_037_500)],
        "bob": [("team", 1_000_000_000, 10_037_500), ("member", 250_000_000, 0)],
        "nobody": [],
    }

    changed(platform, team, monthlyBudget=None)
    placed(platform, team, "ann")
    assert platform.call(GET, path=path).body["spentThisMonth"] is None
    assert [each["spentThisMonth"] for each in platform.call(MEMBERS, path=path).body["data"]] == [
        None,
        "0.00",
    ]


def test_members_look_at_their_team_and_managers_see_to_it(platform: Platform, team: str) -> None:
    ann = platform.key("keys:manage")
    stranger = ann._replace(user_id="stranger")
    path = {"teamId": team}

    looked = platform.call(GET, ann, path=path)
    members = platform.call(MEMBERS, ann, path=path)
    hidden = [platform.call(call, stranger, path=path) for call in (GET, MEMBERS)]
    as_member = placed(platform, team, "carl", ann)
    placed(platform, team, "ann", role="manager")
    as_manager = placed(platform, team, "carl", ann, monthlyBudget="3.00")
    gone = platform.call(own("remove_member"), ann, path={**path, "userId": "carl"})
    again = platform.call(own("remove_member"), ann, path={**path, "userId": "carl"})

    assert [each["action"] for each in looked.body["history"]] == ["member_set", "created"]
    assert [(each["userId"], each["role"]) for each in members.body["data"]] == [("ann", "member")]
    assert [(each.status, each.code) for each in hidden] == [(404, "not_found")] * 2
    assert (as_member.status, as_member.code) == (403, "forbidden")
    assert (as_manager.status, as_manager.body["monthlyBudget"]) == (200, "3.00")
    assert (gone.status, gone.body["userId"], again.status) == (200, "carl", 404)


def test_what_is_no_team_is_not_found(platform: Platform) -> None:
    said = [
        changed(platform, "nowhere", name="x"),
        placed(platform, "nowhere", "ann"),
        platform.call(GET, path={"teamId": "nowhere"}),
        platform.call(MEMBERS, path={"teamId": "nowhere"}),
    ]

    assert [(each.status, each.code) for each in said] == [(404, "not_found")] * 4
