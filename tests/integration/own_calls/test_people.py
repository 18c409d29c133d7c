"""Users over HTTP: written down, listed, read by themselves, changed, suspended with all their keys, resumed."""

from typing import Any

import pytest

from aggregator.auth import wiring as auth
from aggregator.auth.authorise import ADMIN_CALLER
from aggregator.auth.caller import Caller
from aggregator.billing import wiring as billing
from tests.integration.own_calls.platform import OwnCall, Platform, Said, own

GET = OwnCall("identity/get_user", "GET", "/identity/users/{userId}", scope="")
NAMES = iter(range(1_000))


@pytest.fixture
def ann(platform: Platform) -> str:
    """A user of its own, written down."""
    user_id = f"ann-{next(NAMES)}"
    said = created(platform, userId=user_id, email=f"{user_id}@example.com")
    assert said.status == 201, said.text
    return user_id


def created(platform: Platform, **fields: Any) -> Said:
    return platform.call(own("create_user"), body={"name": "Ann Lee", "role": "member", **fields})


def changed(platform: Platform, user_id: str, /, by: Caller = ADMIN_CALLER, **fields: Any) -> Said:
    return platform.call(own("update_user"), by, body=fields, path={"userId": user_id})


def listed(platform: Platform, **query: str) -> Any:
    said = platform.call(own("list_users"), query=query)
    assert said.status == 200, said.text
    return said.body


def test_a_user_is_written_down_as_it_is_shown(platform: Platform) -> None:
    said = created(platform, userId="eve", email=" Eve@Example.COM ", name=" Eve ", role="manager")

    assert said.status == 201
    assert said.body | {"createdAt": "-", "updatedAt": "-"} == {
        "userId": "eve",
        "email": "eve@example.com",
        "name": "Eve",
        "role": "manager",
        "state": "active",
        "plan": None,
        "createdAt": "-",
        "createdBy": "admin",
        "updatedAt": "-",
        "boundTo": None,
    }
    assert said.body["createdAt"] == said.body["updatedAt"]


def test_a_user_without_an_id_gets_one(platform: Platform) -> None:
    said = created(platform, email="no-id@example.com")

    assert said.status == 201
    assert said.body["userId"].startswith("usr_")
    assert listed(platform, email="No-Id@example.com")["data"] == [said.body]


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"email": "ann"}, "email"),
        ({"email": "ann@localhost"}, "email"),
        ({"email": "ann@example..com"}, "email"),
        ({"email": f"{'a' * 65}@example.com"}, "email"),
        ({"email": 5}, "email"),
        ({"name": " "}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"role": "owner"}, "role"),
        ({"userId": "an/n"}, "userId"),
        ({"state": "active"}, "state"),
    ],
)
def test_a_field_that_is_none_is_refused_by_its_name(
    platform: Platform, fields: dict[str, Any], param: str
) -> None:
    said = created(platform, **({"email": "x@example.com"} | fields))

    assert (said.status, said.code, said.param) == (400, "invalid_request", param)


@pytest.mark.parametrize("missing", ["email", "name", "role"])
def test_what_a_user_needs_is_asked_for(platform: Platform, missing: str) -> None:
    body = {"email": "x@example.com", "name": "x", "role": "member"}

    said = platform.call(own("create_user"), body={k: v for k, v in body.items() if k != missing})

    assert (said.status, said.param) == (400, missing)


def test_an_id_and_an_address_are_one_users(platform: Platform, ann: str) -> None:
    same_id = created(platform, userId=ann, email="other@example.com")
    same_address = created(platform, userId="other", email=f"{ann.upper()}@EXAMPLE.com")

    assert [(each.status, each.code, each.param) for each in (same_id, same_address)] == [
        (409, "conflict", "userId"),
        (409, "conflict", "email"),
    ]
    assert listed(platform, email="other@example.com")["data"] == []


