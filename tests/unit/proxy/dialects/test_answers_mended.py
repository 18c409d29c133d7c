"""Odd answers: what clients of every dialect see of them, and what is a failure whatever it claims."""

import json
from typing import Any

import pytest

from aggregator.errors import ProviderFailed
from aggregator.proxy.dialects.chat import native as chat
from aggregator.proxy.exchange import Progress
from tests.fakes import bedrock_wire as bedrock
from tests.fakes.translated import decoded, streamed

JsonObject = dict[str, Any]


def completion(message: JsonObject | None = None, finish: Any = "stop", index: int = 0) -> bytes:
    said = {"role": "assistant", "content": "hey"} if message is None else message
    return json.dumps(
        {"id": "c1", "model": "m", "choices": [{"index": index, "message": said, "finish_reason": finish}]}
    ).encode()


def chunk(delta: JsonObject, finish: Any = None) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return b"data: " + json.dumps({"id": "c1", "model": "m", "choices": [choice]}).encode() + b"\n\n"


def as_message(body: bytes, dialect: str = "chat") -> JsonObject:
    said: JsonObject = json.loads(decoded(dialect, body, Progress(model="m"), "messages"))
    return said


@pytest.mark.parametrize(
    ("finish", "reason"),
    [
        ("max_tokens", "max_tokens"),
        ("model_length", "max_tokens"),
        ("length", "max_tokens"),
        ("model_context_window_exceeded", "model_context_window_exceeded"),
        ("sensitive", "refusal"),
        ("STOP", "end_turn"),
        ("eos", "end_turn"),
        ("", "end_turn"),
        ("null", "end_turn"),
    ],
)
def test_why_an_answer_ended_is_told_by_its_meaning(finish: str, reason: str) -> None:
    assert as_message(completion(finish=finish))["stop_reason"] == reason


@pytest.mark.parametrize("finish", ["abort", "network_error", "insufficient_system_resource", "error"])
def test_an_end_that_is_a_failure_is_one(finish: str) -> None:
    with pytest.raises(ProviderFailed):
        as_message(completion(finish=finish))
    with pytest.raises(ProviderFailed):
        chat.decode(completion(finish=finish), Progress())
    with pytest.raises(ProviderFailed):
        list(chat.stream(iter([chunk({"content": "a"}), chunk({}, finish)]), Progress()))


@pytest.mark.parametrize("finish", ["null", ""])
def test_a_word_for_nothing_is_no_end(finish: str) -> None:
    progress = Progress()

    said = b"".join(chat.stream(iter([chunk({"content": "a"}, finish)]), progress))

    assert not progress.finished
    assert json.loads(said[6:])["choices"][0]["finish_reason"] is None


def test_claudes_window_is_told_as_such_over_converse_too() -> None:
    body = bedrock.answer({"text": "a"}, stop="model_context_window_exceeded")

    assert as_message(body, "converse")["stop_reason"] == "model_context_window_exceeded"


def test_a_reason_of_bedrocks_that_nobody_knows_is_an_end_of_words_and_no_success_without_any() -> None:
    assert as_message(bedrock.answer({"text": "a"}, stop="tomorrow"), "converse")["stop_reason"] == "end_turn"
    with pytest.raises(ProviderFailed):
        as_message(bedrock.answer(stop="tomorrow"), "converse")


def gemini(*parts: JsonObject, finish: str) -> bytes:
    candidate = {"index": 0, "content": {"role": "model", "parts": list(parts)}, "finishReason": finish}
    return json.dumps({"candidates": [candidate]}).encode()


THOUGHT = {"text": "hm", "thought": True}
CALL = {"functionCall": {"id": "c1", "name": "f", "args": {}}}


@pytest.mark.parametrize(
    "finish", ["NO_IMAGE", "IMAGE_OTHER", "FINISH_REASON_UNSPECIFIED", "TOMORROW", "STOP"]
)
@pytest.mark.parametrize("parts", [(), (THOUGHT,)], ids=["nothing", "a thought"])
def test_an_answer_that_says_nothing_is_no_success(finish: str, parts: tuple[JsonObject, ...]) -> None:
    with pytest.raises(ProviderFailed):
        as_message(gemini(*parts, finish=finish), "gemini")
    with pytest.raises(ProviderFailed):
        list(
            streamed(
                "gemini", [b"data: " + gemini(*parts, finish=finish) + b"\n\n"], Progress(), client="messages"
            )
        )


