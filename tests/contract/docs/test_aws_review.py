"""The page of what AWS says: each row names a word of AWS's and a test that exists; its counts are its rows'."""

import ast
import re
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "aws-review.md").read_text(encoding="utf-8")

_ADDRESS = re.compile(r"\]\((https://(?:docs\.)?aws\.amazon\.com/[^)\s]+)\)")
_TEST = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")
_COUNTS = re.compile(r"(\d+) of (\d+) rows are held by a test; (\d+) questions are left to an account")
_HEADER = "| the platform leans on | AWS says | held by |"
_QUESTIONS = "| question | what we take for true | the command that tells | asked by the check |"


class Row(NamedTuple):
    claim: str
    says: str
    held: str


def _table(header: str) -> list[list[str]]:
    """Cells of all rows under the tables that begin with a header."""
    rows = []
    inside = False
    for line in PAGE.splitlines():
        if line == header:
            inside = True
        elif not line.startswith("|"):
            inside = False
        elif inside and not line.startswith("|---"):
            rows.append([cell.strip() for cell in line.strip("|").split(" | ")])
    return rows


ROWS = [Row(*cells) for cells in _table(_HEADER)]
QUESTIONS = _table(_QUESTIONS)


def _tests_of(file: Path) -> set[str]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return {each.name for each in tree.body if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)}


def test_the_counts_are_those_of_the_rows() -> None:
    counts = _COUNTS.search(PAGE)

    assert counts is not None
    held = [row for row in ROWS if _TEST.fullmatch(row.held)]
    assert [int(number) for number in counts.groups()] == [len(held), len(ROWS), len(QUESTIONS)]
    assert len(ROWS) >= 50


@pytest.mark.parametrize("row", ROWS, ids=[row.claim[:60] for row in ROWS])
def test_a_row_is_held_by_a_test_that_exists(row: Row) -> None:
    named = _TEST.fullmatch(row.held)

    assert named is not None, row
    assert named[2] in _tests_of(ROOT / named[1])


def test_each_row_has_aws_own_word_or_that_of_the_row_above() -> None:
    without = [row for row in ROWS if not _ADDRESS.search(row.says)]

    assert [row.says for row in without if not row.says.startswith(("the same", "kept for as long"))] == []
    assert len(without) < len(ROWS) / 10
    assert _ADDRESS.search(ROWS[0].says)


def test_each_question_has_one_command_and_what_is_taken_for_true() -> None:
    for question, taken, command, asked in QUESTIONS:
        assert question.endswith("?")
        assert taken
        assert re.fullmatch(r"`(?:aws|curl) [^`]+`", command), command
        assert asked in {"yes", "no"}
