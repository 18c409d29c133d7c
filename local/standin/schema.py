"""A valid instance of a JSON schema: what a model with structured output would answer.

Deterministic, and small: every property is filled while the nesting is shallow, deep down only what is required,
so that a schema that refers to itself ends. `not`, `if` and `patternProperties` are not looked at.
"""

import re
from typing import Any

from local.standin.number import number_within
from local.standin.pattern import text_matching

Schema = Any
_SHALLOW = 5
_TOO_DEEP = 40
_GENEROUS_VALUES = 300
_TOO_MANY_VALUES = 20_000
_FORMATS = {
    "date": "2026-01-31",
    "date-time": "2026-01-31T12:00:00Z",
    "time": "12:00:00Z",
    "duration": "PT15M",
    "email": "ada@example.com",
    "idn-email": "ada@example.com",
    "hostname": "example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "uri": "https://example.com/",
    "uri-reference": "https://example.com/",
    "iri": "https://example.com/",
    "url": "https://example.com/",
    "uuid": "123e4567-e89b-42d3-a456-426614174000",
    "regex": "a+",
    "json-pointer": "/a",
}
_KEYWORD_TYPES = {
    "properties": "object",
    "required": "object",
    "additionalProperties": "object",
    "items": "array",
    "prefixItems": "array",
    "minItems": "array",
    "pattern": "string",
    "format": "string",
    "minLength": "string",
    "maxLength": "string",
    "minimum": "number",
    "maximum": "number",
    "exclusiveMinimum": "number",
    "exclusiveMaximum": "number",
    "multipleOf": "number",
}


class SchemaError(ValueError):
    """The schema is malformed, or only an endless instance could satisfy it."""


def instance_of(schema: Schema) -> Any:
    """An instance that `schema` accepts.

    Raises:
        SchemaError: the schema is malformed, refers to nothing, or only an endless instance satisfies it.
    """
    try:
        return _Filler(schema).fill(schema, "text", 0)
    except (AttributeError, KeyError, TypeError, ValueError, IndexError, ArithmeticError) as error:
        raise SchemaError(f"the schema cannot be filled: {error}") from error


