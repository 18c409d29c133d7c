"""What the stand-in answers, over a raw connection."""

import base64
import http.client
import json
import struct
from typing import Any

import pytest

from local.standin import StandIn

TIME = {"type": "function", "function": {"name": "get_time"}}


def test_an_answer_repeats_what_was_said_and_counts_it(chat: Any) -> None:
    reply = chat("hello world")

    assert reply.status == 200
    assert reply.headers["content-type"] == "application/json"
    assert reply.json["choices"][0]["message"]["content"] == (
        'You said "hello world", and this is my answer: everything works.'
    )
    assert reply.json["choices"][0]["finish_reason"] == "stop"
    assert reply.json["usage"] == {
        "prompt_tokens": 8,
        "completion_tokens": 16,
        "total_tokens": 24,
        "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": 0,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }


def test_any_prefix_leads_to_the_same_endpoints_on_one_connection(
    chat: Any, connection: http.client.HTTPConnection
) -> None:
    reply = chat(path="/openai/v1/chat/completions")
    connection.request("GET", "/mistral/models")
    models = json.loads(connection.getresponse().read())
    connection.request("GET", "/v1/models/gpt-4o-mini")
    model = json.loads(connection.getresponse().read())

    assert reply.status == 200
    assert "gpt-4o-mini" in [entry["id"] for entry in models["data"]]
    assert model["id"] == "gpt-4o-mini"


def test_a_stream_brings_the_answer_token_by_token(chat: Any) -> None:
    reply = chat("hello world", stream=True)

    chunks = reply.events
    assert reply.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert chunks[0]["choices"][0]["delta"] == {"role": "assistant", "content": "", "refusal": None}
    assert [chunk["choices"][0]["delta"].get("content") for chunk in chunks[1:4]] == ["You", " said", ' "']
    assert chunks[-1]["choices"][0] == {"index": 0, "delta": {}, "logprobs": None, "finish_reason": "stop"}
    assert len(chunks) == 1 + 16 + 1
    assert all("usage" not in chunk for chunk in chunks)


def test_a_usage_chunk_comes_last_when_it_is_asked_for(chat: Any) -> None:
    chunks = chat("hello world", stream=True, stream_options={"include_usage": True}).events

    assert chunks[-1]["choices"] == []
    assert chunks[-1]["usage"]["total_tokens"] == 24
    assert [chunk["usage"] for chunk in chunks[:-1]] == [None] * 18


@pytest.mark.parametrize("field", ["max_tokens", "max_completion_tokens"])
def test_the_cap_is_kept(chat: Any, field: str) -> None:
    reply = chat("hello", **{field: 4})

    assert reply.json["choices"][0]["finish_reason"] == "length"
    assert reply.json["choices"][0]["message"]["content"] == 'You said "hello'
    assert reply.json["usage"]["completion_tokens"] == 4


def test_a_streamed_answer_keeps_the_cap_too(chat: Any) -> None:
    chunks = chat("hello", stream=True, max_tokens=2, stream_options={"include_usage": True}).events

    assert [chunk["choices"][0]["finish_reason"] for chunk in chunks[:-1]] == [None, None, None, "length"]
    assert chunks[-1]["usage"]["completion_tokens"] == 2


def test_several_choices_are_told_apart_and_all_counted(chat: Any) -> None:
    plain = chat("hi", n=3, max_tokens=5).json
    chunks = chat("hi", n=2, max_tokens=1, stream=True).events

    assert [choice["index"] for choice in plain["choices"]] == [0, 1, 2]
    assert [choice["message"]["content"] for choice in plain["choices"]] == [
        'You said "hi"',
        "Choice 2: You said",
        "Choice 3: You said",
    ]
    assert plain["usage"]["completion_tokens"] == 15
    assert [chunk["choices"][0]["index"] for chunk in chunks] == [0, 1, 0, 1, 0, 1]


def test_an_answer_ends_before_a_stop_text(chat: Any) -> None:
    reply = chat("hello", stop=["works", " said"])

    assert reply.json["choices"][0]["message"]["content"] == "You"
    assert reply.json["choices"][0]["finish_reason"] == "stop"


def test_a_seed_shows_in_the_fingerprint(chat: Any) -> None:
    assert chat(seed=7).json["system_fingerprint"] == "fp_standin_7"


def test_log_probabilities_come_for_each_token(chat: Any) -> None:
    plain = chat(logprobs=True, top_logprobs=2, max_tokens=3).json
    chunks = chat(logprobs=True, stream=True, max_tokens=1).events

    content = plain["choices"][0]["logprobs"]["content"]
    assert [entry["token"] for entry in content] == ["You", " said", ' "']
    assert [len(entry["top_logprobs"]) for entry in content] == [2, 2, 2]
    assert content[0]["bytes"] == [89, 111, 117]
    assert chunks[1]["choices"][0]["logprobs"]["content"][0]["top_logprobs"] == []


