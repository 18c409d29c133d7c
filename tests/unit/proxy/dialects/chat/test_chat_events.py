"""Events of a chat completion: thoughts, words and calls, each whole before the next begins, however they came."""

from typing import Any

import pytest

from aggregator.proxy.dialects.chat.from_provider import Reader
from aggregator.proxy.dialects.events import COUNTED, END, NAMED, Event
from aggregator.proxy.exchange import Progress
from tests.unit.proxy.dialects.surface_world import call

JsonObject = dict[str, Any]

SIGNED = {"type": "reasoning.text", "text": "so", "signature": "s1", "format": "anthropic-claude-v1"}


def steps(*deltas: JsonObject) -> list[Event]:
    reader = Reader(Progress())
    chunks = [{"choices": [{"index": 0, "delta": delta}]} for delta in deltas]
    chunks.append({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
    told = [event for chunk in chunks for event in reader.read(chunk)]
    return [event for event in told if event.kind not in (NAMED, COUNTED, END)]


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
        Event("text", "he"),
        Event("text", "y"),
    ]


@pytest.mark.parametrize("name", ["reasoning_content", "reasoning"])
def test_reasoning_is_read_under_both_of_its_names(name: str) -> None:
    assert steps({name: "hm"}, {"content": "hey"}) == [Event("thought", "hm"), Event("text", "hey")]


def test_parts_of_content_are_words_and_thoughts() -> None:
    thinking = {"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}

    assert steps({"content": [thinking, {"type": "text", "text": "hey"}]}) == [
        Event("thought", "hm"),
        Event("text", "hey"),
    ]


def test_a_thought_that_was_streamed_is_not_told_again_with_its_signature() -> None:
    told = steps({"reasoning_content": "s"}, {"reasoning_content": "o"}, {"reasoning_details": [SIGNED]})

    assert told == [Event("thought", "s"), Event("thought", "o"), Event("seal", detail=SIGNED)]


def test_thoughts_told_in_words_and_details_at_once_are_told_once() -> None:
    detail = {"type": "reasoning.text", "text": "so"}

    told = steps(
        {"reasoning": "so", "reasoning_details": [detail]}, {"reasoning_details": [{"signature": "s1"}]}
    )

    assert told == [Event("thought", "so"), Event("seal", detail={"signature": "s1"})]


def test_each_of_several_whole_thoughts_keeps_its_own_signature() -> None:
    other = SIGNED | {"text": "then", "signature": "s2"}

    told = steps({"reasoning_content": "sothen", "reasoning_details": [SIGNED, other]})

    assert told == [
        Event("thought", "so"),
        Event("seal", detail=SIGNED),
        Event("thought", "then"),
        Event("seal", detail=other),
    ]


def test_arguments_of_a_call_are_told_as_they_come() -> None:
    told = steps(
        {"tool_calls": [call(0, "", "c1", "f")]},
        {"tool_calls": [call(0, '{"a"')]},
        {"tool_calls": [call(0, ":1}")]},
    )

    assert told == [
        Event("call", id="c1", name="f"),
        Event("arguments", '{"a"'),
        Event("arguments", ":1}"),
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


def test_a_call_without_an_id_gets_one_that_no_other_call_has() -> None:
    found = calls(call(0, "{}", None, "f"), call(1, "{}", None, "g"))

    assert [(name.split(" ")[0], arguments) for name, arguments in found] == [("f", "{}"), ("g", "{}")]
    ids = [name.split(" ")[1] for name, _ in found]
    assert all(each.startswith("call_") and len(each) == 29 for each in ids)
    assert len(set(ids)) == 2


def test_a_new_id_in_each_piece_of_a_call_does_not_split_it() -> None:
    assert calls(
        call(0, "", "a1", "find_city"), call(0, '{"x":', "a2"), call(0, "1}", "a3")
    ) == [("find_city a1", '{"x":1}')]  # fmt: skip


def test_a_new_id_with_the_name_again_in_each_piece_does_not_split_it_either() -> None:
    assert calls(
        call(0, "", "a1", "find"), call(0, '{"x":', "a2", "find"), call(0, "1}", "a3", "find")
    ) == [("find a1", '{"x":1}')]  # fmt: skip


def test_a_new_id_with_the_name_again_is_another_call_once_the_one_before_is_whole() -> None:
    assert calls(call(0, '{"x":1}', "a1", "find"), call(0, '{"x":2}', "a2", "find")) == [
        ("find a1", '{"x":1}'),
        ("find a2", '{"x":2}'),
    ]


def test_two_calls_without_ids_at_index_0_are_told_apart_by_their_names() -> None:
    found = calls(call(0, '{"x":1}', None, "f"), call(0, '{"y":2}', None, "g"))

    assert [(name.split(" ")[0], arguments) for name, arguments in found] == [
        ("f", '{"x":1}'),
        ("g", '{"y":2}'),
    ]


def test_pieces_that_name_only_the_id_of_their_call_go_to_that_call() -> None:
    assert calls(
        call(0, "", "a", "f"), call(0, "", "b", "g"), call(0, '{"x":1}', "a"), call(0, '{"y":2}', "b")
    ) == [("f a", '{"x":1}'), ("g b", '{"y":2}')]


def test_parts_of_content_keep_their_order() -> None:
    hm = {"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}

    assert steps({"content": [hm, {"type": "text", "text": "a"}, hm, {"type": "text", "text": "b"}]}) == [
        Event("thought", "hm"),
        Event("text", "a"),
        Event("thought", "hm"),
        Event("text", "b"),
    ]


def test_a_call_waits_for_its_name() -> None:
    assert calls(call(0, "{", "c1"), call(0, "}", None, "f")) == [("f c1", "{}")]


def test_arguments_as_an_object_become_its_text() -> None:
    assert calls({"index": 0, "id": "c1", "function": {"name": "f", "arguments": {"a": 1}}}) == [
        ("f c1", '{"a": 1}')
    ]


@pytest.mark.parametrize("choices", [None, {"a": 1}, [None], []])
def test_what_is_no_choice_says_nothing(choices: Any) -> None:
    said = list(Reader(Progress()).read({"id": "c1", "model": "m", "choices": choices}))

    assert said == [Event(NAMED, id="c1", name="m")]
