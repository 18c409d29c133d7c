from datetime import datetime, timedelta
from typing import Any

import pytest

from aggregator.auth.audit import Change
from aggregator.auth.key import parse
from aggregator.auth.model import ApiKey, Grant
from aggregator.errors import InvalidRequest, MissingScope, NotYours, StoreUnavailable
from tests.unit.auth.desk import GRANT, HOUR, Desk, desk_with
from tests.unit.auth.fakes import MANAGER, NOW, PEPPER, FakeKeys, a_key


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
        desk.issue("ann", by=MANAGER._replace(scopes=("inference",)))


def test_a_key_that_is_limited_makes_keys_as_limited() -> None:
    limited = MANAGER._replace(expires_at=NOW + HOUR, allowed_models=("gpt-4o*",))

    issued = Desk().issue(by=limited)

    assert issued.key.grant.expires_at == NOW + HOUR
    assert issued.key.grant.allowed_models == ("gpt-4o*",)


@pytest.mark.parametrize("expires_at", [NOW, NOW - HOUR])
def test_a_key_is_not_made_with_an_expiry_in_the_past(expires_at: datetime) -> None:
    desk = Desk()

    with pytest.raises(InvalidRequest) as refused:
        desk.issue(grant=GRANT._replace(expires_at=expires_at))

    assert refused.value.param == "expiresAt"
    assert desk.is_untouched()


def test_a_key_that_cannot_be_made_leaves_nothing_behind() -> None:
    desk = Desk()

    with pytest.raises(MissingScope):
        desk.issue(grant=GRANT._replace(scopes=("admin",)), by=MANAGER)

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
    limited = MANAGER._replace(key_id="someKeyOfAnn", expires_at=NOW + HOUR, limits={"requestsPerMinute": 1})
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


def test_models_that_a_key_is_newly_limited_to_must_be_there() -> None:
    key, _ = a_key(allowed_models=("gone",))
    desk = desk_with(key)

    desk.update(key.key_id, allowed_models=("gone", "mini"))
    desk.issue(grant=GRANT._replace(allowed_models=("gpt-4o*",)))
    desk.issue(by=MANAGER._replace(allowed_models=("inherited",)))

    assert desk.asked == ["mini", "gpt-4o*"]


def test_a_key_that_could_call_nothing_for_a_slip_of_the_pen_is_not_made() -> None:
    key, _ = a_key()
    desk = desk_with(key)

    with pytest.raises(InvalidRequest) as made:
        desk.issue(grant=GRANT._replace(allowed_models=("typo",)))
    with pytest.raises(InvalidRequest) as changed:
        desk.update(key.key_id, allowed_models=("typo",))

    assert (made.value.param, changed.value.param) == ("allowedModels", "allowedModels")
    assert desk.is_untouched()


def test_a_key_is_written_again_while_its_maker_is_being_used(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    desk, write = desk_with(), FakeKeys.create
    monkeypatch.setattr("aggregator.auth.issue.sleep", waits.append)

    def busy(keys: FakeKeys, key: ApiKey, change: Change) -> None:
        if len(waits) < 3:
            raise StoreUnavailable("The key is being written; try again.", retry_after_seconds=1)
        write(keys, key, change)

    monkeypatch.setattr(FakeKeys, "create", busy)
    issued = desk.issue()

    assert (list(desk.keys.keys), len(waits)) == ([issued.key.key_id], 3)
