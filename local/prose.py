"""What is said of the documents' English that a program can see: how long sentences and lines are.

`python -m local.prose` lists sentences of more than 40 words and breaks lines of more than 120 characters. Code,
headings and the targets of links are no prose. A table's row is one line whatever its length; its cells hold sentences.
"""

import re
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
MOST_WORDS = 40
MOST_CHARACTERS = 120

_FENCE = re.compile(r"^( *)```.*?^\1```$", re.MULTILINE | re.DOTALL)
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_ITEM = re.compile(r"\s*([-*] |\d+\. )")
_CODE = re.compile(r"`[^`\n]+`")
_LINK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")
_CELL_BORDER = re.compile(r"(?<!\\)\|")
_END = re.compile(r"(?<=[.!?])[\"')*]*\s+(?=[\"'(*]*[A-Z0-9\u0410-\u042f])")
# At the beginning of a line these would begin a list, a heading, a quotation or a table.
_STARTS_A_BLOCK = re.compile(r"(?:[-+*>#|]+|\d+[.)])$")
_GLUE = "\ue000"


@dataclass(frozen=True)
class Sentence:
    """A sentence, and the line on which its paragraph begins."""

    line: int
    text: str

    @property
    def words(self) -> int:
        """How many there are; marks by themselves are none."""
        return sum(bool(re.search(r"\w", word)) for word in self.text.split())


def documents() -> list[Path]:
    """Every Markdown file that git knows or would take."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"],  # noqa: S607 (whichever git is at hand)
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    return [ROOT / name for name in sorted(set(listed)) if (ROOT / name).exists()]


def sentences(text: str) -> Iterator[Sentence]:
    """The sentences of the paragraphs, items and cells of a document."""
    for line, block in _blocks(text):
        plain = _LINK.sub(r"\1", _CODE.sub("Code", block))
        for sentence in _END.split(plain):
            yield Sentence(line, sentence.strip())


def long_sentences(text: str) -> list[Sentence]:
    """Those that have to be broken by a person."""
    return [each for each in sentences(text) if each.words > MOST_WORDS]


def long_lines(text: str) -> list[int]:
    """The numbers of lines of prose that are too long and can be broken."""
    return [
        number
        for number, line in enumerate(_without_code(text).split("\n"), 1)
        if len(line) > MOST_CHARACTERS and not _stays_a_line(line) and " " in line[:MOST_CHARACTERS].strip()
    ]


def wrapped(text: str) -> str:
    """The document with the lines broken in those paragraphs that have a line which is too long."""
    lines = text.split("\n")
    seen = _without_code(text).split("\n")
    result: list[str] = []
    paragraph: list[str] = []

    def flush() -> None:
        if any(len(line) > MOST_CHARACTERS for line in paragraph):
            result.extend(_broken(paragraph))
        else:
            result.extend(paragraph)
        paragraph.clear()

    for line, plain in zip(lines, seen, strict=True):
        if _stays_a_line(plain) or "```" in line:
            flush()
            result.append(line)
            continue
        if _marker(line):
            flush()
        paragraph.append(line)
    flush()
    return "\n".join(result)


def _blocks(text: str) -> Iterator[tuple[int, str]]:
    """Paragraphs, items of lists and cells of tables, each with the number of its first line."""
    gathered: list[str] = []
    first = 0
    for number, line in enumerate([*_COMMENT.sub("", _without_code(text)).split("\n"), ""], 1):
        said = line.strip()
        is_row, is_heading = said.startswith("|"), said.startswith("#")
        item = _marker(line)
        if gathered and (not said or is_row or is_heading or item):
            yield first, " ".join(gathered)
            gathered = []
        if is_row:
            yield from ((number, cell.strip()) for cell in _CELL_BORDER.split(said.strip("|")))
        elif said and not is_heading:
            first = first if gathered else number
            gathered.append(said.removeprefix(item))


def _without_code(text: str) -> str:
    """The text with as many lines, and those in fences empty."""
    return _FENCE.sub(lambda fence: "\n" * fence[0].count("\n"), text)


def _marker(line: str) -> str:
    """What makes a line the first of a list's item, or nothing."""
    found = _ITEM.match(line)
    return found[1] if found else ""


def _stays_a_line(line: str) -> bool:
    return not line.strip() or line.lstrip().startswith(("|", "#", "<!--", "[![")) or "<!-- " in line


def _broken(paragraph: list[str]) -> list[str]:
    marker = _marker(paragraph[0])
    indent = " " * (len(paragraph[0]) - len(paragraph[0].lstrip()))
    words: list[str] = []
    joined = " ".join(line.strip() for line in paragraph).removeprefix(marker)
    for word in _CODE.sub(lambda code: code[0].replace(" ", _GLUE), joined).split():
        if words and _STARTS_A_BLOCK.match(word):
            words[-1] += _GLUE + word
        else:
            words.append(word)
    broken = textwrap.wrap(
        " ".join(words),
        MOST_CHARACTERS,
        initial_indent=indent + marker,
        subsequent_indent=indent + " " * len(marker),
        break_long_words=False,
        break_on_hyphens=False,
    )
    return [line.replace(_GLUE, " ") for line in broken]


def main() -> int:
    """Break the lines of the named documents, or of all; list the sentences that a person has to break."""
    named = [ROOT / name for name in sys.argv[1:]] or documents()
    found = 0
    for document in named:
        text = document.read_text(encoding="utf-8")
        mended = wrapped(text)
        if mended != text:
            document.write_text(mended, encoding="utf-8")
        for sentence in long_sentences(mended):
            found += 1
            print(f"{document.relative_to(ROOT)}:{sentence.line}: {sentence.words} words: {sentence.text}")
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main())
