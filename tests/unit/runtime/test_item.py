"""Python values to DynamoDB's JSON and back."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.runtime import item

values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**37), 10**37)
    | st.text(max_size=10)
    | st.binary(max_size=10)
    | st.sets(st.text(max_size=5), min_size=1, max_size=3),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=10,
)


@given(st.dictionaries(st.text(max_size=5), values, max_size=5))
def test_what_is_written_reads_back_the_same(stored: dict[str, Any]) -> None:
    assert item.values(item.item(stored)) == stored


@pytest.mark.parametrize(
    ("value", "stored"),
    [
        ("text", {"S": "text"}),
        (5, {"N": "5"}),
        (-(10**20), {"N": "-100000000000000000000"}),
        (True, {"BOOL": True}),
        (False, {"BOOL": False}),
        (None, {"NULL": True}),
        (b"bytes", {"B": b"bytes"}),
        ({"b", "a"}, {"SS": ["a", "b"]}),
        ([1, "a"], {"L": [{"N": "1"}, {"S": "a"}]}),
        ((1,), {"L": [{"N": "1"}]}),
        ({"a": {"b": 1}}, {"M": {"a": {"M": {"b": {"N": "1"}}}}}),
    ],
)
def test_each_kind_has_its_type(value: Any, stored: dict[str, Any]) -> None:
    assert item.attribute(value) == stored


@pytest.mark.parametrize("value", [1.0, 0.1, Decimal(1), object()])
def test_what_has_no_place_in_a_ledger_is_not_stored(value: Any) -> None:
    with pytest.raises(TypeError, match=f"{type(value).__name__} is not stored"):
        item.attribute({"deep": [value]})


def test_a_type_that_is_never_written_is_not_read() -> None:
    with pytest.raises(TypeError, match="NS is not stored"):
        item.value({"NS": ["1"]})


def test_a_fraction_that_somebody_else_wrote_is_no_integer() -> None:
    with pytest.raises(ValueError, match=r"1\.5"):
        item.value({"N": "1.5"})
