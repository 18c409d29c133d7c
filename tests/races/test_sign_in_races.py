"""People who sign in at once: a nonce is taken by one, an address binds one person, a person is one user."""

from datetime import UTC, datetime, timedelta

from aggregator.auth.caller import Caller
from aggregator.errors import InvalidIdToken, NotInvited
from aggregator.identity.binding import Person, user_for
from aggregator.identity.model import Change, Profile, User, change_between
from aggregator.identity.nonces import Nonces
from aggregator.identity.store import IdentityStore
from aggregator.identity.table import IdentityTable
from tests.races import engines
from tests.races.crowd import crowd
from tests.races.engines import Engine

THREADS = 8
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
ADMIN = Caller("admin", "admin", scopes=("admin",))


class Announcer:
    """Tells nobody."""

    def announce(self, change: Change) -> None:
        """Nothing more than the table's own entry."""


def table(engine: Engine) -> IdentityTable:
    return IdentityTable(engine.aws(), engines.TABLE)


def invite(store: IdentityStore, user_id: str) -> User:
    user = User(user_id, Profile(f"{user_id}@example.com", user_id, "member"), NOW, "admin", NOW)
    store.create(user, change_between(None, user, by=ADMIN, now=NOW))
    return user


def sign_in(store: IdentityStore, subject: str, email: str) -> User:
    person = Person("https://issuer.example.com", subject, email)
    return user_for(person, by_key_id="sign-in", now=NOW, users=store, announcer=Announcer())


def test_a_nonce_is_taken_by_one_of_all_who_bring_it_at_once(engine: Engine) -> None:
    nonces = [Nonces(table(engine)) for _ in range(THREADS)]
    taken: list[int] = []
    refused: list[int] = []

    def take(thread: int, number: int) -> None:
        try:
            nonces[thread].take(
                "https://issuer.example.com", f"nonce-{number % 10}", NOW + timedelta(hours=1)
            )
        except InvalidIdToken:
            refused.append(number % 10)
        else:
            taken.append(number % 10)

    crowd(THREADS, range(80), take)

    assert sorted(taken) == [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]
    assert len(refused) == 70


def test_an_address_binds_one_of_all_who_have_it_at_once(engine: Engine) -> None:
    stores = [IdentityStore(table(engine)) for _ in range(THREADS)]
    for number in range(5):
        invite(stores[0], f"user-{number}")
    bound: list[tuple[str, str]] = []
    refused: list[int] = []

    def come(thread: int, number: int) -> None:
        subject = f"subject-{number}"
        try:
            user = sign_in(stores[thread], subject, f"user-{number % 5}@example.com")
        except NotInvited:
            refused.append(number)
        else:
            bound.append((user.user_id, subject))

    crowd(THREADS, range(40), come)

    assert sorted(user_id for user_id, _ in bound) == [f"user-{number}" for number in range(5)]
    assert len(refused) == 35
    for user_id, subject in bound:
        found = stores[0].user_bound_to("https://issuer.example.com", subject)
        assert found is not None
        assert (found.user_id, found.version) == (user_id, 2)
        assert [each.by_key_id for each in stores[0].history(user_id)].count("sign-in") == 1


def test_a_person_who_comes_many_times_at_once_with_two_addresses_is_one_user(engine: Engine) -> None:
    stores = [IdentityStore(table(engine)) for _ in range(THREADS)]
    for name in ("one", "two"):
        invite(stores[0], name)
    found: list[str] = []

    def come(thread: int, number: int) -> None:
        found.append(sign_in(stores[thread], "subject", f"{('one', 'two')[number % 2]}@example.com").user_id)

    crowd(THREADS, range(32), come)

    assert len(found) == 32
    assert len(set(found)) == 1
    versions = sorted(stores[0].user(name).version for name in ("one", "two"))
    assert versions == [1, 2]
