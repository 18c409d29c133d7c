"""The documents say what is there: links, commands, paths, functions and tests that they name exist."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_IN_BACKTICKS = re.compile(r"`([^`\n]+)`")
_PATH = re.compile(r"(?:[\w.-]+/)+[\w.-]*|[\w-]+\.(?:yaml|toml|md|py)")
_TEST = re.compile(r"(tests/[\w/]+\.py)::(\w+)")
_MAKE = re.compile(r"\bmake ([a-z][a-z-]*)")
_DESCRIBED = re.compile(r"(?:GET|POST|PUT|PATCH|DELETE) /\S*|\w+Function")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_OURS = re.compile(
    r"(?:functions|layers|local|tests|events|docs|stacks|requirements)/|\.ci/|template\.yaml|samconfig\.toml"
)

PROXY = ROOT / "layers/common/python/aggregator/proxy"

# What a command makes, and what is the reader's own.
_MADE_LATER = (".venv", ".local", ".aws-sam", "<")


def _documents() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"],  # noqa: S607 (whichever git is at hand)
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    return [ROOT / name for name in listed if (ROOT / name).exists()]


DOCUMENTS = _documents()
_of_each = pytest.mark.parametrize(
    "document", DOCUMENTS, ids=[str(each.relative_to(ROOT)) for each in DOCUMENTS]
)


def _anchors_of(text: str) -> set[str]:
    """Anchors of headings as GitHub makes them."""
    headings = _HEADING.findall(_FENCE.sub("", text))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def _named_paths(text: str) -> set[str]:
    """Paths of this repository in backticks, without patterns."""
    named = {found.split("::")[0] for found in _IN_BACKTICKS.findall(_FENCE.sub("", text))}
    return {
        each
        for each in named
        if _PATH.fullmatch(each) and _OURS.match(each) and not each.startswith(_MADE_LATER)
    }


def test_the_documents_are_there() -> None:
    names = {str(each.relative_to(ROOT)) for each in DOCUMENTS}

    assert names >= {
        "README.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs/architecture.md", "docs/request-walk.md",
        "docs/data-model.md", "docs/money.md", "docs/api.md", "docs/events.md", "docs/deploy.md", "docs/runbook.md",
        "docs/streaming.md", "docs/security.md", "docs/surfaces.md", "docs/providers.md", "docs/adding-a-provider.md",
        "docs/routing.md", "docs/faults.md", "docs/catalogue.md", "docs/adr/README.md",
    }  # fmt: skip


@_of_each
def test_every_link_within_the_repository_leads_somewhere(document: Path) -> None:
    for link in _LINK.findall(_FENCE.sub("", document.read_text(encoding="utf-8"))):
        if link.startswith(("http://", "https://")):
            continue
        path, _, anchor = link.partition("#")
        target = document.parent / path if path else document

        assert target.exists(), link
        assert not anchor or anchor in _anchors_of(target.read_text(encoding="utf-8")), link


def test_every_document_is_reached_from_the_first_page() -> None:
    reached, open_ = set(), [ROOT / "README.md"]
    while open_:
        document = open_.pop()
        if document in reached:
            continue
        reached.add(document)
        links = _LINK.findall(_FENCE.sub("", document.read_text(encoding="utf-8")))
        targets = [link.partition("#")[0] for link in links if not link.startswith(("http://", "https://"))]
        open_ += [(document.parent / target).resolve() for target in targets if target.endswith(".md")]

    assert sorted(str(each.relative_to(ROOT)) for each in set(DOCUMENTS) - reached) == []


@_of_each
def test_every_path_that_is_named_exists(document: Path) -> None:
    named = _named_paths(document.read_text(encoding="utf-8"))

    assert [each for each in sorted(named) if not (ROOT / each).exists()] == []


@_of_each
def test_every_test_that_is_named_exists(document: Path) -> None:
    for file, name in _TEST.findall(document.read_text(encoding="utf-8")):
        source = (ROOT / file).read_text(encoding="utf-8")

        assert re.search(rf"^(?:def {name}\(|class {name}\b|{name} = )", source, re.MULTILINE), (
            f"{file}::{name}"
        )


@_of_each
def test_every_make_target_that_is_named_exists(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    commands = [body for language, body in _FENCE.findall(text) if language in {"sh", "bash"}]
    commands += _IN_BACKTICKS.findall(_FENCE.sub("", text))

    wanted = {target for command in commands for target in _MAKE.findall(command)}

    assert wanted <= _targets()


@_of_each
def test_no_document_names_a_place_on_somebodys_machine(document: Path) -> None:
    text = document.read_text(encoding="utf-8")

    assert re.findall(r"(?<![\w.$])/(?:home|root|Users|tmp|work)/\S*", text) == []


@_of_each
def test_fences_are_closed_and_say_their_language(document: Path) -> None:
    marks = re.findall(r"^```(\w*)$", document.read_text(encoding="utf-8"), re.MULTILINE)

    assert len(marks) % 2 == 0
    assert all(marks[0::2])
    assert not any(marks[1::2])


@_of_each
def test_no_two_rows_say_what_a_call_or_a_function_does(document: Path) -> None:
    assert _doubled_in_tables(document.read_text(encoding="utf-8")) == []


def test_a_second_row_is_found_whatever_its_words_and_its_table() -> None:
    first = "| call | answers |\n|---|---|\n| `GET /a`, `PUT /b` | one |\n| `GET /c` | like `GET /a` |\n"
    second = "\n| call | needs | answers |\n|---|---|---|\n| `PUT /b` | a key | two |\n"
    functions = (
        "\n| function | does |\n|---|---|\n| `AFunction` | x |\n| `BFunction` | y |\n| `AFunction` | z |\n"
    )

    assert _doubled_in_tables(first) == []
    assert _doubled_in_tables(first + second + functions) == ["AFunction", "PUT /b"]


def test_every_function_and_table_of_the_template_is_in_the_architecture() -> None:
    template = (ROOT / "template.yaml").read_text(encoding="utf-8")
    declared = re.findall(
        r"^  (\w+):.*\n    Type: AWS::(?:Serverless::Function|DynamoDB::Table)$", template, re.MULTILINE
    )
    architecture = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")

    functions = sum(name.endswith("Function") for name in declared)
    assert len(declared) > 20
    assert f" {functions} Lambda functions" in architecture
    assert [name for name in declared if f"`{name}`" not in architecture] == []


def test_each_word_of_the_glossary_is_there_once() -> None:
    glossary = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    words = [word for word in re.findall(r"^\| ([^|-][^|]*?) \|", glossary, re.MULTILINE) if word != "word"]

    assert len(words) > 50
    assert sorted({word for word in words if words.count(word) > 1}) == []


def test_every_error_code_is_in_the_api_with_its_status() -> None:
    from aggregator.errors import STATUS_OF  # noqa: PLC0415 (only this test needs the package)

    api = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")

    missing = [
        f"{refusal.code} {status}"
        for refusal, status in STATUS_OF.items()
        if not re.search(rf"^\| `{refusal.code}` \| {status}\b", api, re.MULTILINE)
    ]
    assert missing == []


def test_every_route_of_the_template_is_in_the_api() -> None:
    template = (ROOT / "template.yaml").read_text(encoding="utf-8")
    routes = set(re.findall(r"Method: (\w+), Path: \"?([^\s,\"]+)", template)) | set(
        re.findall(r"Method: (\w+)\n\s+Path: (\S+)", template)
    )
    api = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")

    assert len(routes) > 20
    named = {f"{method} {path.replace('+}', '}')}" for method, path in routes if method != "OPTIONS"}
    assert [route for route in sorted(named) if f"`{route}" not in api] == []


def test_every_header_of_ours_is_in_the_api() -> None:
    code = "".join(file.read_text(encoding="utf-8") for file in sorted(PROXY.glob("*.py")))
    headers = set(re.findall(r'"(x-aggregator-[a-z-]+)"', code))
    api = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")

    assert len(headers) > 8
    assert [header for header in sorted(headers) if f"`{header}" not in api] == []


def test_every_protocol_of_providers_is_on_their_page() -> None:
    table = (PROXY / "dialects" / "lanes.py").read_text(encoding="utf-8")
    files = set(re.findall(r'^    "\w+": "(\w+)",$', table, re.MULTILINE))
    page = (ROOT / "docs" / "providers.md").read_text(encoding="utf-8")

    assert len(files) >= 5
    assert [file for file in sorted(files) if f"`{file}`" not in page] == []


def test_every_published_event_has_its_heading() -> None:
    contracts = ROOT / "layers/common/python/aggregator/contracts"
    events = {file.stem for file in contracts.glob("*.py")} - {"__init__", "base"}
    page = (ROOT / "docs" / "events.md").read_text(encoding="utf-8")

    assert len(events) >= 5
    assert [event for event in sorted(events) if f"\n## {event}\n" not in page] == []


def test_every_command_is_in_the_contributors_guide() -> None:
    guide = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")

    named = set(_MAKE.findall(guide))

    assert sorted(_targets() - named - {"help"}) == []


def test_no_file_has_the_marks_of_a_conflict() -> None:
    found = subprocess.run(
        ["git", "grep", "-lE", "^(<{7}|>{7}) "],  # noqa: S607 (whichever git is at hand)
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert found.stdout.split() == []


def test_every_alarm_is_in_the_runbook() -> None:
    stacks = [path.read_text(encoding="utf-8") for path in (ROOT / "stacks").glob("*.yaml")]
    named = {anchor for text in stacks for anchor in re.findall(r"\$\{RunbookUrl\}#(\w+)", text)}
    template = (ROOT / "template.yaml").read_text(encoding="utf-8")
    named |= {name.lower() for name in re.findall(r"^  (\w+Alarm):", template, re.MULTILINE)}
    runbook = (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8")
    rows = re.findall(r'^\| <a id="(\w+)"></a>`(\w+)` \|(.+)\|$', runbook, re.MULTILINE)

    assert named == {anchor for anchor, _, _ in rows}
    assert len(named) > 20
    for anchor, name, cells in rows:
        assert anchor == name.lower()
        assert [len(cell.strip()) > 5 for cell in cells.split(" | ")] == [True] * 4, name


def test_every_decision_has_its_three_parts_and_is_listed() -> None:
    decisions = sorted((ROOT / "docs" / "adr").glob("0*.md"))
    listed = (ROOT / "docs" / "adr" / "README.md").read_text(encoding="utf-8")

    for decision in decisions:
        parts = re.findall(r"^## (.+)$", decision.read_text(encoding="utf-8"), re.MULTILINE)

        assert parts == ["Context", "Decision", "Consequences"], decision.name
        assert f"({decision.name})" in listed


def _doubled_in_tables(text: str) -> list[str]:
    """Calls and functions that stand in the first column of more than one row."""
    cells = re.findall(r"^\|([^|]*)\|", text, re.MULTILINE)
    named = [
        name for cell in cells for name in set(_IN_BACKTICKS.findall(cell)) if _DESCRIBED.fullmatch(name)
    ]
    return sorted({name for name in named if named.count(name) > 1})


def _targets() -> set[str]:
    return set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
