r"""JSON as our own calls take it: what can be read in two ways, or is no JSON, is refused by name.

The standard library's reader takes the last of two fields of one name, numbers that are none (`NaN`, `1e999`), half a
character (`"\ud800"`) and, up to Python's own stack, any depth. Each of them is somebody's mistake here.
"""

import json
from collections.abc import Iterator
from math import isinf
from typing import Any, NoReturn

from aggregator.errors import InvalidRequest, PayloadTooLarge

DEEPEST = 32
"""Levels of objects and lists in each other; our own requests have five."""

LONGEST = 1024 * 1024
"""Characters of a body; our own requests with every field at its longest stay far below it."""

Path = tuple[str, ...]


def read(text: str) -> Any:
    """Read a body.

    Raises:
        InvalidRequest: it is no JSON, or not JSON that means one thing; `param` is the path of the field.
        PayloadTooLarge: no request of ours is that long.
    """
    if len(text) > LONGEST:
        raise PayloadTooLarge(f"The body must not be longer than {LONGEST} characters here.")
    twice: list[tuple[dict[str, Any], str]] = []

    def once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(pairs)
        if len(made) < len(pairs):
            names = [name for name, _ in pairs]
            twice.append((made, next(name for name in names if names.count(name) > 1)))
        return made

    try:
        said = json.loads(text, object_pairs_hook=once_each, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise InvalidRequest("The body is not valid JSON.") from None
    for path, value in _walk(said):
        for made, name in twice:
            if value is made:
                raise _refusal((*path, name), "is there twice")
        _require_plain(path, value)
    return said


def _walk(said: Any) -> Iterator[tuple[Path, Any]]:
    """Every value with its path, outer ones first, no deeper than is taken."""
    inside: list[Iterator[tuple[Path, Any]]] = [iter([((), said)])]
    while inside:
        found = next(inside[-1], None)
        if found is None:
            inside.pop()
            continue
        yield found
        path, value = found
        if isinstance(value, dict | list):
            if len(path) >= DEEPEST:
                raise _refusal(path[:1], f"must not be nested deeper than {DEEPEST} levels")
            inside.append(_parts(path, value))


def _parts(path: Path, value: Any) -> Iterator[tuple[Path, Any]]:
    named = value.items() if isinstance(value, dict) else enumerate(value)
    return (((*path, str(name)), each) for name, each in named)


def _require_plain(path: Path, value: Any) -> None:
    match value:
        case dict() if not all(_is_text(name) for name in value):
            raise _refusal(path, "has a name that is no text")
        case str() if not _is_text(value):
            raise _refusal(path, "must be text: half of a character is none")
        case float() if isinf(value):
            raise _refusal(path, "must be a finite number")


def _is_text(text: str) -> bool:
    return text.isascii() or not any("\ud800" <= each <= "\udfff" for each in text)


def _refuse_constant(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")


def _refusal(path: Path, says: str) -> InvalidRequest:
    name = ".".join(path)[:200].encode(errors="replace").decode()
    return InvalidRequest(f"{name}: {says}" if name else f"The body {says}.", param=name or None)
