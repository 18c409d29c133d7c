"""How a stream of the Responses API fails: on both lanes.

The API reference has the fields of an `error` event side by side, on the wire they stand in `error`, where OpenAI's
SDKs look for them to raise; both are told. Then comes `response.failed`, for clients that read events by their names.
Source: OpenAI API reference, "Streaming events" (`error`, `response.failed`). Standard library only.
"""

from collections.abc import Iterator

from aggregator.errors import JsonObject
from aggregator.proxy.dialects.native import named_event

_LIMITED = "rate_limit_exceeded"


def failure(error: JsonObject, response: JsonObject, number: int) -> Iterator[bytes]:
    """The last events of a stream that failed, from `number` on. `error` is what the one envelope holds."""
    told = {name: error.get(name) for name in ("code", "message", "param")}
    kind = error.get("type")
    yield named_event(
        {
            "type": "error",
            "sequence_number": number,
            **told,
            "error": {"type": kind, **told, "request_id": error.get("request_id")},
        }
    )
    reason = {
        "code": _LIMITED if told["code"] == _LIMITED else "server_error",
        "message": told["message"] or "",
    }
    failed = {**response, "status": "failed", "error": reason}
    yield named_event({"type": "response.failed", "sequence_number": number + 1, "response": failed})
