"""docs/promises.md names each test that holds a promise, and docs/money.md has the eight promises."""

from pathlib import Path

import pytest

from local.promises_page import PAGE, PROMISES, held, page

MONEY = PAGE.with_name("money.md")

A_TEST = """import pytest


@pytest.mark.promise("{promise}")
@pytest.mark.parametrize("n", [1, 2])
def test_a_user_s_balance_stays(n: int) -> None: ...
"""


def test_the_page_is_what_the_tests_say() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(held()), "python -m local.promises_page writes it"


def test_money_makes_the_eight_promises_of_the_page() -> None:
    said = MONEY.read_text(encoding="utf-8")

    assert len(PROMISES) == 8
    assert [title for title in PROMISES.values() if f". **{title}.**" not in said] == []


def test_a_test_is_found_by_its_mark_and_read_as_a_sentence(tmp_path: Path) -> None:
    folder = tmp_path / "tests"
    folder.mkdir()
    (folder / "test_one.py").write_text(A_TEST.format(promise="overspend"), encoding="utf-8")
    (folder / "test_other.py").write_text("def test_nothing() -> None: ...\n", encoding="utf-8")

    [found] = held(folder)

    assert (found.file, found.line, found.promise) == ("tests/test_one.py", 6, "overspend")
    assert found.sentence == "A user's balance stays"


def test_a_mark_with_another_name_and_a_promise_without_a_test_are_told(tmp_path: Path) -> None:
    folder = tmp_path / "tests"
    folder.mkdir()
    file = folder / "test_one.py"
    file.write_text(A_TEST.format(promise="luck"), encoding="utf-8")

    with pytest.raises(KeyError, match="luck"):
        page(held(folder))

    file.write_text(A_TEST.format(promise="overspend"), encoding="utf-8")
    with pytest.raises(ValueError, match=r"no test holds .*'once'"):
        page(held(folder))
