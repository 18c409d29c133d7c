"""The packaged document, as a client gets it: with the address that it was asked at."""

import json
from functools import cache
from importlib import resources

from aggregator.errors import JsonObject
from aggregator.runtime.request import Event, header_of


@cache
def packaged() -> JsonObject:
    """The document as it was generated; treat it as read-only."""
    text = resources.files("aggregator.openapi").joinpath("openapi.json").read_text(encoding="utf-8")
    document: JsonObject = json.loads(text)
    return document


def document_at(server: str) -> str:
    """The document as JSON, naming `server` as the one to call."""
    return json.dumps(packaged() | {"servers": [{"url": server}]}, separators=(",", ":"))


def server_of(event: Event, *, own_path: str, stage_in_path: bool) -> str:
    """Address of the API that an event came in at: scheme, host and all of the path before `own_path`.

    At API Gateway's own address that is the stage, behind a domain name of ours its base path. Without
    `stage_in_path` something in front of API Gateway puts the stage in, so clients do not know it.
    """
    context = event.get("requestContext") or {}
    scheme = header_of(event, "X-Forwarded-Proto") or "https"
    host = header_of(event, "Host") or context.get("domainName") or "localhost"
    called = str(context.get("path") or own_path)
    prefix = called.removesuffix(own_path) if stage_in_path else ""
    return f"{scheme}://{host}{prefix}"
