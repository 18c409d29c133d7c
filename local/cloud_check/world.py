"""What the checks share: the API, the account behind it, and what earlier ones left for later ones."""

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from local.cloud_check.calls import Api, Reply
from local.target import Target

JsonObject = dict[str, Any]


class NotAsItShouldBeError(Exception):
    """A check failed; the message says what was found instead."""


class NotHereError(Exception):
    """A check cannot be made here; the message says why."""


@dataclass(slots=True)
class World:
    """A deployment under test. `target` is None where only the address is known; `deployed` tells AWS from emulator."""

    admin: Api
    target: Target | None
    model: str
    deployed: bool
    patience_seconds: float = 120.0
    sleep: Callable[[float], None] = time.sleep
    monotonic: Callable[[], float] = time.monotonic
    user_id: str = field(default_factory=lambda: f"cloud-check-{uuid.uuid4().hex[:8]}")
    key: str = ""
    key_id: str = ""
    answered: dict[str, str] = field(default_factory=dict)
    """Requests that were answered, and what their headers said they cost."""

    @property
    def user(self) -> Api:
        """The API as the user whom the check made calls it."""
        return self.admin.with_key(self.key)

    def aws(self, service: str) -> Any:
        """A client of a service of the account behind the API.

        Raises:
            NotHereError: only the address is known.
        """
        return self._target().client(service)

    def resource(self, logical_id: str) -> str:
        """Physical id of a resource of the stack."""
        return self._target().resource(logical_id)

    def now_ms(self) -> float:
        """The time of day, in milliseconds since 1970."""
        return time.time() * 1000

    def until(self, ask: Callable[[], str | None], what: str) -> str:
        """Ask until there is an answer, a second apart.

        Raises:
            NotAsItShouldBeError: there was none in time.
        """
        began = self.monotonic()
        while (found := ask()) is None:
            if self.monotonic() - began > self.patience_seconds:
                raise NotAsItShouldBeError(f"{what} did not come within {self.patience_seconds:g} s")
            self.sleep(1)
        return found

    def _target(self) -> Target:
        if self.target is None:
            raise NotHereError("only the address is known: name the stack")
        return self.target


def expect(reply: Reply, status: int) -> Reply:
    """The reply, if it has this status.

    Raises:
        NotAsItShouldBeError: it has another one.
    """
    if reply.status != status:
        raise NotAsItShouldBeError(f"{reply.status} and not {status}: {reply.body[:300]!r}")
    return reply
