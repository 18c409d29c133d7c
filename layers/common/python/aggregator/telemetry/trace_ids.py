"""Which trace a request is of: X-Ray's own where there is one, written as W3C writes it.

Where none came along, it is made from the request's id alone, which begins with its time as X-Ray's ids do. So an event
that arrives again is the same span of the same trace.
Source: https://docs.aws.amazon.com/xray/latest/devguide/xray-api-sendingdata.html#xray-api-traceids
"""

import re
from dataclasses import dataclass
from hashlib import sha256

from aggregator.runtime.xray import trace_of

_MOMENT = re.compile(r"[0-9a-f]{12}(?=-)")


@dataclass(frozen=True, slots=True)
class TraceIds:
    """A span's place: ids in hex. `parent_id` is X-Ray's segment above it, where X-Ray keeps this trace."""

    trace_id: str
    span_id: str
    parent_id: str | None = None


def ids_of(request_id: str, trace: str | None) -> TraceIds:
    """The ids of a request whose invocation had such a trace header; of any other header than X-Ray's, its own."""
    known, span_id = trace_of(trace), _hashed("span", request_id, 16)
    if known is None:
        return TraceIds(_seconds(request_id) + _hashed("trace", request_id, 24), span_id)
    return TraceIds(known.root[2:].replace("-", ""), span_id, known.parent if known.is_kept else None)


def _seconds(request_id: str) -> str:
    """When the request came, as the first eight digits of an id of X-Ray's; some digits where it does not say."""
    moment = _MOMENT.match(request_id)
    return f"{int(moment[0], 16) // 1000:08x}"[-8:] if moment else _hashed("moment", request_id, 8)


def _hashed(kind: str, request_id: str, digits: int) -> str:
    """Never all zero, which would be no id: a hash that is has not been seen yet."""
    return sha256(f"aggregator {kind}\n{request_id}".encode()).hexdigest()[:digits]
