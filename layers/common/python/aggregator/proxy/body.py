"""The body of a request: the JSON object that an event of API Gateway carries. Standard library only."""

from base64 import b64decode
from collections.abc import Mapping
from typing import Any

from aggregator.errors import InvalidRequest, JsonObject, PayloadTooLarge
from aggregator.runtime import passable_json

MAX_BODY_BYTES = 6 * 1024 * 1024


def body_of(event: Mapping[str, Any]) -> JsonObject:
    """The JSON object that an event carries.

    Lambda refuses an event over 6 MB, escaped, before anything runs; what is refused here came another way.

    Raises:
        InvalidRequest: no JSON object, one that is nested too deep, or a number that is none.
        PayloadTooLarge: over 6 MB as it is.
    """
    text: str = event.get("body") or ""
    if len(text) > MAX_BODY_BYTES:
        raise PayloadTooLarge(
            "The body is over 6 MB, in which each quote, backslash and line break counts twice."
        )
    try:
        raw = b64decode(text) if event.get("isBase64Encoded") else text
        body = passable_json.read_at_any_depth(raw)
    except passable_json.NotFinite:
        place = next(passable_json.infinite_in(raw), "body")
        raise InvalidRequest(f"{place}: must be a finite number", param=place) from None
    except passable_json.TooDeep:
        raise _too_deep(passable_json.too_deep_field(raw)) from None
    except ValueError:
        raise InvalidRequest("The body is not valid JSON.") from None
    if not isinstance(body, dict):
        raise InvalidRequest("The body must be a JSON object.")
    if passable_json.may_be_too_deep(raw) and passable_json.is_too_deep(body):
        raise _too_deep(passable_json.too_deep_field(raw))
    return body


def _too_deep(field: str | None) -> InvalidRequest:
    if field is None:
        return InvalidRequest("The body must be a JSON object.")
    return InvalidRequest(
        f"{field}: is nested more than {passable_json.MOST_LEVELS} levels deep", param=field
    )
