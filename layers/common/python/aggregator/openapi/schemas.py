"""JSON schemas as readers want them: without what the generators add for themselves."""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, Literal

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from aggregator.errors import JsonObject

Mode = Literal["validation", "serialization"]

_REF = "#/components/schemas/{model}"
_REFERENCE = re.compile(r'"#/components/(\w+)/(\w+)"')

# What Powertools answers invalid requests with; here they are answered with the envelope.
_NOT_OURS = frozenset({"HTTPValidationError", "ResponseValidationError", "ValidationError"})


class SchemaClashError(Exception):
    """Two different schemas want one name."""


def schemas_of(models: Iterable[tuple[type[BaseModel], Mode]]) -> dict[str, JsonObject]:
    """Component schemas of pydantic models, by name."""
    _, definitions = models_json_schema(list(models), ref_template=_REF)
    return {name: tidy(schema) for name, schema in definitions["$defs"].items()}


def merge(into: dict[str, JsonObject], schemas: JsonObject) -> None:
    """Add component schemas.

    Raises:
        SchemaClashError: one of them is there already and says something else.
    """
    for name, schema in schemas.items():
        if name in _NOT_OURS:
            continue
        clean = tidy(schema)
        if into.setdefault(name, clean) != clean:
            raise SchemaClashError(f"two models are named {name}: rename one of them")


def renamed(document: JsonObject, names: Mapping[str, str]) -> JsonObject:
    """The document with some of its component schemas under other names."""
    schemas = document.get("components", {}).get("schemas", {})
    kept = {names.get(name, name): schema for name, schema in schemas.items()}
    document = document | {"components": {"schemas": kept}}
    references = {_REF.format(model=old): _REF.format(model=new) for old, new in names.items()}
    return _replaced(document, references)  # type: ignore[no-any-return] # a dictionary stays one


def _replaced(part: Any, references: Mapping[str, str]) -> Any:
    match part:
        case dict():
            return {name: _replaced(each, references) for name, each in part.items()}
        case list():
            return [_replaced(each, references) for each in part]
        case str():
            return references.get(part, part)
        case _:
            return part


def without_unused(document: JsonObject) -> JsonObject:
    """The document without the components that nothing refers to."""
    components = document["components"]
    used = set(_REFERENCE.findall(json.dumps(document["paths"])))
    unread = list(used)
    while unread:
        kind, name = unread.pop()
        more = set(_REFERENCE.findall(json.dumps(components[kind][name]))) - used
        used |= more
        unread.extend(more)
    kept = {
        kind: {
            name: part for name, part in parts.items() if kind == "securitySchemes" or (kind, name) in used
        }
        for kind, parts in components.items()
    }
    return document | {"components": kept}


def tidy(schema: Any) -> Any:
    """A schema without generated titles and without sources in its descriptions, whole numbers as integers."""
    match schema:
        case dict():
            return {
                name: _tidy_part(name, part)
                for name, part in schema.items()
                if not (name == "title" and isinstance(part, str))
            }
        case list():
            return [tidy(part) for part in schema]
        case float() if schema.is_integer():
            return int(schema)
        case _:
            return schema


def _tidy_part(name: str, part: Any) -> Any:
    if name in {"properties", "$defs"}:
        return {each: tidy(schema) for each, schema in part.items()}
    if name == "description" and isinstance(part, str):
        return part.partition("\n\nSource: ")[0]
    return tidy(part)


def query_parameters(model: type[BaseModel]) -> list[JsonObject]:
    """Parameters of a query that a model describes: one for each of its fields.

    Powertools takes such a model apart itself, but says of every field that it is a string.
    """
    schema = tidy(model.model_json_schema(mode="validation"))
    required = schema.get("required", [])
    return [
        _parameter(name, field, required=name in required) for name, field in schema["properties"].items()
    ]


def _parameter(name: str, field: JsonObject, *, required: bool) -> JsonObject:
    parameter: JsonObject = {"name": name, "in": "query", "required": required}
    if description := field.pop("description", None):
        parameter["description"] = description
    return parameter | {"schema": without_null(field)}


def without_null(schema: JsonObject) -> JsonObject:
    """The schema of a parameter that may be left out: a URL cannot say null."""
    kept = {name: part for name, part in schema.items() if not (name == "default" and part is None)}
    choices = [choice for choice in kept.get("anyOf", ()) if choice != {"type": "null"}]
    if len(choices) != 1:
        return kept
    choice: JsonObject = choices[0]
    return choice | {name: part for name, part in kept.items() if name != "anyOf"}
