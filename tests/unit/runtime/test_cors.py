"""Who may read an answer from a page of another origin: a listed origin, and nobody else."""

import importlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from aggregator.runtime import cors
from aggregator.runtime.aws import JsonObject
from aggregator.runtime.http import api, serve
from aggregator.runtime.streaming import StreamingResponse, portable
from local.openapi import DOCUMENT

ROOT = Path(__file__).parents[3]
LISTED = "https://app.example.com,http://localhost:5173"
# What every page may read. Source: WHATWG Fetch, "CORS-safelisted response-header name".
SAFELISTED = {"Cache-Control", "Content-Length", "Content-Type", "Expires", "Last-Modified", "Pragma"}


def event(**headers: str) -> JsonObject:
    return {
        "httpMethod": "OPTIONS",
        "resource": "/v1/models",
        "headers": {name.replace("_", "-"): value for name, value in headers.items()},
        "requestContext": {"requestId": "id-1"},
    }


def headers_of(answer: Any) -> dict[str, str]:
    if isinstance(answer, StreamingResponse):
        return dict(answer.headers)
    several = {name: ", ".join(values) for name, values in answer.get("multiValueHeaders", {}).items()}
    return dict(answer.get("headers") or {}) | several


def cross_origin(answer: Any) -> dict[str, str]:
    return {name: said for name, said in headers_of(answer).items() if name.startswith("Access-Control-")}


@pytest.mark.parametrize("origin", ["https://app.example.com", "http://localhost:5173"])
def test_a_page_of_a_listed_origin_may_ask_with_what_its_client_sends(origin: str) -> None:
    asked = "anthropic-dangerous-direct-browser-access,authorization,content-type,x-api-key,x-stainless-os"

    answer = cors.preflight(
        event(origin=origin, access_control_request_method="POST", access_control_request_headers=asked),
        LISTED,
    )

    assert (answer["statusCode"], answer["body"]) == (204, "")
    assert answer["headers"] == {
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Allow-Methods": "GET, POST, PUT, PATCH, DELETE",
        "Access-Control-Allow-Headers": asked,
        "Access-Control-Max-Age": "7200",
        "Vary": "Origin, Access-Control-Request-Headers",
    }


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "https://app.example.com.evil.example",
        "http://app.example.com",
        "null",
        "*",
        "",
    ],
)
def test_a_page_of_any_other_origin_is_told_nothing(origin: str) -> None:
    asking = event(Origin=origin, Access_Control_Request_Method="POST")

    assert cross_origin(cors.preflight(asking, LISTED)) == {}
    assert cross_origin(cors.allowing(lambda *_: {"statusCode": 200}, LISTED)(asking, None)) == {}


def test_names_of_headers_that_are_none_are_not_repeated() -> None:
    asking = event(
        Origin="https://app.example.com", Access_Control_Request_Headers="authorization\r\nset-cookie: a=b"
    )

    assert "Access-Control-Allow-Headers" not in cors.preflight(asking, LISTED)["headers"]


def test_answers_never_allow_credentials_or_everybody() -> None:
    asking = event(Origin="https://app.example.com", Access_Control_Request_Method="GET")

    for said in (
        cors.preflight(asking, LISTED),
        cors.allowing(lambda *_: {"statusCode": 200}, LISTED)(asking, None),
    ):
        assert "Access-Control-Allow-Credentials" not in headers_of(said)
        assert "*" not in cross_origin(said).values()


def test_a_cache_keeps_the_answers_to_each_origin_apart() -> None:
    varied = cors.allowing(lambda *_: StreamingResponse(200, {"Vary": "Accept"}, []), LISTED)
    plain = cors.allowing(lambda *_: {"statusCode": 200, "multiValueHeaders": {"Vary": ["Accept"]}}, LISTED)

    assert headers_of(varied(event(), None))["Vary"] == "Accept, Origin"
    assert headers_of(plain(event(), None))["Vary"] == "Accept, Origin"
    assert (
        headers_of(cors.allowing(lambda *_: {"statusCode": 200}, LISTED)(event(), None))["Vary"] == "Origin"
    )


def test_all_that_an_answer_is_documented_to_say_may_be_read() -> None:
    document = json.loads(DOCUMENT.read_text(encoding="utf-8"))
    answers = [
        answer
        for methods in document["paths"].values()
        for said in methods.values()
        for answer in said["responses"].values()
    ] + list(document["components"]["responses"].values())
    said = {name.lower() for answer in answers for name in answer.get("headers", {})}

    assert len(said) > 20
    assert said - {name.lower() for name in (*cors.EXPOSED, *SAFELISTED)} == set()


def answering(monkeypatch: pytest.MonkeyPatch, origins: str) -> list[Any]:
    """The two ways in which functions are served, with these origins listed."""
    monkeypatch.setenv("CORS_ORIGINS", origins)
    app = api()

    @app.get("/v1/models")
    def list_models() -> dict[str, str]:
        return {}

    return [portable(lambda *_: StreamingResponse(200, {}, [b"{}"])), serve(app)]


def get(**headers: str) -> JsonObject:
    return event(**headers) | {"httpMethod": "GET", "path": "/v1/models", "multiValueHeaders": {}}


def test_both_ways_of_serving_a_function_heed_the_list(monkeypatch: pytest.MonkeyPatch) -> None:
    for handler in answering(monkeypatch, LISTED):
        allowed = cross_origin(handler(get(Origin="https://app.example.com"), None))

        assert allowed["Access-Control-Allow-Origin"] == "https://app.example.com"
        assert {
            "x-request-id",
            "x-aggregator-cost-usd",
            "Retry-After",
            "x-ratelimit-remaining-tokens",
        } <= set(allowed["Access-Control-Expose-Headers"].split(", "))
        assert cross_origin(handler(get(Origin="https://evil.example"), None)) == {}


def test_without_a_list_nothing_is_said_and_answers_are_as_they_were(monkeypatch: pytest.MonkeyPatch) -> None:
    for handler in answering(monkeypatch, ""):
        said = headers_of(handler(get(Origin="https://app.example.com"), None))

        assert {name for name in said if name.startswith("Access-Control-") or name == "Vary"} == set()


def test_without_a_list_a_hot_function_does_not_load_it() -> None:
    script = "import sys, app; print('aggregator.runtime.cors' in sys.modules)"
    folder = ROOT / "functions/proxy/create_chat_completion"

    ran = subprocess.run(  # noqa: S603 - our own interpreter and script
        [sys.executable, "-c", script],
        cwd=folder,
        env={"PYTHONPATH": f"{folder}:{ROOT / 'layers/common/python'}", "CORS_ORIGINS": ""},
        capture_output=True,
        check=True,
        text=True,
    )

    assert ran.stdout.strip() == "False"


def test_every_function_that_a_route_calls_is_served_in_one_of_these_ways() -> None:
    template = importlib.import_module("tests.tables").load_template()
    called = {
        each["Properties"]["CodeUri"]
        for each in template["Resources"].values()
        if each["Type"] == "AWS::Serverless::Function"
        and any(one["Type"] == "Api" for one in each["Properties"].get("Events", {}).values())
    }
    others = {
        uri
        for uri in called
        if not any(way in (ROOT / uri / "app.py").read_text() for way in ("= portable(", "= serve("))
    }

    assert len(called) > 30
    assert others == set()
