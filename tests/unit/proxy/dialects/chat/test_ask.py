"""Reading a request: what money and routing depend on is checked, and refused by the field's path."""

import json
from base64 import b64encode
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.errors import InvalidRequest, PayloadTooLarge, Refusal, UnsupportedParameter
from aggregator.proxy.dialects.chat.from_client import read
from tests.fakes.chat_world import body, chat_event

HI = {"role": "user", "content": "hi"}


def parts(*content: Any) -> list[dict[str, Any]]:
    return [{"role": "user", "content": list(content)}]


def image(url: str) -> dict[str, Any]:
    return {"type": "image_url", "image_url": {"url": url}}


def test_a_plain_request_is_read() -> None:
    ask = read(chat_event('{"model":"mini","messages":[{"role":"user","content":"hi"}]}'))

    assert (ask.model, ask.stream, ask.wants_usage, ask.choices) == ("mini", False, False, 1)
    assert (ask.max_output_tokens, ask.messages, ask.images, ask.has_files) == (None, 1, 0, False)
    assert ask.text_bytes == 60


def test_limits_and_options_are_read() -> None:
    ask = read(chat_event(body(n=3, max_tokens=7, stream=True, stream_options={"include_usage": True})))

    assert (ask.choices, ask.max_output_tokens, ask.stream, ask.wants_usage) == (3, 7, True, True)


def test_the_newer_name_of_the_limit_counts_before_the_older() -> None:
    ask = read(chat_event(body(max_tokens=7, max_completion_tokens=9)))

    assert ask.max_output_tokens == 9


def test_null_is_as_good_as_absent() -> None:
    ask = read(chat_event(body(n=None, max_tokens=None, stream=None, stream_options=None, modalities=None)))

    assert (ask.choices, ask.max_output_tokens, ask.stream) == (1, None, False)


def test_a_base64_body_is_read() -> None:
    event = chat_event(b64encode(json.dumps(body()).encode()).decode()) | {"isBase64Encoded": True}

    assert read(event).model == "mini"


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"model": None}, "model"),
        ({"model": ""}, "model"),
        ({"model": 5}, "model"),
        ({"messages": None}, "messages"),
        ({"messages": []}, "messages"),
        ({"messages": "hi"}, "messages"),
        ({"messages": [5]}, "messages.0"),
        ({"messages": [HI, {"content": "hi"}]}, "messages.1.role"),
        ({"messages": [{"role": "bot", "content": "hi"}]}, "messages.0.role"),
        ({"messages": [{"role": ["user"], "content": "hi"}]}, "messages.0.role"),
        ({"messages": [{"role": "user", "content": 5}]}, "messages.0.content"),
        ({"messages": [{"role": "user", "content": {}}]}, "messages.0.content"),
        ({"messages": parts("hi")}, "messages.0.content.0"),
        ({"messages": parts({"type": "text", "text": "hi"}, 5)}, "messages.0.content.1"),
        ({"messages": parts({"type": ["text"]})}, "messages.0.content.0.type"),
        ({"messages": parts({"type": "image_url"})}, "messages.0.content.0.image_url.url"),
        ({"messages": parts({"type": "image_url", "image_url": {}})}, "messages.0.content.0.image_url.url"),
        ({"messages": parts(image(""))}, "messages.0.content.0.image_url.url"),
        ({"stream": "true"}, "stream"),
        ({"stream": 1}, "stream"),
        ({"stream_options": []}, "stream_options"),
        ({"n": "1"}, "n"),
        ({"n": 1.5}, "n"),
        ({"n": True}, "n"),
        ({"n": 0}, "n"),
        ({"n": 129}, "n"),
        ({"max_tokens": "many"}, "max_tokens"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"max_tokens": -1}, "max_tokens"),
        ({"max_completion_tokens": 0}, "max_completion_tokens"),
        ({"max_completion_tokens": 2.0}, "max_completion_tokens"),
        ({"temperature": "hot"}, "temperature"),
        ({"temperature": True}, "temperature"),
        ({"top_p": []}, "top_p"),
        ({"frequency_penalty": {}}, "frequency_penalty"),
        ({"presence_penalty": "0"}, "presence_penalty"),
        ({"seed": 1.5}, "seed"),
        ({"stop": 5}, "stop"),
        ({"tools": {}}, "tools"),
        ({"tool_choice": 5}, "tool_choice"),
        ({"parallel_tool_calls": "no"}, "parallel_tool_calls"),
        ({"response_format": "json"}, "response_format"),
        ({"logprobs": 1}, "logprobs"),
        ({"top_logprobs": "5"}, "top_logprobs"),
        ({"reasoning_effort": 1}, "reasoning_effort"),
        ({"user": 5}, "user"),
        ({"metadata": "x"}, "metadata"),
        ({"modalities": 5}, "modalities"),
        ({"modalities": "text"}, "modalities"),
        ({"service_tier": ["priority"]}, "service_tier"),
    ],
)
def test_a_wrong_field_is_refused_by_its_path(fields: dict[str, Any], param: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        read(chat_event(body(**fields)))

    assert refused.value.param == param
    assert refused.value.message.startswith(f"{param}: ")


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"web_search_options": {}}, "web_search_options"),
        ({"audio": {"voice": "alloy"}}, "audio"),
        ({"prediction": {"type": "content"}}, "prediction"),
        ({"modalities": ["text", "audio"]}, "modalities"),
        ({"modalities": ["image"]}, "modalities"),
        ({"modalities": [["text"]]}, "modalities"),
        ({"messages": parts({"type": "input_audio"})}, "messages.0.content.0"),
        (
            {"messages": parts({"type": "video_url", "video_url": {"url": "s3://b/v"}})},
            "messages.0.content.0.video_url",
        ),
    ],
)
def test_what_has_no_price_is_refused_by_name(fields: dict[str, Any], param: str) -> None:
    with pytest.raises(UnsupportedParameter) as refused:
        read(chat_event(body(**fields)))

    assert refused.value.param == param


