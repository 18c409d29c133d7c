"""Ways through an OpenAPI document, for its tests."""

from collections.abc import Iterator
from typing import Any

import jsonschema_rs

JsonObject = dict[str, Any]

BASE = "urn:document"
METHODS = {"get", "put", "post", "delete", "patch", "head", "options", "trace"}


def operations(document: JsonObject) -> Iterator[tuple[str, JsonObject]]:
    """Every operation, by `GET /path`."""
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield f"{method.upper()} {path}", operation


def resolved(document: JsonObject, part: JsonObject) -> JsonObject:
    """What a part refers to, or the part itself."""
    while "$ref" in part:
        found: Any = document
        for step in part["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        part = found
    return part


def faults(document: JsonObject, schema: JsonObject, instance: Any) -> list[str]:
    """What is wrong with an instance of a schema of the document."""
    validator = jsonschema_rs.Draft202012Validator(
        schema | {"components": document["components"]}, validate_formats=True
    )
    return [f"{error.instance_path}: {error.message}" for error in validator.iter_errors(instance)]


def media_of(document: JsonObject) -> Iterator[tuple[str, str, JsonObject]]:
    """Every body that is sent or answered: its place, its media type, and what the document says of it."""
    for route, operation in operations(document):
        bodies = {"request": operation.get("requestBody", {})} | operation["responses"]
        for name, body in bodies.items():
            for media_type, media in resolved(document, body).get("content", {}).items():
                yield f"{route} {name}", media_type, media
