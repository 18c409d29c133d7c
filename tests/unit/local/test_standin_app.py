"""The stand-in's endpoints, without a connection."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from local.standin.app import App
from local.standin.http_message import Request
from local.standin.memory import Memory
from local.standin.script import HANG, End

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 200) | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inside: (
        st.lists(inside, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["type", "function", "name", "parameters", "properties", "items", "anyOf", "$ref", "text"]
            )
            | st.text(max_size=4),
            inside,
            max_size=4,
        )
    ),
    max_leaves=12,
)
FIELDS = [
    "model",
    "messages",
    "input",
    "n",
    "max_tokens",
    "stop",
    "seed",
    "stream",
    "stream_options",
    "tools",
    "tool_choice",
    "response_format",
    "reasoning_effort",
    "logprobs",
    "top_logprobs",
    "dimensions",
]
WELL_FORMED = {
    "model": "m",
    "messages": [{"role": "user", "content": "hi"}],
    "input": "hi",
    "tools": [{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}],
}


def post(path: str, body: bytes) -> Request:
    return Request("POST", path, "", {}, body, is_http_1_1=True, keeps_alive=True)


def script_of(path: str, body: Any) -> list[Any]:
    return list(App(Memory())(post(path, json.dumps(body).encode())))


@settings(max_examples=200, deadline=None)
@given(
    path=st.sampled_from(["/v1/chat/completions", "/v1/embeddings"]),
    odd=st.dictionaries(st.sampled_from(FIELDS), JSON, min_size=1, max_size=3),
)
def test_no_body_breaks_it(path: str, odd: dict[str, Any]) -> None:
    script = script_of(path, {**WELL_FORMED, **odd})

    assert script[0][:12] in {b"HTTP/1.1 200", b"HTTP/1.1 400"}


@given(
    message=JSON,
    schema=st.dictionaries(st.sampled_from(["type", "enum", "items", "minimum", "pattern", "$ref"]), JSON),
)
def test_no_message_and_no_schema_breaks_it(message: Any, schema: dict[str, Any]) -> None:
    wanted = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}
    first = script_of("/v1/chat/completions", {"model": "m", "messages": [message]})
    second = script_of("/v1/chat/completions", {**WELL_FORMED, "tools": None, "response_format": wanted})

    assert first[0][:12] in {b"HTTP/1.1 200", b"HTTP/1.1 400"}
    assert second[0][:12] in {b"HTTP/1.1 200", b"HTTP/1.1 400"}


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff", b"[" * 100_000])
def test_a_body_that_is_no_json_object_is_refused(body: bytes) -> None:
    [reply] = App(Memory())(post("/v1/chat/completions", body))

    assert isinstance(reply, bytes)
    assert reply.startswith(b"HTTP/1.1 400 ")


def test_a_hang_is_ten_minutes_and_then_a_reset() -> None:
    script = script_of("/v1/chat/completions", {**WELL_FORMED, "model": "standin-hang"})

    assert script == [HANG, End.RESET]
    assert HANG.seconds == 600.0


def test_only_the_last_requests_are_kept() -> None:
    memory = Memory()
    app = App(memory)

    for number in range(1005):
        app(post("/v1/chat/completions", b"%d" % number))

    kept = [request["body"] for request in memory.requests()]
    assert kept[0] == 5
    assert kept[-1] == 1004


def test_large_requests_push_older_ones_out() -> None:
    memory = Memory()
    app = App(memory)

    for _ in range(5):
        app(post("/v1/chat/completions", b" " * 10_000_000))

    assert len(memory.requests()) == 3
