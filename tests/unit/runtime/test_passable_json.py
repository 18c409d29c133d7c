"""JSON that cannot be passed on is refused where it is read, by the field in which it stands."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.runtime.passable_json import (
    NotFinite,
    TooDeep,
    infinite_in,
    is_too_deep,
    read,
    too_deep_field,
)


def nested(levels: int, opening: str = "[", closing: str = "]") -> str:
    return opening * levels + closing * levels


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(-5, 5) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(said=json_values, as_bytes=st.booleans())
def test_what_is_sound_is_read_as_it_is(said: Any, as_bytes: bool) -> None:
    text = json.dumps(said)

    assert read(text.encode() if as_bytes else text) == said


@pytest.mark.parametrize("text", ["", "{", "NaN", "[Infinity]", "[-Infinity]", "{'a': 1}"])
def test_what_is_no_json_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - json has no class of its own here
        read(text)


@pytest.mark.parametrize("number", ["1e999", "-1e999", "1.8e308", "1" + "0" * 400 + ".0"])
def test_a_number_too_large_to_be_one_is_refused(number: str) -> None:
    with pytest.raises(NotFinite):
        read(f'{{"a": {number}}}')


def test_numbers_that_are_not_finite_are_named_by_their_place() -> None:
    text = '{"a": [1, {"b": 1e999}], "c": -1e999, "d": 1e308}'

    assert list(infinite_in(text)) == ["c", "a.1.b"]


def test_128_levels_are_read_and_129_are_not() -> None:
    assert read(nested(128)) == json.loads(nested(128))
    for levels in (129, 980, 5_000, 100_000):
        with pytest.raises(TooDeep):
            read(nested(levels))


def test_what_is_wide_is_not_deep() -> None:
    assert len(read("[" + ",".join(["[{}]"] * 10_000) + "]")) == 10_000
    assert not is_too_deep([[], {}], 2)
    assert is_too_deep([[], {"a": []}], 2)


@pytest.mark.parametrize("levels", [200, 980, 100_000])
def test_the_field_that_is_too_deep_is_named(levels: int) -> None:
    text = '{"model": "[[{", "a \\" b": [{"x": 1}], "tools": ' + nested(levels, '{"deep":', "}") + "}"

    assert too_deep_field(text) == "tools"
    assert too_deep_field(text.encode()) == "tools"
    assert too_deep_field(nested(levels)) is None
