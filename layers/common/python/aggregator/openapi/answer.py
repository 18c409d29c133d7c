"""Answers of the functions that serve the document: cacheable, and empty for who has it already."""

from collections.abc import Mapping

from aws_lambda_powertools.event_handler import Response

from aggregator.openapi.packaged import document_at, server_of
from aggregator.openapi.page import page_of, security_policy
from aggregator.openapi.wiring import stage_in_path
from aggregator.runtime.cacheable import FOR_A_WHILE, SAFE, etag_of, has_already
from aggregator.runtime.request import Event


def document_answer(event: Event) -> Response[str]:
    """`GET /openapi.json`."""
    return _cacheable(event, _document(event, "/openapi.json"), "application/json", {})


def page_answer(event: Event) -> Response[str]:
    """`GET /docs`."""
    page = page_of(_document(event, "/docs"))
    headers = {"Content-Security-Policy": security_policy(), **SAFE}
    return _cacheable(event, page, "text/html; charset=utf-8", headers)


def _document(event: Event, own_path: str) -> str:
    return document_at(server_of(event, own_path=own_path, stage_in_path=stage_in_path()))


def _cacheable(event: Event, text: str, content_type: str, headers: Mapping[str, str]) -> Response[str]:
    etag = etag_of(text.encode())
    unchanged = has_already(event, etag)
    return Response(
        status_code=304 if unchanged else 200,
        content_type=None if unchanged else content_type,
        headers={"ETag": etag, "Cache-Control": FOR_A_WHILE, **headers},
        body="" if unchanged else text,
    )