def test_a_call_that_was_lost_beside_another_is_not_lost_in_silence() -> None:
    with pytest.raises(ProviderFailed):
        as_message(gemini(CALL, finish="MALFORMED_FUNCTION_CALL"), "gemini")


def test_an_only_choice_is_read_whatever_its_number() -> None:
    assert as_message(completion(index=1))["content"] == [{"type": "text", "text": "hey"}]


def whole_call(arguments: Any, **more: Any) -> JsonObject:
    return {"type": "function", "function": {"name": "f", "arguments": arguments}} | more


@pytest.mark.parametrize(
    ("arguments", "text"), [({"x": 1}, '{"x": 1}'), (None, "{}"), ('{"x":1}', '{"x":1}')]
)
def test_calls_of_a_plain_chat_are_as_clients_read_them(arguments: Any, text: str) -> None:
    message = {"role": "assistant", "content": None, "tool_calls": [whole_call(arguments)]}

    choice = json.loads(chat.decode(completion(message), Progress()))["choices"][0]

    (call,) = choice["message"]["tool_calls"]
    assert call["function"]["arguments"] == text
    assert call["id"].startswith("call_")
    assert choice["finish_reason"] == "tool_calls"


def test_a_plain_chat_with_calls_as_openai_has_them_passes_byte_for_byte() -> None:
    calls = [whole_call("{}", id="c1")]
    body = completion({"role": "assistant", "content": None, "tool_calls": calls}, "tool_calls")

    assert chat.decode(body, Progress()) is body


def pieces_of(*calls: JsonObject, finish: str = "stop") -> list[JsonObject]:
    events = [chunk({"tool_calls": [call]}) for call in calls] + [chunk({}, finish)]
    said = b"".join(chat.stream(iter(events), Progress())).split(b"\n\n")[:-1]
    choices = [json.loads(each[6:])["choices"][0] for each in said]
    assert choices[-1]["finish_reason"] == "tool_calls"
    return [piece for choice in choices for piece in choice["delta"].get("tool_calls", ())]


def test_another_id_and_the_name_again_in_each_piece_do_not_reach_the_client() -> None:
    said = pieces_of(
        {"index": 0, "id": "a1", "function": {"name": "f", "arguments": ""}},
        {"index": 0, "id": "a2", "function": {"name": "f", "arguments": '{"x":'}},
        {"index": 0, "id": "a3", "function": {"name": "f", "arguments": "1}"}},
    )

    assert said == [
        {"index": 0, "id": "a1", "type": "function", "function": {"name": "f", "arguments": ""}},
        {"index": 0, "function": {"arguments": '{"x":'}},
        {"index": 0, "function": {"arguments": "1}"}},
    ]


def test_calls_that_all_count_as_the_first_get_numbers_and_ids_of_their_own() -> None:
    said = pieces_of(
        {"index": 0, "function": {"name": "f", "arguments": {"x": 1}}},
        {"index": 0, "function": {"name": "g", "arguments": None}},
    )

    assert [(call["index"], call["function"]) for call in said] == [
        (0, {"name": "f", "arguments": '{"x": 1}'}),
        (1, {"name": "g", "arguments": ""}),
    ]
    assert len({call["id"] for call in said}) == 2


def test_a_stream_of_calls_as_openai_has_them_passes_byte_for_byte() -> None:
    events = [
        chunk({"tool_calls": [{"index": 0, **whole_call("", id="c1")}]}),
        chunk({"tool_calls": [{"index": 0, "function": {"arguments": "{}"}}]}),
        chunk({}, "tool_calls"),
    ]

    assert b"".join(chat.stream(iter(events), Progress())) == b"".join(events)


def test_calls_of_custom_tools_pass_byte_for_byte() -> None:
    begun = {"index": 0, "id": "c1", "type": "custom", "custom": {"name": "patch", "input": ""}}
    events = [
        chunk({"tool_calls": [begun]}),
        chunk({"tool_calls": [{"index": 0, "custom": {"input": "*** Begin"}}]}),
        chunk({}, "tool_calls"),
    ]
    whole = {"id": "c1", "type": "custom", "custom": {"name": "patch", "input": "*** Begin"}}
    plain = completion({"role": "assistant", "content": None, "tool_calls": [whole]}, "tool_calls")

    assert b"".join(chat.stream(iter(events), Progress())) == b"".join(events)
    assert chat.decode(plain, Progress()) is plain
