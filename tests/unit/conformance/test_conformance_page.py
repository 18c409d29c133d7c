import json

import pytest

from conformance.checks import CHECKS
from conformance.document import counts, document
from conformance.environments import CLIENTS, clients
from conformance.lanes import LANES
from conformance.row import Cell, Row

SAID = "\n".join(
    json.dumps(line)
    for line in (
        {"client": "openai (Python)", "versions": {"openai": "3.54.0"}},
        {"check": "plain", "ok": True, "detail": "fine"},
        {"check": "embeddings", "ok": None, "detail": "not in this client"},
        {"check": "retry", "ok": False, "detail": "a | b"},
    )
)


def test_a_check_that_a_script_does_not_mention_has_failed() -> None:
    row = Row.read("openai_python/check", SAID, "it ended with 1")

    assert list(row.cells) == list(CHECKS)
    assert row.cells["plain"] == Cell(ok=True, detail="fine")
    assert row.cells["streamed"] == Cell(ok=False, detail="it ended with 1")


def test_a_script_that_dies_at_once_fails_in_every_cell() -> None:
    row = Row.read("openai_python/check", "", "it ended with 1")

    assert row.title == "openai_python/check"
    assert counts([row]) == (0, len(CHECKS), 0)


def test_a_check_that_the_matrix_does_not_know_is_a_mistake_of_the_script() -> None:
    with pytest.raises(ValueError, match="telepathy"):
        Row.read("x", '{"check": "telepathy", "ok": true, "detail": ""}', "")


def test_what_a_client_does_not_do_counts_neither_way() -> None:
    row = Row.read("openai_python/check", SAID, "", ("plain", "embeddings", "retry"))

    assert counts([row]) == (1, 2, 1)


def test_the_page_shows_failures_as_failures() -> None:
    row = Row.read("openai_python/check", SAID, "it ended with 1")

    page = document([row], {}, date="2026-11-23", runtimes="Python 3.11", seconds=7.4)

    assert f"**1 of {len(CHECKS) - 1} cells green**, 1 clients, 2026-11-23, Python 3.11, 7 s." in page
    assert "| openai (Python) | ✓ | **✗** |" in page
    assert "| retry | **✗** a \\| b |" in page
    assert "| streamed | **✗** it ended with 1 |" in page
    assert "| embeddings | · not in this client |" in page
    assert "openai 3.54.0; [script](../conformance/clients/openai_python)" in page


def test_the_page_has_its_rows_in_the_order_of_their_titles() -> None:
    rows = [Row("x/check", title=title) for title in ("openai (Python)", "@anthropic-ai/sdk", "DSPy")]
    for row in rows:
        row.cells = dict.fromkeys(CHECKS, Cell(ok=True, detail=""))

    page = document(rows, {}, date="2026-11-23", runtimes="", seconds=1)

    assert page.index("| @anthropic") < page.index("| DSPy") < page.index("| openai")


def test_every_client_is_pinned_and_hashed_and_names_no_registry() -> None:
    found = clients()

    assert len(found) >= 10
    for client in found:
        lock = "package-lock.json" if client.is_node else "requirements.txt"
        text = (CLIENTS / client.name / lock).read_text(encoding="utf-8")
        assert "sha512-" in text if client.is_node else "--hash=sha256:" in text
        assert '"resolved"' not in text
        assert "index-url" not in text
        assert client.scripts()


def test_the_page_tells_each_lane_what_it_came_to() -> None:
    first = Row.read("openai_python/check", SAID, "", ("plain", "embeddings", "retry"))
    second = Row.read("openai_python/check", SAID, "", ("plain", "embeddings"))
    whole = Row.read("openai_python/check", SAID, "")

    page = document([whole], {"chat": [first], "Gemini": [second]}, date="2026-11-23", runtimes="", seconds=1)

    assert "**2 of\n3 cells green**" in page
    assert "| | chat | Gemini |\n|---|---|---|\n| openai (Python) | 1 of 2 | 1 of 1 |\n" in page
    assert f"**1 of {len(CHECKS) - 1} cells green**, 1 clients" in page


def test_each_lane_has_a_model_and_a_provider_of_its_own() -> None:
    assert [lane.settings() for lane in LANES][-1] == {
        "MODEL": "nova-2-lite",
        "CLAUDE_MODEL": "nova-2-lite",
        "ONE_ROUTE": "bedrock-converse/nova-2-lite",
        "IMAGE_URL": "{observer}/cat.png",
        "THOUGHTS_UNTOLD": "1",
    }
    assert len({lane.route for lane in LANES}) == len(LANES) == 5
