"""Files that a request names by their address: where each stands, which a dialect finds, and how it is filled in."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aggregator.errors import JsonObject

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Named:
    """One such file: the path to the part that names it, a picture or a file, and the field that has its address."""

    path: Path
    kind: str
    url: str
    field: str


def field_at(path: Path, *within: str) -> str:
    """A field by the name that a client has for it: `messages.0.content.1.image_url.url`."""
    return ".".join(map(str, (*path, *within)))


def objects_in_place(said: Any) -> list[JsonObject]:
    """The items of a list, each where it stands: what is no object is an empty one."""
    return [each if isinstance(each, dict) else {} for each in said] if isinstance(said, list) else []


def with_parts(body: JsonObject, parts: Mapping[Path, JsonObject]) -> JsonObject:
    """The body with other parts in some places; nothing of the one that was given is changed."""
    fresh = dict(body)
    copies: dict[Path, Any] = {(): fresh}
    for path, part in parts.items():
        for n in range(1, len(path)):
            if path[:n] not in copies:
                was = copies[path[: n - 1]][path[n - 1]]
                copies[path[:n]] = dict(was) if isinstance(was, dict) else list(was)
                copies[path[: n - 1]][path[n - 1]] = copies[path[:n]]
        copies[path[:-1]][path[-1]] = part
    return fresh
