"""Stand-ins for what the auth use cases work with, and keys to begin with."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from aggregator.auth.audit import Change, change_of
from aggregator.auth.caller import Caller
from aggregator.auth.collaborators import Announcer, Keys, Teams
from aggregator.auth.key import PlainKey, new_key
from aggregator.auth.model import ApiKey, Grant, Secret, unknown_key
from aggregator.auth.rotating_secret import CURRENT, PREVIOUS, RotatingSecret
from aggregator.errors import Conflict, InvalidRequest
from aggregator.runtime.aws import Aws, AwsError, JsonObject

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
PEPPER = "pepper-of-the-tests"
ADMIN_KEY = "AdminKeyOfTheTests0123456789"

ADMIN = Caller(key_id="admin", user_id="admin", scopes=("admin",))
MANAGER = Caller(key_id="managerKey00", user_id="ann", scopes=("inference", "models:read", "keys:manage"))


class FakeKeys:
    """The key store in memory, with its optimistic versions."""

    def __init__(self, *keys: ApiKey) -> None:
        self.keys = {key.key_id: key for key in keys}
        self.changes: list[Change] = []
        self.reads = 0

    def read(self, key_id: str) -> ApiKey:
        self.reads += 1
        if key_id not in self.keys:
            raise unknown_key()
        return self.keys[key_id]

    def read_with_history(self, key_id: str) -> tuple[ApiKey, list[Change]]:
        return self.read(key_id), [each for each in reversed(self.changes) if each.key_id == key_id]

    def page_of(self, user_id: str, limit: int, after: str | None) -> tuple[list[ApiKey], str | None]:
        ids = sorted((each for each in self.keys if after is None or each < after), reverse=True)
        mine = [self.keys[each] for each in ids if self.keys[each].user_id == user_id]
        return mine[:limit], mine[limit - 1].key_id if len(mine) > limit else None

    def children_of(self, key_id: str, limit: int, after: str | None) -> tuple[list[ApiKey], str | None]:
        ids = sorted((each for each in self.keys if after is None or each < after), reverse=True)
        made = [self.keys[each] for each in ids if self.keys[each].created_by == key_id]
        return made[:limit], made[limit - 1].key_id if len(made) > limit else None

    def create(self, key: ApiKey, change: Change) -> None:
        if key.key_id in self.keys:
            raise Conflict("There is one.")
        self.keys[key.key_id] = key
        self.changes.append(change)

    def change(self, key: ApiKey, change: Change) -> ApiKey:
        if self.keys[key.key_id].version != key.version:
            raise Conflict("It was changed.")
        self.keys[key.key_id] = key._replace(version=key.version + 1)
        self.changes.append(change)
        return self.keys[key.key_id]


@dataclass
class FakeTeams:
    """Teams with who may spend their money."""

    spenders: dict[str, set[str]] = field(default_factory=dict)

    def require_no_team(self, user_id: str) -> None:
        if user_id in self.spenders:
            raise InvalidRequest("userId: this is a team", param="userId")

    def require_spender(self, team_id: str, user_id: str) -> None:
        if user_id not in self.spenders.get(team_id, ()):
            raise InvalidRequest("teamId: the user is in no such team", param="teamId")


@dataclass
class FakeAnnouncer:
    """Remembers what was announced."""

    announced: list[Change] = field(default_factory=list)

    def announce(self, change: Change) -> None:
        self.announced.append(change)


@dataclass
class FakeNotes:
    """Remembers what the authorizer noted, or fails to."""

    broken: bool = False
    uses: list[tuple[str, datetime, datetime]] = field(default_factory=list)
    hashes: list[tuple[str, str, str]] = field(default_factory=list)

    def note_use(self, key_id: str, at: datetime, not_since: datetime) -> None:
        if self.broken:
            raise AwsError("TimedOut")
        self.uses.append((key_id, at, not_since))

    def rehash(self, key: ApiKey, old_hash: str, new_hash: str) -> None:
        if self.broken:
            raise AwsError("TimedOut")
        self.hashes.append((key.key_id, old_hash, new_hash))


class FakeSecretsManager:
    """One secret with its versions; counts the calls and can be broken."""

    def __init__(self, current: str | None, previous: str | None = None) -> None:
        self.versions = {CURRENT: current, PREVIOUS: previous}
        self.asked: list[str] = []
        self.broken = False

    def rotate(self, new: str) -> None:
        self.versions = {CURRENT: new, PREVIOUS: self.versions[CURRENT]}

    def call(self, action: str, request: JsonObject) -> JsonObject:
        assert (action, request["SecretId"]) == ("GetSecretValue", "the-secret")
        stage = request["VersionStage"]
        self.asked.append(stage)
        if self.broken:
            raise AwsError("InternalServiceError")
        if self.versions[stage] is None:
            raise AwsError("ResourceNotFoundException")
        return {"SecretString": self.versions[stage]}


def rotating(current: str, previous: str | None = None) -> RotatingSecret:
    return RotatingSecret(FakeSecretsManager(current, previous), "the-secret")


def a_key(key_id: str = "someKeyOfAnn", **fields: Any) -> tuple[ApiKey, PlainKey]:
    """A live key of ann in the environment dev, and its text. `fields` are those of the key or of its grant."""
    plain = new_key("dev", key_id)
    grant: dict[str, Any] = {"name": "laptop", "scopes": ("inference", "models:read")}
    of_grant = {name: fields.pop(name) for name in list(fields) if name in Grant._fields}
    secret = Secret(plain.hash_under(PEPPER), created_at=NOW)
    made: dict[str, Any] = {"user_id": "ann", "secrets": (secret,), "created_at": NOW, "created_by": "admin"}
    return ApiKey(key_id=key_id, grant=Grant(**(grant | of_grant)), **(made | fields)), plain


def created_now(key: ApiKey) -> Change:
    return change_of(key, "created", {}, by=ADMIN, now=key.created_at)


def _fakes_keep_the_contracts() -> tuple[Keys, Announcer, Aws, Teams]:
    return FakeKeys(), FakeAnnouncer(), FakeSecretsManager(""), FakeTeams()
