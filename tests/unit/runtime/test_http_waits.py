"""How long an exchange may take, and how seldom a socket is told so: each time is a system call."""

import socket
import time
from collections.abc import Iterator

import pytest

from aggregator.runtime.http_wire import Connection, NoAnswerError

REQUEST = b"GET / HTTP/1.1\r\n\r\n"
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Told(socket.socket):
    """A socket that notes which limits it was told."""

    limits: list[float | None]

    def settimeout(self, value: float | None) -> None:
        self.limits.append(value)
        super().settimeout(value)


@pytest.fixture
def ends() -> Iterator[tuple[Told, socket.socket]]:
    """Ours and the server's end of a connection."""
    ours, servers = socket.socketpair()
    told = Told(fileno=ours.detach())
    told.limits = []
    with told, servers:
        yield told, servers


def answered(connection: Connection, servers: socket.socket, seconds: float) -> bytes:
    servers.sendall(ANSWER)
    answer, lasts = connection.exchange(REQUEST, time.monotonic() + seconds)
    servers.recv(1024)
    assert lasts
    assert connection.is_open()
    return answer.body


@pytest.mark.parametrize("seconds", [3, 110])
def test_a_limit_is_set_once_for_calls_that_may_take_as_long(
    ends: tuple[Told, socket.socket], seconds: float
) -> None:
    ours, servers = ends
    connection = Connection(ours, BlockingIOError)

    bodies = [answered(connection, servers, seconds) for _ in range(20)]

    assert bodies == [b"ok"] * 20
    assert len(ours.limits) == 1


def test_a_call_that_may_take_less_or_more_has_its_own_limit(ends: tuple[Told, socket.socket]) -> None:
    ours, servers = ends
    connection = Connection(ours, BlockingIOError)

    for seconds in (3, 60, 1):
        answered(connection, servers, seconds)

    assert [limit and round(limit, 1) for limit in ours.limits] == [3.0, 60.5, 1.0]


def test_a_connection_on_which_something_came_is_looked_at(ends: tuple[Told, socket.socket]) -> None:
    ours, servers = ends
    connection = Connection(ours, BlockingIOError)
    answered(connection, servers, 3)

    servers.sendall(b"what nobody asked for")

    assert not connection.is_open()


def test_a_connection_whose_server_hung_up_is_not_open(ends: tuple[Told, socket.socket]) -> None:
    ours, servers = ends
    connection = Connection(ours, BlockingIOError)
    answered(connection, servers, 3)

    servers.close()

    assert not connection.is_open()


def test_no_deadline_is_kept_early_nor_more_than_a_thirtieth_late(ends: tuple[Told, socket.socket]) -> None:
    ours, servers = ends
    connection = Connection(ours, BlockingIOError)
    answered(connection, servers, 0.31)
    began = time.monotonic()

    with pytest.raises(NoAnswerError, match="in time"):
        connection.exchange(REQUEST, began + 0.3)

    assert time.monotonic() - began >= 0.3
    assert all(limit is not None and limit <= 0.31 * 32 / 31 for limit in ours.limits)
