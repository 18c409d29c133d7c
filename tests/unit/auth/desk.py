"""The use cases of the key's life over fakes, as one object to ask."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from aggregator.auth.caller import Caller
from aggregator.auth.issue import IssuedKey, issue
from aggregator.auth.model import ApiKey, Grant
from aggregator.auth.revoke import revoke
from aggregator.auth.rotate import rotate
from aggregator.auth.update import update
from aggregator.errors import InvalidRequest
from tests.unit.auth.fakes import ADMIN, NOW, PEPPER, FakeAnnouncer, FakeKeys, FakeTeams, rotating

HOUR = timedelta(hours=1)
GRANT = Grant(name="server", scopes=("inference",))


@dataclass
class Desk:
    """The use cases over fakes."""

    keys: FakeKeys = field(default_factory=FakeKeys)
    announcer: FakeAnnouncer = field(default_factory=FakeAnnouncer)

    teams: FakeTeams = field(default_factory=FakeTeams)
    asked: list[str] = field(default_factory=list)

    def models(self, patterns: Iterable[str]) -> None:
        """Note which entries are looked for in the catalogue, and find all but `typo`."""
        self.asked.extend(patterns)
        if "typo" in self.asked:
            raise InvalidRequest("allowedModels: no such model", param="allowedModels")

    def issue(
        self, user_id: str = "ann", grant: Grant = GRANT, by: Caller = ADMIN, team_id: str | None = None
    ) -> IssuedKey:
        return issue(
            user_id,
            grant,
            by=by,
            now=NOW,
            keys=self.keys,
            pepper=rotating(PEPPER),
            announcer=self.announcer,
            models=self.models,
            environment="dev",
            teams=self.teams,
            team_id=team_id,
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
        return update(
            key_id, fields, by=by, now=NOW, keys=self.keys, announcer=self.announcer, models=self.models
        )

    def revoke(self, key_id: str, by: Caller = ADMIN) -> ApiKey:
        return revoke(key_id, by=by, now=NOW, keys=self.keys, announcer=self.announcer)

    def is_untouched(self) -> bool:
        return self.keys.changes == [] and self.announcer.announced == []


def desk_with(*keys: ApiKey) -> Desk:
    return Desk(FakeKeys(*keys))
