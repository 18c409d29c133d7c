"""Answers what the event says, chunk by chunk; tests/runtime/node/app.mjs does the same in JavaScript."""

import time
from collections.abc import Iterator
from typing import Any

from aggregator.runtime.streaming import StreamingResponse


class RangeError(Exception):
    """Named as JavaScript's, for the error's type is on the wire."""


def handler(event: dict[str, Any], context: object) -> StreamingResponse:  # noqa: ARG001
    def chunks() -> Iterator[bytes]:
        for chunk in event["chunks"]:
            yield chunk.encode()
            time.sleep(0.02)
        if "failure" in event:
            raise RangeError(event["failure"])

    headers = {"Content-Type": "text/event-stream", "x-request-id": "r-1"}
    return StreamingResponse(event["status"], headers, chunks(), cookies=tuple(event.get("cookies", ())))
