import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from schemathesis.specs.openapi.definitions import OPENAPI_31

from aggregator.errors import STATUS_OF
from aggregator.proxy import answer
from aggregator.proxy.answers import response_cache, wishes
from local.openapi import DOCUMENT, generate
from tests.contract.openapi.reading import JsonObject, faults, media_of, operations, resolved
from tests.tables import load_template

NO_KEY = {
    "POST /auth/sessions",
    "GET /auth/sign-in",
    "POST /billing/stripe-events",
    "GET /health",
    "GET /openapi.json",
    "GET /docs",
}
FULL_ERROR = {
    "message": "?",
    "type": "permission_error",
    "param": None,
    "code": "forbidden",
    "request_id": "r",
}


PAGES = {"/", "/console", "/console/{path+}", "/favicon.ico", "/llms.txt"}
"""For people: no part of the API."""


def routes_of_the_template() -> Iterator[tuple[str, JsonObject]]:
    for resource in load_template()["Resources"].values():
        events: JsonObject = resource.get("Properties", {}).get("Events", {})
        for event in events.values():
            said = event["Properties"]
            if event["Type"] == "Api" and said["Path"] not in PAGES and said["Method"] != "OPTIONS":
                yield f"{said['Method']} {said['Path'].replace('+}', '}')}", said


def test_the_packaged_document_is_what_the_code_says() -> None:
    packaged = DOCUMENT.read_text(encoding="utf-8")

    generated = generate()

    assert generated == packaged, "run `python -m local.openapi`"


def test_it_has_the_routes_of_the_template_and_no_other(document: JsonObject) -> None:
    deployed = {route for route, _ in routes_of_the_template()}

    documented = {route for route, _ in operations(document)}

    assert documented == deployed


def test_a_key_is_asked_for_wherever_the_template_does(document: JsonObject) -> None:
    open_in_template = {
        route for route, said in routes_of_the_template() if said.get("Auth") == {"Authorizer": "NONE"}
    }

    open_in_document = {route for route, operation in operations(document) if operation.get("security") == []}

    assert open_in_document == open_in_template == NO_KEY
    assert document["security"] == [{"bearer": []}]


def test_it_is_valid_openapi_3_1(document: JsonObject) -> None:
    found = [
        f"{error.instance_path}: {error.message}"
        for error in jsonschema_rs.validator_for(OPENAPI_31).iter_errors(document)
    ]

    assert found == []


def test_every_schema_in_it_is_valid_json_schema(document: JsonObject) -> None:
    for schema in document["components"]["schemas"].values():
        jsonschema_rs.Draft202012Validator(schema | {"components": document["components"]})


def test_all_that_it_refers_to_is_there(document: JsonObject) -> None:
    for reference in set(re.findall(r"'\$ref': '([^']+)'", repr(document))):
        assert resolved(document, {"$ref": reference})


def test_operation_ids_differ(document: JsonObject) -> None:
    ids = [operation["operationId"] for _, operation in operations(document)]

    assert len(set(ids)) == len(ids) > 20


def test_every_operation_says_what_it_does_and_belongs_to_a_described_group(document: JsonObject) -> None:
    groups = {tag["name"] for tag in document["tags"] if tag["description"]}

    for route, operation in operations(document):
        assert operation["summary"], route
        assert operation["description"], route
        assert set(operation["tags"]) <= groups, route
        assert all(parameter["description"] for parameter in operation.get("parameters", [])), route


def test_every_error_has_the_one_envelope(document: JsonObject) -> None:
    envelope = {"$ref": "#/components/schemas/Error"}
    or_anthropics = {"anyOf": [{"$ref": "#/components/schemas/MessagesError"}, envelope]}

    for route, operation in operations(document):
        errors = {
            status: resolved(document, said)
            for status, said in operation["responses"].items()
            if status >= "400" and (route, status) != ("GET /health", "503")
        }
        assert errors, route
        for status, said in errors.items():
            wanted = or_anthropics if "/messages" in route else envelope
            assert said["content"]["application/json"]["schema"] == wanted, (route, status)
            assert "x-request-id" in said["headers"], (route, status)


def test_every_error_example_has_a_code_of_its_status(document: JsonObject) -> None:
    codes = {(str(status), refusal.code) for refusal, status in STATUS_OF.items()}
    of_the_gateway = {("502", "service_unavailable"), ("504", "service_unavailable")}
    of_anthropic = {("529", "provider_unavailable")}

    for name, said in document["components"]["responses"].items():
        examples = said["content"]["application/json"]["examples"]
        found = {(name[-3:], each["value"]["error"]["code"]) for each in examples.values()}
        assert found, name
        assert found <= codes | of_the_gateway | of_anthropic, name


def test_each_kind_of_route_names_the_errors_it_can_answer(document: JsonObject) -> None:
    said = {route: set(operation["responses"]) for route, operation in operations(document)}

    assert said["GET /openapi.json"] == {"200", "304", "429", "500", "502", "504"}
    assert said["GET /v1/models"] == {"200", "401", "403", "429", "500", "502", "503", "504"}
    assert said["POST /billing/transaction"] == {
        *("201", "400", "401", "402", "403", "404", "409", "413", "422", "429", "500", "502", "503", "504"),
    }
    assert {"400", "401", "402", "403", "404", "413", "429", "500", "502", "503", "504"} < said[
        "POST /v1/chat/completions"
    ]


