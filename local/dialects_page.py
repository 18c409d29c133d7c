"""docs/dialects.md, from the data that lanes go by: `python -m local.dialects_page` writes it, `--check` compares."""

import argparse
import sys
from collections.abc import Iterator, Mapping

from aggregator.proxy.dialects import hosted
from aggregator.proxy.dialects.fields import MESSAGES, RESPONSES, UNKNOWN, Field
from aggregator.proxy.dialects.messages import native_request as messages
from aggregator.proxy.dialects.published import CHAT, CONVERSE, EMBEDDINGS, GEMINI
from aggregator.proxy.dialects.responses import native_request as responses
from local.paths import ROOT

PAGE = ROOT / "docs" / "dialects.md"

_HEAD = """# Dialects

What becomes of a request on its way to a provider that speaks the client's own dialect (a *native lane*), and of each
of its fields. Written by `python -m local.dialects_page` from the code; a test fails when a pinned SDK has a field that
is not here. What translated lanes make of a request is in [surfaces](surfaces.md); why it is built so, in
[decision 25](adr/0025-lanes-native-where-a-provider-speaks-the-clients-dialect.md).

| class | on a native lane |
|---|---|
| plain, hint | passes as it is |
| priced | at its price, in the bound and on the receipt; refused by name where it has none |
| steering | handled here, or refused by name |
| stored | refused by name: what is kept at a provider belongs to the platform's account, so to all its users |
| unknown | passes to the dialect's own house (OpenAI and Azure OpenAI; Anthropic); elsewhere %s |

A field that asks for nothing is never refused.
"""


_NAMES = {"messages": "Messages", "responses": "Responses", "chat": "chat completions, but for `extensions`"}
_OTHERS: tuple[tuple[str, str, Mapping[str, Field]], ...] = (
    (
        "Chat completions",
        "What an endpoint takes of them is in [the catalogue](catalogue.md#what-an-endpoint-does-not-take).",
        CHAT,
    ),
    ("Embeddings", "As chat completions.", EMBEDDINGS),
    ("Gemini", "Written for clients of other dialects: plain fields, and no other.", GEMINI),
    ("Converse", "Written for clients of other dialects: plain fields, and no other.", CONVERSE),
)


def page() -> str:
    """The whole page."""
    elsewhere: dict[str, list[str]] = {}
    for dialect, what in UNKNOWN.items():
        elsewhere.setdefault(what, []).append(_NAMES[dialect])
    parts = [_HEAD % "; ".join(f"{what} ({', '.join(names)})" for what, names in elsewhere.items())]
    for title, module, fields in (
        ("Messages", messages, MESSAGES),
        ("Responses", responses, RESPONSES),
    ):
        parts.append(
            f"## {title}\n\nWhat goes out differs from what the client sent in these, and in nothing else:\n"
        )
        parts.append("\n".join(_changes(module.__doc__ or "")) + "\n")
        parts.append("Fields by class:\n")
        parts.append("\n".join(_classes(fields)) + "\n")
    for title, said, fields in _OTHERS:
        parts.append(f"## {title}\n\n{said}\n")
        parts.append("\n".join(_classes(fields)) + "\n")
    parts.append(
        "## Tools that run at a provider\n\nWhat they cost and what is counted: [money](money.md).\n"
    )
    parts.append("\n".join(_changes(hosted.__doc__ or "")) + "\n")
    return "\n".join(parts)


def _changes(docstring: str) -> Iterator[str]:
    """The table in a module's docstring, as tables stand in documents."""
    for line in docstring.splitlines():
        if line.startswith("|"):
            cells = [cell.strip() for cell in line.strip("|").split("|")]
            yield "|---" * len(cells) + "|" if set(cells[0]) == {"-"} else f"| {' | '.join(cells)} |"


def _classes(fields: Mapping[str, Field]) -> Iterator[str]:
    yield "| field | class | asks for nothing | |"
    yield "|---|---|---|---|"
    for name, field in sorted(fields.items()):
        nothing = ", ".join(f"`{value}`" for value in field.nothing)
        why = "" if field.kind in ("plain", "hint") else field.why
        yield f"| `{name}` | {field.kind} | {nothing} | {why} |"


def main() -> int:
    """Write the page, or say that it is not the code's."""
    parser = argparse.ArgumentParser(prog="python -m local.dialects_page")
    parser.add_argument(
        "--check", action="store_true", help="write nothing; fail if the page is not the code's"
    )
    made = page()
    if parser.parse_args().check:
        return 0 if PAGE.read_text(encoding="utf-8") == made else 1
    PAGE.write_text(made, encoding="utf-8")
    print(f"{PAGE.relative_to(ROOT)}: written")
    return 0


if __name__ == "__main__":
    sys.exit(main())
