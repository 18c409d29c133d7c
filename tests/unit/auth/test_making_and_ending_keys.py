import json
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from aggregator.auth.announce import event_of
from aggregator.auth.audit import Change
from aggregator.auth.caller import Caller
from aggregator.auth.issue import IssuedKey, issue
from aggregator.auth.key import parse
from aggregator.auth.model import ApiKey, Grant
from aggregator.auth.revoke import revoke
from aggregator.auth.rotate import rotate
from aggregator.auth.update import update
from aggregator.auth.view import one, page_of
from aggregator.errors import Conflict, InvalidRequest, MissingScope, NotFound, NotYours
from tests.unit.auth.fakes import ADMIN, MANAGER, NOW, PEPPER, FakeAnnouncer, FakeKeys, a_key, rotating

HOUR = timedelta(hours=1)
GRANT = Grant(name="server", scopes=("inference",))


@dataclass
class Desk:
    """The use cases over fakes."""

    keys: FakeKeys = field(default_factory=FakeKeys)
    announcer: FakeAnnouncer = field(default_factory=FakeAnnouncer)

    def issue(self, user_id: str = "ann", grant: Grant = GRANT, by: Caller = ADMIN) -> IssuedKey:
        return issue(
            user_id,
            grant,
            by=by,
            now=NOW,
            keys=self.keys,
            pepper=rotating(PEPPER),
            announcer=self.announcer,
            environment="dev",
        )

    def rotate(
        self, key_id: str, overlap: timedelta = HOUR, by: Caller = ADMIN, now: datetime = NOW
    ) -> IssuedKey:
        return rotate(
            key_id,
            overlap,
            by=by,
            now=now,
            keys=self.keys,
            pepper=rotating(PEPPER),
            announcer=self.announcer,
            environment="dev",
        )

    def update(self, key_id: str, by: Caller = ADMIN, **fields: Any) -> ApiKey:
        return update(key_id, fields, by=by, now=NOW, keys=self.keys, announcer=self.announcer)

    def revoke(self, key_id: str, by: Caller = ADMIN) -> ApiKey:
        return revoke(key_id, by=by, now=NOW, keys=self.keys, announcer=self.announcer)

    def is_untouched(self) -> bool:
        return self.keys.changes == [] and self.announcer.announced == []


def desk_with(*keys: ApiKey) -> Desk:
    return Desk(FakeKeys(*keys))


def test_an_issued_key_opens_and_its_record_holds_only_the_hash() -> None:
    desk = Desk()

    issued = desk.issue()

    stored = desk.keys.keys[issued.key.key_id]
    assert parse(issued.plain.text, "dev").key_id == stored.key_id
    assert stored.secret_of(issued.plain.hash_under(PEPPER)) is not None
    assert issued.plain.text not in str(stored)
    assert (stored.user_id, stored.created_by, stored.created_at) == ("ann", "admin", NOW)


def test_a_key_that_may_manage_keys_makes_one_for_its_own_user_only() -> None:
    desk = Desk()

    issued = desk.issue("ann", by=MANAGER)

    assert issued.key.created_by == "managerKey00"
    with pytest.raises(NotYours):
        desk.issue("bob", by=MANAGER)
    with pytest.raises(MissingScope):
        desk.issue("ann", by=replace(MANAGER, scopes=("inference",)))


def test_a_key_that_is_limited_makes_keys_as_limited() -> None:
    limited = replace(MANAGER, expires_at=NOW + HOUR, allowed_models=("gpt-4o*",))

    issued = Desk().issue(by=limited)

    assert issued.key.grant.expires_at == NOW + HOUR
    assert issued.key.grant.allowed_models == ("gpt-4o*",)


@pytest.mark.parametrize("expires_at", [NOW, NOW - HOUR])
def test_a_key_is_not_made_with_an_expiry_in_the_past(expires_at: datetime) -> None:
    desk = Desk()

    with pytest.raises(InvalidRequest) as refused:
        desk.issue(grant=replace(GRANT, expires_at=expires_at))

    assert refused.value.param == "expiresAt"
    assert desk.is_untouched()