def test_fields_that_the_platform_does_not_know_pass() -> None:
    ask = read(chat_event(body(top_k=5, service_tier="flex", modalities=["text"])))

    assert ask.body["top_k"] == 5


@pytest.mark.parametrize("text", ["", "{", "nul", '{"a": NaN}', "[" * 100_000, '"hi"', "[]", "5", "null"])
def test_what_is_no_json_object_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        read(chat_event(text))

    assert refused.value.param is None
    assert refused.value.message in {"The body is not valid JSON.", "The body must be a JSON object."}


def test_bytes_that_are_no_text_are_refused() -> None:
    event = chat_event(b64encode(b"\xff\xfe{").decode()) | {"isBase64Encoded": True}

    with pytest.raises(InvalidRequest, match="not valid JSON"):
        read(event)


def test_a_body_over_six_megabytes_is_refused_before_it_is_read() -> None:
    with pytest.raises(PayloadTooLarge):
        read(chat_event("x" * (6 * 1024 * 1024 + 1)))


def test_images_are_counted_and_their_inline_bytes_are_not_text() -> None:
    data_uri = "data:image/png;base64," + "A" * 10_000

    ask = read(chat_event(body(messages=parts(image(data_uri), image("https://x.example/a.png")))))

    assert ask.images == 2
    assert 100 < ask.text_bytes < 300
    assert not ask.has_files


@pytest.mark.parametrize("kind", ["file", "video_url", "document_url", "input_image", "anything"])
def test_a_part_that_only_points_at_its_content_makes_the_request_as_long_as_can_be(kind: str) -> None:
    ask = read(chat_event(body(messages=parts({"type": kind, kind: {"url": "https://x.example/film"}}))))

    assert ask.has_files


@pytest.mark.parametrize("kind", ["text", "refusal", "thinking"])
def test_a_part_that_is_written_out_is_bound_by_its_bytes(kind: str) -> None:
    ask = read(chat_event(body(messages=parts({"type": kind, kind: "hi"}))))

    assert not ask.has_files


def test_text_counts_by_its_bytes_not_by_its_characters() -> None:
    plain = read(chat_event('{"model":"mini","messages":[{"role":"user","content":"hi"}]}'))
    wide = read(chat_event('{"model":"mini","messages":[{"role":"user","content":"你好"}]}'))

    assert wide.text_bytes == plain.text_bytes + 4


inner_names = st.sampled_from(["role", "content", "type", "image_url", "url", "text", "include_usage"])
json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8) | inner_names, inner, max_size=4)
    ),
    max_leaves=12,
)
fields = st.sampled_from([
    "model", "messages", "stream", "stream_options", "n", "max_tokens", "max_completion_tokens", "modalities",
    "service_tier", "tools", "stop", "audio", "temperature", "metadata", "response_format",
])  # fmt: skip
messages = st.lists(
    json_values
    | st.fixed_dictionaries({"role": st.just("user") | json_values, "content": json_values})
    | st.fixed_dictionaries({
        "role": st.just("user"),
        "content": st.lists(
            st.fixed_dictionaries({
                "type": st.sampled_from(["text", "image_url", "file", "input_audio"]) | json_values,
                "image_url": json_values,
            }),
            max_size=2,
        ),
    }),
    max_size=3,
)  # fmt: skip


@given(st.dictionaries(fields, json_values, max_size=5), messages | json_values)
def test_whatever_json_comes_it_is_read_or_refused(sent: dict[str, Any], said: Any) -> None:
    content = {"model": "mini", "messages": said} | sent

    try:
        ask = read(chat_event(json.dumps(content)))
    except Refusal as refused:
        ends: tuple[bool, ...] = (
            isinstance(refused, InvalidRequest | UnsupportedParameter),
            bool(refused.param),
        )
    else:
        ends = (ask.choices >= 1, ask.text_bytes >= 0, (ask.max_output_tokens or 1) >= 1)

    assert all(ends)


@given(st.text(max_size=60))
def test_whatever_text_comes_it_is_read_or_refused(text: str) -> None:
    try:
        read(chat_event(text))
    except Refusal as refused:
        assert isinstance(refused, InvalidRequest)  # noqa: PT017 - both ends are fine
