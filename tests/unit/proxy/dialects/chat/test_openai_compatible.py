"""Any provider that speaks OpenAI's chat completions: what is sent, and what is made of the answer."""

import json
from typing import Any

import pytest

from aggregator.billing.price import Usage
from aggregator.errors import ProviderFailed, UnsupportedParameter
from aggregator.proxy.dialects.chat.native import decode, stream
from aggregator.proxy.dialects.chat.provider import encode
from aggregator.proxy.dialects.embeddings.provider import encode as encode_embeddings
from aggregator.proxy.exchange import Progress
from tests.fakes.chat_world import (
    DONE,
    ask,
    chunk,
    completion,
    counted,
    provider,
    usage_event,
    way,
)


def streamed(*blocks: bytes) -> tuple[list[bytes], Progress]:
    progress = Progress()
    return list(stream(iter(blocks), progress)), progress


def sent(provider_fields: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    on = way(output_tokens=42, provider=provider(**(provider_fields or {})))
    body: dict[str, Any] = json.loads(encode(ask(**fields), on, "sk-1").body)
    return body


def test_a_request_goes_out_under_the_providers_name_with_the_cap() -> None:
    request = encode(
        ask(top_k=5), way(output_tokens=42, provider=provider(extensions=frozenset({"top_k"}))), "sk-1"
    )

    assert request.url == "https://api.openai.example/v1/chat/completions"
    assert request.headers["Authorization"] == "Bearer sk-1"
    assert request.headers["Accept-Encoding"] == "identity"
    assert request.first_byte_seconds == 600
    assert json.loads(request.body) == {
        "model": "openai-mini",
        "messages": [{"role": "user", "content": "hi"}],
        "top_k": 5,
        "max_tokens": 42,
    }


def test_a_key_goes_into_the_header_that_the_provider_looks_into() -> None:
    for encoded, wanted in (
        (encode, ask()),
        (encode_embeddings, ask()._replace(body={"model": "m", "input": "hi"})),
    ):
        request = encoded(wanted, way(provider=provider(key_header="api-key")), "azure-1")

        assert request.headers["api-key"] == "azure-1"
        assert "Authorization" not in request.headers


def test_without_a_key_nothing_is_authorised() -> None:
    assert "Authorization" not in encode(ask(), way(), None).headers


def test_the_clients_own_limit_never_goes_out_beside_the_cap() -> None:
    body = sent({"max_tokens_field": "max_completion_tokens"}, max_tokens=50, max_completion_tokens=60)

    assert body["max_completion_tokens"] == 42
    assert "max_tokens" not in body


def test_usage_is_always_asked_for_in_a_stream() -> None:
    body = sent(stream=True, stream_options={"include_usage": False, "include_obfuscation": False})

    assert body["stream_options"] == {"include_usage": True, "include_obfuscation": False}


def test_a_provider_that_does_not_take_stream_options_gets_none() -> None:
    body = sent({"stream_options": False}, stream=True, stream_options={"include_usage": True})

    assert "stream_options" not in body


def test_a_plain_request_says_nothing_of_streams() -> None:
    assert "stream_options" not in sent(stream_options={"include_usage": True})


def test_a_field_that_the_provider_cannot_honour_is_refused_by_name() -> None:
    with pytest.raises(UnsupportedParameter) as refused:
        sent({"unsupported": frozenset({"seed"})}, seed=5)

    assert refused.value.param == "seed"


@pytest.mark.unpublished("x")
def test_what_a_model_wants_said_goes_out_unless_the_client_says_it() -> None:
    groq = {"defaults": {"openai-*": {"reasoning_format": "parsed"}, "other-*": {"x": 1}}}

    assert sent(groq)["reasoning_format"] == "parsed"
    assert sent(groq, reasoning_format="hidden")["reasoning_format"] == "hidden"
    assert "x" not in sent(groq)
    assert sent(groq, x=2)["x"] == 2


def test_a_plain_answer_passes_as_it_is() -> None:
    progress = Progress()

    body = decode(completion("hello", counted(10, 5)), progress)

    assert body == completion("hello", counted(10, 5))
    assert progress.usage == Usage(input_tokens=10, output_tokens=5)
    assert (progress.finished, progress.output_bytes) == (True, 5)


def test_a_missing_total_is_added() -> None:
    body = decode(completion("hello", {"prompt_tokens": 10, "completion_tokens": 5}), Progress())

    assert json.loads(body)["usage"] == {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}


def test_a_plain_answer_without_usage_is_counted_by_its_bytes() -> None:
    progress = Progress()

    body = decode(completion("hello"), progress)

    assert body == completion("hello")
    assert (progress.usage, progress.output_bytes) == (None, 5)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"{",
        b"\xff",
        b"[]",
        b"null",
        b'"hi"',
        b"{}",
        b'{"choices": []}',
        b'{"error": {"message": "sk-secret"}}',
        b'{"error": "x", "choices": [{}]}',
    ],
)
def test_what_is_no_completion_is_the_providers_failure(body: bytes) -> None:
    with pytest.raises(ProviderFailed) as failed:
        decode(body, Progress())

    assert "sk-secret" not in failed.value.message