def test_images_are_mentioned_and_counted(chat: Any) -> None:
    reply = chat(
        [
            {"type": "text", "text": "Look"},
            {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}},
            {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA", "detail": "low"}},
        ]
    )

    assert "I looked at 2 images." in reply.json["choices"][0]["message"]["content"]
    assert reply.json["usage"]["prompt_tokens"] == 3 + 3 + 1 + 85 + 85


def test_reasoning_is_counted_where_the_effort_asks_for_it(chat: Any) -> None:
    body = chat(reasoning_effort="low").json

    assert body["usage"]["completion_tokens_details"]["reasoning_tokens"] == 16
    assert body["usage"]["completion_tokens"] == 31
    assert "reasoning_content" not in body["choices"][0]["message"]


@pytest.mark.parametrize("model", ["o4-mini", "openai/o3", "deepseek-reasoner"])
def test_a_reasoning_model_shows_its_reasoning(chat: Any, model: str) -> None:
    body = chat(model=model, reasoning_effort="minimal").json
    chunks = chat(model=model, reasoning_effort="minimal", stream=True).events

    assert body["choices"][0]["message"]["reasoning_content"] == "The user wants an"
    assert body["usage"]["completion_tokens_details"]["reasoning_tokens"] == 4
    assert [chunk["choices"][0]["delta"].get("reasoning_content") for chunk in chunks[1:6]] == [
        "The",
        " user",
        " wants",
        " an",
        None,
    ]


def test_reasoning_uses_up_the_cap(chat: Any) -> None:
    body = chat(model="o4-mini", max_completion_tokens=10).json

    assert body["choices"][0]["message"]["content"] == ""
    assert body["choices"][0]["finish_reason"] == "length"
    assert body["usage"]["completion_tokens"] == 10


def test_embeddings_are_unit_vectors_that_the_text_decides(
    connection: http.client.HTTPConnection,
) -> None:
    def embed(**fields: Any) -> Any:
        body = json.dumps({"model": "text-embedding-3-small", "dimensions": 64, **fields})
        connection.request("POST", "/v1/embeddings", body)
        return json.loads(connection.getresponse().read())

    floats = embed(input=["a b", "c"])
    encoded = embed(input="a b", encoding_format="base64")
    numbered = embed(input=[1, 2, 3])

    first, second = (entry["embedding"] for entry in floats["data"])
    assert list(struct.unpack("<64f", base64.b64decode(encoded["data"][0]["embedding"]))) == first
    assert first != second
    assert sum(value * value for value in first) == pytest.approx(1.0)
    assert floats["usage"] == {"prompt_tokens": 3, "total_tokens": 3}
    assert numbered["usage"]["prompt_tokens"] == 3


def test_the_requests_received_are_listed_without_their_keys(standin: StandIn, chat: Any) -> None:
    chat("hello", path="/groq/v1/chat/completions")

    [received] = standin.requests
    assert received["path"] == "/groq/v1/chat/completions"
    assert received["body"]["messages"] == [{"role": "user", "content": "hello"}]
    assert "authorization" not in received["headers"]
    assert received["headers"]["content-type"] == "application/json"
    assert received["keySha256"] == "07fd32658335c174bfdb88ba2dc4c74525775976ea2608b62aca2e509baa5e33"


def test_the_controls_list_and_forget(chat: Any, connection: http.client.HTTPConnection) -> None:
    def control(method: str, path: str) -> Any:
        connection.request(method, path)
        return json.loads(connection.getresponse().read())

    chat("one")
    before = control("GET", "/__standin/requests")
    control("DELETE", "/__standin/requests")
    after = control("GET", "/__standin/requests")

    assert [request["body"]["messages"][0]["content"] for request in before["requests"]] == ["one"]
    assert after == {"requests": []}


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"model": None}, "model"),
        ({"messages": []}, "messages"),
        ({"messages": ["hi"]}, "messages.0.role"),
        ({"messages": [{"role": "user", "content": 3}]}, "messages.0.content"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"n": "two"}, "n"),
        ({"stop": [1]}, "stop"),
        ({"tools": [{"type": "function"}]}, "tools.0"),
        ({"tools": [TIME], "tool_choice": {"type": "function", "function": {"name": "x"}}}, "tool_choice"),
        ({"reasoning_effort": "heroic"}, "reasoning_effort"),
        ({"response_format": {"type": "json_schema"}}, "response_format.json_schema"),
    ],
)
def test_a_malformed_request_is_refused_with_the_field_at_fault(
    chat: Any, fields: dict[str, Any], param: str
) -> None:
    reply = chat(**fields)

    assert reply.status == 400
    assert reply.json["error"]["type"] == "invalid_request_error"
    assert reply.json["error"]["param"] == param


def test_an_unknown_path_is_not_found(chat: Any) -> None:
    reply = chat(path="/v1/completions")

    assert reply.status == 404
    assert reply.json["error"]["code"] == "unknown_url"
