"""How a recorded request is compared with what arrived, and what is kept of it."""

from conformance.agents.marks import cache_marks, changes, tool_answers
from conformance.agents.trimmed import trimmed


def test_what_was_added_left_out_or_changed_is_named_by_its_place() -> None:
    sent = {"model": "a", "user": "u", "input": [{"text": "hi"}, {"text": 1}]}
    arrived = {"model": "b", "store": False, "input": [{"text": "hi"}, {"text": True}]}

    assert list(changes(sent, arrived)) == ["input[1].text", "model", "+store", "-user"]
    assert list(changes(sent, sent)) == []


def test_marks_are_found_wherever_they_stand() -> None:
    mark = {"type": "ephemeral"}
    body = {
        "system": [{"text": "s", "cache_control": mark}],
        "messages": [{"content": [{"cache_control": mark}]}],
    }

    assert cache_marks(body) == {
        "system[0].cache_control": mark,
        "messages[0].content[0].cache_control": mark,
    }


def test_results_of_tools_are_counted_in_each_dialect_of_a_client() -> None:
    assert tool_answers({"messages": [{"role": "user", "content": [{"type": "tool_result"}]}]}) == 1
    assert (
        tool_answers({"input": [{"type": "function_call_output"}, {"type": "custom_tool_call_output"}]}) == 2
    )
    assert tool_answers({"messages": [{"role": "tool", "content": "x"}]}) == 1


def test_nothing_of_a_person_is_kept_and_what_is_sealed_stays_whole() -> None:
    said = {
        "text": "x" * 100,
        "id": "01a21f36-668f-71a0-bcd0-13de81f2fa6b",
        "path": "/tmp/agent-2pkq97fy/work",  # noqa: S108 (what is taken out)
        "signature": "s" * 100,
    }

    assert trimmed(said) == {
        "text": "x" * 80 + "…",
        "id": "0",
        "path": "/agent/work",
        "signature": "s" * 100,
    }