class _Filler:
    """Fills one schema; `root` is where its references start."""

    def __init__(self, root: Schema) -> None:
        self._root = root
        self._values = 0

    def fill(self, schema: Schema, name: str, depth: int, turn: int = 0) -> Any:
        """An instance of `schema`; `name` hints at a text, `turn` tells apart the items of a set."""
        self._values += 1
        if depth > _TOO_DEEP or self._values > _TOO_MANY_VALUES:
            raise SchemaError("it refers to itself without end")
        if isinstance(schema, bool):
            return name
        schema = self._flat(schema, depth)
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return schema["enum"][turn % len(schema["enum"])]
        if turn == 0 and depth <= _SHALLOW and schema.get("default") is not None:
            return schema["default"]
        for key in ("anyOf", "oneOf"):
            if key in schema:
                rest = {k: v for k, v in schema.items() if k != key}
                chosen = self._chosen(schema[key], depth)
                return self.fill({"allOf": [rest, chosen]} if rest else chosen, name, depth + 1, turn)
        return self._typed(schema, name, depth, turn)

    def _typed(self, schema: Schema, name: str, depth: int, turn: int) -> Any:
        match _type_of(schema):
            case "object":
                return self._object(schema, depth)
            case "array":
                return self._array(schema, name, depth)
            case "integer":
                return number_within(schema, turn, whole=True)
            case "number":
                return number_within(schema, turn, whole=False)
            case "boolean":
                return turn % 2 == 0
            case "null":
                return None
            case _:
                return _text(schema, name, turn)

    def _object(self, schema: Schema, depth: int) -> dict[str, Any]:
        properties = schema.get("properties") or {}
        required = schema.get("required") or []
        names = properties if self._is_generous(depth) else [name for name in properties if name in required]
        filled = {name: self.fill(properties[name], name, depth + 1) for name in names}
        others = schema.get("additionalProperties", True)
        for name in required:
            if name not in filled:
                filled[name] = self.fill(others, name, depth + 1)
        while len(filled) < schema.get("minProperties", 0):
            filled[f"key{len(filled) + 1}"] = self.fill(others, "text", depth + 1)
        return filled

    def _array(self, schema: Schema, name: str, depth: int) -> list[Any]:
        first = schema.get("prefixItems") or []
        items = [self.fill(item, name, depth + 1) for item in first]
        wanted = max(schema.get("minItems", 0), len(items), 1 if self._is_generous(depth) else 0)
        each = schema.get("items", True)
        if each is False:
            wanted = len(items)
        wanted = min(wanted, schema.get("maxItems", wanted))
        while len(items) < wanted:
            items.append(self.fill(each, name, depth + 1, len(items)))
        return items[:wanted]

    def _is_generous(self, depth: int) -> bool:
        """Whether there is room for what is not required."""
        return depth < _SHALLOW and self._values < _GENEROUS_VALUES

    def _flat(self, schema: Schema, depth: int) -> Schema:
        """`schema` with its reference followed and its `allOf` merged in."""
        hops = 0
        while "$ref" in schema:
            hops += 1
            if hops > _TOO_DEEP:
                raise SchemaError("its references run in a circle")
            rest = {key: value for key, value in schema.items() if key != "$ref"}
            schema = {**self._referred(schema["$ref"]), **rest}
        if "allOf" in schema:
            if depth > _TOO_DEEP:
                raise SchemaError("it refers to itself without end")
            parts = [self._flat(part, depth + 1) for part in schema["allOf"]]
            rest = {key: value for key, value in schema.items() if key != "allOf"}
            return _merged([*parts, rest])
        return schema

    def _referred(self, reference: str) -> Schema:
        if not reference.startswith("#"):
            raise SchemaError(f"{reference} is outside the schema")
        found = self._root
        for step in reference[1:].split("/")[1:]:
            key = step.replace("~1", "/").replace("~0", "~")
            found = found[int(key)] if isinstance(found, list) else found[key]
        return found

    def _chosen(self, branches: list[Schema], depth: int) -> Schema:
        """The first branch that is not null; deep down, one that ends soonest."""
        kinds = [_type_of(self._flat(branch, depth)) if branch else "null" for branch in branches]
        if self._is_generous(depth):
            order = [place for place, kind in enumerate(kinds) if kind != "null"]
        else:
            order = sorted(range(len(kinds)), key=lambda place: kinds[place] in {"object", "array"})
        return branches[order[0] if order else 0]


def _type_of(schema: Schema) -> str:
    kind = schema.get("type")
    if isinstance(kind, list):
        return str(next((name for name in kind if name != "null"), "null"))
    if kind is None:
        return next((found for keyword, found in _KEYWORD_TYPES.items() if keyword in schema), "string")
    return str(kind)


def _merged(parts: list[Schema]) -> Schema:
    merged: dict[str, Any] = {}
    for part in parts:
        for key, value in part.items():
            if key == "properties" and key in merged:
                merged[key] = {**merged[key], **value}
            elif key == "required" and key in merged:
                merged[key] = [*merged[key], *value]
            else:
                merged[key] = value
    return merged


def _text(schema: Schema, name: str, turn: int) -> str:
    if "pattern" in schema:
        found = text_matching(schema["pattern"])
        if found is not None:
            return found
    if schema.get("format") in _FORMATS:
        return _FORMATS[schema["format"]]
    text = name if turn == 0 else f"{name} {turn + 1}"
    least, most = schema.get("minLength", 0), schema.get("maxLength")
    if len(text) < least:
        text = (re.sub(r"\s", "-", text or "a") * least)[:least]
    return text if most is None else text[:most]
