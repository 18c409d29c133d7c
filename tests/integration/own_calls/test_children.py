"""Keys that were made with a key are listed by it and ended with it, however many generations there are."""

import pytest

from aggregator.auth import revoke, wiring
from aggregator.auth.audit import change_of
from aggregator.auth.caller import Caller
from aggregator.errors import InvalidApiKey
from aggregator.runtime import clock
from tests.integration.own_calls.platform import Platform, own
from tests.keys import key_behind
from tests.unit.auth.fakes import ADMIN, FakeAnnouncer

SCOPES = ["inference", "keys:manage"]


def made(platform: Platform, by: Caller, user_id: str = "ann") -> Caller:
    """A key made with `by`, as it calls."""
    body = {"userId": user_id, "name": "child", "scopes": SCOPES}
    said = platform.call(own("create_api_key"), by, body=body)
    assert said.status == 201
    return wiring.keys().read(said.body["id"]).caller()


def listed(platform: Platform, maker: Caller, by: Caller = ADMIN, **query: str) -> list[str]:
    said = platform.call(own("list_api_keys"), by, query={"createdBy": maker.key_id, **query})
    assert said.status == 200
    return sorted(each["id"] for each in said.body["data"])


def is_live(caller: Caller) -> bool:
    return wiring.keys().read(caller.key_id).revoked_at is None


def test_the_children_of_a_key_are_listed(platform: Platform) -> None:
    maker = platform.key(*SCOPES)
    children = [made(platform, maker) for _ in range(3)]
    made(platform, children[0])

    ids = sorted(child.key_id for child in children)
    first = platform.call(own("list_api_keys"), maker, query={"createdBy": maker.key_id, "limit": "2"})
    rest = listed(platform, maker, cursor=first.body["nextCursor"])

    assert listed(platform, maker) == listed(platform, maker, by=maker) == ids
    assert sorted([each["id"] for each in first.body["data"]] + rest) == ids


def test_a_user_and_a_maker_at_once_are_refused(platform: Platform) -> None:
    maker = platform.key(*SCOPES)

    said = platform.call(own("list_api_keys"), maker, query={"createdBy": maker.key_id, "userId": "ann"})

    assert (said.status, said.param) == (400, "userId")


def test_all_that_descend_from_a_key_end_with_it_and_no_other(platform: Platform) -> None:
    maker, stranger = platform.key(*SCOPES), platform.key(*SCOPES)
    child = made(platform, maker)
    grandchild, other = made(platform, child), made(platform, stranger)

    said = platform.call(
        own("revoke_api_key"), maker, path={"keyId": maker.key_id}, query={"children": "true"}
    )

    assert (said.status, said.body["status"]) == (200, "revoked")
    assert (said.body["revokedChildren"], said.body["moreChildren"]) == (2, False)
    assert [is_live(each) for each in (maker, child, grandchild, other, stranger)] == [False] * 3 + [True] * 2


def test_without_being_asked_to_children_live_on(platform: Platform) -> None:
    maker = platform.key(*SCOPES)
    child = made(platform, maker)

    said = platform.call(own("revoke_api_key"), maker, path={"keyId": maker.key_id})

    assert (said.body["revokedChildren"], said.body["moreChildren"], is_live(child)) == (0, False, True)


def test_children_of_a_key_that_was_ended_before_end_by_the_same_call(platform: Platform) -> None:
    maker = platform.key(*SCOPES)
    child = made(platform, maker)
    grandchild = made(platform, child)
    call, admin = own("revoke_api_key"), ADMIN
    for each in (maker, child):
        platform.call(call, admin, path={"keyId": each.key_id})

    said = platform.call(call, admin, path={"keyId": maker.key_id}, query={"children": "true"})

    assert (said.body["revokedChildren"], is_live(grandchild)) == (1, False)


def test_more_than_one_call_ends_are_told_and_the_next_call_goes_on(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(revoke, "MOST_AT_ONCE", 2)
    monkeypatch.setattr(revoke, "_PAGE", 1)
    maker = platform.key(*SCOPES)
    children = [made(platform, maker) for _ in range(3)]
    path, query = {"keyId": maker.key_id}, {"children": "true"}

    said = [platform.call(own("revoke_api_key"), path=path, query=query).body for _ in range(3)]

    assert [(each["revokedChildren"], each["moreChildren"]) for each in said] == [
        (2, True),
        (1, False),
        (0, False),
    ]
    assert [is_live(child) for child in children] == [False] * 3


def test_only_an_admin_sees_and_ends_what_an_admins_key_made_for_others(platform: Platform) -> None:
    maker = platform.key("admin", "keys:manage", "inference")
    anns, bobs = made(platform, maker, "ann"), made(platform, maker, "bob")
    manager = platform.key("keys:manage")
    bob = Caller("noKeyOfBob00", "bob", scopes=("keys:manage",))

    seen = listed(platform, maker, by=manager)
    platform.call(own("revoke_api_key"), manager, path={"keyId": maker.key_id}, query={"children": "true"})

    assert seen == [anns.key_id]
    assert (is_live(anns), is_live(bobs)) == (False, True)
    assert listed(platform, maker) == sorted([anns.key_id, bobs.key_id])
    assert platform.call(own("list_api_keys"), bob, query={"createdBy": maker.key_id}).status == 401


def test_the_children_of_another_users_key_are_not_found(platform: Platform) -> None:
    maker = platform.key(*SCOPES)
    child = made(platform, maker)
    bob = made(platform, platform.key("admin"), "bob")

    said = platform.call(own("list_api_keys"), bob, query={"createdBy": maker.key_id})
    ended = platform.call(
        own("revoke_api_key"), bob, path={"keyId": maker.key_id}, query={"children": "true"}
    )

    assert [(each.status, each.code) for each in (said, ended)] == [(404, "not_found")] * 2
    assert is_live(child)


def test_a_key_that_is_revoked_between_reading_and_writing_makes_none(platform: Platform) -> None:
    maker = platform.key(*SCOPES)
    revoke.revoke(maker.key_id, by=ADMIN, now=clock.now(), keys=wiring.keys(), announcer=FakeAnnouncer())
    late = key_behind(Caller("lateChild000", "ann"))
    child = type(late)(late.key_id, "ann", late.grant, late.secrets, late.created_at, created_by=maker.key_id)

    with pytest.raises(InvalidApiKey, match="revoked"):
        wiring.keys().create(child, change_of(child, "created", {}, by=maker, now=clock.now()))

    assert listed(platform, maker) == []