def test_an_address_that_changed_is_free_for_another(platform: Platform, ann: str) -> None:
    assert changed(platform, ann, email=f"new-{ann}@example.com").body["email"] == f"new-{ann}@example.com"

    again = created(platform, userId=f"heir-of-{ann}", email=f"{ann}@example.com")
    taken = changed(platform, ann, email=f"{ann}@example.com")

    assert (again.status, taken.status, taken.param) == (201, 409, "email")


def test_users_are_listed_in_pages_in_the_order_of_their_ids(platform: Platform) -> None:
    for n in range(3):
        created(platform, userId=f"page-{n}", email=f"page-{n}@example.com")

    first = listed(platform, limit="2", cursor="page-")
    rest = listed(platform, limit="100", cursor=first["nextCursor"])

    assert [each["userId"] for each in first["data"]] == ["page-0", "page-1"]
    assert rest["data"][0]["userId"] == "page-2"
    assert rest["nextCursor"] is None


def test_a_user_reads_itself_with_any_key_and_nobody_else(platform: Platform, ann: str) -> None:
    changed(platform, ann, role="viewer")
    key = Caller("anyKey000000", ann, scopes=("inference",))

    own_record = platform.call(GET, key, path={"userId": ann})
    others = platform.call(GET, key, path={"userId": "eve"})
    nobody = platform.call(GET, path={"userId": "nobody-of-that-name"})

    assert own_record.status == 200
    assert [each["action"] for each in own_record.body["history"]] == ["updated", "created"]
    assert own_record.body["history"][0]["changes"] == {"role": {"from": "member", "to": "viewer"}}
    assert (others.status, others.code) == (403, "forbidden")
    assert (nobody.status, nobody.code) == (404, "not_found")


@pytest.mark.parametrize(
    ("body", "param"), [({}, None), ({"state": "gone"}, "state"), ({"role": "x"}, "role")]
)
def test_a_change_names_a_field_that_there_is(
    platform: Platform, ann: str, body: dict[str, Any], param: str | None
) -> None:
    said = changed(platform, ann, **body)

    assert (said.status, said.param) == (400, param)


def test_who_is_not_written_down_is_not_changed(platform: Platform) -> None:
    said = changed(platform, "nobody-of-that-name", state="suspended")

    assert (said.status, said.code) == (404, "not_found")


def test_a_suspended_user_is_refused_by_wallet_and_keys_until_it_is_resumed(
    platform: Platform, ann: str
) -> None:
    made = platform.call(own("create_api_key"), body={"userId": ann, "name": "laptop"}).body

    said = changed(platform, ann, state="suspended")

    assert (said.status, said.body["state"]) == (200, "suspended")
    assert billing.store().account(ann).suspended
    assert auth.keys().read(made["id"]).suspended
    another = platform.call(own("create_api_key"), body={"userId": ann, "name": "desk"})
    assert (another.status, another.code, another.param) == (409, "conflict", "userId")

    assert changed(platform, ann, state="active").status == 200
    assert not billing.store().account(ann).suspended
    assert not auth.keys().read(made["id"]).suspended
    assert platform.call(own("create_api_key"), body={"userId": ann, "name": "desk"}).status == 201


def test_a_suspended_admin_changes_nothing_from_that_moment(platform: Platform, ann: str) -> None:
    made = platform.call(
        own("create_api_key"), body={"userId": ann, "name": "laptop", "scopes": ["admin"]}
    ).body
    caller = auth.keys().read(made["id"]).caller()
    changed(platform, ann, state="suspended")

    said = platform.call(own("create_transaction"), caller)

    assert (said.status, said.code) == (403, "user_suspended")


def test_the_user_of_the_own_key_is_not_suspended(platform: Platform) -> None:
    key = platform.key("admin")
    created(platform, userId="ann", email="the-ann@example.com")

    said = changed(platform, "ann", key, state="suspended")

    assert (said.status, said.code, said.param) == (409, "conflict", "state")
    assert not billing.store().account("ann").suspended
