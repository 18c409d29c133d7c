from datetime import timedelta
from typing import Any

import pytest

from aggregator.auth.audit import Change, change_of
from aggregator.auth.model import ApiKey, Grant
from aggregator.auth.store import KeyStore
from aggregator.errors import Conflict, NotFound, StoreUnavailable
from aggregator.runtime.aws import Aws, AwsError, JsonObject
from aggregator.runtime.item import values
from tests.unit.auth.fakes import ADMIN, NOW, a_key, created_now

HOUR = timedelta(hours=1)


def updated(key: ApiKey, minutes: int = 1) -> Change:
    changes = {"name": {"from": "laptop", "to": None}}
    return change_of(key, "updated", changes, by=ADMIN, now=NOW + timedelta(minutes=minutes))


def items(dynamodb: Aws) -> list[dict[str, Any]]:
    scanned = dynamodb.call("Scan", {"TableName": "AuthTable"})["Items"]
    return sorted((values(each) for each in scanned), key=lambda each: (each["pk"], each["sk"]))


def test_a_key_is_read_as_it_was_created_now(keys: KeyStore) -> None:
    key, _ = a_key(
        expires_at=NOW + HOUR,
        allowed_models=("gpt-4o*",),
        allowed_ips=("203.0.113.0/24",),
        limits={"monthlyBudgetNanoUsd": 5_000_000_000},
    )
    rotated = key.rotated("new-hash", NOW, HOUR)

    keys.create(rotated, created_now(rotated))

    assert keys.read("someKeyOfAnn") == rotated


def test_a_creation_writes_the_key_its_place_in_the_list_and_the_audit_entry(
    keys: KeyStore, dynamodb: Aws
) -> None:
    key, _ = a_key()

    keys.create(key, created_now(key))

    assert [(each["pk"], each["sk"].split("#")[0]) for each in items(dynamodb)] == [
        ("KEY#someKeyOfAnn", "AUDIT"),
        ("KEY#someKeyOfAnn", "KEY"),
        ("USER#ann", "KEY"),
    ]


def test_a_second_key_of_the_same_id_is_refused_and_writes_nothing(keys: KeyStore, dynamodb: Aws) -> None:
    key, _ = a_key()
    keys.create(key, created_now(key))
    of_bob = key._replace(user_id="bob")

    with pytest.raises(Conflict):
        keys.create(of_bob, created_now(of_bob))

    assert keys.read("someKeyOfAnn").user_id == "ann"
    assert len(items(dynamodb)) == 3


@pytest.mark.parametrize("key_id", ["noSuchKey000", "admin", "", "x" * 3000, "a/b#c"])
def test_a_key_that_is_not_there_is_not_found(keys: KeyStore, key_id: str) -> None:
    with pytest.raises(NotFound):
        keys.read(key_id)
    with pytest.raises(NotFound):
        keys.read_with_history(key_id)


def test_a_change_replaces_and_removes_and_counts_the_version(keys: KeyStore) -> None:
    key, _ = a_key(expires_at=NOW + HOUR, allowed_models=("gpt-4o*",))
    keys.create(key, created_now(key))
    new = key.granted(Grant(name="other", scopes=("inference",), limits={"tokensPerMinute": 7}))

    stands = keys.change(new.revoked(NOW), updated(key))

    assert stands == new._replace(revoked_at=NOW, version=2)
    assert keys.read("someKeyOfAnn") == stands


def test_of_two_changes_of_the_same_version_the_second_is_refused_and_not_written_down(
    keys: KeyStore,
) -> None:
    key, _ = a_key()
    keys.create(key, created_now(key))
    keys.change(key.rotated("first-hash", NOW, HOUR), updated(key, 1))

    with pytest.raises(Conflict):
        keys.change(key.rotated("second-hash", NOW, HOUR), updated(key, 2))

    stands, history = keys.read_with_history("someKeyOfAnn")
    assert stands.secrets[0].hash == "first-hash"
    assert len(history) == 2


def test_the_history_of_a_key_is_read_newest_first_and_only_its_latest_hundred(keys: KeyStore) -> None:
    key, _ = a_key()
    other, _ = a_key("zzzzKeyOfAnn")
    keys.create(key, created_now(key))
    keys.create(other, created_now(other))
    for minute in range(1, 103):
        key = keys.change(key, updated(key, minute))

    stands, history = keys.read_with_history("someKeyOfAnn")

    assert stands.version == 103
    assert len(history) == 100
    assert [each.occurred_at for each in history[:2]] == [NOW + HOUR * 1.7, NOW + timedelta(minutes=101)]
    assert history[0].changes == {"name": {"from": "laptop", "to": None}}
    assert {each.key_id for each in history} == {"someKeyOfAnn"}


def test_a_users_keys_are_listed_newest_first_page_by_page(keys: KeyStore) -> None:
    for number in range(5):
        key, _ = a_key(f"{number:06d}OfAnn0")
        keys.create(key, created_now(key))
    of_bob, _ = a_key("000009OfBob0", user_id="bob")
    keys.create(of_bob, created_now(of_bob))

    first, cursor = keys.page_of("ann", 3, None)
    second, end = keys.page_of("ann", 3, cursor)

    assert [key.key_id for key in first] == ["000004OfAnn0", "000003OfAnn0", "000002OfAnn0"]
    assert cursor == "000002OfAnn0"
    assert [key.key_id for key in second] == ["000001OfAnn0", "000000OfAnn0"]
    assert end is None


