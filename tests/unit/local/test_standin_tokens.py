"""How the stand-in counts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.standin import tokens


@pytest.mark.parametrize(
    ("text", "counted"),
    [("", 0), ("   \n", 0), ("hello", 1), ("Hello, world!", 4), ("It's 3.5 €", 7), ("naïve Äpfel", 2)],
)
def test_words_and_punctuation_are_counted(text: str, counted: int) -> None:
    assert tokens.count(text) == counted


@given(st.text())
def test_the_pieces_of_a_text_are_the_text(text: str) -> None:
    assert "".join(tokens.pieces(text)) == text


@given(st.text(min_size=1).filter(str.strip))
def test_there_are_as_many_pieces_as_tokens(text: str) -> None:
    assert len(tokens.pieces(text)) == tokens.count(text)


@given(st.text())
def test_a_token_is_at_least_a_byte(text: str) -> None:
    assert tokens.count(text) <= len(text.encode(errors="replace"))


def test_a_prompt_counts_its_messages_texts_and_images() -> None:
    body = {
        "messages": [
            {"role": "system", "content": "Be brief."},
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "What is this?"},
                    {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}},
                    {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}},
                ],
            },
        ],
    }

    counted = tokens.prompt_tokens(body)

    assert counted == 3 + (3 + 3) + (3 + 4 + 85 + 85)


def test_tools_and_tool_calls_are_part_of_the_prompt() -> None:
    body = {
        "messages": [
            {"role": "user", "content": "go"},
            {"role": "assistant", "tool_calls": [{"id": "c1", "function": {"name": "f", "arguments": "{}"}}]},
        ],
    }

    without_tools = tokens.prompt_tokens(body)
    with_tools = tokens.prompt_tokens({**body, "tools": [{"type": "function"}]})

    assert without_tools == 3 + (3 + 1) + (3 + 18)
    assert with_tools - without_tools == 11
