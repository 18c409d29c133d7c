"""An answer that leaves in chunks, and what becomes of it where nobody can take chunks.

A handler returns a `StreamingResponse`. Under our runtime (runtime/bootstrap.py) it goes out chunk by chunk.
Everywhere else (an emulator, `sam local`, a test event in the console) it is collected into the plain API
Gateway proxy answer, which every caller can read. `portable` decides; app.py wraps its handler in it:

    handler = portable(create_chat_completion)

The answer streams when all of this holds, and is buffered otherwise:

- our runtime runs the handler (`announce_streaming` was called);
- the event is an API Gateway proxy request (it has a `requestContext`): any other caller reads JSON;
- the event does not ask for a plain answer by `"responseMode": "buffered"`. API Gateway writes the top level
  of an event itself, so no client can set this; it is for test events in the console and `aws lambda invoke`;
- neither AWS_SAM_LOCAL=true (set by `sam local`) nor AGGREGATOR_RESPONSE_MODE=buffered (set by local/invoke.py)
  is in the environment as the process starts: the emulator behind both relays a stream as its raw bytes.

The event alone cannot tell API Gateway's streaming call from a plain Invoke with the same JSON. A plain Invoke
of a captured event is therefore streamed, and Lambda hands over the raw bytes: prelude, eight NULs, body.

Standard library only: hot functions import this module.
"""

import os
from collections.abc import Callable, Iterable, Mapping
from functools import wraps
from typing import Any, NamedTuple

from aggregator.runtime.aws import JsonObject
from aggregator.runtime.passable_json import compact

CONTENT_TYPE = "application/vnd.awslambda.http-integration-response"
DELIMITER = bytes(8)

Handler = Callable[[Any, Any], "StreamingResponse | JsonObject"]

_runtime = {"is_ours": False, "streams": False}


class StreamingResponse(NamedTuple):
    """An HTTP answer whose body is not there yet.

    `cookies` are whole Set-Cookie values. `chunks` is read once; if it has a `close()` (as a generator has), that
    is called in every case: exhausted, failed, or the reader gone. A generator that was never started has no
    `finally` to run, so whoever owes a settlement starts it (reads the first chunk) before answering.
    """

    status: int
    headers: Mapping[str, str]
    chunks: Iterable[bytes]
    cookies: tuple[str, ...] = ()

    def close(self) -> None:
        """End the chunks early, or do nothing if they are at their end."""
        close = getattr(self.chunks, "close", None)
        if close is not None:
            close()


def prelude(response: StreamingResponse) -> bytes:
    """JSON that goes before the delimiter and the body: status, headers, cookies.

    Source: API Gateway developer guide, "Lambda proxy integration format for response streaming". API Gateway
    wants the delimiter within the first 16 KB.
    """
    head: JsonObject = {"statusCode": response.status, "headers": dict(response.headers)}
    if response.cookies:
        head["cookies"] = list(response.cookies)
    return compact(head).encode()


def buffered(response: StreamingResponse) -> JsonObject:
    """Collect the answer into the plain API Gateway proxy form.

    A body that is no UTF-8 text is base64-encoded. Raises what the chunks raise; they are closed either way.
    """
    try:
        body = b"".join(response.chunks)
    finally:
        response.close()
    answer: JsonObject = {"statusCode": response.status, "headers": dict(response.headers)}
    if response.cookies:
        answer["multiValueHeaders"] = {"Set-Cookie": list(response.cookies)}
    try:
        return answer | {"body": body.decode(), "isBase64Encoded": False}
    except UnicodeDecodeError:
        from base64 import b64encode  # noqa: PLC0415 - text bodies, which is nearly all, need not pay for it

        return answer | {"body": b64encode(body).decode(), "isBase64Encoded": True}


def announce_streaming() -> None:
    """Say that our own runtime runs this process; it does so once, before it loads the handler.

    It can post chunks, unless the emulator that started it takes none.
    """
    _runtime["is_ours"] = True
    _runtime["streams"] = (
        os.environ.get("AGGREGATOR_RESPONSE_MODE") != "buffered" and os.environ.get("AWS_SAM_LOCAL") != "true"
    )


def is_announced() -> bool:
    """Whether our own runtime runs this process."""
    return _runtime["is_ours"]


def streams(event: Any) -> bool:
    """Whether the answer to `event` can go out in chunks; the module docstring has the rule."""
    return (
        _runtime["streams"]
        and isinstance(event, dict)
        and "requestContext" in event
        and event.get("responseMode") != "buffered"
    )


def portable(handler: Handler) -> Handler:
    """Let `handler` stream where its caller can take a stream, and answer in one piece elsewhere.

    Where an operator lists origins, pages of these may read the answers; see runtime/cors.py.
    """
    if origins := os.environ.get("CORS_ORIGINS"):
        from aggregator.runtime.cors import allowing  # noqa: PLC0415 - most stacks list none, and load nothing

        handler = allowing(handler, origins)

    @wraps(handler)
    def answer(event: Any, context: Any) -> StreamingResponse | JsonObject:
        response = handler(event, context)
        if isinstance(response, StreamingResponse) and not streams(event):
            return buffered(response)
        return response

    return answer