def test_a_stream_passes_byte_for_byte_without_usage_and_end_mark() -> None:
    chunks, progress = streamed(chunk("he"), chunk("y", "stop"), usage_event(10, 5), DONE)

    assert chunks == [chunk("he"), chunk("y", "stop")]
    assert progress.usage == Usage(input_tokens=10, output_tokens=5)
    assert (progress.finished, progress.output_bytes) == (True, 3)


def test_events_that_came_in_one_block_pass_in_one_piece() -> None:
    chunks, _ = streamed(chunk("he") + chunk("y", "stop"), DONE)

    assert chunks == [chunk("he") + chunk("y", "stop")]


def test_usage_in_the_same_block_as_text_does_not_hide_the_text() -> None:
    chunks, progress = streamed(chunk("he") + chunk("y", "stop") + usage_event(10, 5) + DONE)

    assert chunks == [chunk("he") + chunk("y", "stop")]
    assert progress.usage == Usage(input_tokens=10, output_tokens=5)


def test_usage_with_the_last_choice_is_taken_out_of_it() -> None:
    chunks, progress = streamed(chunk("hey"), chunk("", "stop", usage=counted(10, 5)), DONE)

    assert progress.usage == Usage(input_tokens=10, output_tokens=5)
    assert b"usage" not in b"".join(chunks)
    assert b'"finish_reason":"stop"' in chunks[-1]


def test_usage_in_every_chunk_counts_by_the_last() -> None:
    blocks = [
        chunk("a", usage=counted(10, 1)),
        chunk("b", usage=counted(10, 2)),
        chunk("c", "stop", usage=counted(10, 3)),
    ]

    chunks, progress = streamed(*blocks, DONE)

    assert progress.usage == Usage(input_tokens=10, output_tokens=3)
    assert len(chunks) == 3
    assert b"usage" not in b"".join(chunks)


def test_null_usage_is_left_out() -> None:
    chunks, progress = streamed(chunk("hey", usage=None), chunk("", "stop", usage=None), DONE)

    assert progress.usage is None
    assert b"usage" not in b"".join(chunks)
    assert json.loads(chunks[0].removeprefix(b"data: "))["choices"][0]["delta"] == {"content": "hey"}


def test_a_stream_without_usage_is_counted_by_its_bytes() -> None:
    _, progress = streamed(chunk("12345678"), chunk("", "stop"), DONE)

    assert (progress.usage, progress.output_bytes) == (None, 8)


def test_reasoning_and_tool_arguments_are_counted_too() -> None:
    reasoning = b'data: {"choices":[{"index":0,"delta":{"reasoning_content":"1234"}}]}\n\n'
    arguments = (
        b'data: {"choices":[{"index":0,"delta":{"tool_calls":[{"function":{"arguments":"12"}}]}}]}\n\n'
    )

    _, progress = streamed(reasoning, arguments)

    assert progress.output_bytes == 6


