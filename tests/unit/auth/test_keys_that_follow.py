"""The keys of a suspended user follow: those in use are told, revoked ones left, and none is done twice."""

from dataclasses import dataclass, field

import pytest

from aggregator.auth.caller import Caller
from aggregator.auth.follow import MOST_AT_ONCE, follow
from aggregator.auth.model import ApiKey
from aggregator.errors import StoreUnavailable, UserSuspended
from tests.keys import key_behind
from tests.unit.auth.fakes import NOW, FakeKeys


@dataclass
class FakeStates:
    """Writes on the keys what it is told, and remembers it."""

    keys: FakeKeys
    said: list[tuple[str, int, bool]] = field(default_factory=list)

    def say(self, user_id: str, version: int, *, suspended: bool) -> None:
        self.said.append((user_id, version, suspended))

    def say_of_key(self, key_id: str, version: int, *, suspended: bool) -> None:
        key = self.keys.keys[key_id]
        self.keys.keys[key_id] = key._replace(suspended=suspended, user_version=version)
        self.said.append((key_id, version, suspended))


def a_key(number: int, user_id: str = "ann") -> ApiKey:
    return key_behind(Caller(f"key{number:09d}", user_id))


def test_the_state_is_said_before_the_keys_are_looked_for() -> None:
    keys = FakeKeys(a_key(1), a_key(2)._replace(revoked_at=NOW), a_key(3), a_key(4, "bob"))
    states = FakeStates(keys)

    follow("ann", 2, suspended=True, keys=keys, states=states)

    assert states.said == [("ann", 2, True), ("key000000003", 2, True), ("key000000001", 2, True)]


def test_keys_that_follow_already_cost_no_write() -> None:
    keys = FakeKeys(a_key(1), a_key(2))
    states = FakeStates(keys)
    follow("ann", 2, suspended=True, keys=keys, states=states)
    states.said.clear()

    follow("ann", 2, suspended=True, keys=keys, states=states)

    assert states.said == [("ann", 2, True)]


def test_more_keys_than_one_call_writes_are_told_by_the_next() -> None:
    keys = FakeKeys(*(a_key(n) for n in range(MOST_AT_ONCE + 3)))
    states = FakeStates(keys)

    with pytest.raises(StoreUnavailable):
        follow("ann", 2, suspended=True, keys=keys, states=states)
    assert len(states.said) == 501
    follow("ann", 2, suspended=True, keys=keys, states=states)

    assert all(key.suspended for key in keys.keys.values())
    assert len(states.said) == 501 + 1 + 3


def test_a_suspended_caller_is_proven_and_comes_out_of_no_event() -> None:
    caller = a_key(1)._replace(suspended=True).caller()
    event = {"requestContext": {"authorizer": caller.to_context()}}

    with pytest.raises(UserSuspended):
        Caller.from_event(event)

    assert (
        Caller.from_event({"requestContext": {"authorizer": a_key(1).caller().to_context()}})
        == a_key(1).caller()
    )
