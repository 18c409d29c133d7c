"""Documents read at first pass: no sentence of more than 40 words, no line of prose of more than 120 characters."""

from pathlib import Path

import pytest

from local.prose import ROOT, documents, long_lines, long_sentences, sentences, wrapped

DOCUMENTS = documents()
_of_each = pytest.mark.parametrize(
    "document", DOCUMENTS, ids=[str(document.relative_to(ROOT)) for document in DOCUMENTS]
)


@_of_each
def test_no_sentence_is_longer_than_forty_words(document: Path) -> None:
    found = long_sentences(document.read_text(encoding="utf-8"))

    assert [f"line {each.line}, {each.words} words: {each.text}" for each in found] == [], "break it up"


@_of_each
def test_no_line_of_prose_is_longer_than_120_characters(document: Path) -> None:
    found = long_lines(document.read_text(encoding="utf-8"))

    assert found == [], "python -m local.prose breaks them"


def test_no_change_stands_in_the_changelog_twice() -> None:
    items = [" ".join(item.split()) for item in _items((ROOT / "CHANGELOG.md").read_text(encoding="utf-8"))]

    assert len(items) > 50
    assert sorted({item for item in items if items.count(item) > 1}) == []


def test_code_and_the_targets_of_links_are_no_words_and_fences_no_prose() -> None:
    text = (
        "# A heading. Of two.\n\nSee [the page](of/a.md) and `a b c`. Then **stop**.\n\n```sh\nrun it\n```\n"
    )

    assert [(each.line, each.text, each.words) for each in sentences(text)] == [
        (3, "See the page and Code.", 5),
        (3, "Then **stop**.", 2),
    ]


def test_items_and_cells_are_read_apart_and_marks_are_no_words() -> None:
    text = "- one - two\n  three\n- four\n\n| a | b c |\n|---|---|\n"

    assert [(each.text, each.words) for each in sentences(text) if each.words] == [
        ("one - two three", 3),
        ("four", 1),
        ("a", 1),
        ("b c", 2),
    ]


def test_forty_words_are_borne_and_one_more_is_not() -> None:
    forty = " ".join(["word"] * 40)

    assert long_sentences(forty + ".") == []
    assert [each.words for each in long_sentences(forty + " more.")] == [41]


def test_a_long_line_is_broken_between_words_and_what_is_code_stays_whole() -> None:
    code = "`" + "x " * 20 + "x`"
    line = "- " + "word " * 20 + code + " 7. end"

    broken = wrapped(line + "\n\n| " + "long " * 40 + "|\n")

    assert broken == f"- {'word ' * 20}".rstrip() + f"\n  {code} 7. end\n\n| " + "long " * 40 + "|\n"
    assert long_lines(broken) == []
    assert wrapped(broken) == broken


def test_no_line_begins_with_what_would_begin_a_list() -> None:
    line = "w" * 117 + " - " + "rest"

    assert wrapped(line) == "w" * 117 + " -\nrest"


def _items(text: str) -> list[str]:
    """The items of all lists, whole."""
    found: list[str] = []
    for line in text.split("\n"):
        if line.startswith("- "):
            found.append(line)
        elif line.startswith("  ") and found:
            found[-1] += line
    return found
