from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest

from aggregator.auth.authorise import ProvenCallers, authorise
from aggregator.auth.caller import Caller
from aggregator.auth.key import new_key
from aggregator.auth.model import ApiKey
from aggregator.auth.rotating_secret import RotatingSecret
from aggregator.errors import InvalidApiKey
from aggregator.identity.standing import Standing
from aggregator.runtime.aws import AwsError, JsonObject
from tests.unit.auth.fakes import (
    ADMIN_KEY,
    NOW,
    PEPPER,
    FakeKeys,
    FakeNotes,
    FakeSecretsManager,
    a_key,
    rotating,
)

HOUR = timedelta(hours=1)
WRONG = "Incorrect API key provided."


@dataclass
class Authorizer:
    """One environment of the authorizer, with fakes around it."""

    keys: FakeKeys
    notes: FakeNotes = field(default_factory=FakeNotes)
    pepper: RotatingSecret = field(default_factory=lambda: rotating(PEPPER))
    admin_key: RotatingSecret = field(default_factory=lambda: rotating(ADMIN_KEY))
    proven: ProvenCallers = field(default_factory=ProvenCallers)
    teams: dict[tuple[str, str], Standing] = field(default_factory=dict)

    def prove(self, token: str, now: datetime = NOW) -> Caller:
        return authorise(
            token,
            now,
            environment="dev",
            keys=self.keys,
            notes=self.notes,
            pepper=self.pepper,
            admin_key=self.admin_key,
            proven=self.proven,
            standing_of=lambda *place: self.teams.get(place),
        )

    def refusal(self, token: str, now: datetime = NOW) -> str:
        with pytest.raises(InvalidApiKey) as refused:
            self.prove(token, now)
        return refused.value.message


def seconds(count: float) -> timedelta:
    return timedelta(seconds=count)


def test_a_live_key_proves_its_user_and_grant() -> None:
    key, plain = a_key(limits={"requestsPerMinute": 60})
    authorizer = Authorizer(FakeKeys(key))

    caller = authorizer.prove(plain.text)

    assert (caller.key_id, caller.user_id) == ("someKeyOfAnn", "ann")
    assert caller.scopes == ("inference", "models:read")
    assert caller.limits == {"requestsPerMinute": 60}


def test_a_mistyped_key_is_refused_without_a_read() -> None:
    key, plain = a_key()
    authorizer = Authorizer(FakeKeys(key))
    mistyped = plain.text[:-1] + ("0" if plain.text[-1] != "0" else "1")

    messages = {authorizer.refusal(mistyped), authorizer.refusal(new_key("prod", key.key_id).text)}

    assert messages == {WRONG}
    assert authorizer.keys.reads == 0


def test_an_unknown_key_and_a_wrong_secret_are_refused_alike() -> None:
    key, _ = a_key()
    authorizer = Authorizer(FakeKeys(key))

    messages = {
        authorizer.refusal(new_key("dev", "anotherKey00").text),
        authorizer.refusal(new_key("dev", key.key_id).text),
    }

    assert messages == {WRONG}


def test_a_proof_is_remembered_for_ten_seconds() -> None:
    key, plain = a_key()
    authorizer = Authorizer(FakeKeys(key))

    for after in (0, 5, 9.9):
        authorizer.prove(plain.text, NOW + seconds(after))
    reads_within = authorizer.keys.reads
    authorizer.prove(plain.text, NOW + seconds(10))

    assert reads_within == 1
    assert authorizer.keys.reads == 2


def test_a_revoked_key_is_refused_after_ten_seconds_at_most() -> None:
    key, plain = a_key()
    authorizer = Authorizer(FakeKeys(key))
    authorizer.prove(plain.text)
    authorizer.keys.keys[key.key_id] = key.revoked(NOW)

    message = authorizer.refusal(plain.text, NOW + seconds(10))

    assert message == "This API key has been revoked."


def test_a_refusal_is_not_remembered() -> None:
    key, plain = a_key()
    authorizer = Authorizer(FakeKeys())
    authorizer.refusal(plain.text)

    authorizer.keys.keys[key.key_id] = key

    assert authorizer.prove(plain.text).key_id == "someKeyOfAnn"


def test_a_proof_is_forgotten_when_the_key_expires() -> None:
    key, plain = a_key(expires_at=NOW + seconds(3))
    authorizer = Authorizer(FakeKeys(key))
    authorizer.prove(plain.text, NOW + seconds(2))

    message = authorizer.refusal(plain.text, NOW + seconds(3))

    assert message == "This API key has expired."


def test_during_an_overlap_both_secrets_work_and_then_only_the_new_one() -> None:
    key, old = a_key()
    new = new_key("dev", key.key_id)
    rotated = key.rotated(new.hash_under(PEPPER), NOW, HOUR)
    authorizer = Authorizer(FakeKeys(rotated))

    during = [authorizer.prove(each.text, NOW + HOUR - seconds(1)).key_id for each in (old, new)]
    afterwards = authorizer.refusal(old.text, NOW + HOUR)

    assert during == ["someKeyOfAnn", "someKeyOfAnn"]
    assert afterwards == "This API key has been rotated: use its new secret."
    assert authorizer.prove(new.text, NOW + HOUR).key_id == "someKeyOfAnn"


