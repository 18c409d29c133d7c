"""How the stand-in fails when it is told to."""

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
        with socket.create_connection(("127.0.0.1", standin.port), timeout=10) as connected:
            connected.sendall(head.encode() + body)
            try:
                while data := connected.recv(65536):
                    received += data
            except ConnectionResetError:
                return received + b"<reset>"
        return received + b"<closed>"

    return ask


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, None),
        (401, "invalid_api_key"),
        (429, "rate_limit_exceeded"),
        (500, None),
        (503, "overloaded"),
        (529, None),
    ],
)
def test_a_status_comes_with_an_error_in_its_shape(chat: Any, status: int, code: str | None) -> None:
    reply = chat(told=f"status={status}; retry-after=2; retry-after-ms=1500")

    assert reply.status == status
    assert reply.json["error"]["code"] == code
    assert isinstance(reply.json["error"]["message"], str)
    assert reply.headers["retry-after"] == "2"
    assert reply.headers["retry-after-ms"] == "1500"


@pytest.mark.parametrize(
    "fields",
    [
        {"told": "status=429"},
        {"model": "standin-429"},
        {"text": "[[standin status=429]] hello"},
        {"text": [{"type": "text", "text": "[[standin status=429]] hello"}]},
        {"told": "status=500", "text": "[[standin status=429]] hello"},
    ],
)
def test_header_model_and_message_can_tell(chat: Any, fields: dict[str, Any]) -> None:
    assert chat(**fields).status == 429


def test_a_directive_is_not_repeated_in_the_answer(chat: Any) -> None:
    content = chat("[[standin tokens=8]] hello").json["choices"][0]["message"]["content"]

    assert content == 'You said "hello", and this'


def test_an_unknown_directive_is_refused(chat: Any) -> None:
    reply = chat(told="explode")

    assert reply.status == 400
    assert reply.json["error"]["code"] == "bad_standin_directive"


def test_faults_can_stop_after_some_tries(chat: Any) -> None:
    statuses = [chat("[[standin status=503 times=2 id=a]] hi").status for _ in range(4)]
    others = [chat("[[standin status=503 times=1 id=b]] hi", model=model).status for model in ("one", "two")]

    assert statuses == [503, 503, 200, 200]
    assert others == [503, 200]


def test_a_reset_starts_the_tries_again(chat: Any, standin: StandIn) -> None:
    before = chat(told="status=503; times=1").status
    standin.reset()

    assert (before, chat(told="status=503; times=1").status) == (503, 503)


def test_faults_can_be_for_one_provider_only(chat: Any) -> None:
    told = "[[standin status=500 on=groq]] hi"

    assert chat(told, path="/groq/v1/chat/completions").status == 500
    assert chat(told, path="/openai/v1/chat/completions").status == 200


def test_slow_waits_before_the_first_byte_and_others_go_on(standin: StandIn, chat: Any) -> None:
    other = http.client.HTTPConnection("127.0.0.1", standin.port, timeout=10)
    body = json.dumps({"model": "standin-slow=800ms", "messages": [{"role": "user", "content": "hi"}]})

    started = time.monotonic()
    other.request("POST", "/v1/chat/completions", body)
    chat()
    quick = time.monotonic() - started
    slow_status = other.getresponse().status
    slow = time.monotonic() - started
    other.close()

    assert slow_status == 200
    assert quick < 0.8 <= slow


def test_a_refused_key_is_repeated_in_the_message(chat: Any) -> None:
    reply = chat(told="refuse-key")

    assert reply.status == 401
    assert "sk-secret-1" in reply.json["error"]["message"]


def test_html_instead_of_json(chat: Any) -> None:
    reply = chat(told="html")

    assert reply.status == 502
    assert reply.headers["content-type"] == "text/html"
    assert reply.body.startswith(b"<html>")


def test_garbage_is_no_json(chat: Any) -> None:
    reply = chat(told="garbage")

    assert reply.status == 200
    with pytest.raises(json.JSONDecodeError):
        json.loads(reply.body)


def test_garbage_in_a_stream_is_an_event_that_is_no_json(chat: Any) -> None:
    lines = chat(told="garbage", stream=True).body.decode().splitlines()

    assert lines[2] == 'data: {"id": "chatcmpl-standin", "choices": [{"index": 0, "del'


def test_an_error_in_a_200(chat: Any) -> None:
    plain = chat(told="error-in-200")
    streamed = chat(told="error-in-200", stream=True)

    assert (plain.status, streamed.status) == (200, 200)
    assert plain.json == streamed.json == {"error": {"message": "Provider returned error", "code": 502}}


def test_no_choices(chat: Any) -> None:
    streamed = chat(told="empty", stream=True, stream_options={"include_usage": True}).events

    assert chat(told="empty").json["choices"] == []
    assert [chunk["choices"] for chunk in streamed] == [[]]


def test_half_a_body(connection: http.client.HTTPConnection) -> None:
    body = json.dumps({"model": "standin-cut-plain", "messages": [{"role": "user", "content": "hi"}]})
    connection.request("POST", "/v1/chat/completions", body)
    response = connection.getresponse()

    with pytest.raises(http.client.IncompleteRead) as caught:
        response.read()

    assert caught.value.partial.startswith(b'{"id":"chatcmpl-standin')


