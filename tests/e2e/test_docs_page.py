import re

import pytest

from tests.e2e.caller import ApiCaller
from tests.e2e.conftest import NewUser
from tests.e2e.stack import Stack
from tests.node import run

_SNIPPETS = """
import { operationsOf } from "./docs/document.js";
import { snippetsOf } from "./docs/snippets.js";
import { readFileSync } from "node:fs";

const document = JSON.parse(readFileSync(0, "utf-8"));
const said = {};
for (const operation of operationsOf(document))
  for (const { name, text } of snippetsOf(operation, document.servers[0].url)) said[`${operation.id}, ${name}`] = text;
process.stdout.write(JSON.stringify(said));
"""


def test_the_document_is_there_without_a_key_and_names_the_address_it_came_from(
    stack: Stack, stranger: ApiCaller
) -> None:
    reply = stranger.get("/openapi.json")

    assert reply.status == 200
    assert reply.headers["Content-Type"] == "application/json"
    assert reply.headers["Cache-Control"] == "public, max-age=300"
    assert reply.json["openapi"] == "3.1.0"
    assert reply.json["servers"] == [{"url": stack.base_url}]


def test_a_copy_that_is_still_right_is_not_sent_again(stranger: ApiCaller) -> None:
    first = stranger.get("/openapi.json")

    again = stranger.get("/openapi.json", **{"If-None-Match": first.headers["ETag"]})

    assert (again.status, again.body) == (304, b"")


def test_the_page_is_there_without_a_key_and_all_it_loads_is_there_too(stranger: ApiCaller) -> None:
    reply = stranger.get("/docs")

    loaded = re.findall(r'<(?:link|script)[^>]* (?:href|src)="([^"]+)"', reply.body.decode())
    assert reply.status == 200
    assert reply.headers["Content-Type"] == "text/html; charset=utf-8"
    assert len(loaded) == 5
    assert {stranger.get(f"/{each}").status for each in loaded} == {200}


@pytest.fixture(scope="module")
def snippets(stranger: ApiCaller) -> dict[str, str]:
    found: dict[str, str] = run(_SNIPPETS, stranger.get("/openapi.json").body)
    return found


@pytest.mark.parametrize("name", ["createChatCompletion, Python, openai", "createMessage, Python, anthropic"])
def test_a_call_copied_from_the_page_is_answered(
    new_user: NewUser,
    snippets: dict[str, str],
    name: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("AGGREGATOR_API_KEY", str(new_user(credit="1.00").key))

    exec(snippets[name], {})  # noqa: S102 - as its reader would run it

    assert "content=" in capsys.readouterr().out
