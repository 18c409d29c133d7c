"""Whole answers of Converse as chat completions: every block and every reason to stop that its model knows."""

import json
from typing import Any

import pytest
from botocore.model import StringShape
from botocore.parsers import create_parser
from openai.types.chat import ChatCompletion

from aggregator.billing.price import Usage
from aggregator.errors import ProviderFailed
from aggregator.proxy.exchange import Progress
from tests.fakes.bedrock_wire import CLAUDE, NOVA, answer, members_of, samples, service, usage
from tests.fakes.translated import decoded as as_chat

JsonObject = dict[str, Any]

WEATHER_CALL = {"toolUse": {"toolUseId": "tooluse_1", "name": "weather", "input": {"city": "Røm"}}}


def decoded(body: bytes, progress: Progress | None = None, model: str = CLAUDE) -> JsonObject:
    """A completion, which parses as OpenAI's; the answer it was made of parses as botocore's."""
    shape = service().shape_for("ConverseResponse")
    read = create_parser("rest-json").parse({"body": body, "headers": {}, "status_code": 200}, shape)
    assert "output" in read
    said: JsonObject = json.loads(as_chat("converse", body, progress or Progress(model=model)))
    ChatCompletion.model_validate(said)
    return said


def choice(*content: JsonObject, stop: str = "end_turn", model: str = CLAUDE) -> JsonObject:
    said = decoded(answer(*content, stop=stop), model=model)
    found: JsonObject = said["choices"][0]
    return found


def test_text_is_what_the_assistant_says_under_the_name_that_was_called() -> None:
    said = decoded(answer({"text": "hel"}, {"text": "lo"}))

    assert said["choices"] == [
        {"index": 0, "message": {"role": "assistant", "content": "hello"}, "finish_reason": "stop"}
    ]
    assert (said["object"], said["model"]) == ("chat.completion", CLAUDE)
    assert said["id"].startswith("chatcmpl-")


def test_each_answer_has_an_id_of_its_own() -> None:
    body = answer({"text": "hello"})

    assert decoded(body)["id"] != decoded(body)["id"]


def test_calls_of_tools_have_their_arguments_as_json_text() -> None:
    found = choice({"text": "Let me see."}, WEATHER_CALL, {**WEATHER_CALL}, stop="tool_use")

    assert found["finish_reason"] == "tool_calls"
    assert found["message"]["content"] == "Let me see."
    assert found["message"]["tool_calls"][0] == {
        "id": "tooluse_1",
        "type": "function",
        "function": {"name": "weather", "arguments": '{"city":"Røm"}'},
    }
    assert len(found["message"]["tool_calls"]) == 2


def test_a_message_of_calls_alone_has_no_content() -> None:
    assert choice(WEATHER_CALL, stop="tool_use")["message"]["content"] is None


def test_the_tool_that_stands_for_a_schema_is_the_content() -> None:
    block = {"toolUse": {"toolUseId": "t", "name": "aggregator_json_answer", "input": {"a": 1}}}

    found = choice(block, stop="tool_use", model=NOVA)

    assert found == {
        "index": 0,
        "message": {"role": "assistant", "content": '{"a":1}'},
        "finish_reason": "stop",
    }


def test_thoughts_are_told_in_words_and_kept_whole_for_the_next_request() -> None:
    message = choice(
        {"reasoningContent": {"reasoningText": {"text": "hm", "signature": "sig"}}},
        {"reasoningContent": {"redactedContent": "cXV4"}},
        {"text": "yes"},
    )["message"]

    assert message == {
        "role": "assistant",
        "content": "yes",
        "reasoning_content": "hm",
        "reasoning_details": [
            {
                "type": "reasoning.text",
                "text": "hm",
                "signature": "sig",
                "format": "anthropic-claude-v1",
                "index": 0,
            },
            {"type": "reasoning.encrypted", "data": "cXV4", "format": "anthropic-claude-v1", "index": 1},
        ],
    }


def test_thoughts_of_other_models_are_marked_as_theirs() -> None:
    block = {"reasoningContent": {"reasoningText": {"text": "hm"}}}

    message = choice(block, {"text": "yes"}, model="deepseek.v3.2")["message"]

    assert message["reasoning_details"] == [
        {"type": "reasoning.text", "text": "hm", "format": "bedrock-converse-v1", "index": 0}
    ]


def test_text_with_citations_is_text() -> None:
    block = {"citationsContent": {"content": [{"text": "as "}, {"text": "written"}], "citations": []}}

    assert choice(block)["message"]["content"] == "as written"


