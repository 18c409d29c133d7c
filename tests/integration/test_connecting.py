"""A new connection within its time: the name, all of its addresses, and TLS share it."""

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from threading import Event
from typing import Any

import pytest

from aggregator.runtime.http_pool import Origin, connect
from aggregator.runtime.http_wire import NotSentError

NAMED = Origin(tls=False, host="provider.example", port=80, path="/")


def address_of(listener: socket.socket) -> Any:
    return (socket.AF_INET, socket.SOCK_STREAM, 6, "", listener.getsockname())


@pytest.fixture
def deaf() -> Iterator[socket.socket]:
    """An address that takes no connection and refuses none: its queue is full."""
    with ExitStack() as opened:
        listener = opened.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(4):
            waiting = opened.enter_context(socket.socket())
            waiting.settimeout(0)
            waiting.connect_ex(listener.getsockname())
        yield listener


def test_a_name_that_is_not_resolved_is_given_up_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    asked, let_go = Event(), Event()

    def stuck(*_args: Any, **_kind: Any) -> list[Any]:
        asked.set()
        let_go.wait(60)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", stuck)

    with pytest.raises(NotSentError, match="not resolved in time") as late:
        connect(NAMED, 0.1)

    let_go.set()
    assert asked.is_set()
    assert isinstance(late.value.__cause__, TimeoutError)


def test_an_address_that_does_not_answer_leaves_time_for_the_next(
    monkeypatch: pytest.MonkeyPatch, deaf: socket.socket
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        found = [address_of(deaf), address_of(listener)]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)

        connection = connect(NAMED, 1.0)

        accepted, _ = listener.accept()
        accepted.close()
        connection.close()


def test_many_addresses_take_no_longer_than_one(monkeypatch: pytest.MonkeyPatch, deaf: socket.socket) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [address_of(deaf)] * 20)
    began = time.monotonic()

    with pytest.raises(NotSentError, match="timed out") as late:
        connect(NAMED, 0.5)

    assert time.monotonic() - began < 5  # each for itself would be 10 s
    assert isinstance(late.value.__cause__, TimeoutError)


def test_a_name_that_nobody_has_is_said_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_args: Any, **_kind: Any) -> list[Any]:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)

    with pytest.raises(NotSentError, match="Name or service not known"):
        connect(NAMED, 5)


def test_a_name_that_can_be_none_is_said_so() -> None:
    with pytest.raises(NotSentError, match="no such name"):
        connect(Origin(tls=False, host=f"{'a' * 64}.example", port=80, path="/"), 5)


def test_a_name_that_leads_nowhere_is_no_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [])

    with pytest.raises(NotSentError, match="timed out"):
        connect(NAMED, 5)


def test_a_server_that_says_nothing_of_tls_is_given_up_in_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute, pytest.raises(NotSentError) as late:
        connect(Origin(tls=True, host="127.0.0.1", port=mute.getsockname()[1], path="/"), 0.2)

    assert isinstance(late.value.__cause__, TimeoutError)


def test_of_a_names_addresses_only_those_that_may_be_called_are_tried(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with socket.create_server(("127.0.0.2", 0)) as forbidden, socket.create_server(("127.0.0.1", 0)) as other:
        forbidden.settimeout(0)
        other.settimeout(30)
        found = [address_of(forbidden), address_of(other), address_of(forbidden)]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)

        connection = connect(NAMED, 5, lambda address: address != "127.0.0.2")

        accepted, _ = other.accept()
        accepted.close()
        connection.close()
        with pytest.raises(BlockingIOError):
            forbidden.accept()


def test_a_name_is_resolved_once_so_that_it_cannot_lead_elsewhere_between_check_and_connection(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with socket.create_server(("127.0.0.2", 0)) as inside, socket.create_server(("127.0.0.1", 0)) as outside:
        inside.settimeout(0)
        outside.settimeout(30)
        answers = iter([[address_of(outside)], [address_of(inside)]])
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: next(answers))

        connection = connect(NAMED, 5, lambda address: address == "127.0.0.1")

        accepted, _ = outside.accept()
        accepted.close()
        connection.close()
        assert next(answers) == [address_of(inside)]
        with pytest.raises(BlockingIOError):
            inside.accept()
