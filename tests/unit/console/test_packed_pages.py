"""The archive of pages is what the pages say, and vendored libraries are what their versions say."""

import gzip
import io
import json
import re
import zipfile
from hashlib import sha256

import pytest

from aggregator.alerts.model import KINDS, TEST
from local.console import ARCHIVE, PAGES, generate, version_of


def files_of(archive: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(archive)) as packed:
        return {name: gzip.decompress(packed.read(name)) for name in packed.namelist()}


def test_the_archive_is_what_the_pages_say() -> None:
    """By what is in it: how it is compressed depends on the machine's zlib."""
    assert files_of(ARCHIVE.read_bytes()) == files_of(generate()), "run `python -m local.console`"


def test_any_change_makes_another_name() -> None:
    before = {"a.js": b"1", "b.js": b"2"}

    assert (
        len({version_of(files) for files in (before, before | {"b.js": b"3"}, {"a.js": b"12", "b.js": b""})})
        == 3
    )
    assert version_of(dict(before)) == version_of(before)


VENDORED = [
    (library["name"], name, file["sha256"])
    for library in json.loads((PAGES / "vendor/versions.json").read_text())
    for name, file in library["files"].items()
]


@pytest.mark.parametrize(("library", "name", "digest"), VENDORED)
def test_a_vendored_file_is_that_of_its_version(library: str, name: str, digest: str) -> None:
    assert sha256((PAGES / "vendor" / name).read_bytes()).hexdigest() == digest, library


def test_every_vendored_file_is_listed_with_its_licence() -> None:
    listed = {name for _, name, _ in VENDORED} | {"versions.json"}

    assert {path.name for path in (PAGES / "vendor").iterdir()} == listed
    assert {library for library, name, _ in VENDORED if name.startswith("LICENSE")} == {
        "preact",
        "htm",
        "uplot",
    }


def test_a_file_can_be_read_in_one_go() -> None:
    """Pages' own sources stay short: one job a file. Texts are lists, one for each language."""
    long = {
        path.name: lines
        for path in PAGES.rglob("*.js")
        if path.parent.name not in ("vendor", "text") and (lines := len(path.read_text().splitlines())) > 250
    }

    assert long == {}


def test_no_line_is_longer_than_a_screen() -> None:
    own = [*PAGES.rglob("*.js"), *PAGES.rglob("*.css")]
    long = [
        f"{path.name}:{at}"
        for path in own
        if path.parent.name != "vendor"
        for at, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if len(line) > 120
    ]

    assert long == []


def words_of(language: str) -> dict[str, str]:
    """The words of a language; those of operators, and of teams and alerts, have files of their own."""
    files = (PAGES / f"text/{language}{part}.js" for part in ("", "-operators", "-people", "-payments"))
    text = "\n".join(path.read_text(encoding="utf-8") for path in files)
    return dict(re.findall(r'^  (\w+): "(.*)",$', text, re.MULTILINE))


def test_each_kind_of_alert_has_its_words_and_its_box_to_tick() -> None:
    form = (PAGES / "views/people/webhookform.js").read_text(encoding="utf-8")
    words = words_of("en")

    offered = re.search(r"const KINDS = (\[[^]]+\]);", form)
    assert offered is not None
    assert tuple(json.loads(offered[1])) == KINDS
    assert [kind for kind in (*KINDS, TEST) if f"alert_{kind.replace('.', '_')}" not in words] == []


def test_each_language_has_the_same_words() -> None:
    english, russian = words_of("en"), words_of("ru")

    assert len(english) > 100
    assert english.keys() == russian.keys()
    assert {name: parts_of(words) for name, words in english.items()} == {
        name: parts_of(words) for name, words in russian.items()
    }


def parts_of(words: str) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", words))


def test_every_word_that_a_view_asks_for_is_there_and_no_other() -> None:
    sources = "\n".join(
        path.read_text(encoding="utf-8")
        for path in PAGES.rglob("*.js")
        if path.parent.name not in ("vendor", "text")
    )
    asked = set(re.findall(r'\bt\("(\w+)"', sources))
    made = set(re.findall(r"\bt\(`(\w+)\$\{", sources))
    quoted = set(re.findall(r'"(\w+)"', sources))
    words = words_of("en").keys()

    assert asked - words == set()
    assert {
        word for word in words - asked if word not in quoted and not word.startswith(tuple(made))
    } == set()
