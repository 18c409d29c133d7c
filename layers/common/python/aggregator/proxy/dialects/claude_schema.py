"""A JSON schema as Claude's structured outputs take it. Standard library only.

They take a part of JSON Schema, and close every object. What is outside that part stays as words in the description,
for the model to heed; Anthropic's own SDKs do the same to a schema. Source:
https://platform.claude.com/docs/en/build-with-claude/structured-outputs#json-schema-limitations
"""

from collections.abc import Iterator
from typing import Any

from aggregator.errors import InvalidRequest, UnsupportedParameter
from aggregator.proxy.model import JsonObject

_FORMATS = frozenset(
    {"date-time", "time", "date", "duration", "email", "hostname", "uri", "ipv4", "ipv6", "uuid"}
)
_KEPT = frozenset({"$ref", "type", "enum", "const", "description", "title", "default"})
_LISTS = {"anyOf": "anyOf", "oneOf": "anyOf", "allOf": "allOf"}
_MAPS = frozenset({"$defs", "definitions", "properties"})
_SAID_OTHERWISE = frozenset({"$schema", "additionalProperties", "required"})
_NOT_TAKEN = object()


def closed(schema: JsonObject, place: str) -> JsonObject:
    """The schema with every object closed, and constraints that are not taken turned into words.

    Raises:
        InvalidRequest: it is nested too deep to be read.
        UnsupportedParameter: it holds a map: closed, nothing could stand in it.
    """
    if at := open_place(schema, place):
        raise UnsupportedParameter(
            f"{at}: an object of any names cannot be held to a schema; name its properties, or be less strict",
            param=at,
        )
    try:
        fitted: JsonObject = _closed(schema)
    except RecursionError:
        raise InvalidRequest(f"{place}: is nested too deep", param=place) from None
    return fitted


def open_place(schema: Any, place: str) -> str:
    """Where a schema has a map, an object that says of no name what it is; empty where it has none.

    The whole of it may be an object of nothing, as of a function that takes nothing.

    Raises:
        InvalidRequest: it is nested too deep to be read.
    """
    try:
        return next(_maps(schema, place, whole=True), "")
    except RecursionError:
        raise InvalidRequest(f"{place}: is nested too deep", param=place) from None


def _maps(schema: Any, place: str, *, whole: bool = False) -> Iterator[str]:
    if not isinstance(schema, dict):
        return
    more = schema.get("additionalProperties")
    if (isinstance(more, dict) and more) or schema.get("patternProperties"):
        yield f"{place}.{'additionalProperties' if more else 'patternProperties'}".lstrip(".")
    elif (
        _is_object(schema) and not schema.get("properties") and more is not False and not (whole and not more)
    ):
        yield f"{place}.additionalProperties".lstrip(".")
    for name, said in schema.items():
        below = f"{place}.{name}".lstrip(".")
        if name in _LISTS and isinstance(said, list):
            for n, each in enumerate(said):
                yield from _maps(each, f"{below}.{n}")
        elif name in _MAPS and isinstance(said, dict):
            for key, each in said.items():
                yield from _maps(each, f"{below}.{key}")
        elif name == "items":
            yield from _maps(said, below)


def _closed(schema: Any) -> Any:
    if not isinstance(schema, dict):
        return schema
    fitted: JsonObject = {}
    words = []
    for name, said in schema.items():
        value = _fitted(name, said)
        if value is not _NOT_TAKEN:
            fitted[_LISTS.get(name) or name] = value
        elif name not in _SAID_OTHERWISE:
            words.append(f"{name}: {said}")
    if _is_object(schema):
        fitted.setdefault("properties", {})
        fitted["additionalProperties"] = False
        if isinstance(schema.get("required"), list):
            fitted["required"] = schema["required"]
    if words:
        description = fitted.get("description")
        fitted["description"] = (f"{description}\n\n" if description else "") + "{" + ", ".join(words) + "}"
    return fitted


def _fitted(name: str, value: Any) -> Any:
    if name in _KEPT:
        return value
    if name in _LISTS and isinstance(value, list):
        return [_closed(each) for each in value]
    if name in _MAPS and isinstance(value, dict):
        return {key: _closed(each) for key, each in value.items()}
    if name == "items":
        return _closed(value)
    taken = (name == "minItems" and value in (0, 1)) or (name == "format" and value in _FORMATS)
    return value if taken else _NOT_TAKEN


def _is_object(schema: JsonObject) -> bool:
    kind = schema.get("type")
    return kind == "object" or (isinstance(kind, list) and "object" in kind) or "properties" in schema
