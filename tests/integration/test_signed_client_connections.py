"""How the signed client connects, keeps connections, and replaces them."""

import socket
import threading
from collections.abc import Iterator

import pytest

from aggregator.runtime.aws import JsonObject
from aggregator.runtime.signed_client import Timeouts
from tests.integration.signed_client_faults import (
    REFUSED,
    Reply,
    Stage,
    answers,
    answers_and_turns_away,
    hangs_up,
    read,
    refusal_of,
    resets,
    says,
    update,
    wait_until,
)


@pytest.fixture
def stage() -> Iterator[Stage]:
    stage = Stage()
    yield stage
    stage.strike()


def test_calls_share_one_connection(stage: Stage) -> None:
    server = stage.server(answers(), answers(400, REFUSED), answers())
    client = stage.client(server.url)

    first = update(client)
    second = refusal_of(update, client)
    third = update(client)

    assert (first, second.code, third) == ({"ok": True}, "ConditionalCheckFailedException", {"ok": True})
    assert server.connections == 1
    assert stage.waits == []


def test_nobody_listening_is_unreachable(stage: Stage) -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"

    error = refusal_of(update, stage.client(url))

    assert error.code == "Unreachable"
    assert stage.waits == [0.05, 0.1]


def test_a_name_nobody_knows_is_unreachable(stage: Stage) -> None:
    error = refusal_of(update, stage.client("http://nowhere.invalid"))

    assert error.code == "Unreachable"


def test_a_request_that_cannot_be_sent_is_sent_over_a_new_connection(stage: Stage) -> None:
    server = stage.server(answers_and_turns_away, answers())
    client = stage.client(server.url)
    update(client)
    kept, _ = client._pool._idle[0]
    kept._socket.shutdown(socket.SHUT_WR)

    answer = update(client)

    assert answer == {"ok": True}
    assert server.connections == 2
    assert stage.waits == []


def test_a_connection_closed_while_idle_is_replaced(stage: Stage) -> None:
    server = stage.server(answers(keep=False), answers())
    client = stage.client(server.url)
    update(client)
    kept, _ = client._pool._idle[0]
    wait_until(lambda: not kept.is_open())

    answer = update(client)

    assert answer == {"ok": True}
    assert server.connections == 2


def test_a_connection_that_was_idle_too_long_is_not_trusted(stage: Stage) -> None:
    server = stage.server(answers(), answers(), answers())
    client = stage.client(server.url)
    update(client)

    stage.now += 29
    update(client)
    stage.now += 30
    update(client)

    assert server.connections == 2


@pytest.mark.parametrize("closes", [hangs_up, resets])
def test_a_kept_connection_that_dies_under_a_call_is_replaced_where_that_is_safe(
    stage: Stage, closes: Reply
) -> None:
    doubtful = stage.server(answers(), closes, answers())
    harmless = stage.server(answers(), closes, answers())
    writer = stage.client(doubtful.url)
    reader = stage.client(harmless.url)
    update(writer)
    read(reader)

    error = refusal_of(update, writer)
    answer = read(reader)

    assert error.code == "TimedOut"
    assert answer == {"ok": True}
    assert harmless.connections == 2
    assert stage.waits == []


def test_a_server_that_says_close_is_obeyed(stage: Stage) -> None:
    server = stage.server(answers(headers="Connection: close\r\n"), answers())
    client = stage.client(server.url)

    update(client)
    update(client)

    assert server.connections == 2


@pytest.mark.parametrize(
    ("raw", "connections"),
    [
        (
            (
                b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                b'5;x=y\r\n{"ok"\r\n6\r\n:true}\r\n0\r\nTrailer: 1\r\n\r\n'
            ),
            1,
        ),
        (b'HTTP/1.1 200 OK\r\ncontent-length:11\r\n\r\n{"ok":true}', 1),
        (b'HTTP/1.0 200 OK\r\nCONTENT-LENGTH: 11\r\n\r\n{"ok":true}', 2),
        (b'HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n{"ok":true}left over', 2),
        (b"HTTP/1.1 204 No Content\r\n\r\n", 1),
    ],
)
def test_an_answer_is_read_however_it_is_framed(stage: Stage, raw: bytes, connections: int) -> None:
    server = stage.server(says(raw, keep=True), answers())
    client = stage.client(server.url)

    first = update(client)
    second = update(client)

    assert first == ({} if b"204" in raw else {"ok": True})
    assert second == {"ok": True}
    assert server.connections == connections


def test_an_answer_without_a_length_ends_with_its_connection(stage: Stage) -> None:
    server = stage.server(says(b'HTTP/1.1 200 OK\r\n\r\n{"ok":true}'), answers())
    client = stage.client(server.url)

    first = update(client)
    second = update(client)

    assert first == second == {"ok": True}
    assert server.connections == 2


def test_a_large_request_and_a_large_answer_pass_whole(stage: Stage) -> None:
    server = stage.server(answers(200, b'{"text":"%s"}' % (b"x" * 3_000_000)))
    client = stage.client(server.url, timeouts=Timeouts(20, 20, 20))

    answer = client.call("PutItem", {"Item": {"text": {"S": "y" * 3_000_000}}})

    assert len(answer["text"]) == 3_000_000
    assert server.requests[0].endswith(b'yyy"}}}')


def test_a_warm_client_is_connected_before_its_first_call(stage: Stage) -> None:
    server = stage.server(answers())
    client = stage.client(server.url)

    client.warm()
    warmed = len(client._pool._idle)
    update(client)

    assert (warmed, server.connections) == (1, 1)


def test_warming_up_towards_nobody_is_no_failure(stage: Stage) -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"

    stage.client(url).warm()


def test_threads_share_a_client(stage: Stage) -> None:
    server = stage.server(*[answers()] * 80)
    client = stage.client(server.url, timeouts=Timeouts(20, 20, 20))
    seen: list[JsonObject] = []
    threads = [
        threading.Thread(target=lambda: seen.extend(update(client) for _ in range(10))) for _ in range(8)
    ]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert seen == [{"ok": True}] * 80
    assert server.connections <= 8
