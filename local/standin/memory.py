"""What the stand-in remembers: the last requests, and how often a numbered fault was tried."""

import hashlib
import json
import threading
import time
from collections import Counter, deque
from typing import Any

from local.standin.http_message import Request

JsonObject = dict[str, Any]

_MOST_REQUESTS = 1000
_MOST_BYTES = 32 * 1024 * 1024
_SECRET_HEADERS = ("authorization", "x-api-key", "api-key", "x-goog-api-key")


class Memory:
    """Safe to read from another thread than the one that serves."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._requests: deque[tuple[float, Request]] = deque()
        self._bytes = 0
        self._tries: Counter[str] = Counter()
        self._numbers = 0

    def record(self, request: Request) -> None:
        """Keep `request`; the oldest go when there are over 1000, or over 32 MB of bodies."""
        with self._lock:
            self._requests.append((time.time(), request))
            self._bytes += len(request.body)
            while len(self._requests) > _MOST_REQUESTS or self._bytes > _MOST_BYTES:
                self._bytes -= len(self._requests.popleft()[1].body)

    def requests(self) -> list[JsonObject]:
        """The requests kept, oldest first; a key is given by its sha256 only."""
        with self._lock:
            kept = list(self._requests)
        return [_shown(received_at, request) for received_at, request in kept]

    def forget_requests(self) -> None:
        """Drop the requests kept."""
        with self._lock:
            self._requests.clear()
            self._bytes = 0

    def reset(self) -> None:
        """Drop the requests kept and the tries counted."""
        self.forget_requests()
        with self._lock:
            self._tries.clear()

    def try_number(self, key: str) -> int:
        """How often `key` was tried, this time included."""
        with self._lock:
            self._tries[key] += 1
            return self._tries[key]

    def next_number(self) -> int:
        """1, 2, 3, ...: what makes ids different."""
        with self._lock:
            self._numbers += 1
            return self._numbers


def _shown(received_at: float, request: Request) -> JsonObject:
    headers = dict(request.headers)
    secrets = [headers.pop(name) for name in _SECRET_HEADERS if name in headers]
    return {
        "receivedAt": received_at,
        "method": request.method,
        "path": request.path,
        "query": request.query,
        "headers": headers,
        "keySha256": hashlib.sha256(bare_key(secrets[0]).encode()).hexdigest() if secrets else None,
        "body": _decoded(request.body),
    }


def bare_key(header: str) -> str:
    """The key in an Authorization header, without its scheme."""
    scheme, _, rest = header.partition(" ")
    return rest.strip() if scheme.lower() == "bearer" else header


def _decoded(body: bytes) -> Any:
    if not body:
        return None
    try:
        return json.loads(body)
    except ValueError:
        return body.decode(errors="replace")
