"""What rules of several providers look at in the same way."""

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from local.standin.ask import JsonObject

_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_CLAUDE = re.compile(r"claude-(opus|sonnet|haiku|fable|mythos)-(\d+)(?:-(\d{1,2}))?(?!\d)")
_GPT = re.compile(r"gpt-(\d+)(?:\.(\d+))?(?![\d.]*o)")


def extra(said: Mapping[str, Any], known: Collection[str]) -> str:
    """The first field that is not among the known ones."""
    return next((name for name in said if name not in known), "")


def listed(body: JsonObject, name: str) -> list[JsonObject]:
    """The objects in a list of the body."""
    return [each for each in body.get(name) or () if isinstance(each, dict)]


def blocks_of(turn: JsonObject) -> list[JsonObject]:
    """The blocks of a turn; words alone are none."""
    content = turn.get("content")
    return [block for block in content if isinstance(block, dict)] if isinstance(content, list) else []


def blocks_in(body: JsonObject) -> Iterator[tuple[str, JsonObject]]:
    """The blocks of all turns, each with its place."""
    for n, turn in enumerate(listed(body, "messages")):
        for k, block in enumerate(blocks_of(turn)):
            yield f"messages.{n}.content.{k}", block


def is_a_name(name: Any) -> bool:
    """Whether a function may be called so: 64 letters, digits, `_` and `-`, which all houses ask for."""
    return isinstance(name, str) and _NAME.fullmatch(name) is not None


def every(said: Any, name: str) -> Iterator[Any]:
    """Each value under a name, at any depth."""
    for each in said.values() if isinstance(said, dict) else said if isinstance(said, list) else ():
        yield from every(each, name)
    if isinstance(said, dict) and name in said:
        yield said[name]


def open_objects(schema: Any) -> bool:
    """Whether a schema has an object that may hold more than it names."""
    if isinstance(schema, list):
        return any(map(open_objects, schema))
    if not isinstance(schema, dict):
        return False
    if schema.get("type") == "object" and schema.get("additionalProperties") is not False:
        return True
    return any(map(open_objects, schema.values()))


def claude_version(model: str) -> tuple[str, int, int] | None:
    """Family and version of a Claude, whatever stands around its name; None of another model."""
    found = _CLAUDE.search(model)
    return (found[1], int(found[2]), int(found[3] or 0)) if found else None


def gpt_version(model: str) -> tuple[int, int]:
    """Version of a GPT; `(0, 0)` of another model."""
    found = _GPT.match(model)
    return (int(found[1]), int(found[2] or 0)) if found else (0, 0)
