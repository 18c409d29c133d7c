"""What every HTTP function reads off an API Gateway event (REST proxy, payload 1.0). Standard library only."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

Event = Mapping[str, Any]


def request_id_of(event: Event) -> str:
    """The one id of a request: `<time in ms, 12 hex digits>-<API Gateway's request id>`.

    It sorts by time, so a ledger keyed by it is in order, and a search for API Gateway's own id finds it.
    """
    context = event.get("requestContext") or {}
    request_id = context.get("requestId") or _made_up_id()
    received_ms = context.get("requestTimeEpoch") or int(datetime.now(UTC).timestamp() * 1000)
    return f"{int(received_ms):012x}-{request_id}"


def _made_up_id() -> str:
    from uuid import uuid4  # noqa: PLC0415 (API Gateway always names its requests, and a start need not pay for it)

    return str(uuid4())


def source_ip_of(event: Event) -> str:
    """Address the request came from, as API Gateway saw it; no header can forge it."""
    identity = (event.get("requestContext") or {}).get("identity") or {}
    return str(identity.get("sourceIp") or "127.0.0.1")


def header_of(event: Event, name: str) -> str | None:
    """One request header by name, whatever its case."""
    wanted, headers = name.lower(), event.get("headers") or {}
    # One look instead of one each, for most names that are asked for are not there.
    if wanted not in " ".join(headers).lower():
        return None
    for each, value in headers.items():
        if each.lower() == wanted:
            return str(value)
    return None


def route_of(event: Event) -> str:
    """`POST /billing/transaction`: the method and the route, with its parameters' names."""
    return f"{event.get('httpMethod', '?')} {event.get('resource') or event.get('path', '?')}"


def headers_in(event: Event, names: tuple[str, ...]) -> dict[str, str]:
    """Those of a request's headers that are wanted, by their names in lower case."""
    said = {each.lower(): str(value) for each, value in (event.get("headers") or {}).items()}
    return {name: said[name] for name in names if name in said}
