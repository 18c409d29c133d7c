"""Generate the document: every route, in the order of operations.py, with all that it can answer."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol

from aggregator.errors import JsonObject
from aggregator.openapi import chat_operations, quotes, refusals, special, surface_operations
from aggregator.openapi.examples import REQUESTS, RESPONSES, Examples
from aggregator.openapi.operations import OPERATIONS, RENAMED, TAGS, Operation
from aggregator.openapi.schemas import (
    merge,
    query_parameters,
    renamed,
    tidy,
    without_null,
    without_unused,
)

_BODY_METHODS = frozenset({"post", "put", "patch"})
# Groups of routes whose errors have examples, or a form, of their own.
_PREFIXES = {"proxy": "Proxy", "messages": "Messages"}


class Resolver(Protocol):
    """What is asked of Powertools' resolver."""

    def get_openapi_schema(self, *, title: str, version: str) -> Any:
        """OpenAPI document of the routes it serves."""
        ...


@dataclass(frozen=True, slots=True)
class Source:
    """The code of one function: its domain, its module's docstring, and the resolver that knows its routes."""

    domain: str
    docstring: str
    resolver: Resolver


class UndescribedRouteError(Exception):
    """Something that the code cannot say of a route is missing here; the message says where to put it."""


def document_of(sources: Iterable[Source], version: str) -> JsonObject:
    """The OpenAPI 3.1 document of all functions.

    Raises:
        UndescribedRouteError: operations.py and the code have different routes, or words or an example are missing.
        SchemaClashError: two models have one name.
    """
    found: dict[str, JsonObject] = (
        chat_operations.operations() | surface_operations.operations() | quotes.operations() | special.PAGES
    )
    schemas = chat_operations.schemas() | surface_operations.schemas() | quotes.schemas() | refusals.SCHEMAS
    for source in sources:
        read = source.resolver.get_openapi_schema(title="-", version="-")
        said = read.model_dump(by_alias=True, exclude_none=True, mode="json")
        said = renamed(said, {old: new for (domain, old), new in RENAMED.items() if domain == source.domain})
        merge(schemas, said.get("components", {}).get("schemas", {}))
        for path, methods in said["paths"].items():
            for method, operation in methods.items():
                found[f"{method.upper()} {path}"] = _described(operation, source.docstring)
    if found.keys() != OPERATIONS.keys():
        new, gone = sorted(found.keys() - OPERATIONS.keys()), sorted(OPERATIONS.keys() - found.keys())
        raise UndescribedRouteError(
            f"openapi/operations.py lacks {new}, and has {gone} that no function serves"
        )
    paths: JsonObject = {}
    for route, operation in OPERATIONS.items():
        method, path = route.split(" ")
        paths.setdefault(path, {})[method.lower()] = _finished(route, found[route], operation)
    return _whole(paths, schemas, version)


def _described(operation: JsonObject, docstring: str) -> JsonObject:
    _, _, sentence = docstring.strip().partition(": ")
    sentence = " ".join(sentence.split())
    summary = re.sub(r" \([^)]*\)", "", sentence.split(";")[0]).rstrip(".")
    return operation | {
        "summary": summary[:1].upper() + summary[1:],
        "description": sentence[:1].upper() + sentence[1:],
    }


def _finished(route: str, said: JsonObject, known: Operation) -> JsonObject:
    method, path = route.split(" ")
    parameters = _parameters(route, said, known)
    answers = special.ANSWERS.get(route) or _successes(route, said, known)
    statuses = known.statuses(
        parameters=bool(parameters), path_parameters="{" in path, body=method.lower() in _BODY_METHODS
    )
    prefix = _PREFIXES.get(known.tag, "Error")
    errors = {
        str(status): {"$ref": f"#/components/responses/{prefix}{status}"}
        for status in statuses
        if str(status) not in answers
    }
    finished: JsonObject = {
        "operationId": known.id,
        "tags": [known.tag],
        "summary": known.summary or said["summary"],
        "description": said["description"],
    }
    if not known.with_key:
        finished["security"] = []
    elif known.any_key or known.tag == "messages":
        finished["security"] = [{"bearer": []}, {"apiKey": []}]
    if parameters:
        finished["parameters"] = parameters
    if "requestBody" in said:
        finished["requestBody"] = _request_body(said["requestBody"], known)
    return finished | {"responses": dict(sorted((answers | errors).items()))}


def _parameters(route: str, said: JsonObject, known: Operation) -> list[JsonObject]:
    generated = [
        {name: part for name, part in parameter.items() if name != "schema"}
        | {"schema": without_null(tidy(parameter["schema"]))}
        for parameter in said.get("parameters", ())
        if known.query is None or parameter["in"] != "query"
    ]
    query = [] if known.query is None else query_parameters(known.query)
    headers = [special.HEADERS[name] for name in known.headers]
    described = [
        each if "description" in each else each | special.PARAMETERS.get(each["name"], {})
        for each in (*generated, *query, *headers)
    ]
    missing = [each["name"] for each in described if "description" not in each]
    if missing:
        raise UndescribedRouteError(f"{route}: describe the parameters {missing}")
    return described


def _successes(route: str, said: JsonObject, known: Operation) -> JsonObject:
    answers: JsonObject = dict(special.MORE_ANSWERS.get(route, {}))
    for status, answer in said["responses"].items():
        if not status.startswith("2"):
            continue
        content = {
            media: {
                "schema": tidy(body["schema"]),
                "examples": body.get("examples") or _example(RESPONSES, known),
            }
            for media, body in answer["content"].items()
        }
        content |= special.MORE_MEDIA.get(route, {})
        headers = answer.get("headers") or {"x-request-id": {"$ref": "#/components/headers/RequestId"}}
        description = answer["description"]
        if description == "Successful Response":
            description = "Done." if status == "200" else "Created."
        answers[status] = {"description": description, "headers": headers, "content": content}
    return answers


def _request_body(body: JsonObject, known: Operation) -> JsonObject:
    content = {
        media: {
            "schema": tidy(described["schema"]),
            "examples": described.get("examples") or _example(REQUESTS, known),
        }
        for media, described in body["content"].items()
    }
    return {"required": True, "content": content}


def _example(examples: dict[str, Examples], known: Operation) -> Examples:
    if known.id not in examples:
        raise UndescribedRouteError(f"openapi/examples.py has no example for {known.id}")
    return examples[known.id]


def _whole(paths: JsonObject, schemas: dict[str, JsonObject], version: str) -> JsonObject:
    errors = {
        "Error": refusals.responses(proxy=False),
        "Proxy": refusals.responses(proxy=True),
        "Messages": surface_operations.messages_responses(),
    }
    answers = {
        f"{prefix}{status}": response
        for prefix, responses in errors.items()
        for status, response in responses.items()
    }
    document: JsonObject = {
        "openapi": "3.1.0",
        "info": {
            "title": "AI Aggregator Platform",
            "version": version,
            "summary": "One HTTPS API in front of many AI providers.",
            "description": special.DESCRIPTION,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "security": [{"bearer": []}],
        "tags": [{"name": name, "description": description} for name, description in TAGS.items()],
        "paths": paths,
        "components": {
            "securitySchemes": {"bearer": special.BEARER, "apiKey": special.API_KEY},
            "headers": {"RequestId": special.REQUEST_ID_HEADER},
            "responses": answers,
            "schemas": dict(sorted(schemas.items())),
        },
    }
    return without_unused(document)
