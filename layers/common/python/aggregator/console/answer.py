"""What a browser gets: the first page, the console and its files; and what a program gets at the root."""

import gzip
import hashlib
import html
import json
import re
from collections.abc import Mapping
from functools import lru_cache

from aggregator.console.packed import Page, page
from aggregator.errors import NotFound, envelope, headers_of, status_of
from aggregator.openapi.packaged import document_at, server_of
from aggregator.runtime.accept import preferred
from aggregator.runtime.aws import JsonObject
from aggregator.runtime.cacheable import FOR_A_WHILE, SAFE, etag_of, has_already
from aggregator.runtime.request import Event, header_of, request_id_of, route_of
from aggregator.runtime.streaming import StreamingResponse

FOR_EVER = "public, max-age=31536000, immutable"

POLICY = (
    "default-src 'none'; script-src 'self'{scripts}; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""Content-Security-Policy: what the API itself serves and nothing else; of inline scripts the import map alone."""

_INLINE = re.compile(rb'<script type="importmap">(.*?)</script>', re.DOTALL)


def answer(event: Event, *, stage_in_path: bool) -> StreamingResponse:
    """Answer `GET` of the root, the console, `/docs`, `/openapi.json`, `/favicon.ico` or `/llms.txt`."""
    route = route_of(event).partition(" ")[2]
    if route == "/":
        return _root(event, server_of(event, own_path="/", stage_in_path=stage_in_path).rstrip("/"))
    if route == "/console":
        return _console(event)
    if route == "/docs":
        return _docs(event)
    if route == "/openapi.json":
        server = server_of(event, own_path=route, stage_in_path=stage_in_path)
        return _answer(event, _document(server), FOR_A_WHILE, {})
    if route == "/console/{path+}":
        name = str((event.get("pathParameters") or {}).get("path", ""))
        found = page(f"console/{name}")
        return _missing(event) if found is None else _answer(event, found, FOR_EVER, {})
    if route == "/favicon.ico":
        return _answer(event, _there("favicon.svg"), FOR_A_WHILE, {})
    server = server_of(event, own_path="/llms.txt", stage_in_path=stage_in_path)
    return _answer(event, _filled("llms.txt", server), FOR_A_WHILE, {})


def index_of(server: str) -> JsonObject:
    """What a program finds at the root: where everything is."""
    return {
        "name": "AI Aggregator Platform",
        "baseUrls": {"openai": f"{server}/v1", "anthropic": f"{server}/proxy/anthropic"},
        "console": f"{server}/console/",
        "docs": f"{server}/docs",
        "openapi": f"{server}/openapi.json",
        "models": f"{server}/v1/models",
        "health": f"{server}/health",
        "llms": f"{server}/llms.txt",
    }


def _root(event: Event, server: str) -> StreamingResponse:
    offered = ("application/json", "text/html")
    vary = {"Vary": "Accept, Accept-Encoding"}
    if preferred(header_of(event, "Accept"), offered) == "text/html":
        first = _filled("first.html", server)
        return _answer(event, first, FOR_A_WHILE, {"Content-Security-Policy": _policy(first), **vary})
    said = json.dumps(index_of(server), indent=1) + "\n"
    return _answer(event, Page("application/json", _compressed(said.encode())), FOR_A_WHILE, vary)


def _console(event: Event) -> StreamingResponse:
    """The page that loads the rest; its links are relative, so that its address has to end in a slash."""
    if not _ends_in_a_slash(event):
        return _elsewhere(event, "console/")
    return _page_of_scripts(event, "console.html")


def _docs(event: Event) -> StreamingResponse:
    """The reference; its links are relative as well, and its address ends in its name."""
    return _elsewhere(event, "../docs") if _ends_in_a_slash(event) else _page_of_scripts(event, "docs.html")


def _ends_in_a_slash(event: Event) -> bool:
    return str((event.get("requestContext") or {}).get("path") or event.get("path") or "").endswith("/")


def _elsewhere(event: Event, where: str) -> StreamingResponse:
    return StreamingResponse(308, _headers(event, {"Location": where}, FOR_A_WHILE), [b""])


def _page_of_scripts(event: Event, name: str) -> StreamingResponse:
    """A page that names the files it loads; they are kept for ever, so it is asked for anew each time."""
    found = _there(name)
    return _answer(event, found, "no-cache", {"Content-Security-Policy": _policy(found)})


def _answer(event: Event, found: Page, kept: str, headers: Mapping[str, str]) -> StreamingResponse:
    """A page, compressed for who takes that, and nothing for who has it already."""
    etag = etag_of(found.compressed)
    said = _headers(event, {"Vary": "Accept-Encoding", **headers, "ETag": etag}, kept)
    if has_already(event, etag):
        return StreamingResponse(304, said, [b""])
    said["Content-Type"] = found.media_type
    if "gzip" in (header_of(event, "Accept-Encoding") or ""):
        return StreamingResponse(200, said | {"Content-Encoding": "gzip"}, [found.compressed])
    return StreamingResponse(200, said, [found.plain])


def _headers(event: Event, headers: Mapping[str, str], kept: str) -> dict[str, str]:
    return {**headers, **SAFE, "Cache-Control": kept, "x-request-id": request_id_of(event)}


def _missing(event: Event) -> StreamingResponse:
    refusal, request_id = NotFound("There is no such file of the console."), request_id_of(event)
    body = json.dumps(envelope(refusal, request_id)).encode()
    return StreamingResponse(status_of(refusal), headers_of(refusal, request_id), [body])


@lru_cache(maxsize=4)  # an API has one address, or one more behind a domain name of its own
def _document(server: str) -> Page:
    return Page("application/json", _compressed(document_at(server).encode()))


def _filled(name: str, server: str) -> Page:
    """A page that names the address it was asked at."""
    found = _there(name)
    written = html.escape(server) if name.endswith(".html") else server
    return Page(found.media_type, _compressed(found.plain.replace(b"{{server}}", written.encode())))


def _there(name: str) -> Page:
    found = page(name)
    if found is None:
        raise LookupError(f"{name} is not packaged")
    return found


def _compressed(said: bytes) -> bytes:
    return gzip.compress(said, 6, mtime=0)


def _policy(found: Page) -> str:
    """The policy of a page, with its import map allowed by hash."""
    from base64 import b64encode  # noqa: PLC0415 - files, which is nearly all, need no policy

    hashes = (b64encode(hashlib.sha256(text).digest()).decode() for text in _INLINE.findall(found.plain))
    return POLICY.format(scripts="".join(f" 'sha256-{each}'" for each in hashes))
