"""Steps of an answer: thoughts, words and calls, each whole before the next begins, however they came."""

from typing import Any

import pytest

from aggregator.proxy.dialects.steps import Step, Steps, choice_of
from tests.unit.proxy.dialects.surface_world import call

JsonObject = dict[str, Any]

SIGNED = {"type": "reasoning.text", "text": "so", "signature": "s1", "format": "anthropic-claude-v1"}


def steps(*deltas: JsonObject) -> list[Step]:
    reader = Steps()
    told = [step for delta in deltas for step in reader.read({"delta": delta})]
    return told + list(reader.end())


def calls(*pieces: JsonObject) -> list[tuple[str, str]]:
    """Calls by name, with their arguments."""
    found: list[tuple[str, str]] = []
    for step in steps(*({"tool_calls": [piece]} for piece in pieces)):
        if step.kind == "call":
            found.append((f"{step.name} {step.id}", ""))
        else:
            found[-1] = (found[-1][0], found[-1][1] + step.text)
    return found


def test_words_come_as_they_are_said() -> None:
    assert steps({"role": "assistant", "content": ""}, {"content": "he"}, {"content": "y"}) == [
        Step("text", "he"),
        Step("text", "y"),
    ]


@pytest.mark.parametrize("name", ["reasoning_content", "reasoning"])
def test_reasoning_is_read_under_both_of_its_names(name: str) -> None:
    assert steps({name: "hm"}, {"content": "hey"}) == [Step("thought", "hm"), Step("text", "hey")]


def test_parts_of_content_are_words_and_thoughts() -> None:
    thinking = {"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}

    assert steps({"content": [thinking, {"type": "text", "text": "hey"}]}) == [
        Step("thought", "hm"),
        Step("text", "hey"),
    ]


def test_a_thought_that_was_streamed_is_not_told_again_with_its_signature() -> None:
    told = steps({"reasoning_content": "s"}, {"reasoning_content": "o"}, {"reasoning_details": [SIGNED]})

    assert told == [Step("thought", "s"), Step("thought", "o"), Step("seal", detail=SIGNED)]


def test_thoughts_told_in_words_and_details_at_once_are_told_once() -> None:
    detail = {"type": "reasoning.text", "text": "so"}

    told = steps(
        {"reasoning": "so", "reasoning_details": [detail]}, {"reasoning_details": [{"signature": "s1"}]}
    )

    assert told == [Step("thought", "so"), Step("seal", detail={"signature": "s1"})]


def test_each_of_several_whole_thoughts_keeps_its_own_signature() -> None:
    other = SIGNED | {"text": "then", "signature": "s2"}

    told = steps({"reasoning_content": "sothen", "reasoning_details": [SIGNED, other]})

    assert told == [
        Step("thought", "so"),
        Step("seal", detail=SIGNED),
        Step("thought", "then"),
        Step("seal", detail=other),
    ]


def test_arguments_of_a_call_are_told_as_they_come() -> None:
    told = steps(
        {"tool_calls": [call(0, "", "c1", "f")]},
        {"tool_calls": [call(0, '{"a"')]},
        {"tool_calls": [call(0, ":1}")]},
    )

    assert told == [
        Step("call", id="c1", name="f"),
        Step("arguments", '{"a"'),
        Step("arguments", ":1}"),
    ]


def test_a_call_begins_once_the_one_before_is_whole() -> None:
    told = steps(
        {"tool_calls": [call(0, "{}", "c1", "f")]},
        {"tool_calls": [call(1, "{", "c2", "g")]},
        {"content": "then"},
    )

    assert [step.kind for step in told] == ["call", "arguments", "call", "arguments", "text"]


def test_calls_whose_pieces_come_mixed_are_told_one_after_the_other() -> None:
    assert calls(
        call(0, "{", "c1", "f"), call(1, "{", "c2", "g"), call(0, "}"), call(1, "}"), call(2, "", "c3", "h")
    ) == [("f c1", "{}"), ("g c2", "{}"), ("h c3", "")]


def test_calls_that_all_count_as_the_first_are_told_apart_by_their_ids() -> None:
    assert calls(call(0, "{}", "c1", "f"), call(0, "{}", "c2", "g")) == [("f c1", "{}"), ("g c2", "{}")]


def test_a_call_without_an_id_gets_one() -> None:
    assert calls(call(0, "{}", None, "f"), call(1, "{}", None, "g")) == [
        ("f call_1", "{}"),
        ("g call_2", "{}"),
    ]


def test_a_call_waits_for_its_name() -> None:
    assert calls(call(0, "{", "c1"), call(0, "}", None, "f")) == [("f c1", "{}")]


def test_arguments_as_an_object_become_its_text() -> None:
    assert calls({"index": 0, "id": "c1", "function": {"name": "f", "arguments": {"a": 1}}}) == [
        ("f c1", '{"a": 1}')
    ]


def test_of_several_choices_the_first_is_read() -> None:
    assert choice_of({"choices": [{"index": 0, "delta": {}}, {"index": 1}]}) == {"index": 0, "delta": {}}
    assert choice_of({"choices": [{"index": 1, "delta": {"content": "b"}}]}) == {}


@pytest.mark.parametrize("said", [None, [], {}, {"choices": {"a": 1}}, {"choices": [None]}, {"choices": []}])
def test_what_is_no_choice_says_nothing(said: Any) -> None:
    assert choice_of(said) == {}
