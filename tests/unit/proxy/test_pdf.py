"""No PDF has more pages, or more text, than is found in it; where something could hide them, nobody knows."""

import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.proxy.pdf import measured
from tests.fakes.pdf_files import pdf

texts = st.lists(st.text("abc 123é", max_size=200), min_size=1, max_size=40)


@given(texts, st.booleans(), st.booleans(), st.integers(1, 50))
def test_there_are_never_more_pages_or_more_text_than_was_found(
    said: list[str],
    packed: bool,
    hidden: bool,
    by: int,
) -> None:
    found = measured(pdf(said, packed=packed, hidden=hidden, by=by))

    assert found.pages is not None
    assert len(said) <= found.pages <= 2 * len(said) + 1
    assert found.text_bytes is not None
    assert found.text_bytes >= sum(len(text.encode()) for text in said)


def test_the_pages_of_a_short_one_are_counted_to_the_page() -> None:
    assert measured(pdf(["hello"], by=1)).pages == 2
    assert measured(pdf(["a", "b", "c"])).pages == 4
    assert measured(pdf(["a"] * 100, hidden=True)).pages == 101


def test_what_is_no_more_than_its_first_words_has_a_page() -> None:
    found = measured(b"%PDF-1.4")

    assert (found.pages, found.text_bytes) == (1, 8)


def test_a_million_letters_in_a_thousand_bytes_are_counted() -> None:
    bomb = pdf(["a" * 1_000_000], packed=True)

    found = measured(bomb)

    assert len(bomb) < 2_000
    assert found.text_bytes is not None
    assert found.text_bytes > 1_000_000


def test_more_text_than_any_model_reads_is_not_unpacked_to_its_end() -> None:
    assert measured(pdf(["a" * 50_000_000], packed=True)).text_bytes is None


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (b"2 0 obj <</Type/Pages/Kids[3 0 R 3 0 R]>>", "a page that is named twice is two"),
        (b"2 0 obj <</Type/Pages/Kids 9 0 R>>", "the list stands elsewhere"),
        (b"2 0 obj <</Type/Pages/#4bids[3 0 R 4 0 R]>>", "the name is written otherwise"),
        (b"2 0 obj <</Type/Pages/Kids[3 0 R %]\n4 0 R]>>", "a comment ends the list for us alone"),
        (b"trailer <</Encrypt 5 0 R>>", "what is encrypted cannot be searched"),
        (b"7 0 obj <</Type/ObjStm/Filter/LZWDecode>>stream\nxx\nendstream", "packed in another way"),
        (b"7 0 obj <</Type/ObjStm/Filter/FlateDecode>>stream\nxx\nendstream", "broken"),
        (
            b"7 0 obj <</Type/ObjStm/Filter/FlateDecode/DecodeParms<</Predictor 12>>>>stream\n"
            + zlib.compress(b"x")
            + b"\nendstream",
            "a predictor changes what is read",
        ),
    ],
)
def test_what_could_hide_pages_is_not_believed(said: bytes, why: str) -> None:
    assert measured(b"%PDF-1.7\n" + said).pages is None, why


@pytest.mark.parametrize(
    "said",
    [
        b"4 0 obj <</Filter/LZWDecode>>stream\nxx\nendstream",
        b"4 0 obj <</Filter/L#5aWDecode>>stream\nxx\nendstream",
        b"4 0 obj <</Filter[/A85/Fl]>>stream\nxx\nendstream",
        b"4 0 obj <</Filter[/FlateDecode/FlateDecode]>>stream\n"
        + zlib.compress(zlib.compress(b"a" * 10_000))
        + b"\nendstream",
        b"4 0 obj <</Filter/FlateDecode>>stream\n" + zlib.compress(b"a" * 10_000)[:-8],
        b"trailer <</Encrypt 5 0 R>>",
    ],
)
def test_text_that_cannot_be_unpacked_is_not_guessed(said: bytes) -> None:
    assert measured(b"%PDF-1.7\n" + said).text_bytes is None


@given(st.binary(max_size=300))
def test_any_bytes_are_measured(junk: bytes) -> None:
    measured(b"%PDF-1.7\n" + junk)
    measured(pdf(["a"], hidden=True)[:-40] + junk)
