"""Our own calls ask who calls first, and what outlives the authorizer's answer asks it of the key as it is now."""

from pathlib import Path

import pytest

from aggregator.auth import wiring as auth
from aggregator.auth.caller import Caller
from aggregator.auth.revoke import revoke
from aggregator.runtime import clock
from aggregator.runtime.aws import AwsError
from tests.integration.own_calls.platform import LASTING, OWN_CALLS, ROOT, WITH_BODY, OwnCall, Platform, own
from tests.tables import load_template
from tests.unit.auth.fakes import ADMIN, FakeAnnouncer

DEEP = '{"x":' + "[" * 50_000 + "]" * 50_000 + "}"
PUBLIC = {
    "auth/create_session",
    "auth/get_sign_in",
    "billing/take_stripe_event",
    "health/get_health",
    "console/get_page",
    "cors/answer_preflight",
}
EVERY_KEYS = {
    "auth/get_caller",
    "auth/end_session",
    "identity/get_user",
    "identity/get_team",
    "identity/list_members",
    "identity/list_teams",
}
"""They ask no scope: see test_me.py, test_people.py, test_sign_in.py and test_teams.py."""


def ended(caller: Caller) -> None:
    revoke(caller.key_id, by=ADMIN, now=clock.now(), keys=auth.keys(), announcer=FakeAnnouncer())


def scopes_for(call: OwnCall) -> tuple[str, ...]:
    return ("inference", call.scope)


def test_these_are_all_calls_that_are_ours() -> None:
    functions = {
        each["Properties"]["CodeUri"].removeprefix("functions/")
        for each in load_template()["Resources"].values()
        if each["Type"] == "AWS::Serverless::Function"
        and any(event["Type"] == "Api" for event in each["Properties"].get("Events", {}).values())
    }

    theirs = {name for name in functions if name.startswith("proxy/")}
    assert functions - theirs - PUBLIC - EVERY_KEYS == {call.function for call in OWN_CALLS}


@pytest.mark.parametrize("call", OWN_CALLS, ids=str)
def test_every_call_asks_for_its_scope(platform: Platform, call: OwnCall) -> None:
    other = "models:read" if call.scope != "models:read" else "billing:read"

    said = platform.call(call, platform.key("inference", other))

    assert (said.status, said.code, said.param) == (403, "missing_scope", None)


@pytest.mark.parametrize("body", ["{", DEEP, '{"userId":1}', '{"a":1,"a":2}', "[]", ""])
@pytest.mark.parametrize("call", WITH_BODY, ids=str)
def test_nothing_is_told_about_a_body_to_who_has_not_the_scope(
    platform: Platform, call: OwnCall, body: str
) -> None:
    said = platform.call(call, platform.key("inference"), body=body)

    assert (said.status, said.code, said.param) == (403, "missing_scope", None)


@pytest.mark.parametrize("call", OWN_CALLS, ids=str)
def test_nothing_is_told_about_a_query_or_a_form_either(platform: Platform, call: OwnCall) -> None:
    key = platform.key("inference")

    queried = platform.call(call, key, query={"since": "x", "limit": "-1"})
    form = platform.call(call, key, headers={"Content-Type": "multipart/form-data"})

    assert [(said.status, said.code) for said in (queried, form)] == [(403, "missing_scope")] * 2


@pytest.mark.parametrize("call", LASTING, ids=str)
def test_a_revoked_key_changes_nothing_though_the_authorizer_proved_it_before(
    platform: Platform, call: OwnCall
) -> None:
    caller = platform.key(*scopes_for(call))
    ended(caller)

    said = platform.call(call, caller)

    assert (said.status, said.code) == (401, "invalid_api_key")
    assert said.body["error"]["message"] == "This API key has been revoked."


@pytest.mark.parametrize("call", LASTING, ids=str)
def test_a_key_does_no_more_than_it_may_now(platform: Platform, call: OwnCall) -> None:
    before = platform.key("inference")._replace(scopes=("inference", "keys:manage", "admin"))
    elsewhere = platform.key(call.scope, allowed_ips=("198.51.100.0/24",))._replace(allowed_ips=None)

    assert platform.call(call, before).code == "missing_scope"
    assert platform.call(call, elsewhere).code == "ip_not_allowed"


@pytest.mark.parametrize("call", LASTING, ids=str)
def test_a_key_that_expired_meanwhile_or_is_none_changes_nothing(platform: Platform, call: OwnCall) -> None:
    expired = platform.key(call.scope, expires_at=clock.from_iso("2026-01-01T00:00:00Z"))._replace(
        expires_at=None
    )
    nobody = Caller("noSuchKey000", "ann", scopes=(call.scope,))

    assert [platform.call(call, by).code for by in (expired, nobody)] == ["invalid_api_key"] * 2


@pytest.mark.parametrize("call", LASTING, ids=str)
def test_a_secret_that_was_rotated_out_changes_nothing(platform: Platform, call: OwnCall) -> None:
    now = platform.key(call.scope)
    before = now._replace(secret_made_at=clock.from_iso("2026-11-22T00:00:00Z"))

    said = platform.call(call, before)

    assert (said.status, said.code) == (401, "invalid_api_key")


@pytest.mark.parametrize("call", LASTING, ids=str)
def test_a_key_that_cannot_be_read_now_may_come_again(
    platform: Platform, call: OwnCall, monkeypatch: pytest.MonkeyPatch
) -> None:
    caller = platform.key(*scopes_for(call))

    def broken(_key_id: str) -> None:
        raise AwsError("AccessDeniedException", "internal words")

    monkeypatch.setattr(auth.keys(), "read", broken)
    said = platform.call(call, caller)

    assert (said.status, said.code, said.headers["retry-after"]) == (503, "service_unavailable", "1")
    assert "internal words" not in said.text


def test_a_key_hands_on_what_it_may_now_and_not_what_it_might_before(platform: Platform) -> None:
    now = platform.key("keys:manage", "inference", limits={"requestsPerMinute": 5})
    before = now._replace(scopes=("keys:manage", "inference", "billing:read"), limits={})

    asked = {"userId": "ann", "name": "x", "scopes": ["inference", "billing:read"]}
    more = platform.call(own("create_api_key"), before, body=asked)
    same = platform.call(own("create_api_key"), before, body={**asked, "scopes": ["inference"]})

    assert (more.status, more.param) == (403, "scopes")
    assert (same.status, same.body["limits"]["requestsPerMinute"]) == (201, 5)


def test_every_function_that_is_called_with_a_key_names_its_scope() -> None:
    nameless = [
        path.parent.name
        for path in Path(ROOT, "functions").glob("*/*/app.py")
        if "serve(app" in path.read_text(encoding="utf-8")
        and "scope=" not in path.read_text(encoding="utf-8")
    ]

    assert sorted(nameless) == ["create_session", "get_health", "get_sign_in", "take_stripe_event"]
