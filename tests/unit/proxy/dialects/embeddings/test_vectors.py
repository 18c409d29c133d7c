"""An answer with vectors is taken apart and put together again, whatever its vectors look like."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.proxy.dialects.embeddings.vectors import apart, together

FLOATS = st.lists(st.floats(allow_nan=False, allow_infinity=False, width=32), max_size=5)
VECTORS = st.one_of(
    FLOATS, st.lists(FLOATS, max_size=3), st.text("ABCDabcd0189+/=", max_size=12), st.integers()
)
ENTRIES = st.fixed_dictionaries(
    {"object": st.just("embedding"), "index": st.integers(0, 9), "embedding": VECTORS},
    optional={"text": st.text(max_size=20)},
)
ANSWERS = st.fixed_dictionaries(
    {"data": st.lists(ENTRIES, max_size=4), "model": st.text(max_size=20)},
    optional={"usage": st.fixed_dictionaries({"prompt_tokens": st.integers(0, 9)})},
)


@given(ANSWERS, st.sampled_from([(",", ":"), (", ", ": "), (" , ", " : ")]), st.booleans())
def test_what_is_taken_apart_is_put_together_as_it_was(
    said: dict[str, Any], separators: tuple[str, str], ascii_only: bool
) -> None:
    body = json.dumps(said, separators=separators, ensure_ascii=ascii_only).encode()

    again = json.loads(b"".join(together(apart(body))))

    assert again == said


def test_the_rest_can_be_changed_while_the_vectors_stay_byte_by_byte() -> None:
    body = b'{"data": [{"embedding": [1.50, -2e-3]}, {"embedding" :"AAAA"}], "usage": null}'
    answer = apart(body)

    answer.said["usage"] = {"prompt_tokens": 3}

    assert [bytes(vector) for vector in answer.vectors] == [b"[1.50, -2e-3]", b'"AAAA"']
    assert b"".join(together(answer)) == (
        b'{"data":[{"embedding":[1.50, -2e-3]},{"embedding":"AAAA"}],"usage":{"prompt_tokens":3}}'
    )


@pytest.mark.parametrize("text", ['"embedding":[1]', '\\"embedding\\":"x"', '"embedding":"@0"'])
def test_words_that_look_like_a_vector_are_none(text: str) -> None:
    body = json.dumps({"choices": [{"message": {"content": text}}]}).encode()

    answer = apart(body)

    assert answer.vectors == []
    assert json.loads(b"".join(together(answer)))["choices"][0]["message"]["content"] == text


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b'{"data":[{"embedding":[1,2',
        b'{"data":[{"embedding":[1]}',
        b'{"data":[{"embedding":"AA}]}',
    ],
)
def test_an_answer_that_is_cut_is_no_answer(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        apart(body)
