"""How long a new price takes to be live, and a roll-back to take it back: measured beside other tests, for both wait.

The first test that uses its fixture starts the clock for all.
"""

import threading
import time

from tests.e2e.caller import ApiCaller, Reply, UserCaller

_LOOK_SECONDS = 0.5
_PATIENCE_SECONDS = 90.0
DEAR = {"price": {"version": "dear", "input": "100.00", "output": "200.00"}}


class Repricing:
    """A model that is in use gets another price, and then its old one again by a roll-back of the catalogue.

    `statuses` are those of the two changes; `live` and `back`, after how many seconds each was charged, and the first
    answer that was.
    """

    def __init__(self, user: UserCaller, admin: ApiCaller) -> None:
        self.statuses: list[int] = []
        self.version = 0
        self.live: tuple[float, Reply] | None = None
        self.back: tuple[float, Reply] | None = None
        self._user = user
        self._admin = admin
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._measure, daemon=True)
        self._thread.start()

    def wait(self) -> None:
        """Wait for the end."""
        self._thread.join()

    def stop(self) -> None:
        """Measure no more."""
        self._over.set()
        self._thread.join()

    def _measure(self) -> None:
        self._chat()  # whoever answers has the catalogue in memory
        self.version = self._admin.get("/orchestrator/models/routed-priced").json["version"]
        self.statuses.append(self._admin.call("PUT", "/orchestrator/models/routed-priced", DEAR).status)
        self.live = self._until("dear")
        self.statuses.append(self._admin.post("/orchestrator/rollback", {"version": self.version}).status)
        self.back = self._until("listed")

    def _until(self, version: str) -> tuple[float, Reply] | None:
        began = time.monotonic()
        while time.monotonic() - began < _PATIENCE_SECONDS:
            reply = self._chat()
            if reply.headers.get("x-aggregator-price-version") == version:
                return time.monotonic() - began, reply
            if self._over.wait(_LOOK_SECONDS):
                return None
        return None

    def _chat(self) -> Reply:
        return self._user.chat("hello", model="routed-priced")