def test_the_usage_chunk_for_the_client_has_no_choices_and_all_totals() -> None:
    _, progress = streamed(
        chunk("hey", "stop"), chunk(choices=[], usage={"prompt_tokens": 3, "completion_tokens": 1})
    )

    assert progress.usage_chunk == {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "openai-mini",
        "choices": [],
        "usage": {"prompt_tokens": 3, "completion_tokens": 1, "total_tokens": 4},
    }


@pytest.mark.parametrize(
    ("end", "finished"),
    [([chunk("", "stop")], True), ([DONE], True), ([b"data: [DONE]"], True), ([], False)],
)
def test_a_stream_is_finished_when_the_provider_says_so(end: list[bytes], finished: bool) -> None:
    _, progress = streamed(chunk("hey"), *end)

    assert progress.finished is finished


@pytest.mark.parametrize("said", ['"error": no', "data: [DONE]", '{"usage": {"prompt_tokens": 9}}', "\n\n"])
def test_what_an_answer_talks_about_is_not_taken_for_its_own(said: str) -> None:
    chunks, progress = streamed(chunk(said), chunk("", "stop"))

    assert json.loads(chunks[0].removeprefix(b"data: "))["choices"][0]["delta"]["content"] == said
    assert progress.usage is None


@pytest.mark.parametrize(
    "comment", [b": ping\n\n", b":\n\n", b": [DONE]\n\n", b': "error": none\n\n', b"event: ping\n\n"]
)
def test_comments_pass(comment: bytes) -> None:
    chunks, progress = streamed(chunk("hey"), comment, chunk("", "stop"))

    assert chunks == [chunk("hey"), comment, chunk("", "stop")]
    assert progress.finished


@pytest.mark.parametrize(
    "block",
    [
        b'data: {"error": {"message": "sk-secret"}}\n\n',
        b'data: {"error": "sk-secret"}\n\n',
        b'event: error\ndata: {"error": {"code": 500}}\n\n',
        b'{"error": {"message": "sk-secret"}}',
        b"<!doctype html><title>502</title>",
        b"Service unavailable\n\n",
        b'data: {"usage": {broken}\n\n',
        b'data: [{"error": 1}]\n\n',
        b'data: "[DONE] not"\n\n',
    ],
)
def test_an_error_in_the_stream_ends_it(block: bytes) -> None:
    with pytest.raises(ProviderFailed) as failed:
        streamed(block)

    assert "sk-secret" not in failed.value.message


def test_an_error_that_is_null_is_none() -> None:
    chunks, _ = streamed(chunk("hey", error=None))

    assert json.loads(chunks[0].removeprefix(b"data: "))["choices"][0]["delta"] == {"content": "hey"}


def test_lines_that_end_as_on_windows_come_out_as_all_others() -> None:
    chunks, progress = streamed(
        chunk("hey", "stop").replace(b"\n", b"\r\n"), usage_event(10, 5).replace(b"\n", b"\r\n")
    )

    assert chunks == [chunk("hey", "stop")]
    assert progress.usage == Usage(input_tokens=10, output_tokens=5)


@pytest.mark.parametrize("colon", [":", ": "])
def test_a_chunk_without_choices_and_usage_stays_here(colon: str) -> None:
    """Azure begins a stream with what it thinks of the prompt; clients take the first of a chunk's choices unseen."""
    verdict = (
        f'data: {{"choices"{colon}[],"id":"","prompt_filter_results":[{{"prompt_index":0}}]}}\n\n'.encode()
    )
    judged = chunk("hey", "stop").replace(b'"index":', b'"content_filter_results":{},"index":')

    pieces, progress = streamed(verdict, judged, usage_event(10, 5), DONE)

    assert pieces == [judged]
    assert progress.finished
    assert progress.usage == Usage(input_tokens=10, output_tokens=5)


def test_a_stream_of_two_choices_is_finished_when_both_are() -> None:
    second = chunk("b", "stop").replace(b'"index": 0', b'"index": 1').replace(b'"index":0', b'"index":1')
    for events, finished in (([chunk("a", "stop")], False), ([chunk("a", "stop"), second], True)):
        progress = Progress(choices=2)

        list(stream(iter(events), progress))

        assert progress.finished is finished