def test_a_hang_never_answers(standin: StandIn) -> None:
    impatient = http.client.HTTPConnection("127.0.0.1", standin.port, timeout=0.2)
    body = json.dumps({"model": "standin-hang", "messages": [{"role": "user", "content": "hi"}]})
    impatient.request("POST", "/v1/chat/completions", body)

    with pytest.raises(TimeoutError):
        impatient.getresponse()

    impatient.close()


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
    impatient = http.client.HTTPConnection("127.0.0.1", standin.port, timeout=0.2)
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


def test_more_tokens_than_the_cap_allows(chat: Any) -> None:
    body = chat(told="over-cap; tokens=50", max_tokens=10).json

    assert body["usage"]["completion_tokens"] == 50
    assert body["choices"][0]["finish_reason"] == "stop"


def test_usage_can_be_missing_or_say_what_was_cached(chat: Any) -> None:
    cached = chat(told="cached=5; cache-write=2").json["usage"]["prompt_tokens_details"]
    bounded = chat(told="cached=999").json["usage"]

    assert "usage" not in chat(told="no-usage").json
    assert cached == {"cached_tokens": 5, "audio_tokens": 0, "cache_write_tokens": 2}
    assert bounded["prompt_tokens_details"]["cached_tokens"] == bounded["prompt_tokens"] == 7


def test_usage_can_grow_in_every_chunk(chat: Any) -> None:
    chunks = chat(told="usage-every-chunk; tokens=3", stream=True).events

    assert [chunk["usage"]["completion_tokens"] for chunk in chunks] == [0, 1, 2, 3, 3]


def test_usage_can_come_with_the_last_choice(chat: Any) -> None:
    chunks = chat(
        told="usage-last-choice; tokens=3", stream=True, stream_options={"include_usage": True}
    ).events

    assert [bool(chunk["usage"]) for chunk in chunks] == [False, False, False, False, True]
    assert chunks[-1]["choices"][0]["finish_reason"] == "stop"


def test_a_refusal_and_another_finish_reason(chat: Any) -> None:
    refused = chat(told="refusal").json["choices"][0]["message"]
    filtered = chat(told="finish=content_filter").json["choices"][0]["finish_reason"]

    assert refused["content"] is None
    assert refused["refusal"] == "I'm sorry, I can't assist with that request."
    assert filtered == "content_filter"


def test_tools_can_be_left_alone(chat: Any) -> None:
    tools = [{"type": "function", "function": {"name": "f"}}]

    assert chat(told="no-tool", tools=tools).json["choices"][0]["finish_reason"] == "stop"


def test_fields_that_nobody_knows(chat: Any) -> None:
    plain = chat(told="extra-fields").json
    chunk = chat(told="extra-fields", stream=True).events[1]

    assert plain["provider"] == chunk["provider"] == "Stand-in"
    assert chunk["choices"][0]["delta"]["x_standin_extra"] is True


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
    connection = http.client.HTTPConnection("127.0.0.1", standin.port, timeout=10)
    body = {
        "model": "m",
        "stream": True,
        "messages": [{"role": "user", "content": "[[standin token-delay=100ms tokens=3]]"}],
    }

    started = time.monotonic()
    connection.request("POST", "/v1/chat/completions", json.dumps(body))
    response = connection.getresponse()
    response.readline()
    first = time.monotonic() - started
    response.read()
    last = time.monotonic() - started
    connection.close()

    assert last >= 0.4
    assert last - first >= 0.3


def test_a_client_that_leaves_disturbs_nobody(
    standin: StandIn, chat: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    body = {"model": "standin-tokens=100000", "stream": True, "messages": [{"role": "user", "content": "hi"}]}
    for _ in range(3):
        leaving = http.client.HTTPConnection("127.0.0.1", standin.port, timeout=10)
        leaving.request("POST", "/v1/chat/completions", json.dumps(body))
        response = leaving.getresponse()
        response.readline()
        response.close()
        leaving.close()

    status = chat().status
    deadline = time.monotonic() + 5
    while len(standin._connections) > 1 and time.monotonic() < deadline:
        time.sleep(0.01)

    assert status == 200
    assert len(standin._connections) == 1
    assert capfd.readouterr() == ("", "")


def test_a_client_that_reads_slowly_gets_all_of_it(standin: StandIn) -> None:
    reading = http.client.HTTPConnection("127.0.0.1", standin.port, timeout=10)
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

    with socket.create_connection(("127.0.0.1", standin.port), timeout=10) as connected:
        connected.sendall(slow + quick)
        while data := connected.recv(65536):
            received += data

    assert 0 < received.index(b'"first"') < received.index(b'"second"')


def test_bytes_that_are_no_http_are_refused(standin: StandIn) -> None:
    with socket.create_connection(("127.0.0.1", standin.port), timeout=10) as connected:
        connected.sendall(b"\x16\x03\x01 hello\r\n\r\n")
        received = connected.recv(65536)

    assert received.startswith(b"HTTP/1.1 400 ")


def test_a_port_that_is_taken_is_an_error(standin: StandIn) -> None:
    with pytest.raises(OSError, match="address already in use"):
        StandIn(standin.port).start()
