"""The functions of `/auth/api-keys` and the authorizer, called as Lambda calls them."""

from collections.abc import Callable
from typing import Any

import boto3
import pytest

from aggregator.runtime import clock
from tests.integration.auth.conftest import ADMIN_KEY
from tests.integration.auth.lambda_calls import Call, authorise, caller_behind, effect

# Powertools warns where a request counts nothing; most of these do not.
pytestmark = pytest.mark.filterwarnings("ignore:No application metrics")


def test_a_key_lives_from_its_creation_to_its_end(call: Call) -> None:
    status, made = call("create_api_key", body={"userId": "ann", "name": "laptop"})
    assert status == 201
    assert caller_behind(made["key"]).user_id == "ann"

    status, rotated = call("rotate_api_key", body={"overlapSeconds": 60}, key_id=made["id"])
    assert status == 200
    assert rotated["id"] == made["id"]
    assert [effect(authorise(each["key"])) for each in (made, rotated)] == ["Allow", "Allow"]

    status, updated = call("update_api_key", body={"scopes": ["models:read"]}, key_id=made["id"])
    assert (status, updated["scopes"]) == (200, ["models:read"])
    assert "key" not in updated

    status, revoked = call("revoke_api_key", key_id=made["id"])
    assert (status, revoked["status"]) == (200, "revoked")

    status, shown = call("get_api_key", key_id=made["id"])
    assert status == 200
    assert [change["action"] for change in shown["history"]] == [
        "revoked",
        "updated",
        "rotated",
        "created",
    ]
    assert call("rotate_api_key", body={}, key_id=made["id"])[0] == 409
    assert call("update_api_key", body={"name": "x"}, key_id=made["id"])[0] == 409


def test_the_answer_to_a_creation_is_as_published(call: Call) -> None:
    _, made = call(
        "create_api_key",
        body={
            "userId": "ann",
            "name": "laptop",
            "expiresAt": "2036-01-01T00:00:00Z",
            "allowedIps": ["203.0.113.9/24"],
            "limits": {"requestsPerMinute": 60, "monthlyBudget": "12.5"},
        },
    )

    assert made.pop("key").startswith(f"agg_dev_{made.pop('id')}_")
    assert clock.from_iso(made.pop("createdAt")) <= clock.now()
    assert made == {
        "userId": "ann",
        "teamId": None,
        "name": "laptop",
        "status": "active",
        "scopes": ["inference", "models:read", "billing:read", "analytics:read"],
        "createdBy": "admin",
        "expiresAt": "2036-01-01T00:00:00.000Z",
        "revokedAt": None,
        "lastUsedAt": None,
        "previousSecretEndsAt": None,
        "allowedModels": None,
        "allowedIps": ["203.0.113.0/24"],
        "limits": {
            "requestsPerMinute": 60,
            "tokensPerMinute": None,
            "usdPerMinute": None,
            "concurrentRequests": None,
            "dailyBudget": None,
            "monthlyBudget": "12.50",
        },
        "pricePercent": 100,
        "aliases": {},
        "cacheSeconds": 0,
        "cap": "lower",
    }


def test_a_users_keys_are_listed_page_by_page(call: Call) -> None:
    made = {call("create_api_key", body={"userId": "ann", "name": f"key {n}"})[1]["id"] for n in range(3)}

    _, first = call("list_api_keys", query={"userId": "ann", "limit": "2"})
    _, last = call("list_api_keys", query={"userId": "ann", "limit": "2", "cursor": first["nextCursor"]})

    assert [len(first["data"]), len(last["data"]), last["nextCursor"]] == [2, 1, None]
    assert {key["id"] for key in first["data"] + last["data"]} == made
    assert {"key", "secrets", "hash"} & set(first["data"][0]) == set()


