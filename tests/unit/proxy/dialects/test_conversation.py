"""Turns of ordered blocks: what is the same, where the system prompt ends, and two roles that take turns."""

from aggregator.proxy.dialects.conversation import (
    Call,
    Came,
    Result,
    Text,
    Thinking,
    Turn,
    apart,
    in_two_roles,
    spoken,
)


def test_blocks_that_say_the_same_are_the_same_wherever_they_came_from() -> None:
    here = Text("hi", came=Came("messages", {"type": "text", "text": "hi"}, "messages.0.content.0"))

    assert here == Text("hi")
    assert here != Text("hi", mark={"type": "ephemeral"})


def test_the_system_prompt_ends_where_somebody_else_speaks() -> None:
    turns = (
        Turn("system", (Text("a"),)),
        Turn("developer", (Text("b"),)),
        Turn("user", (Text("q"),)),
        Turn("system", (Text("c"),)),
    )

    prompt, said = apart(turns)

    assert prompt == (Text("a"), Text("b"))
    assert [turn.role for turn in said] == ["user", "system"]


def test_what_the_system_says_later_is_said_by_the_user_in_its_place() -> None:
    turns = [
        Turn("user", (Text("q1"),)),
        Turn("system", (Text("note 1"),)),
        Turn("assistant", (Text("a1"),)),
        Turn("user", (Text("q2"),)),
    ]

    assert list(in_two_roles(turns)) == [
        Turn("user", (Text("q1"), Text("note 1"))),
        Turn("assistant", (Text("a1"),)),
        Turn("user", (Text("q2"),)),
    ]


def test_results_come_first_in_their_turn_and_an_answer_keeps_its_order() -> None:
    said = (Thinking("first"), Text("one"), Thinking("second"), Call("c1", "f", "{}"))
    turns = [
        Turn("assistant", said),
        Turn("system", (Text("note"),)),
        Turn("user", (Text("also"), Result("c1", (Text("ok"),)))),
    ]

    assert list(in_two_roles(turns)) == [
        Turn("assistant", said),
        Turn("user", (Result("c1", (Text("ok"),)), Text("note"), Text("also"))),
    ]


def test_empty_words_are_nobodys_and_the_mark_of_a_turn_is_that_of_its_last_block() -> None:
    turn = Turn("user", (Text("a"), Text("b"), Text(" \n")), mark={"type": "ephemeral"})

    assert spoken(turn) == (Text("a"), Text("b", mark={"type": "ephemeral"}))
