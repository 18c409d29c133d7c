"""Pieces of HTML for widgets on a dashboard. Everything from outside is text: it is escaped here, and nowhere else."""

import json
from collections.abc import Iterable, Mapping, Sequence
from html import escape


class Html(str):
    """Markup of ours. Any other text is data, and escaped where it is put in."""

    __slots__ = ()


def text(value: object) -> Html:
    """A value as text; nothing for None."""
    if isinstance(value, Html):
        return value
    return Html("" if value is None else escape(str(value), quote=True))


def joined(parts: Iterable[object]) -> Html:
    """Pieces one after the other."""
    return Html("".join(map(text, parts)))


def element(name: str, *parts: object, **attributes: str) -> Html:
    """`<name attributes>parts</name>`; `class_` is `class`."""
    said = "".join(f' {key.rstrip("_")}="{text(value)}"' for key, value in attributes.items())
    return Html(f"<{name}{said}>{joined(parts)}</{name}>")


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> Html:
    """A table; each cell is text, unless it is markup already."""
    body = [element("tr", *(element("td", cell) for cell in row)) for row in rows]
    return element("table", element("tr", *(element("th", cell) for cell in head)), *body)


def facts(said: Mapping[str, object]) -> Html:
    """A table of names and values; what has no value is left out."""
    rows = [(name, value) for name, value in said.items() if value is not None]
    return element(
        "table", *(element("tr", element("th", name), element("td", value)) for name, value in rows)
    )


def form(fields: Mapping[str, tuple[str, str]], function_arn: str, look: str) -> Html:
    """Fields with their labels and values, and a button that asks the same function again.

    Source: Amazon CloudWatch user guide, "Interactivity in the custom widget" (`cwdb-action`, forms).
    """
    rows = []
    for name, (label, value) in fields.items():
        typed = Html(f'<input name="{text(name)}" size="52" value="{text(value)}">')
        rows.append(element("tr", element("td", label), element("td", typed)))
    asked = element(
        "cwdb-action", json.dumps({"look": look}), action="call", endpoint=function_arn, display="widget"
    )
    return joined(
        [element("form", element("table", *rows)), element("a", "Look up", class_="btn btn-primary"), asked]
    )
