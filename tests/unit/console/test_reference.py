"""What the reference says of the document: calls to copy, fields, search. Its modules run in node, without a page."""

import ast
import json
import shlex
from functools import cache
from typing import Any

import pytest

from local.openapi import DOCUMENT
from tests.node import run

SERVER = "https://api.example.com/api"

_READ = """
import { limitsOf, nestedIn, operationsOf, search, typeOf } from "./docs/document.js";
import { literal, snippetsOf, urlOf } from "./docs/snippets.js";
import { readFileSync } from "node:fs";

const server = "https://api.example.com/api";
const document = JSON.parse(readFileSync(0, "utf-8"));
const operations = operationsOf(document);
const called = (id) => operations.find((each) => each.id === id);
const schemas = document.components.schemas;
const fields = schemas.CreateApiKeyRequest.properties;
const named = (list, of) => Object.fromEntries(list.map(of));
process.stdout.write(JSON.stringify({
  snippets: named(operations, (each) => [each.id, named(snippetsOf(each, server), ({ name, text }) => [name, text])]),
  found: search(document, operations, "idempotency chat"),
  deep: nestedIn(document, schemas.ChatCompletionRequest.properties.messages).map((each) => each.name),
  types: named(Object.entries(fields), ([name, each]) => [name, typeOf(each)]),
  limits: limitsOf(fields.cap),
  url: urlOf(called("getModel"), server, { model: "openai/gpt 4?" }),
  query: urlOf(called("listRequests"), server, { status: "5xx", model: "a&b" }),
  literal: literal({ yes: true, no: false, none: null, text: "it's \\"so\\"\\n", list: [1, {}], empty: [] }),
}));
"""


@cache
def read() -> Any:
    return run(_READ, DOCUMENT.read_bytes())


def operations() -> dict[str, tuple[str, str]]:
    paths = json.loads(DOCUMENT.read_text(encoding="utf-8"))["paths"]
    return {
        said["operationId"]: (method, path)
        for path, methods in paths.items()
        for method, said in methods.items()
    }


def test_every_operation_has_a_call_for_curl_and_python_at_the_readers_server() -> None:
    snippets = read()["snippets"]

    assert snippets.keys() == operations().keys()
    for name, (method, path) in operations().items():
        words = shlex.split(snippets[name]["curl"].replace("\\\n", " "))
        begins = SERVER + path.partition("{")[0]
        assert words[0] == "curl", name
        assert any(word.startswith(begins) for word in words), name
        assert (method == "get") == ("-X" not in words), name
        assert begins in snippets[name]["Python"], name
        ast.parse(snippets[name]["Python"])
        if "-d" in words:
            json.loads(words[words.index("-d") + 1])


@pytest.mark.parametrize(
    ("operation", "sdk", "base_url", "call"),
    [
        ("createChatCompletion", "openai", f"{SERVER}/v1", "chat.completions.create"),
        ("createChatCompletionByProxyPath", "openai", f"{SERVER}/proxy/openai", "chat.completions.create"),
        ("createResponse", "openai", f"{SERVER}/v1", "responses.create"),
        ("getResponse", "openai", f"{SERVER}/v1", "responses.retrieve"),
        ("deleteResponse", "openai", f"{SERVER}/v1", "responses.delete"),
        ("listResponseItems", "openai", f"{SERVER}/v1", "responses.input_items.list"),
        ("createEmbedding", "openai", f"{SERVER}/v1", "embeddings.create"),
        ("listModels", "openai", f"{SERVER}/v1", "models.list"),
        ("getModel", "openai", f"{SERVER}/v1", "models.retrieve"),
        ("createMessage", "anthropic", SERVER, "messages.create"),
        ("createMessageByProxyPath", "anthropic", f"{SERVER}/proxy/anthropic", "messages.create"),
        ("countMessageTokens", "anthropic", SERVER, "messages.count_tokens"),
        ("listModelsForAnthropic", "anthropic", f"{SERVER}/proxy/anthropic", "models.list"),
        ("getModelForAnthropic", "anthropic", f"{SERVER}/proxy/anthropic", "models.retrieve"),
    ],
)
def test_where_an_sdk_has_the_call_it_is_told(operation: str, sdk: str, base_url: str, call: str) -> None:
    text = read()["snippets"][operation][f"Python, {sdk}"]

    ast.parse(text)
    assert f'base_url="{base_url}"' in text
    assert f"client.{call}(" in text


def test_where_no_sdk_has_the_call_none_is_told() -> None:
    assert read()["snippets"]["createApiKey"].keys() == {"curl", "Python"}


def test_a_search_finds_what_has_all_the_words() -> None:
    found = read()["found"]

    assert {each["id"] for each in found["operations"]} >= {
        "createChatCompletion",
        "createChatCompletionByProxyPath",
    }
    assert "getBalance" not in {each["id"] for each in found["operations"]}


def test_a_schema_is_read_through_arrays_choices_and_null() -> None:
    assert read()["deep"] == [
        "SystemMessage",
        "UserMessage",
        "AssistantMessage",
        "ToolMessage",
        "FunctionMessage",
    ]
    assert read()["types"]["limits"] == "LimitsRequest or null"
    assert read()["types"]["aliases"] == "map of string or null"
    assert read()["types"]["allowedModels"] == "array of string or null"
    assert read()["limits"] == ['one of "lower", "refuse"']


def test_what_the_reader_fills_in_cannot_leave_its_place_in_the_address() -> None:
    assert read()["url"] == f"{SERVER}/v1/models/openai/gpt%204%3F"
    assert read()["query"] == f"{SERVER}/billing/requests?model=a%26b&status=5xx"


def test_an_example_is_written_as_python_writes_it() -> None:
    value = ast.literal_eval(read()["literal"])

    assert value == {
        "yes": True,
        "no": False,
        "none": None,
        "text": 'it\'s "so"\n',
        "list": [1, {}],
        "empty": [],
    }
