"""How the stand-in writes its streams, breaks them, and bears its clients."""

import http.client
import json
import socket
import time
from collections.abc import Callable
from typing import Any

import pytest

from local.standin import StandIn


@pytest.fixture
def raw(standin: StandIn) -> Callable[..., bytes]:
    """All the bytes of a reply on a connection of its own, and how it ended."""

    def ask(told: str, *, stream: bool = True) -> bytes:
        body = json.dumps(
            {"model": "m", "stream": stream, "messages": [{"role": "user", "content": "hi"}]}
        ).encode()
        head = (
            f"POST /v1/chat/completions HTTP/1.1\r\nx-standin: {told}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        received = b""
        with socket.create_connection(("127.0.0.1", standin.port), timeout=60) as connected:
            connected.sendall(head.encode() + body)
            try:
                while data := connected.recv(65536):
                    received += data
            except ConnectionResetError:
                return received + b"<reset>"
        return received + b"<closed>"

    return ask


def test_a_cut_stream_is_reset_after_its_events(raw: Callable[..., bytes]) -> None:
    received = raw("cut=2")

    assert received.count(b"data: ") == 2
    assert b"[DONE]" not in received
    assert b"0\r\n\r\n" not in received
    assert received.endswith(b"<reset>")


def test_a_closed_stream_has_no_end_either(raw: Callable[..., bytes]) -> None:
    received = raw("close=1")

    assert received.count(b"data: ") == 1
    assert b"0\r\n\r\n" not in received
    assert received.endswith(b"<closed>")


def test_a_cut_told_for_after_the_last_event_still_comes(raw: Callable[..., bytes]) -> None:
    received = raw("cut=999; tokens=2")

    assert received.count(b"data: ") == 4
    assert b"[DONE]" not in received
    assert received.endswith(b"<reset>")


def test_a_stream_can_fall_silent(standin: StandIn) -> None:
    impatient = http.client.HTTPConnection("127.0.0.1", standin.port, timeout=1)
    body = {"model": "standin-hang-after=1", "stream": True, "messages": [{"role": "user", "content": "hi"}]}
    impatient.request("POST", "/v1/chat/completions", json.dumps(body))
    response = impatient.getresponse()

    first = response.readline()
    response.readline()
    with pytest.raises(TimeoutError):
        response.readline()

    assert b'"role":"assistant"' in first
    response.close()
    impatient.close()


def test_an_error_in_a_stream_is_an_event_before_its_end(chat: Any) -> None:
    lines = chat(told="error-in-stream=2", stream=True).body.decode().split("\n\n")
    events = [json.loads(line.removeprefix("data: ")) for line in lines if line.startswith("data: {")]

    assert [next(iter(event)) for event in events] == ["id", "id", "error"]
    assert "data: [DONE]" not in lines


def test_a_stream_can_end_without_done(chat: Any) -> None:
    reply = chat(told="no-done", stream=True)

    assert b"[DONE]" not in reply.body
    assert b'"finish_reason":"stop"' in reply.body


def test_usage_can_grow_in_every_chunk(chat: Any) -> None:
    chunks = chat(told="usage-every-chunk; tokens=3", stream=True).events

    assert [chunk["usage"]["completion_tokens"] for chunk in chunks] == [0, 1, 2, 3, 3]


def test_usage_can_come_with_the_last_choice(chat: Any) -> None:
    chunks = chat(
        told="usage-last-choice; tokens=3", stream=True, stream_options={"include_usage": True}
    ).events

    assert [bool(chunk["usage"]) for chunk in chunks] == [False, False, False, False, True]
    assert chunks[-1]["choices"][0]["finish_reason"] == "stop"


def test_small_pieces_crlf_and_comments_are_the_same_events(chat: Any) -> None:
    plain = chat("Äpfel 🍏", stream=True).events
    odd = chat("Äpfel 🍏", told="slow-loris=5; crlf; heartbeat", stream=True)

    assert [event["choices"] for event in odd.events] == [event["choices"] for event in plain]
    assert odd.body.startswith(b": stand-in is working\r\n\r\ndata: {")
    assert odd.body.endswith(b"data: [DONE]\r\n\r\n")


def test_an_event_can_span_several_writes_and_a_write_several_events(raw: Callable[..., bytes]) -> None:
    small = raw("slow-loris=9; tokens=1; cut=1").partition(b"\r\n\r\n")[2]
    burst = raw("burst=3; tokens=4; cut=6").partition(b"\r\n\r\n")[2]

    assert small.startswith(b'9\r\ndata: {"i\r\n9\r\n')
    assert burst.count(b"data: ") == 6
    assert burst.count(b"}\n\n\r\n") == 2


def test_tokens_come_one_after_the_other(standin: StandIn) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", standin.port, timeout=60)
    body = {
        "model": "m",
        "stream": True,
        "messages": [{"role": "user", "content": "[[standin token-delay=300ms tokens=3]]"}],
    }

    started = time.monotonic()
    connection.request("POST", "/v1/chat/completions", json.dumps(body))
    response = connection.getresponse()
    response.readline()
    first = time.monotonic() - started
    response.read()
    last = time.monotonic() - started
    connection.close()

    assert last >= 1.2
    assert last - first >= 0.3


def test_a_client_that_leaves_disturbs_nobody(
    standin: StandIn, chat: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    body = {"model": "standin-tokens=100000", "stream": True, "messages": [{"role": "user", "content": "hi"}]}
    for _ in range(3):
        leaving = http.client.HTTPConnection("127.0.0.1", standin.port, timeout=60)
        leaving.request("POST", "/v1/chat/completions", json.dumps(body))
        response = leaving.getresponse()
        response.readline()
        response.close()
        leaving.close()

    status = chat().status
    deadline = time.monotonic() + 60
    while len(standin._connections) > 1 and time.monotonic() < deadline:
        time.sleep(0.01)

    assert status == 200
    assert len(standin._connections) == 1
    assert capfd.readouterr() == ("", "")


def test_a_client_that_reads_slowly_gets_all_of_it(standin: StandIn) -> None:
    reading = http.client.HTTPConnection("127.0.0.1", standin.port, timeout=60)
    body = {"model": "standin-tokens=30000", "stream": True, "messages": [{"role": "user", "content": "hi"}]}
    reading.request("POST", "/v1/chat/completions", json.dumps(body))
    response = reading.getresponse()
    time.sleep(0.3)

    received = response.read()

    reading.close()
    assert received.count(b"data: ") == 30_003
    assert received.endswith(b"data: [DONE]\n\n")


def test_two_requests_sent_at_once_are_answered_in_order(standin: StandIn) -> None:
    slow = b"GET /v1/models/first HTTP/1.1\r\nx-standin: slow=100ms\r\n\r\n"
    quick = b"GET /v1/models/second HTTP/1.1\r\nConnection: close\r\n\r\n"
    received = b""

    with socket.create_connection(("127.0.0.1", standin.port), timeout=60) as connected:
        connected.sendall(slow + quick)
        while data := connected.recv(65536):
            received += data

    assert 0 < received.index(b'"first"') < received.index(b'"second"')


def test_bytes_that_are_no_http_are_refused(standin: StandIn) -> None:
    with socket.create_connection(("127.0.0.1", standin.port), timeout=60) as connected:
        connected.sendall(b"\x16\x03\x01 hello\r\n\r\n")
        received = connected.recv(65536)

    assert received.startswith(b"HTTP/1.1 400 ")


def test_a_port_that_is_taken_is_an_error(standin: StandIn) -> None:
    with pytest.raises(OSError, match="address already in use"):
        StandIn(standin.port).start()