def test_a_user_without_keys_has_an_empty_list(keys: KeyStore) -> None:
    assert keys.page_of("nobody", 20, None) == ([], None)


def test_a_use_is_noted_if_none_was_noted_since(keys: KeyStore) -> None:
    key, _ = a_key()
    keys.create(key, created_now(key))

    keys.note_use("someKeyOfAnn", at=NOW, not_since=NOW - HOUR)
    keys.note_use("someKeyOfAnn", at=NOW + HOUR / 2, not_since=NOW - HOUR / 2)
    within_the_hour = keys.read("someKeyOfAnn")
    keys.note_use("someKeyOfAnn", at=NOW + 2 * HOUR, not_since=NOW + HOUR)

    assert within_the_hour.last_used_at == NOW
    assert keys.read("someKeyOfAnn").last_used_at == NOW + 2 * HOUR


def test_a_use_of_a_key_that_is_not_there_makes_no_item(keys: KeyStore, dynamodb: Aws) -> None:
    keys.note_use("noSuchKey000", at=NOW, not_since=NOW - HOUR)

    assert items(dynamodb) == []


def test_a_use_noted_between_read_and_change_is_not_lost(keys: KeyStore) -> None:
    key, _ = a_key()
    keys.create(key, created_now(key))
    keys.note_use("someKeyOfAnn", at=NOW, not_since=NOW - HOUR)

    keys.change(key.revoked(NOW), updated(key))

    assert keys.read("someKeyOfAnn").last_used_at == NOW


def test_a_hash_under_a_new_pepper_replaces_only_its_own(keys: KeyStore) -> None:
    key, _ = a_key()
    rotated = key.rotated("new-hash", NOW, HOUR)
    keys.create(rotated, created_now(rotated))

    keys.rehash(rotated, "new-hash", "peppered-anew")

    assert [secret.hash for secret in keys.read("someKeyOfAnn").secrets] == [
        "peppered-anew",
        key.secrets[0].hash,
    ]


def test_a_key_that_was_changed_meanwhile_is_not_hashed_anew(keys: KeyStore) -> None:
    key, _ = a_key()
    keys.create(key, created_now(key))
    keys.change(key.rotated("new-hash", NOW, timedelta(0)), updated(key))

    keys.rehash(key, key.secrets[0].hash, "peppered-anew")

    assert [secret.hash for secret in keys.read("someKeyOfAnn").secrets] == ["new-hash"]


class BrokenAws:
    """Refuses everything in one way."""

    def __init__(self, error: AwsError) -> None:
        self._error = error

    def call(self, _action: str, _request: JsonObject) -> JsonObject:
        raise self._error


def test_a_collision_with_another_transaction_is_told_as_busy_and_not_as_a_conflict() -> None:
    collision = AwsError(
        "TransactionCanceledException", reasons=[{"Code": "TransactionConflict"}, {"Code": "None"}]
    )
    key, _ = a_key()

    with pytest.raises(StoreUnavailable) as refused:
        KeyStore(BrokenAws(collision), "AuthTable").create(key, created_now(key))

    assert refused.value.retry_after_seconds == 1


def test_a_fault_of_the_table_is_never_a_missing_key() -> None:
    store = KeyStore(BrokenAws(AwsError("InternalServerError")), "AuthTable")

    with pytest.raises(AwsError):
        store.read("someKeyOfAnn")
    with pytest.raises(AwsError):
        store.note_use("someKeyOfAnn", at=NOW, not_since=NOW)


class HalfAnswering:
    """Leaves half of what a batch asks for unprocessed, `times` times."""

    def __init__(self, behind: Aws, times: int) -> None:
        self._behind = behind
        self._times = times

    def call(self, action: str, request: JsonObject) -> JsonObject:
        if action != "BatchGetItem" or not self._times:
            return self._behind.call(action, request)
        self._times -= 1
        wanted = request["RequestItems"]["AuthTable"]
        half = len(wanted["Keys"]) // 2
        now = {"RequestItems": {"AuthTable": {**wanted, "Keys": wanted["Keys"][:half]}}} if half else None
        answer = self._behind.call(action, now) if now else {"Responses": {}}
        return answer | {"UnprocessedKeys": {"AuthTable": {**wanted, "Keys": wanted["Keys"][half:]}}}


def test_a_list_that_comes_in_parts_is_put_together_in_order(keys: KeyStore, dynamodb: Aws) -> None:
    for number in range(4):
        key, _ = a_key(f"{number:06d}OfAnn0")
        keys.create(key, created_now(key))

    listed, _ = KeyStore(HalfAnswering(dynamodb, 2), "AuthTable").page_of("ann", 20, None)

    assert [key.key_id[:6] for key in listed] == ["000003", "000002", "000001", "000000"]


def test_a_list_that_stays_incomplete_is_told(keys: KeyStore, dynamodb: Aws) -> None:
    key, _ = a_key()
    keys.create(key, created_now(key))

    with pytest.raises(StoreUnavailable):
        KeyStore(HalfAnswering(dynamodb, 9), "AuthTable").page_of("ann", 20, None)