def test_a_key_that_cannot_be_made_leaves_nothing_behind() -> None:
    desk = Desk()

    with pytest.raises(MissingScope):
        desk.issue(grant=replace(GRANT, scopes=("admin",)), by=MANAGER)

    assert desk.is_untouched()


def test_an_update_changes_what_is_named_and_writes_down_both_values() -> None:
    key, _ = a_key(allowed_models=("gpt-4o*",))
    desk = desk_with(key)

    updated = desk.update(key.key_id, name="desktop", allowed_models=None)

    assert updated.grant == Grant(name="desktop", scopes=("inference", "models:read"))
    assert updated.version == 2
    assert desk.keys.changes[0].changes == {
        "name": {"from": "laptop", "to": "desktop"},
        "allowedModels": {"from": ["gpt-4o*"], "to": None},
    }


def test_an_update_to_the_same_values_writes_nothing() -> None:
    key, _ = a_key()
    desk = desk_with(key)

    same = desk.update(key.key_id, name="laptop", allowed_models=None)

    assert same == key
    assert desk.is_untouched()


def test_a_key_cannot_widen_itself() -> None:
    limited = replace(
        MANAGER, key_id="someKeyOfAnn", expires_at=NOW + HOUR, limits={"requestsPerMinute": 1}
    )
    key, _ = a_key(scopes=limited.scopes, expires_at=NOW + HOUR, limits={"requestsPerMinute": 1})
    desk = desk_with(key)

    attempts: list[dict[str, Any]] = [
        {"expires_at": None},
        {"expires_at": NOW + 2 * HOUR},
        {"limits": {}},
        {"limits": {"requestsPerMinute": 2}},
        {"scopes": (*limited.scopes, "billing:read")},
    ]
    for fields in attempts:
        with pytest.raises(MissingScope):
            desk.update(key.key_id, by=limited, **fields)

    assert desk.is_untouched()


def test_an_expired_key_may_be_prolonged_but_not_ended_in_the_past() -> None:
    key, _ = a_key(expires_at=NOW - HOUR)
    desk = desk_with(key)

    with pytest.raises(InvalidRequest):
        desk.update(key.key_id, expires_at=NOW - timedelta(minutes=1))
    prolonged = desk.update(key.key_id, expires_at=NOW + HOUR)

    assert prolonged.status(NOW) == "active"


def test_a_rotated_key_keeps_its_id_and_grant_and_gets_another_text() -> None:
    key, old = a_key()
    desk = desk_with(key)

    issued = desk.rotate(key.key_id)

    assert issued.plain.key_id == key.key_id
    assert issued.plain.text != old.text
    assert issued.key.grant == key.grant
    assert issued.key.secret_of(old.hash_under(PEPPER)) is not None
    assert issued.key.secret_of(issued.plain.hash_under(PEPPER)) is not None
    assert desk.keys.changes[0].changes == {"previousSecretEndsAt": "2026-11-23T13:00:00.000Z"}


def test_a_manager_cannot_take_over_a_stronger_key_of_its_user_by_rotating_it() -> None:
    stronger, _ = a_key(scopes=("admin",))
    desk = desk_with(stronger)

    with pytest.raises(MissingScope):
        desk.rotate(stronger.key_id, by=MANAGER)

    assert desk.is_untouched()


class RacingKeys(FakeKeys):
    """A store in which somebody else's change comes between a read and the write that follows, `races` times."""

    def __init__(self, *keys: ApiKey, races: int) -> None:
        super().__init__(*keys)
        self._races = races

    def change(self, key: ApiKey, change: Change) -> ApiKey:
        if self._races:
            self._races -= 1
            there = self.keys[key.key_id]
            self.keys[key.key_id] = replace(there, version=there.version + 1)
        return super().change(key, change)


