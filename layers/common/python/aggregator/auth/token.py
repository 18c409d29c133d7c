"""The key out of a request's headers. Standard library only."""

from collections.abc import Mapping
from typing import Any

from aggregator.errors import InvalidApiKey

_MAX_TOKEN_CHARACTERS = 512


def token_of(event: Mapping[str, Any]) -> str:
    """Read the key from `Authorization: Bearer <key>` (any case of the scheme) or, without that header, `x-api-key`.

    `Authorization` decides alone when it is there: API Gateway caches the answer under that header, so what stands
    in another one must not make it an Allow. For the same reason a header that comes twice is refused.

    Raises:
        InvalidApiKey: no key, another scheme, or something too long to be a key.
    """
    authorization = _header_of(event, "authorization")
    if authorization:
        scheme, token = (*authorization.split(maxsplit=1), "")[:2]
        if scheme.lower() != "bearer":
            raise InvalidApiKey("The Authorization header must be 'Bearer <API key>'.")
    else:
        token = _header_of(event, "x-api-key")
    token = token.strip()
    if not token:
        raise InvalidApiKey(
            "You did not provide an API key. Send it as 'Authorization: Bearer <API key>' or as 'x-api-key'."
        )
    if len(token) > _MAX_TOKEN_CHARACTERS or not token.isascii():
        raise InvalidApiKey("Incorrect API key provided.")
    return token


def _header_of(event: Mapping[str, Any], wanted: str) -> str:
    found: list[str] = []
    for name, value in _mapping(event.get("headers")).items():
        if str(name).lower() == wanted and isinstance(value, str):
            found.append(value)
    for name, several in _mapping(event.get("multiValueHeaders")).items():
        if str(name).lower() == wanted and isinstance(several, list):
            found.extend(str(value) for value in several)
    distinct = {value.strip() for value in found}
    if len(distinct) > 1:
        raise InvalidApiKey(f"The header {wanted} was sent more than once.")
    return distinct.pop() if distinct else ""


def _mapping(value: Any) -> Mapping[Any, Any]:
    return value if isinstance(value, Mapping) else {}