def test_messages_take_the_key_in_either_header_and_say_when_the_provider_is_overloaded(
    document: JsonObject,
) -> None:
    said = {route: each for route, each in operations(document) if "/messages" in route}

    assert set(said) == {
        "POST /v1/messages",
        "POST /proxy/anthropic/v1/messages",
        "POST /v1/messages/count_tokens",
        "POST /proxy/anthropic/v1/messages/count_tokens",
    }
    assert all(each["security"] == [{"bearer": []}, {"apiKey": []}] for each in said.values())
    assert {route for route, each in said.items() if "529" in each["responses"]} == {
        "POST /v1/messages",
        "POST /proxy/anthropic/v1/messages",
    }


@pytest.mark.parametrize("path", ["responses", "embeddings"])
def test_only_a_chat_completion_has_a_201(document: JsonObject, path: str) -> None:
    said = dict(operations(document))

    for prefix in ("/v1", "/proxy/openai"):
        answers = said[f"POST {prefix}/{path}"]["responses"]
        assert [status for status in answers if status < "300"] == ["200"]


def test_a_completion_answers_200_or_the_201_published_first(document: JsonObject) -> None:
    said = dict(operations(document))

    openai = said["POST /v1/chat/completions"]["responses"]
    published = said["POST /proxy/openai/chat/completions"]["responses"]

    assert [status for status in openai if status < "300"] == ["200"]
    assert [status for status in published if status < "300"] == ["201"]
    assert openai["200"] == published["201"]


def test_the_headers_of_a_completion_are_those_that_the_code_sends(document: JsonObject) -> None:
    source = "".join(
        Path(str(module.__file__)).read_text(encoding="utf-8") for module in (answer, response_cache, wishes)
    )
    sent = set(re.findall(r'"(x-[a-z-]+|openai-[a-z-]+|Age)"', source)) - {"x-accel-buffering"}

    documented = set(dict(operations(document))["POST /v1/chat/completions"]["responses"]["200"]["headers"])

    assert documented == sent


def test_every_json_body_has_an_example(document: JsonObject) -> None:
    without = [
        place
        for place, media_type, media in media_of(document)
        if media_type == "application/json" and not media.get("examples")
    ]

    assert without == ["GET /openapi.json 200"]


def test_every_example_is_valid(document: JsonObject) -> None:
    found: dict[str, list[str]] = {}

    for place, media_type, media in media_of(document):
        if media_type == "application/json":
            for name, example in media.get("examples", {}).items():
                found[f"{place} {name}"] = faults(document, media["schema"], example["value"])

    assert len(found) > 100
    assert {place: wrong for place, wrong in found.items() if wrong} == {}


@pytest.mark.parametrize(
    ("schema", "instance"),
    [
        ("Error", {"type": "error", "error": {"message": "?"}, "request_id": "r"}),
        ("Error", {"error": FULL_ERROR}),
        ("Error", {"error": FULL_ERROR, "request_id": "r"}),
        ("Error", {"type": "error", "error": FULL_ERROR}),
        ("Error", {"message": "Internal server error"}),
        ("ChatCompletionRequest", {"model": "m", "messages": []}),
        ("ResponsesRequest", {"model": "m", "input": ""}),
        ("ResponsesRequest", {"model": "m", "input": "hi", "previous_response_id": 5}),
        ("MessagesRequest", {"model": "m", "messages": [{"role": "user", "content": "hi"}]}),
        ("MessagesError", {"type": "error", "error": FULL_ERROR | {"type": "odd"}, "request_id": "r"}),
        ("EmbeddingsRequest", {"model": "m", "input": [[]]}),
        ("ChatCompletionRequest", {"model": "m", "messages": [{"role": "nobody", "content": "?"}]}),
        ("CreateApiKeyRequest", {"userId": "demo", "name": "laptop", "scope": "admin"}),
        (
            "ChatCompletion",
            {"id": "1", "object": "chat.completion", "created": 1, "model": "m", "choices": []},
        ),
    ],
)
def test_its_schemas_refuse_what_is_wrong(document: JsonObject, schema: str, instance: Any) -> None:
    wrong = faults(document, {"$ref": f"#/components/schemas/{schema}"}, instance)

    assert wrong != []


def test_nothing_in_it_names_powertools_own_answer_to_invalid_requests(document: JsonObject) -> None:
    assert "ValidationError" not in repr(document)


@pytest.mark.parametrize("schema", ["Error", "MessagesError"])
def test_its_errors_take_the_whole_envelope(document: JsonObject, schema: str) -> None:
    whole = {"type": "error", "error": FULL_ERROR, "request_id": "r"}

    assert faults(document, {"$ref": f"#/components/schemas/{schema}"}, whole) == []
