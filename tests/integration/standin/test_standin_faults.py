"""How the stand-in fails when it is told to."""

import http.client
import json
import time
from typing import Any

import pytest

from local.standin import StandIn


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
    other = http.client.HTTPConnection("127.0.0.1", standin.port, timeout=60)
    body = json.dumps({"model": "standin-slow=3s", "messages": [{"role": "user", "content": "hi"}]})

    started = time.monotonic()
    other.request("POST", "/v1/chat/completions", body)
    chat()
    quick = time.monotonic() - started
    slow_status = other.getresponse().status
    slow = time.monotonic() - started
    other.close()

    assert slow_status == 200
    assert quick < 3 <= slow


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
    impatient = http.client.HTTPConnection("127.0.0.1", standin.port, timeout=1)
    body = json.dumps({"model": "standin-hang", "messages": [{"role": "user", "content": "hi"}]})
    impatient.request("POST", "/v1/chat/completions", body)

    with pytest.raises(TimeoutError):
        impatient.getresponse()

    impatient.close()


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
