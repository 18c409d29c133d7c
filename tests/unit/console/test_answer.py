"""What a browser and a program get at the root, at the console and for its files."""

import gzip
import json
import re
from base64 import b64encode
from hashlib import sha256
from posixpath import dirname, join, normpath
from typing import Any

import pytest

from aggregator.console.answer import answer
from aggregator.console.packed import page
from aggregator.runtime.aws import JsonObject

HTML = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


def event(route: str, path: str, **headers: str) -> JsonObject:
    return {
        "httpMethod": "GET",
        "resource": route,
        "path": path,
        "headers": {"Host": "api.example.com", "X-Forwarded-Proto": "https"} | headers,
        "pathParameters": {"path": path.removeprefix("/console/")} if route.endswith("+}") else None,
        "requestContext": {
            "requestId": "id-1",
            "requestTimeEpoch": 1_764_000_000_000,
            "resourcePath": route,
            "httpMethod": "GET",
            "path": f"/api{path}",
        },
    }


def asked(route: str, path: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    said = answer(event(route, path, **headers), stage_in_path=True)
    return said.status, dict(said.headers), b"".join(said.chunks)


def file_of_the_console(name: str) -> str:
    (version,) = set(re.findall(rb'"([0-9a-f]{12})/style.css"', asked("/console", "/console/")[2]))
    return f"/console/{version.decode()}/{name}"


def test_a_browser_gets_the_first_page_with_this_servers_address() -> None:
    status, headers, body = asked("/", "/", Accept=HTML)
    text = body.decode()

    assert (status, headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert 'base_url="https://api.example.com/api/v1"' in text
    assert 'base_url="https://api.example.com/api/proxy/anthropic"' in text
    assert "curl https://api.example.com/api/v1/chat/completions" in text
    assert "{{" not in text
    assert headers["Vary"] == "Accept, Accept-Encoding"


@pytest.mark.parametrize("accept", ["application/json", "*/*", ""])
def test_a_program_gets_an_index(accept: str) -> None:
    _, headers, body = asked("/", "/", Accept=accept)

    assert headers["Content-Type"] == "application/json"
    assert json.loads(body) == {
        "name": "AI Aggregator Platform",
        "baseUrls": {
            "openai": "https://api.example.com/api/v1",
            "anthropic": "https://api.example.com/api/proxy/anthropic",
        },
        "console": "https://api.example.com/api/console/",
        "docs": "https://api.example.com/api/docs",
        "openapi": "https://api.example.com/api/openapi.json",
        "models": "https://api.example.com/api/v1/models",
        "health": "https://api.example.com/api/health",
        "llms": "https://api.example.com/api/llms.txt",
    }


def test_a_host_cannot_write_into_the_page() -> None:
    _, _, body = asked("/", "/", Accept=HTML, Host='x"><script>alert(1)</script>')

    assert b"<script>" not in body


def test_the_console_is_at_an_address_that_ends_in_a_slash() -> None:
    status, headers, body = asked("/console", "/console")

    assert (status, headers["Location"], body) == (308, "console/", b"")


def test_the_console_is_asked_for_anew_and_its_files_are_kept_for_ever() -> None:
    path = file_of_the_console("main.js")

    assert asked("/console", "/console/")[1]["Cache-Control"] == "no-cache"
    status, headers, _ = asked("/console/{path+}", path)
    assert (status, headers["Content-Type"]) == (200, "text/javascript; charset=utf-8")
    assert headers["Cache-Control"] == "public, max-age=31536000, immutable"


def test_the_policy_allows_the_import_map_and_no_other_script() -> None:
    _, headers, body = asked("/console", "/console/")
    (import_map,) = re.findall(rb'<script type="importmap">(.*?)</script>', body, re.DOTALL)

    assert headers["Content-Security-Policy"] == (
        f"default-src 'none'; script-src 'self' {hash_in(body)}; style-src 'self'; img-src 'self' data:; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    assert json.loads(import_map)["imports"].keys() == {"preact", "preact/hooks", "htm"}


def test_the_reference_is_at_an_address_that_ends_in_its_name() -> None:
    status, headers, body = asked("/docs", "/docs/")

    assert (status, headers["Location"], body) == (308, "../docs", b"")


def test_the_reference_loads_what_is_packaged_and_nothing_inline_or_from_elsewhere() -> None:
    status, headers, body = asked("/docs", "/docs")
    text = body.decode()
    loaded = re.findall(r'<(?:link|script)[^>]* (?:href|src)="([^"]+)"', text)

    assert (status, headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert headers["Cache-Control"] == "no-cache"
    assert headers["Content-Security-Policy"] == (
        f"default-src 'none'; script-src 'self' {hash_in(body)}; style-src 'self'; img-src 'self' data:; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert [each for each in loaded if "://" in each or each.startswith("//")] == []
    assert [each for each in loaded if each.startswith("console/") and page(each) is None] == []
    assert len([each for each in loaded if each.startswith("console/")]) == 3
    assert re.findall(r"<style| style=| on\w+=|<script>", text) == []


def hash_in(html: bytes) -> str:
    (import_map,) = re.findall(rb'<script type="importmap">(.*?)</script>', html, re.DOTALL)
    return f"'sha256-{b64encode(sha256(import_map).digest()).decode()}'"


def test_the_reference_says_without_scripts_where_the_document_is() -> None:
    assert b'<a href="openapi.json">' in asked("/docs", "/docs")[2]


@pytest.mark.parametrize(
    ("host", "stage", "server"),
    [
        (
            "abc.execute-api.eu-central-1.amazonaws.com",
            "/api",
            "https://abc.execute-api.eu-central-1.amazonaws.com/api",
        ),
        ("api.example.com", "", "https://api.example.com"),
        ("example.com", "/ai/v2", "https://example.com/ai/v2"),
    ],
    ids=["stage", "domain", "base-path"],
)
def test_the_document_the_index_and_the_pages_name_the_address_they_were_asked_at(
    host: str, stage: str, server: str
) -> None:
    def said(route: str, **headers: str) -> str:
        asking = event(route, route, Host=host, **headers)
        asking["requestContext"]["path"] = stage + route
        return b"".join(answer(asking, stage_in_path=True).chunks).decode()

    assert json.loads(said("/openapi.json"))["servers"] == [{"url": server}]
    assert json.loads(said("/"))["docs"] == f"{server}/docs"
    assert f'base_url="{server}/v1"' in said("/", Accept=HTML)
    assert f"base URL {server}/v1," in said("/llms.txt")


def test_in_the_embedded_run_the_front_door_puts_the_stage_in() -> None:
    asking = event("/openapi.json", "/openapi.json", Host="127.0.0.1:8000", **{"X-Forwarded-Proto": "http"})

    said = answer(asking, stage_in_path=False)

    assert json.loads(b"".join(said.chunks))["servers"] == [{"url": "http://127.0.0.1:8000"}]


def test_the_document_comes_compressed_and_who_has_it_gets_nothing_again() -> None:
    _, headers, compressed = asked("/openapi.json", "/openapi.json", **{"Accept-Encoding": "gzip, br"})
    again = asked("/openapi.json", "/openapi.json", **{"If-None-Match": headers["ETag"]})

    assert headers["Content-Type"] == "application/json"
    assert headers["Cache-Control"] == "public, max-age=300"
    assert json.loads(gzip.decompress(compressed))["openapi"] == "3.1.0"
    assert len(compressed) < 60_000
    assert (again[0], again[2]) == (304, b"")


def test_the_reference_and_all_it_loads_fit_into_350_kilobytes_compressed() -> None:
    waiting = re.findall(r'(?:href|src)="(console/[^"]+)"', asked("/docs", "/docs")[2].decode())
    waiting += [
        f"{waiting[0].rpartition('/')[0]}/vendor/{name}"
        for name in ("preact.mjs", "hooks.mjs", "htm.module.js")
    ]
    seen: dict[str, int] = {}
    while waiting:
        name = waiting.pop()
        found: Any = page(name)
        if name in seen:
            continue
        seen[name] = len(found.compressed)
        links = re.findall(r'(?:from|import) "(\.{1,2}/[^"]+)"', found.plain.decode())
        waiting += [normpath(join(dirname(name), link)) for link in links]
    document = asked("/openapi.json", "/openapi.json", **{"Accept-Encoding": "gzip"})[2]
    html = asked("/docs", "/docs", **{"Accept-Encoding": "gzip"})[2]

    assert len(seen) > 12
    assert sum(seen.values()) + len(document) + len(html) < 350_000


def test_files_come_compressed_to_who_takes_that() -> None:
    path = file_of_the_console("style.css")
    _, plain_headers, plain = asked("/console/{path+}", path)
    _, headers, compressed = asked("/console/{path+}", path, **{"Accept-Encoding": "br, gzip"})

    assert "Content-Encoding" not in plain_headers
    assert headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(compressed) == plain
    assert headers["Vary"] == "Accept-Encoding"


def test_who_has_a_file_gets_nothing_again() -> None:
    etag = asked("/console", "/console/")[1]["ETag"]
    status, headers, body = asked("/console", "/console/", **{"If-None-Match": f"W/{etag}"})

    assert (status, body) == (304, b"")
    assert "Content-Type" not in headers


@pytest.mark.parametrize("name", ["main.js", "../first.html", "nope/main.js", "vendor/", "%2e%2e/first.html"])
def test_what_is_no_file_is_a_404_in_the_envelope(name: str) -> None:
    status, headers, body = asked("/console/{path+}", f"/console/{name}")

    assert (status, headers["Content-Type"]) == (404, "application/json")
    assert json.loads(body)["error"]["code"] == "not_found"


@pytest.mark.parametrize(
    ("path", "media_type", "says"),
    [
        ("/favicon.ico", "image/svg+xml", b"<svg"),
        ("/llms.txt", "text/plain; charset=utf-8", b"# AI Aggregator"),
    ],
)
def test_there_is_an_icon_and_a_page_for_language_models(path: str, media_type: str, says: bytes) -> None:
    status, headers, body = asked(path, path)

    assert (status, headers["Content-Type"]) == (200, media_type)
    assert body.startswith(says)
    assert b"{{" not in body


def test_every_link_of_a_module_leads_to_a_file() -> None:
    main = file_of_the_console("main.js").removeprefix("/")
    folder, waiting, seen = main.rpartition("/")[0], ["main.js"], set[str]()
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        found: Any = page(f"{folder}/{name}")
        assert found is not None, name
        links = re.findall(r'(?:from|import) "(\.{1,2}/[^"]+)"', found.plain.decode())
        waiting += [normpath(join(dirname(name), link)) for link in links]

    assert "h.js" in seen


@pytest.mark.parametrize(
    ("route", "path"),
    [
        ("/", "/"),
        ("/console", "/console"),
        ("/console", "/console/"),
        ("/console/{path+}", "/console/nope.js"),
        ("/docs", "/docs"),
        ("/openapi.json", "/openapi.json"),
        ("/favicon.ico", "/favicon.ico"),
        ("/llms.txt", "/llms.txt"),
    ],
)
def test_whatever_is_served_is_taken_for_what_it_says_and_leaks_no_address(route: str, path: str) -> None:
    headers = asked(route, path, Accept=HTML)[1]

    if "nope" not in path:
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"
    assert ("Content-Security-Policy" in headers) == headers.get("Content-Type", "").startswith("text/html")


@pytest.mark.parametrize(("route", "path"), [("/", "/"), ("/console", "/console/"), ("/docs", "/docs")])
def test_no_page_runs_what_is_inline_asks_another_host_or_is_framed(route: str, path: str) -> None:
    said = asked(route, path, Accept=HTML)[1]["Content-Security-Policy"]
    policy = dict(part.strip().split(" ", 1) for part in said.split(";"))

    assert policy["default-src"] == "'none'"
    assert policy["frame-ancestors"] == "'none'"
    assert policy["connect-src"] == "'self'"
    assert [word for word in said.split() if "unsafe" in word or "://" in word or word == "*"] == []
