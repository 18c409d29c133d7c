"""Reading a chat completion request for a provider that speaks another protocol. Standard library only.

What the client wrote is checked as it is read: a wrong shape is an `InvalidRequest`, a field or value that the provider
cannot honour an `UnsupportedParameter`; both name the place. Source of the fields: OpenAI API reference, "Create chat
completion".
"""

import re
from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aggregator.errors import InvalidRequest, UnsupportedParameter
from aggregator.orchestrator.parameters import DEFAULTS
from aggregator.proxy.dialects.conversation import File, Image
from aggregator.proxy.model import JsonObject
from aggregator.runtime.shape import an_object, unsupported

LABELS = frozenset({
    "user", "metadata", "safety_identifier", "prompt_cache_key", "prompt_cache_retention", "verbosity",
})  # fmt: skip
"""Fields that label a request for OpenAI's own dashboard or cache, or are a mere hint: they are left out elsewhere."""

NO_CAP = 2**31
"""Output tokens of a request that is only checked, where the client set no limit: more than any model writes."""

_DATA_URI = re.compile(r"data:([^;,]*)(?:;[^;,]*)*?(;base64)?,", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class DataUri:
    """Content that stands in the request: its media type in lower case, and its bytes in base64."""

    media_type: str
    base64: str

    def text(self, place: str) -> str:
        """Content as text.

        Raises:
            InvalidRequest: it is no UTF-8.
        """
        try:
            return b64decode(self.base64, validate=True).decode()
        except (NotBase64, ValueError):
            raise InvalidRequest(f"{place}: must be text in UTF-8, in base64", param=place) from None


def refuse_unknown(body: Mapping[str, Any], taken: frozenset[str], provider_name: str) -> None:
    """Pass a body only if every field is one of `taken`, a label, or asks for what is done anyway.

    Raises:
        UnsupportedParameter: names the first that is not.
    """
    for name, value in body.items():
        if name in taken or name in LABELS or value is None or value in DEFAULTS.get(name, ()):
            continue
        raise UnsupportedParameter(f"{provider_name} does not take '{name}'.", param=name)


def a_string(value: Any, place: str) -> str:
    """`value`, if it is a string that says something.

    Raises:
        InvalidRequest: it is not.
    """
    if not isinstance(value, str) or not value:
        raise InvalidRequest(f"{place}: must be a string", param=place)
    return value


def refuse_message_fields(message: Mapping[str, Any], place: str, provider_name: str) -> None:
    """Pass a message only without fields that no other protocol has.

    Raises:
        UnsupportedParameter: names the field.
    """
    if message["role"] == "function" or message.get("function_call") is not None:
        raise unsupported(f"{place}.function_call", "functions are taken as tools only")
    if message.get("name") is not None and message["role"] != "tool":
        raise unsupported(f"{place}.name", f"{provider_name} does not take names of speakers")
    if message.get("audio") is not None:
        raise unsupported(f"{place}.audio", "audio is not offered here")


def data_uri_of(url: str, place: str) -> DataUri | None:
    """What a data URI holds; None for any other URL.

    Raises:
        InvalidRequest: it is a data URI, but not in base64.
    """
    if url[:5].lower() != "data:":
        return None
    match = _DATA_URI.match(url)
    if match is None or match[2] is None:
        raise InvalidRequest(f"{place}: a data URI must be in base64", param=place)
    media_type = match[1].lower() or "text/plain"
    return DataUri("image/jpeg" if media_type == "image/jpg" else media_type, url[match.end() :])


def refuse_detail(image: Image) -> None:
    """Pass an image that is asked for in full detail; providers but OpenAI choose the resolution themselves.

    Raises:
        UnsupportedParameter: it asks for another.
    """
    if image.detail not in (None, "auto", "high"):
        raise unsupported(
            f"{image.came.content.removesuffix('.url')}.detail", "images are taken in full detail only"
        )


def data_of(file: File) -> DataUri:
    """What a file holds.

    Raises:
        InvalidRequest: it is no data URI.
    """
    at = file.came.content
    data = data_uri_of(file.data, at)
    if data is None:
        raise InvalidRequest(f"{at}: must be a data URI, or an http or https address", param=at)
    return data


def checked(data: DataUri, place: str) -> str:
    """The bytes of a file in base64.

    Raises:
        InvalidRequest: they are none.
    """
    try:
        if not b64decode(data.base64, validate=True):
            raise InvalidRequest(f"{place}: is empty", param=place)
    except (NotBase64, ValueError):
        raise InvalidRequest(f"{place}: is not valid base64", param=place) from None
    return data.base64


def by_https(said: str) -> bool:
    """Whether a picture or a file is named by its address, so that a provider can fetch it."""
    return said[:8].lower() == "https://"


def stops_of(body: Mapping[str, Any]) -> list[str]:
    """Texts at which the model stops.

    Raises:
        InvalidRequest: one is no string.
    """
    stop = body.get("stop")
    return [a_string(each, "stop") for each in ([stop] if isinstance(stop, str) else stop or ())]


def json_schema_of(response_format: Mapping[str, Any]) -> JsonObject:
    """Schema of a `json_schema` response format.

    Raises:
        InvalidRequest: there is none.
    """
    at = "response_format.json_schema"
    return an_object(an_object(response_format.get("json_schema"), at).get("schema"), f"{at}.schema")
