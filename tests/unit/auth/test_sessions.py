"""A session is a key of twelve hours with what the role may do; signing out ends it; what it makes lasts longer."""

from datetime import timedelta
from typing import Any

import pytest

from aggregator.auth.caller import Caller
from aggregator.auth.model import SIGN_IN, ApiKey, Grant
from aggregator.auth.session import LIFETIME, SCOPES_OF, end_all_of, end_own, grant_for, signing_in
from aggregator.errors import Conflict, InvalidRequest, MissingScope, NotYours
from tests.unit.auth.desk import GRANT, Desk, desk_with
from tests.unit.auth.fakes import MANAGER, NOW, FakeTeams, a_key


def a_session(key_id: str = "sessionOfAnn", **fields: Any) -> ApiKey:
    fields = {"expires_at": NOW + LIFETIME, "created_by": SIGN_IN, **fields}
    return a_key(key_id, **fields)[0]


def end(desk: Desk, by: Caller, user_id: str | None = None) -> int:
    if user_id is None:
        return end_own(by=by, now=NOW, keys=desk.keys, announcer=desk.announcer)
    return end_all_of(user_id, by=by, now=NOW, keys=desk.keys, announcer=desk.announcer)


@pytest.mark.parametrize(
    ("role", "scopes"),
    [
        (
            "admin",
            ("inference", "models:read", "billing:read", "analytics:read", "keys:manage", "admin"),
        ),
        ("manager", ("inference", "models:read", "billing:read", "analytics:read", "keys:manage")),
        ("member", ("inference", "models:read", "billing:read", "analytics:read")),
        ("viewer", ("models:read", "billing:read", "analytics:read")),
    ],
)
def test_a_role_has_its_scopes_for_twelve_hours(role: str, scopes: tuple[str, ...]) -> None:
    assert grant_for(role, NOW) == Grant("Signed in", scopes, expires_at=NOW + timedelta(hours=12))
    assert set(SCOPES_OF) == {"admin", "manager", "member", "viewer"}


@pytest.mark.parametrize("role", ["admin", "manager", "member", "viewer"])
def test_a_session_is_made_by_signing_in(role: str) -> None:
    desk = Desk()

    made = desk.issue(grant=grant_for(role, NOW), by=signing_in("ann"))

    assert (made.key.created_by, made.key.user_id, made.key.line, made.key.team_id) == (
        "sign-in",
        "ann",
        (),
        None,
    )
    assert made.key.caller().session
    (change,) = desk.keys.changes
    assert (change.action, change.by_key_id, change.by_user_id) == ("created", "sign-in", "ann")


def test_what_is_no_session_says_so_through_the_authorizers_answer() -> None:
    for key, is_one in ((a_session(), True), (a_key()[0], False)):
        event = {"requestContext": {"authorizer": key.caller().to_context()}}

        assert Caller.from_event(event).session is is_one


@pytest.mark.parametrize("role", ["admin", "manager", "member", "viewer"])
def test_whoever_signs_out_ends_the_session_whatever_it_may_do(role: str) -> None:
    session = a_session(scopes=SCOPES_OF[role])
    desk = desk_with(session)

    assert end(desk, session.caller()) == 1
    assert desk.keys.read("sessionOfAnn").revoked_at == NOW
    (change,) = desk.announcer.announced
    assert (change.action, change.by_key_id, change.by_user_id) == ("revoked", "sessionOfAnn", "ann")


def test_a_key_is_not_ended_by_signing_out() -> None:
    key, _ = a_key()
    desk = desk_with(key)

    with pytest.raises(Conflict):
        end(desk, key.caller())

    assert desk.is_untouched()


def test_all_sessions_of_a_user_are_ended_and_nothing_else() -> None:
    keys = [
        a_session("1sessionOfAn"),
        a_session("2sessionOfAn", created_at=NOW - timedelta(hours=11)),
        a_session("3sessionOfAn", revoked_at=NOW),
        a_session("4sessionOfBo", user_id="bob"),
        a_key("5keyOfAnnnnn")[0],
    ]
    desk = desk_with(*keys)

    assert end(desk, MANAGER, "ann") == 2
    assert {key_id for key_id, key in desk.keys.keys.items() if key.revoked_at is not None} == {
        "1sessionOfAn",
        "2sessionOfAn",
        "3sessionOfAn",
    }
    assert end(desk, MANAGER, "ann") == 0


def test_sessions_of_the_role_that_a_user_has_now_may_stay() -> None:
    desk = desk_with(
        a_session("1sessionOfAn", scopes=SCOPES_OF["admin"]),
        a_session("2sessionOfAn", scopes=SCOPES_OF["viewer"]),
    )

    ended = end_all_of(
        "ann", by=MANAGER, now=NOW, keys=desk.keys, announcer=desk.announcer, but_of_role="viewer"
    )

    assert ended == 1
    assert desk.keys.read("1sessionOfAn").revoked_at == NOW
    assert desk.keys.read("2sessionOfAn").revoked_at is None


def test_sessions_of_others_are_ended_by_an_admin_alone() -> None:
    desk = desk_with(a_session())

    with pytest.raises(NotYours):
        end(desk, MANAGER._replace(user_id="bob"), "ann")
    assert desk.is_untouched()
    assert end(desk, signing_in("bob"), "ann") == 1


def test_a_key_that_a_session_makes_outlasts_it_and_descends_from_nothing() -> None:
    desk = Desk()
    session = a_session(scopes=SCOPES_OF["manager"]).caller()

    made = desk.issue(by=session).key
    later = desk.issue(grant=GRANT._replace(expires_at=NOW + timedelta(days=90)), by=session).key

    assert (made.grant.expires_at, made.line, made.created_by) == (None, (), "sessionOfAnn")
    assert later.grant.expires_at == NOW + timedelta(days=90)


def test_a_session_hands_on_no_more_than_the_role_may() -> None:
    session = a_session(scopes=SCOPES_OF["manager"]).caller()
    desk = Desk()

    for grant, param in (
        (GRANT._replace(scopes=("admin",)), "scopes"),
        (GRANT._replace(price_percent=50), "pricePercent"),
    ):
        with pytest.raises(MissingScope) as refused:
            desk.issue(grant=grant, by=session)
        assert refused.value.param == param
    with pytest.raises(NotYours):
        desk.issue("bob", by=session)
    with pytest.raises(MissingScope):
        desk.issue(by=a_session(scopes=SCOPES_OF["member"]).caller())
    assert desk.is_untouched()


def test_a_session_makes_a_key_for_a_team_that_its_user_is_in() -> None:
    session = a_session(scopes=SCOPES_OF["manager"]).caller()
    desk = Desk(teams=FakeTeams({"crew": {"ann"}, "others": {"bob"}}))

    assert desk.issue(by=session, team_id="crew").key.team_id == "crew"
    with pytest.raises(InvalidRequest) as refused:
        desk.issue(by=session, team_id="others")
    assert refused.value.param == "teamId"


def test_a_session_rotates_every_key_of_its_user() -> None:
    key, _ = a_key(team_id="crew")
    desk = desk_with(key)

    assert desk.rotate(key.key_id, by=a_session(scopes=SCOPES_OF["manager"]).caller()).key.version == 2
