"""docs/promises.md, from the marks of the tests: `python -m local.promises_page` writes it, `--check` compares.

A test that holds a promise of docs/money.md says so itself: `@pytest.mark.promise("overspend")`. Its name is the
sentence on the page, so that neither can become untrue without the other.
"""

import argparse
import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from local.paths import ROOT

PAGE = ROOT / "docs" / "promises.md"
TESTS = ROOT / "tests"

PROMISES = {
    "overspend": "Nobody overspends",
    "once": "A request is charged once",
    "bound": "What is held covers what is charged",
    "exact": "You pay what you used, to the nano-dollar",
    "returned": "What was not used comes back",
    "served": "Who can pay is served",
    "limits": "Limits and budgets hold",
    "books": "The books add up, and nothing is lost",
}

_HEAD = """# The promises and their tests

What [money](money.md#what-is-promised) promises, and each test that holds it. The names of the tests are the sentences.
Written by `python -m local.promises_page` from the marks in the tests: a test that goes takes its row along, and the
tests fail while this page says something else.
"""


@dataclass(frozen=True, order=True)
class Held:
    """A test, and the promise that it holds."""

    file: str
    line: int
    name: str
    promise: str

    @property
    def sentence(self) -> str:
        """The test's name as words; of a machine that makes histories, what it is."""
        if self.name.startswith("test_"):
            words = self.name.removeprefix("test_").replace("_s_", "'s ").replace("_", " ")
            return words[0].upper() + words[1:]
        return f"Every random history of `{self.name}`"


def held(tests: Path = TESTS) -> list[Held]:
    """Every test under `tests` that is marked, in the order of files and lines."""
    return sorted(each for file in tests.rglob("*.py") for each in _marked(file, tests.parent))


def page(tests: list[Held]) -> str:
    """The page for these tests.

    Raises:
        KeyError: a test names a promise that there is not.
        ValueError: a promise has no test.
    """
    rows: dict[str, list[str]] = {name: [] for name in PROMISES}
    for each in tests:
        rows[each.promise].append(f"| {each.sentence} | `{each.file}::{each.name}` |")
    if empty := [name for name, found in rows.items() if not found]:
        raise ValueError(f"no test holds {empty}")
    tables = [
        f"\n## {title}\n\n| what is tested | by |\n|---|---|\n" + "\n".join(rows[name]) + "\n"
        for name, title in PROMISES.items()
    ]
    return _HEAD + "".join(tables)


def _marked(file: Path, root: Path) -> Iterator[Held]:
    source = file.read_text(encoding="utf-8")
    if "mark.promise(" not in source:
        return
    for node in ast.parse(source).body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            for decorator in node.decorator_list:
                if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == "pytest.mark.promise":
                    promise = str(ast.literal_eval(decorator.args[0]))
                    yield Held(str(file.relative_to(root)), node.lineno, node.name, promise)


def main() -> int:
    """Write the page, or say whether it is as it would be written."""
    parser = argparse.ArgumentParser(prog="python -m local.promises_page", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail where the page differs")
    wanted = page(held())
    if parser.parse_args().check:
        return 0 if PAGE.read_text(encoding="utf-8") == wanted else 1
    PAGE.write_text(wanted, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
