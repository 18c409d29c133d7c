"""How long a revoked key goes on working, measured beside other tests, for it takes a minute of waiting.

The first test that uses its fixture starts the clock for all.
"""

import threading
import time
from collections.abc import Callable

from tests.e2e.caller import ApiCaller, Reply, UserCaller

_LOOK_SECONDS = 0.5
_PATIENCE_SECONDS = 90.0


class Revocation:
    """A key that was in use is revoked; its holder tries on, on every kind of route, until it is refused.

    The chats say nothing: they are refused for that, and so cost nothing and are no usage that other tests would find.
    """

    def __init__(self, user: UserCaller, admin: ApiCaller) -> None:
        self.key = user.key
        tries: dict[str, Callable[[], Reply]] = {
            "a chat": lambda: user.post("/v1/chat/completions", {"model": "gpt-4o-mini", "messages": []}),
            "a balance": lambda: user.get(f"/billing/balance/{user.user_id}"),
        }
        self.before = {route: attempt().status for route, attempt in tries.items()}
        self.revoked = admin.call("DELETE", f"/auth/api-keys/{user.key_id}").status
        self._since = time.monotonic()
        self._over = threading.Event()
        self._refused: dict[str, tuple[float, Reply]] = {}
        self._threads = [
            threading.Thread(target=self._try_on, args=each, daemon=True) for each in tries.items()
        ]
        for thread in self._threads:
            thread.start()

    def refusals(self) -> dict[str, tuple[float, Reply]]:
        """Wait for the end; by route, when the last try that was let in began, in seconds, and the refusal.

        When a try began says nothing of how busy the machine is: one that is answered late was let in late.
        """
        for thread in self._threads:
            thread.join()
        return self._refused

    def stop(self) -> None:
        """Measure no more."""
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _try_on(self, route: str, attempt: Callable[[], Reply]) -> None:
        let_in = 0.0
        while (began := time.monotonic() - self._since) < _PATIENCE_SECONDS:
            reply = attempt()
            if reply.status == 401:
                self._refused[route] = (let_in, reply)
                return
            let_in = began
            if self._over.wait(_LOOK_SECONDS):
                return
