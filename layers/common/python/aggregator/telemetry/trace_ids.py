"""Which trace a request is of: X-Ray's own where there is one, written as W3C writes it.

Where none came along, it is made from the request's id alone, which begins with its time as X-Ray's ids do. So an event
that arrives again is the same span of the same trace.
Source: https://docs.aws.amazon.com/xray/latest/devguide/xray-api-sendingdata.html#xray-api-traceids
"""

import re
from dataclasses import dataclass
from hashlib import sha256

_ROOT = re.compile(r"(?:^|;)\s*Root=1-([0-9a-f]{8})-([0-9a-f]{24})(?:;|$)")
_PARENT = re.compile(r"(?:^|;)\s*Parent=([0-9a-f]{16})(?:;|$)")
_SAMPLED = re.compile(r"(?:^|;)\s*Sampled=1(?:;|$)")
_MOMENT = re.compile(r"[0-9a-f]{12}(?=-)")


@dataclass(frozen=True, slots=True)
class TraceIds:
    """A span's place: ids in hex. `parent_id` is X-Ray's segment above it, where X-Ray keeps this trace."""

    trace_id: str
    span_id: str
    parent_id: str | None = None


def ids_of(request_id: str, trace: str | None) -> TraceIds:
    """The ids of a request whose invocation had such a trace header; of any other header than X-Ray's, its own."""
    root = _ROOT.search(trace or "")
    span_id = _hashed("span", request_id, 16)
    if root is None:
        return TraceIds(_seconds(request_id) + _hashed("trace", request_id, 24), span_id)
    parent = _PARENT.search(trace or "") if _SAMPLED.search(trace or "") else None
    return TraceIds(root[1] + root[2], span_id, parent[1] if parent else None)


def _seconds(request_id: str) -> str:
    """When the request came, as the first eight digits of an id of X-Ray's; some digits where it does not say."""
    moment = _MOMENT.match(request_id)
    return f"{int(moment[0], 16) // 1000:08x}"[-8:] if moment else _hashed("moment", request_id, 8)


def _hashed(kind: str, request_id: str, digits: int) -> str:
    """Never all zero, which would be no id: a hash that is has not been seen yet."""
    return sha256(f"aggregator {kind}\n{request_id}".encode()).hexdigest()[:digits]