@pytest.mark.parametrize(
    ("stop", "reason"),
    [
        ("end_turn", "stop"),
        ("stop_sequence", "stop"),
        ("max_tokens", "length"),
        ("model_context_window_exceeded", "length"),
        ("guardrail_intervened", "content_filter"),
        ("content_filtered", "content_filter"),
        ("tool_use", "stop"),
        ("a_reason_of_tomorrow", "stop"),
    ],
)
def test_why_the_model_stopped_is_told_in_openais_words(stop: str, reason: str) -> None:
    assert choice({"text": "hello"}, stop=stop)["finish_reason"] == reason


def test_every_reason_to_stop_that_bedrock_knows_has_an_answer() -> None:
    stop_reason = service().shape_for("StopReason")
    assert isinstance(stop_reason, StringShape)
    known = set(stop_reason.enum) - {"malformed_model_output", "malformed_tool_use"}

    reasons = {
        stop: choice({"text": "x"}, *([WEATHER_CALL] if stop == "tool_use" else []), stop=stop)[
            "finish_reason"
        ]
        for stop in known
    }

    assert reasons == {
        "end_turn": "stop",
        "tool_use": "tool_calls",
        "max_tokens": "length",
        "stop_sequence": "stop",
        "guardrail_intervened": "content_filter",
        "content_filtered": "content_filter",
        "model_context_window_exceeded": "length",
    }


@pytest.mark.parametrize("stop", ["malformed_model_output", "malformed_tool_use"])
def test_an_answer_that_the_model_got_wrong_is_a_failure(stop: str) -> None:
    with pytest.raises(ProviderFailed):
        as_chat("converse", answer({"text": "x"}, stop=stop), Progress())


@pytest.mark.parametrize("kind", list(members_of("ContentBlock")))
def test_every_kind_of_block_that_bedrock_knows_can_stand_in_an_answer(kind: str) -> None:
    for sample in samples(members_of("ContentBlock")[kind]):
        message = choice({kind: sample}, {"text": "and more"})["message"]

        assert str(message["content"]).endswith("and more")


def test_tokens_that_a_cache_was_read_and_written_for_are_input_too() -> None:
    progress = Progress(model=CLAUDE)
    counted = usage(cacheReadInputTokens=100, cacheWriteInputTokens=30, totalTokens=145)

    said = decoded(answer({"text": "hello"}, usage=counted), progress)

    assert said["usage"] == {
        "prompt_tokens": 140,
        "completion_tokens": 5,
        "total_tokens": 145,
        "prompt_tokens_details": {"cached_tokens": 100, "cache_write_tokens": 30},
        "completion_tokens_details": {"reasoning_tokens": 0},
    }
    assert progress.usage == Usage(140, 5, cached_input_tokens=100, cache_write_tokens=30)
    assert (progress.finished, progress.output_bytes) == (True, 5)


@pytest.mark.parametrize(
    "counted",
    [None, {}, [], {"inputTokens": 0}, {"inputTokens": "5", "outputTokens": "5"}, {"outputTokens": -1}],
)
def test_without_a_count_none_is_made_up(counted: Any) -> None:
    progress = Progress()
    body = json.loads(answer({"text": "hello"}))

    said = json.loads(as_chat("converse", json.dumps(body | {"usage": counted}).encode(), progress))

    assert progress.usage is None
    assert "usage" not in said
    assert progress.output_bytes == 5


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b"{}",
        b'{"message": "The model is busy."}',
        b'{"Output": {"__type": "com.amazon.coral.service#UnknownOperationException"}}',
        b'{"output": null}',
        b'{"output": {"message": null}}',
        b'{"output": {"message": {"role": "assistant"}}}',
        b'{"output": {"message": {"content": "hello"}}}',
        b'{"a":' * 100_000,
    ],
)
def test_what_holds_no_message_is_a_failure(body: bytes) -> None:
    with pytest.raises(ProviderFailed):
        as_chat("converse", body, Progress())


def test_an_answer_that_says_nothing_is_an_empty_one() -> None:
    assert choice()["message"] == {"role": "assistant", "content": ""}


@pytest.mark.parametrize(
    "block",
    [{"toolUse": None}, {"reasoningContent": "x"}, {"citationsContent": 1}, {"text": None}, {"new": {}}, {}],
)
def test_a_block_of_an_odd_shape_takes_nothing_along(block: JsonObject) -> None:
    body = answer(block, {"text": "hello"})

    said = json.loads(as_chat("converse", body, Progress()))

    assert said["choices"][0]["message"] == {"role": "assistant", "content": "hello"}
