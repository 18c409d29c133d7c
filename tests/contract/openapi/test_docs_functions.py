import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from typing import Any

import pytest

from local.openapi import ROOT, load_function

JsonObject = dict[str, Any]

LARGEST_ANSWER = 6 * 1024 * 1024


class Context:
    """What Powertools reads of a Lambda context."""

    function_name = "docs"
    memory_limit_in_mb = 256
    invoked_function_arn = "arn:aws:lambda:eu-central-1:123456789012:function:docs"
    aws_request_id = "8f1f5d0e-6c1f-4f0e-9f0a-3b1f0a2c4d5e"


class Page(HTMLParser):
    """What a page would load, and its scripts and styles."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.loaded: list[str] = []
        self.scripts: list[str] = []
        self.styles: list[str] = []
        self.document = ""
        self._in: tuple[str, dict[str, str | None]] = ("", {})
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._in = (tag, dict(attrs))
        self.loaded += [
            value or "" for name, value in attrs if name in {"src", "href", "srcset", "action", "data"}
        ]

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002 - the name is the base class's
        self._in = ("", {})

    def handle_data(self, data: str) -> None:
        match self._in:
            case ("script", {"id": "document"}):
                self.document += data
            case ("script", _):
                self.scripts.append(data)
            case ("style", _):
                self.styles.append(data)


def call(function: str, path: str, *, stage: str = "/api", **headers: str) -> JsonObject:
    event = {
        "resource": path,
        "path": path,
        "httpMethod": "GET",
        "headers": {
            "Host": "abc.execute-api.eu-central-1.amazonaws.com",
            "X-Forwarded-Proto": "https",
            **headers,
        },
        "multiValueHeaders": {},
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "pathParameters": None,
        "requestContext": {
            "requestId": "8f1f5d0e",
            "requestTimeEpoch": 1795435200000,
            "path": stage + path,
            "stage": "api",
            "identity": {"sourceIp": "203.0.113.7"},
        },
        "body": None,
        "isBase64Encoded": False,
    }
    handler = load_function(ROOT / "functions" / "docs" / function / "app.py").handler
    answer: JsonObject = handler(event, Context())
    return answer


def header(answer: JsonObject, name: str) -> str:
    (value,) = answer["multiValueHeaders"][name]
    return str(value)


@pytest.fixture(scope="module")
def page() -> JsonObject:
    return call("get_page", "/docs")


def test_the_document_names_the_address_it_was_asked_at() -> None:
    answer = call("get_openapi", "/openapi.json")

    served = json.loads(answer["body"])
    assert answer["statusCode"] == 200
    assert header(answer, "Content-Type") == "application/json"
    assert served["servers"] == [{"url": "https://abc.execute-api.eu-central-1.amazonaws.com/api"}]
    assert len(served["paths"]) >= 18


def test_behind_a_domain_name_of_ours_the_base_path_is_what_clients_call() -> None:
    answer = call("get_openapi", "/openapi.json", stage="", Host="api.example.com")

    assert json.loads(answer["body"])["servers"] == [{"url": "https://api.example.com"}]


def test_in_the_embedded_run_the_front_door_puts_the_stage_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENVIRONMENT", "local")

    answer = call("get_openapi", "/openapi.json", **{"Host": "127.0.0.1:8000", "X-Forwarded-Proto": "http"})

    assert json.loads(answer["body"])["servers"] == [{"url": "http://127.0.0.1:8000"}]


@pytest.mark.parametrize(("function", "path"), [("get_openapi", "/openapi.json"), ("get_page", "/docs")])
def test_who_has_it_already_gets_nothing_again(function: str, path: str) -> None:
    first = call(function, path)

    again = call(function, path, **{"If-None-Match": header(first, "ETag")})
    other = call(function, path, **{"If-None-Match": '"another"'})

    assert header(first, "Cache-Control") == "public, max-age=300"
    assert (again["statusCode"], again["body"]) == (304, "")
    assert other["statusCode"] == 200


def test_the_page_loads_nothing(page: JsonObject) -> None:
    seen = Page(page["body"])

    loaded = seen.loaded + re.findall(r"url\(\s*[\"']?([^\"')]{1,40})", "".join(seen.styles))

    assert len(loaded) > 3
    assert [each for each in loaded if not each.startswith("data:")] == []
    assert "@import" not in "".join(seen.styles)


def test_the_page_holds_the_served_document(page: JsonObject) -> None:
    served = json.loads(call("get_openapi", "/openapi.json")["body"])

    assert json.loads(Page(page["body"]).document) == served


def test_the_page_fits_into_an_answer_of_a_function(page: JsonObject) -> None:
    assert page["statusCode"] == 200
    assert header(page, "Content-Type") == "text/html; charset=utf-8"
    assert 1_000_000 < len(json.dumps(page)) < LARGEST_ANSWER


def test_the_page_may_run_its_own_scripts_and_no_other(page: JsonObject) -> None:
    policy = dict(part.strip().split(" ", 1) for part in header(page, "Content-Security-Policy").split(";"))
    scripts = Page(page["body"]).scripts

    hashes = [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts]

    assert len(scripts) == 2
    assert policy["script-src"].split() == [f"'sha256-{each}'" for each in hashes]
    assert policy["default-src"] == "'none'"
    assert policy["connect-src"] == "'self'"
    assert policy["img-src"] == "data:"


def test_a_document_cannot_end_the_element_it_stands_in(page: JsonObject) -> None:
    start = page["body"].index('id="document">')

    assert "<" not in page["body"][start : page["body"].index("</script>", start)]
