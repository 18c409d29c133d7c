"""The key out of a request's headers. Standard library only."""

import re
from collections.abc import Mapping
from typing import Any

from aggregator.errors import InvalidApiKey

_MAX_TOKEN_CHARACTERS = 512
_BLANKS = " \t"  # HTTP's own; to Python more is blank (RFC 9110, section 5.6.3)


def token_of(event: Mapping[str, Any]) -> str:
    """Read the key from `Authorization: Bearer <key>` (any case of the scheme) or, without that header, `x-api-key`.

    `Authorization` decides alone when it is there, whatever it holds: API Gateway caches the answer under that header,
    so what stands in another one must not make it an Allow. For the same reason a header that comes twice is refused.
    One without a value is none to API Gateway either (clients that were given an empty token send it): nothing is
    cached under it.

    Raises:
        InvalidApiKey: no key, another scheme, or something too long to be a key.
    """
    authorization = _header_of(event, "authorization")
    if not authorization:
        token = _header_of(event, "x-api-key") or ""
    else:
        scheme, token = (*re.split(r"[ \t]+", authorization, maxsplit=1), "")[:2]
        if scheme.lower() != "bearer":
            raise InvalidApiKey("The Authorization header must be 'Bearer <API key>'.")
    if not token:
        raise InvalidApiKey(
            "You did not provide an API key. Send it as 'Authorization: Bearer <API key>' or as 'x-api-key'."
        )
    if len(token) > _MAX_TOKEN_CHARACTERS or not token.isascii():
        raise InvalidApiKey("Incorrect API key provided.")
    return token


def _header_of(event: Mapping[str, Any], wanted: str) -> str | None:
    """The one value of a header, without the blanks around it that HTTP knows; None if it was not sent."""
    found: list[str] = []
    for name, value in _mapping(event.get("headers")).items():
        if str(name).lower() == wanted and isinstance(value, str):
            found.append(value)
    for name, several in _mapping(event.get("multiValueHeaders")).items():
        if str(name).lower() == wanted and isinstance(several, list):
            found.extend(str(value) for value in several)
    distinct = {value.strip(_BLANKS) for value in found}
    if len(distinct) > 1:
        raise InvalidApiKey(f"The header {wanted} was sent more than once.")
    return distinct.pop() if distinct else None


def _mapping(value: Any) -> Mapping[Any, Any]:
    return value if isinstance(value, Mapping) else {}