def test_memory_is_bounded_and_drops_the_oldest_proof() -> None:
    proven = ProvenCallers()
    callers = [Caller(key_id=str(number), user_id="ann") for number in range(1_001)]

    for caller in callers:
        proven.remember(f"token-{caller.key_id}", caller, NOW, [])

    assert proven.find("token-0", NOW) is None
    assert proven.find("token-1", NOW) == callers[1]
    assert proven.find("token-1000", NOW) == callers[1_000]


def test_a_clock_that_goes_back_lengthens_no_proof() -> None:
    proven = ProvenCallers()
    proven.remember("token", Caller(key_id="1", user_id="ann"), NOW, [])

    assert proven.find("token", NOW - seconds(60)) is None


def test_the_admin_key_is_the_admin() -> None:
    authorizer = Authorizer(FakeKeys())

    caller = authorizer.prove(ADMIN_KEY)

    assert caller == Caller(key_id="admin", user_id="admin", scopes=("admin",))


def test_while_it_is_rotated_both_admin_keys_work() -> None:
    authorizer = Authorizer(FakeKeys(), admin_key=rotating("new-admin-key", "old-admin-key"))

    callers = [authorizer.prove(each).key_id for each in ("new-admin-key", "old-admin-key")]

    assert callers == ["admin", "admin"]
    assert authorizer.refusal("older-admin-key") == WRONG


@pytest.mark.parametrize("token", ["x", ADMIN_KEY[:-1], ADMIN_KEY + "0", "sk-proj-abc"])
def test_what_is_no_key_at_all_is_refused(token: str) -> None:
    assert Authorizer(FakeKeys()).refusal(token) == WRONG


def test_under_a_new_pepper_a_key_still_works_and_is_hashed_anew() -> None:
    key, plain = a_key()
    authorizer = Authorizer(FakeKeys(key), pepper=rotating("new-pepper", PEPPER))

    caller = authorizer.prove(plain.text)

    assert caller.key_id == "someKeyOfAnn"
    assert authorizer.notes.hashes == [
        ("someKeyOfAnn", plain.hash_under(PEPPER), plain.hash_under("new-pepper"))
    ]


def test_under_the_pepper_it_was_made_with_a_key_is_not_hashed_anew() -> None:
    key, plain = a_key()
    authorizer = Authorizer(FakeKeys(key))

    authorizer.prove(plain.text)

    assert authorizer.notes.hashes == []


@pytest.mark.parametrize(
    ("last_used_at", "noted"),
    [
        (None, [("someKeyOfAnn", NOW, NOW - HOUR)]),
        (NOW - HOUR, [("someKeyOfAnn", NOW, NOW - HOUR)]),
        (NOW - HOUR + seconds(1), []),
    ],
)
def test_a_use_is_noted_once_an_hour(
    last_used_at: datetime | None, noted: list[tuple[str, datetime, datetime]]
) -> None:
    key, plain = a_key(last_used_at=last_used_at)
    authorizer = Authorizer(FakeKeys(key))

    for after in (0, 1, 2):
        authorizer.prove(plain.text, NOW + seconds(after))

    assert authorizer.notes.uses == noted


def test_a_use_that_cannot_be_noted_changes_no_decision() -> None:
    key, plain = a_key()
    authorizer = Authorizer(
        FakeKeys(key), notes=FakeNotes(broken=True), pepper=rotating("new-pepper", PEPPER)
    )

    assert authorizer.prove(plain.text).key_id == "someKeyOfAnn"


class BrokenKeys(FakeKeys):
    """A table that does not answer."""

    def read(self, key_id: str) -> ApiKey:
        raise AwsError("InternalServerError", key_id)


def test_a_fault_of_the_table_is_told_and_is_no_refusal() -> None:
    _, plain = a_key()

    with pytest.raises(AwsError):
        Authorizer(BrokenKeys()).prove(plain.text)


def test_a_fault_of_the_secrets_is_told_and_is_no_refusal() -> None:
    key, plain = a_key()
    broken = FakeSecretsManager(PEPPER)
    broken.broken = True
    out_of_order = RotatingSecret(broken, "the-secret")

    for token in (plain.text, ADMIN_KEY):
        with pytest.raises(AwsError):
            Authorizer(FakeKeys(key), pepper=out_of_order, admin_key=out_of_order).prove(token)


def test_if_the_previous_pepper_cannot_be_read_nobody_is_told_that_the_key_is_wrong() -> None:
    key, plain = a_key()
    older = key._replace(secrets=(key.secrets[0]._replace(hash=plain.hash_under("older-pepper")),))

    class OnlyCurrent(FakeSecretsManager):
        def call(self, action: str, request: JsonObject) -> JsonObject:
            if request["VersionStage"] == "AWSPREVIOUS":
                raise AwsError("ThrottlingException")
            return super().call(action, request)

    pepper = RotatingSecret(OnlyCurrent(PEPPER), "the-secret")

    with pytest.raises(AwsError):
        Authorizer(FakeKeys(older), pepper=pepper).prove(plain.text)
