"""HTTP as the check needs it: calls with a key, and a stream of which each piece is timed as it arrives."""

import json
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import urlsplit

JsonObject = dict[str, Any]

_SECONDS = 60.0
_PIECE = 65_536


class CallError(Exception):
    """No answer came; the message says what was called."""


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer. `pieces` has the second, counted from the request, at which each part of the body came."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    pieces: tuple[float, ...] = ()

    @property
    def json(self) -> JsonObject:
        """The body as JSON; an empty object if it is none."""
        try:
            said = json.loads(self.body)
        except ValueError:
            return {}
        return said if isinstance(said, dict) else {}


class Api:
    """The API at one address, called with one key or none."""

    def __init__(self, base_url: str, key: str | None = None) -> None:
        self._base = base_url.rstrip("/")
        self._key = key

    def with_key(self, key: str) -> "Api":
        """The same address with another key."""
        return Api(self._base, key)

    def call(self, method: str, path: str, body: JsonObject | None = None) -> Reply:
        """Make one call; read its answer piece by piece.

        Raises:
            CallError: nobody answered.
        """
        parts = urlsplit(self._base)
        connection = (HTTPSConnection if parts.scheme == "https" else HTTPConnection)(
            parts.netloc, timeout=_SECONDS
        )
        headers = {"Accept": "*/*", "Accept-Encoding": "gzip"}
        if self._key is not None:
            headers["Authorization"] = f"Bearer {self._key}"
        if body is not None:
            headers |= {"Content-Type": "application/json", "Idempotency-Key": f"check-{uuid.uuid4()}"}
        began = time.monotonic()
        try:
            connection.request(
                method, f"{parts.path}{path}", None if body is None else json.dumps(body), headers
            )
            answer = connection.getresponse()
            whole, pieces = b"", []
            while piece := answer.read1(_PIECE):
                whole += piece
                pieces.append(time.monotonic() - began)
        except (OSError, HTTPException) as broken:
            raise CallError(f"{method} {self._base}{path}: {broken!r}") from broken
        finally:
            connection.close()
        told = {name.lower(): value for name, value in answer.getheaders()}
        return Reply(answer.status, told, whole, tuple(pieces))
