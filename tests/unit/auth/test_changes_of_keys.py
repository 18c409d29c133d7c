import json

import pytest

from aggregator.auth.announce import event_of
from aggregator.auth.audit import Change
from aggregator.auth.model import ApiKey
from aggregator.auth.view import one, page_of
from aggregator.errors import Conflict, NotFound, NotYours
from tests.unit.auth.desk import Desk, desk_with
from tests.unit.auth.fakes import ADMIN, MANAGER, NOW, PEPPER, FakeKeys, a_key


class RacingKeys(FakeKeys):
    """A store in which somebody else's change comes between a read and the write that follows, `races` times."""

    def __init__(self, *keys: ApiKey, races: int) -> None:
        super().__init__(*keys)
        self._races = races

    def change(self, key: ApiKey, change: Change) -> ApiKey:
        if self._races:
            self._races -= 1
            there = self.keys[key.key_id]
            self.keys[key.key_id] = there._replace(version=there.version + 1)
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
