"""Prove who calls: the first step of the walk. Standard library only.

What one proof costs, by what is in memory of this environment:

    mistyped, or of another environment   no call
    proven within the last 10 seconds     no call
    else                                  1 GetItem; for a wrong secret also 2 GetSecretValue at most every 30 s
    made by a key that is no admin        1 GetItem more for each key over it in its line: their limits hold for it
    charges a team's wallet               1 BatchGetItem more: the team, and the user's place in it
    first proof in an hour of a key       1 UpdateItem more, after the decision: when it was last used
    first proof under a new pepper        1 UpdateItem more, after the decision: the hash under the new one

A revoked key stops within 55 seconds: 10 here plus 45 in API Gateway's own cache of the answer. So does the
old secret of a rotation when its overlap is over.
"""

import hashlib
import hmac
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol

from aggregator.auth.caller import ADMIN, Caller, Team
from aggregator.auth.key import PREFIX, PlainKey, parse
from aggregator.auth.model import ApiKey, Secret
from aggregator.auth.rotating_secret import RotatingSecret
from aggregator.errors import InvalidApiKey, NotFound
from aggregator.runtime.aws import AwsError

ADMIN_CALLER = Caller(key_id="admin", user_id="admin", scopes=(ADMIN,))

MEMORY_SECONDS = 10
_MEMORY_ENTRIES = 1_000
_USE_NOTED_EVERY = timedelta(hours=1)


class KeyReader(Protocol):
    """Reads keys for the decision."""

    def read(self, key_id: str) -> ApiKey:
        """See `KeyStore.read`."""
        ...


class KeyNotes(Protocol):
    """Writes down what a proof showed, after the decision; it should give up soon, for the client waits."""

    def note_use(self, key_id: str, at: datetime, not_since: datetime) -> None:
        """See `KeyStore.note_use`."""
        ...

    def rehash(self, key: ApiKey, old_hash: str, new_hash: str) -> None:
        """See `KeyStore.rehash`."""
        ...


class Standing(Protocol):
    """What a team and a user's place in it say: see `identity.standing.Standing`."""

    @property
    def suspended(self) -> bool:
        """Whether nothing is done for the team."""
        ...

    @property
    def monthly_nano_usd(self) -> int | None:
        """What the team may spend in a month."""
        ...

    @property
    def member_monthly_nano_usd(self) -> int | None:
        """What the user may spend of that."""
        ...


StandingOf = Callable[[str, str], Standing | None]
"""By team and user: what holds for a key of the two; None if the user may not spend the team's money."""


class ProvenCallers:
    """The callers of the last 10 seconds, the latest 1,000; held under a digest, so that no key stays in memory."""

    def __init__(self) -> None:
        self._until: OrderedDict[bytes, tuple[datetime, Caller]] = OrderedDict()

    def find(self, token: str, now: datetime) -> Caller | None:
        """The caller proven by this token, if it was not longer ago than may be remembered."""
        until, caller = self._until.get(_digest(token), (now, None))
        remaining = until - now
        return caller if timedelta(0) < remaining <= timedelta(seconds=MEMORY_SECONDS) else None

    def remember(self, token: str, caller: Caller, now: datetime, ends: list[datetime]) -> None:
        """Keep a proof for 10 seconds, or until the first of `ends`."""
        digest = _digest(token)
        self._until[digest] = (min([now + timedelta(seconds=MEMORY_SECONDS), *ends]), caller)
        self._until.move_to_end(digest)
        if len(self._until) > _MEMORY_ENTRIES:
            self._until.popitem(last=False)


def authorise(
    token: str,
    now: datetime,
    *,
    environment: str,
    keys: KeyReader,
    notes: KeyNotes,
    pepper: RotatingSecret,
    admin_key: RotatingSecret,
    proven: ProvenCallers,
    standing_of: StandingOf,
) -> Caller:
    """Prove who sent `token`.

    Raises:
        InvalidApiKey: wrong, mistyped, revoked, expired or rotated out.
        AwsError: the table or a secret could not be read: nothing is known about the key.
        StoreUnavailable: the same.
    """
    if not token.startswith(PREFIX):
        return _admin(token, now, admin_key)
    presented = parse(token, environment)
    known = proven.find(token, now)
    if known is not None:
        return known

    key = _read(presented, keys)
    secret, fitting_pepper = _prove(presented, key, pepper, now)
    key.require_live(secret, now)
    ends = [end for end in (key.grant.expires_at, secret.expires_at) if end is not None]
    caller = in_team(key.caller_in_line(keys.read, secret), standing_of)
    proven.remember(token, caller, now, ends)

    _afterwards(lambda: _note_use(key, notes, now))
    if fitting_pepper != (current := pepper.current(now)):
        _afterwards(lambda: notes.rehash(key, secret.hash, presented.hash_under(current)))
    return caller


def in_team(caller: Caller, standing_of: StandingOf) -> Caller:
    """The caller with what its team says now: budgets, and whether anything is done for it.

    Raises:
        InvalidApiKey: its user may not spend the team's money any more.
    """
    if caller.team is None:
        return caller
    team_id = caller.team.team_id
    standing = standing_of(team_id, caller.user_id)
    if standing is None:
        raise InvalidApiKey("The user of this API key may not spend its team's money any more.")
    team = Team(team_id, standing.monthly_nano_usd, standing.member_monthly_nano_usd)
    suspended = caller.suspended or ("team" if standing.suspended else "")
    return caller._replace(team=team, suspended=suspended)


def _admin(token: str, now: datetime, admin_key: RotatingSecret) -> Caller:
    for version in admin_key.candidates(now):
        if hmac.compare_digest(version.encode(), token.encode()):
            return ADMIN_CALLER
    raise InvalidApiKey("Incorrect API key provided.")


def _read(presented: PlainKey, keys: KeyReader) -> ApiKey:
    try:
        return keys.read(presented.key_id)
    except NotFound:
        raise InvalidApiKey("Incorrect API key provided.") from None


def _prove(presented: PlainKey, key: ApiKey, pepper: RotatingSecret, now: datetime) -> tuple[Secret, str]:
    for version in pepper.candidates(now):
        secret = key.secret_of(presented.hash_under(version))
        if secret is not None:
            return secret, version
    raise InvalidApiKey("Incorrect API key provided.")


def _note_use(key: ApiKey, notes: KeyNotes, now: datetime) -> None:
    if key.last_used_at is None or now - key.last_used_at >= _USE_NOTED_EVERY:
        notes.note_use(key.key_id, at=now, not_since=now - _USE_NOTED_EVERY)


def _afterwards(work: Callable[[], None]) -> None:
    """Do what may fail without changing the decision; the next proof tries it again."""
    try:
        work()
    except AwsError:
        return


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
