"""Who signs in is bound to the user with the address at the first time, and found by the binding from then on."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import pytest

from aggregator.errors import Conflict, EmailNotVerified, NotInvited, Refusal, UserSuspended
from aggregator.identity.announce import event_of
from aggregator.identity.binding import Announcer, Person, Users, user_for
from aggregator.identity.model import Binding, Change, Profile, User
from tests.unit.identity.fakes import ANN, LATER, NOW

PERSON = Person("https://issuer.example.com", "subject-1", "ann@example.com")
BOUND = Binding("https://issuer.example.com", "subject-1", LATER)
BOB = User("bob", Profile("bob@example.com", "Bob", "member"), NOW, "admin", NOW)


@dataclass
class Desk:
    """Users, with what was changed; `in_between` happens before the first change is written."""

    users: dict[str, User] = field(default_factory=lambda: {"ann": ANN, "bob": BOB})
    changes: list[Change] = field(default_factory=list)
    announced: list[Change] = field(default_factory=list)
    in_between: list[User] = field(default_factory=list)
    tries: int = 0

    def user_bound_to(self, issuer: str, subject: str) -> User | None:
        who = (issuer, subject)
        bound = ((each, each.bound_to) for each in self.users.values())
        return next((user for user, to in bound if to is not None and (to.issuer, to.subject) == who), None)

    def user_with(self, email: str) -> User | None:
        return next((each for each in self.users.values() if each.profile.email == email), None)

    def change(self, before: User, after: User, change: Change) -> None:
        self.tries += 1
        if self.in_between:
            other = self.in_between.pop(0)
            self.users[other.user_id] = other
        if self.users[before.user_id].version != before.version:
            raise Conflict("It was changed.")
        self.users[after.user_id] = after
        self.changes.append(change)

    def announce(self, change: Change) -> None:
        self.announced.append(change)

    def sign_in(self, person: Person = PERSON, now: datetime = LATER) -> User:
        return user_for(person, by_key_id="sign-in", now=now, users=self, announcer=self)

    def refusal(self, person: Person = PERSON) -> Refusal:
        before = dict(self.users)
        with pytest.raises((NotInvited, EmailNotVerified, UserSuspended)) as refused:
            self.sign_in(person)
        assert (self.users, self.changes, self.announced) == (before, [], [])
        refusal: Refusal = refused.value
        return refusal


def test_the_first_sign_in_binds_and_is_written_down() -> None:
    desk = Desk()

    assert desk.sign_in() == replace(ANN, bound_to=BOUND, updated_at=LATER, version=2)
    (change,) = desk.changes
    assert (change.action, change.by_key_id, change.by_user_id) == ("updated", "sign-in", "ann")
    assert change.changes == {
        "boundTo": {
            "from": None,
            "to": {
                "issuer": "https://issuer.example.com",
                "subject": "subject-1",
                "boundAt": "2026-11-24T12:00:00.000Z",
            },
        }
    }
    assert desk.announced == [change]
    assert event_of(change)["changes"] == {"boundTo": {}}


def test_the_second_sign_in_changes_nothing() -> None:
    desk = Desk()
    first = desk.sign_in()

    assert desk.sign_in(now=datetime(2026, 12, 1, tzinfo=UTC)) == first
    assert len(desk.changes) == 1


@pytest.mark.parametrize("email", ["bob@example.com", "new@example.com", None])
def test_an_address_that_changes_at_the_issuer_moves_nobody(email: str | None) -> None:
    desk = Desk()
    desk.sign_in()

    assert desk.sign_in(PERSON._replace(email=email)).user_id == "ann"
    assert desk.users["bob"] == BOB


def test_who_gets_an_address_that_is_bound_to_somebody_is_nobody() -> None:
    desk = Desk()
    bound = desk.sign_in()
    desk.changes.clear()
    desk.announced.clear()

    refusal = desk.refusal(PERSON._replace(subject="subject-2"))

    assert (type(refusal), refusal.code) == (NotInvited, "not_invited")
    assert desk.users["ann"] == bound


def test_the_same_subject_of_another_issuer_is_another_person() -> None:
    desk = Desk()
    desk.sign_in()
    desk.changes.clear()
    desk.announced.clear()

    assert type(desk.refusal(PERSON._replace(issuer="https://other.example.com"))) is NotInvited


def test_an_address_that_nobody_invited_is_refused() -> None:
    refusal = Desk().refusal(PERSON._replace(email="eve@example.com"))

    assert (refusal.code, refusal.message) == (
        "not_invited",
        "Nobody has invited your mail address. Ask whoever runs this platform.",
    )


def test_an_address_that_nobody_vouches_for_finds_nobody() -> None:
    assert Desk().refusal(PERSON._replace(email=None)).code == "email_not_verified"


@pytest.mark.parametrize("bound_to", [None, BOUND])
def test_a_suspended_user_does_not_sign_in_and_is_not_bound(bound_to: Binding | None) -> None:
    desk = Desk()
    suspended = replace(ANN, profile=replace(ANN.profile, state="suspended"), bound_to=bound_to)
    desk.users["ann"] = suspended

    assert desk.refusal().code == "user_suspended"


def test_of_two_people_with_one_address_at_once_one_is_bound() -> None:
    desk = Desk()
    other = Binding("https://issuer.example.com", "subject-2", LATER)
    desk.in_between = [replace(ANN, bound_to=other, version=2)]

    with pytest.raises(NotInvited):
        desk.sign_in()

    assert desk.users["ann"].bound_to == other
    assert desk.changes == []


def test_one_person_twice_at_once_is_bound_once_and_signs_in_twice() -> None:
    desk = Desk()
    desk.in_between = [replace(ANN, bound_to=BOUND, version=2)]

    assert desk.sign_in() == replace(ANN, bound_to=BOUND, version=2)
    assert desk.changes == []


def test_one_person_who_is_bound_between_two_reads_signs_in_all_the_same() -> None:
    desk = Desk()
    desk.users["ann"] = replace(ANN, bound_to=BOUND, version=2)
    desk.user_bound_to = lambda *_: None  # type: ignore[method-assign]

    assert desk.sign_in().user_id == "ann"
    assert desk.changes == []


def test_a_user_who_is_changed_at_the_same_moment_is_read_again() -> None:
    desk = Desk()
    desk.in_between = [replace(ANN, profile=replace(ANN.profile, role="viewer"), version=2)]

    said = desk.sign_in()

    assert (said.profile.role, said.bound_to, said.version, desk.tries) == ("viewer", BOUND, 3, 2)


def _keeps_the_contracts(desk: Desk) -> tuple[Users, Announcer]:
    return desk, desk
