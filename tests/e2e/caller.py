"""A caller of the API with a key: JSON in, status, headers and JSON out."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import urllib3

JsonObject = dict[str, Any]

_WAIT_SECONDS = 120.0


@dataclass(frozen=True)
class Reply:
    """An answer; header names are matched whatever their case."""

    status: int
    headers: urllib3.HTTPHeaderDict
    body: bytes

    @property
    def json(self) -> Any:
        """Body, read."""
        return json.loads(self.body)


class ApiCaller:
    """Calls the API at `base_url` with `key`; no key, no Authorization header."""

    def __init__(self, base_url: str, key: str | None) -> None:
        self.base_url = base_url
        self.key = key
        self._pool = urllib3.PoolManager(retries=False, timeout=60, maxsize=64)

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Reply:
        """Send a request; `body` is sent as JSON, or as it is if it is bytes."""
        sent = {"Content-Type": "application/json"} if body is not None else {}
        if self.key is not None:
            sent["Authorization"] = f"Bearer {self.key}"
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        answer = self._pool.request(method, self.base_url + path, body=data, headers=sent | headers)
        return Reply(answer.status, answer.headers, answer.data)

    def get(self, path: str, **headers: str) -> Reply:
        """GET."""
        return self.call("GET", path, **headers)

    def post(self, path: str, body: Any, **headers: str) -> Reply:
        """POST."""
        return self.call("POST", path, body, **headers)

    def chat(self, text: str, *, model: str = "gpt-4o-mini", **fields: Any) -> Reply:
        """Ask for a chat completion."""
        return self.post(
            "/v1/chat/completions",
            {"model": model, "messages": [{"role": "user", "content": text}], **fields},
        )

    def close(self) -> None:
        """Let go of all connections."""
        self._pool.clear()


class UserCaller(ApiCaller):
    """A caller that knows which user and key it is."""

    def __init__(self, base_url: str, key: str, user_id: str, key_id: str) -> None:
        super().__init__(base_url, key)
        self.user_id = user_id
        self.key_id = key_id

    def balance(self) -> dict[str, str]:
        """What the user has."""
        answer = self.get(f"/billing/balance/{self.user_id}")
        assert answer.status == 200, answer.body
        balance: dict[str, str] = answer.json
        return balance

    def balance_at_rest(self) -> dict[str, str]:
        """The same once all that was asked before is settled: a request that ends later would change it."""
        balance: dict[str, str] = eventually(self.balance, lambda balance: balance["held"] == "0.00")
        return balance


def eventually(read: Callable[[], Any], holds: Callable[[Any], bool], seconds: float = _WAIT_SECONDS) -> Any:
    """Read until what is read holds, as consumers of events catch up; the last reading is returned either way."""
    deadline = time.monotonic() + seconds
    while not holds(found := read()) and time.monotonic() < deadline:
        time.sleep(0.1)
    return found