def test_a_user_with_keys_manage_keeps_house_within_its_own_rights(call: Call) -> None:
    grants = {"scopes": ["inference", "keys:manage"], "limits": {"requestsPerMinute": 60}}
    _, made = call("create_api_key", body={"userId": "ann", "name": "manager", **grants})
    ann = caller_behind(made["key"])
    _, of_bob = call("create_api_key", body={"userId": "bob", "name": "bob's"})

    status, child = call("create_api_key", by=ann, body={"userId": "ann", "name": "child"})
    refusals = [
        call("create_api_key", by=ann, body={"userId": "bob", "name": "x"}),
        call("create_api_key", by=ann, body={"userId": "ann", "name": "x", "scopes": ["admin"]}),
        call(
            "create_api_key",
            by=ann,
            body={"userId": "ann", "name": "x", "limits": {"requestsPerMinute": 61}},
        ),
        call("list_api_keys", by=ann, query={"userId": "bob"}),
        call("get_api_key", by=ann, key_id=of_bob["id"]),
        call("update_api_key", by=ann, key_id=of_bob["id"], body={"name": "mine"}),
        call("rotate_api_key", by=ann, key_id=of_bob["id"], body={}),
        call("revoke_api_key", by=ann, key_id=of_bob["id"]),
        call("list_api_keys", by=caller_behind(of_bob["key"])),
    ]

    assert (status, child["scopes"], child["limits"]["requestsPerMinute"]) == (201, ["inference"], 60)
    assert [(code, body["error"]["code"]) for code, body in refusals] == [
        (403, "forbidden"),
        (403, "missing_scope"),
        (403, "missing_scope"),
        (403, "forbidden"),
        (404, "not_found"),
        (404, "not_found"),
        (404, "not_found"),
        (404, "not_found"),
        (403, "missing_scope"),
    ]
    assert {key["name"] for key in call("list_api_keys", by=ann)[1]["data"]} == {"manager", "child"}


@pytest.mark.parametrize(
    ("function", "body", "param"),
    [
        ("create_api_key", "{", None),
        ("create_api_key", {"userId": "ann"}, "name"),
        ("create_api_key", {"userId": "ann", "name": "x", "limits": {"dailyBudget": "much"}}, "limits.dailyBudget"),
        ("create_api_key", {"userId": "ann", "name": "x", "expiresAt": "2020-01-01T00:00:00Z"}, "expiresAt"),
        ("create_api_key", {"userId": "ann", "name": "x", "colour": "red"}, "colour"),
        ("update_api_key", {"allowedIps": ["300.1.1.1"]}, "allowedIps.0"),
        ("rotate_api_key", {"overlapSeconds": 2_592_001}, "overlapSeconds"),
    ],
)  # fmt: skip
def test_bad_input_is_a_400_with_the_path_of_the_field(
    call: Call, function: str, body: Any, param: str | None
) -> None:
    status, answer = call(function, body=body)

    assert (status, answer["error"]["code"], answer["error"]["param"]) == (400, "invalid_request", param)


@pytest.mark.parametrize("query", [{"limit": "0"}, {"limit": "101"}, {"cursor": "no id"}, {"userId": "a b"}])
def test_a_bad_page_is_a_400_with_the_name_of_the_parameter(call: Call, query: dict[str, str]) -> None:
    status, answer = call("list_api_keys", query=query)

    assert (status, answer["error"]["code"]) == (400, "invalid_request")
    assert next(iter(query)) in answer["error"]["param"]


def test_the_authorizer_takes_the_key_from_either_header_and_the_admin_key(call: Call) -> None:
    _, made = call("create_api_key", body={"userId": "ann", "name": "laptop"})

    effects = [
        effect(authorise(made["key"])),
        effect(authorise(made["key"], header="x-api-key")),
        effect(authorise(ADMIN_KEY)),
        effect(authorise(made["key"][:-1])),
        effect(authorise("nothing")),
    ]

    assert effects == ["Allow", "Allow", "Allow", "Deny", "Deny"]


def test_a_use_shows_in_the_key(call: Call) -> None:
    _, made = call("create_api_key", body={"userId": "ann", "name": "laptop"})

    authorise(made["key"])

    assert call("get_api_key", key_id=made["id"])[1]["lastUsedAt"] is not None


def test_a_key_survives_two_rotations_of_the_pepper_if_it_is_used_between(
    call: Call, fresh_environment: Callable[[], None]
) -> None:
    _, made = call("create_api_key", body={"userId": "ann", "name": "laptop"})
    effects = []

    for pepper in ("second-pepper", "third-pepper"):
        boto3.client("secretsmanager").put_secret_value(SecretId="pepper", SecretString=pepper)
        fresh_environment()
        effects.append(effect(authorise(made["key"])))

    assert effects == ["Allow", "Allow"]