def test_of_two_rotations_at_once_one_is_refused_and_the_working_secrets_stay() -> None:
    key, old = a_key()
    keys = FakeKeys(key)
    first = Desk(keys).rotate(key.key_id)

    class ReadBefore(FakeKeys):
        """Still sees the key as it was before the first rotation."""

        def read(self, key_id: str) -> ApiKey:
            assert key_id == key.key_id
            return key

    late = ReadBefore()
    late.keys = keys.keys
    with pytest.raises(Conflict):
        Desk(late).rotate(key.key_id)

    live = keys.keys[key.key_id].live_secrets(NOW)
    assert [secret.hash for secret in live] == [first.plain.hash_under(PEPPER), old.hash_under(PEPPER)]


def test_an_update_that_raced_another_change_is_refused() -> None:
    key, _ = a_key()
    desk = Desk(RacingKeys(key, races=1))

    with pytest.raises(Conflict):
        desk.update(key.key_id, name="desktop")

    assert desk.is_untouched()


def test_a_revocation_wins_against_changes_that_come_between() -> None:
    key, _ = a_key()
    desk = Desk(RacingKeys(key, races=3))

    ended = desk.revoke(key.key_id)

    assert ended.status(NOW) == "revoked"
    assert [change.action for change in desk.announcer.announced] == ["revoked"]


def test_a_key_that_never_stands_still_is_told_and_not_revoked_in_silence() -> None:
    key, _ = a_key()
    desk = Desk(RacingKeys(key, races=4))

    with pytest.raises(Conflict):
        desk.revoke(key.key_id)

    assert desk.is_untouched()


def test_revoking_twice_is_written_down_once() -> None:
    key, _ = a_key()
    desk = desk_with(key)

    ended = [desk.revoke(key.key_id), desk.revoke(key.key_id)]

    assert [each.revoked_at for each in ended] == [NOW, NOW]
    assert [change.action for change in desk.keys.changes] == ["revoked"]


def test_a_manager_may_end_any_key_of_its_user_even_a_stronger_one() -> None:
    stronger, _ = a_key(scopes=("admin",))
    desk = desk_with(stronger)

    ended = desk.revoke(stronger.key_id, by=MANAGER)

    assert ended.status(NOW) == "revoked"


def test_another_users_key_is_not_found_whatever_is_asked() -> None:
    of_bob, _ = a_key(user_id="bob")
    desk = desk_with(of_bob)

    with pytest.raises(NotFound):
        one(of_bob.key_id, by=MANAGER, keys=desk.keys)
    with pytest.raises(NotFound):
        desk.update(of_bob.key_id, by=MANAGER, name="mine")
    with pytest.raises(NotFound):
        desk.rotate(of_bob.key_id, by=MANAGER)
    with pytest.raises(NotFound):
        desk.revoke(of_bob.key_id, by=MANAGER)
    with pytest.raises(NotYours):
        page_of("bob", limit=20, after=None, by=MANAGER, keys=desk.keys)
    assert desk.is_untouched()


def test_every_change_is_written_down_and_announced_with_who_and_when() -> None:
    desk = Desk()
    key_id = desk.issue(by=MANAGER).key.key_id
    desk.update(key_id, name="other")
    desk.rotate(key_id, by=MANAGER)
    desk.revoke(key_id)

    _, history = one(key_id, by=ADMIN, keys=desk.keys)

    assert [(change.action, change.by_key_id, change.by_user_id) for change in history] == [
        ("revoked", "admin", "admin"),
        ("rotated", "managerKey00", "ann"),
        ("updated", "admin", "admin"),
        ("created", "managerKey00", "ann"),
    ]
    assert desk.announcer.announced == desk.keys.changes
    assert {change.occurred_at for change in history} == {NOW}


def test_no_change_that_is_told_holds_a_key_or_a_hash() -> None:
    desk = Desk()
    issued = desk.issue()
    again = desk.rotate(issued.key.key_id)
    desk.update(issued.key.key_id, limits={"requestsPerMinute": 1})
    desk.revoke(issued.key.key_id)

    told = json.dumps([event_of(change) for change in desk.announcer.announced])

    for plain in (issued.plain, again.plain):
        assert plain.text not in told
        assert plain.text[-28:] not in told
        assert plain.hash_under(PEPPER) not in told
    assert "hash" not in told
