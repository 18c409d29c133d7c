"""Scripts for the replies that are one message: good ones, errors, and ones that are broken on purpose."""

import json
from collections.abc import Callable, Iterable
from typing import Any

from local.standin.directives import Directives
from local.standin.errors import error_body, error_for
from local.standin.http_message import Request, answer
from local.standin.memory import bare_key
from local.standin.script import HANG, SETTLE, End, Script

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_PAGE = b"<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>\n"
_UNAUTHORISED = 401


Refused = Callable[[Any, int, Iterable[tuple[str, str]]], bytes]
"""Writes an error of OpenAI's, with its status and more headers, in the form of a dialect."""


def as_json(body: Any) -> bytes:
    """`body` as compact JSON in UTF-8."""
    return _encode(body).encode("utf-8", "replace")


def json_reply(body: Any, number: int, status: int = 200, headers: Iterable[tuple[str, str]] = ()) -> bytes:
    """`body` as JSON, with the headers that OpenAI sends, and `headers`."""
    return answer(status, as_json(body), headers=(*usual_headers(number), *headers))


def usual_headers(number: int) -> tuple[tuple[str, str], ...]:
    """The headers on every reply; `number` makes its request id."""
    return (
        ("x-request-id", f"req_standin{number:08d}"),
        ("openai-processing-ms", "1"),
        ("openai-version", "2020-10-01"),
        ("x-ratelimit-limit-requests", "10000"),
        ("x-ratelimit-remaining-requests", "9999"),
    )


def failure(directives: Directives, request: Request, number: int, refused: Refused) -> Script | None:
    """What the request gets instead of an answer, if its directives say so; `refused` writes errors."""
    if directives.hang:
        return (HANG, End.RESET)
    if directives.refuse_key:
        return (_refused_key(request, refused),)
    if directives.html:
        return (answer(directives.status or 502, _PAGE, content_type="text/html"),)
    if directives.status is not None:
        body = error_for(directives.status, directives.code)
        return (refused(body, directives.status, _retry_headers(directives)),)
    if directives.error_in_200:
        return (json_reply({"error": {"message": "Provider returned error", "code": 502}}, number),)
    return None


def cut_short(reply: bytes) -> Script:
    """`reply` without the second half of its body; its length promises more."""
    head, _, body = reply.partition(b"\r\n\r\n")
    return (head + b"\r\n\r\n" + body[: len(body) // 2], SETTLE, End.CLOSE)


def broken_json(number: int) -> bytes:
    """A 200 whose body is no JSON."""
    return answer(
        200, b'{"id": "chatcmpl-standin", "choices": [{"index": 0, "mess', headers=usual_headers(number)
    )


def _refused_key(request: Request, refused: Refused) -> bytes:
    """A 401 that repeats the key, as some providers do: whoever shows it leaks a secret."""
    key = bare_key(request.headers.get("authorization", ""))
    message = f"Incorrect API key provided: {key}. You can find your API key in the provider's console."
    body = error_body(message, kind="invalid_request_error", code="invalid_api_key")
    return refused(body, _UNAUTHORISED, ())


def _retry_headers(directives: Directives) -> list[tuple[str, str]]:
    named = (("retry-after", directives.retry_after), ("retry-after-ms", directives.retry_after_ms))
    return [(name, value) for name, value in named if value]
