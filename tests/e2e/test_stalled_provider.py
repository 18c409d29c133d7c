"""A provider that falls silent, and a client that has left: the key's place is free within the provider's silence."""

import json
import socket
import time
from urllib.parse import urlsplit

import pytest

from tests.e2e.caller import UserCaller, eventually
from tests.e2e.conftest import NewUser

FREE_WITHIN_SECONDS = 20
EVENTS = 3
STALLS = f"[[standin hang-after={EVENTS}]] hello there, how are you"


@pytest.fixture(scope="module")
def user(new_user: NewUser) -> UserCaller:
    """A user whose key has one place, at a provider of which little silence is borne."""
    return new_user("5.00", limits={"concurrentRequests": 1})


def begun(user: UserCaller) -> socket.socket:
    """The connection of a stream that has said a word, and will say no other."""
    at = urlsplit(user.base_url)
    asked = {"model": "stalling", "messages": [{"role": "user", "content": STALLS}], "stream": True}
    body = json.dumps(asked)
    connection = socket.create_connection((at.hostname or "", at.port or 0), timeout=30)
    head = (
        f"POST /v1/chat/completions HTTP/1.1\r\nHost: {at.netloc}\r\nAuthorization: Bearer {user.key}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    connection.sendall((head + body).encode())
    said = b""
    while said.count(b"data: ") < EVENTS:
        received = connection.recv(4096)
        assert received, said
        said += received
    return connection


@pytest.mark.parametrize("leaves", [True, False])
def test_the_place_is_free_within_the_silence(user: UserCaller, *, leaves: bool) -> None:
    connection = begun(user)
    assert user.chat("hi", model="stalling").status == 429
    before = time.monotonic()

    if leaves:
        connection.close()
    status = eventually(
        lambda: user.chat("hi", model="stalling").status, lambda said: said != 429, FREE_WITHIN_SECONDS
    )

    connection.close()
    assert status == 200
    assert time.monotonic() - before < FREE_WITHIN_SECONDS
