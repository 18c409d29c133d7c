"""Amounts: read and written without losing or inventing a nano-dollar."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.billing.money import to_nano_usd, to_usd


def test_a_decimal_string_is_read_to_the_nano_dollar() -> None:
    assert to_nano_usd("12.345") == 12_345_000_000
    assert to_nano_usd("-0.000000001") == -1
    assert to_nano_usd("5") == 5_000_000_000


def test_an_amount_is_written_with_no_more_places_than_it_needs() -> None:
    assert to_usd(12_345_000_000) == "12.345"
    assert to_usd(0) == "0.00"
    assert to_usd(-1) == "-0.000000001"
    assert to_usd(5_000_000_000) == "5.00"


@pytest.mark.promise("exact")
@given(st.integers(min_value=1 - 10**18, max_value=10**18 - 1))
def test_what_is_written_reads_back_the_same(amount: int) -> None:
    assert to_nano_usd(to_usd(amount)) == amount


@pytest.mark.parametrize(
    "text",
    [
        "",
        "five",
        "1e3",
        "NaN",
        "Infinity",
        "1_000",
        "0.0000000001",
        "1000000000",
        "+5",
        " 5.00 ",
        "5.00\n",
        ".5",
        "5.",
        "\N{ARABIC-INDIC DIGIT ONE}.00",
        "\N{FULLWIDTH DIGIT ONE}",
        "1,5",
        "1." + "0" * 35 + "1",
    ],
)
def test_what_is_no_plain_amount_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="must"):
        to_nano_usd(text)
