"""Reading a chat completion request for a provider that speaks another protocol. Standard library only.

What the client wrote is checked as it is read: a wrong shape is an `InvalidRequest`, a field or value that the provider
cannot honour an `UnsupportedParameter`; both name the place. Source of the fields: OpenAI API reference, "Create chat
completion".
"""

import re
from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from aggregator.errors import InvalidRequest, UnsupportedParameter
from aggregator.orchestrator.parameters import DEFAULTS
from aggregator.proxy.model import JsonObject

LABELS = frozenset({
    "user", "metadata", "safety_identifier", "prompt_cache_key", "prompt_cache_retention", "verbosity",
})  # fmt: skip
"""Fields that label a request for OpenAI's own dashboard or cache, or are a mere hint: they are left out elsewhere."""

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


def unsupported(place: str, why: str) -> UnsupportedParameter:
    """Refusal of what stands at `place`."""
    return UnsupportedParameter(f"{place}: {why}", param=place)


def an_object(value: Any, place: str) -> JsonObject:
    """`value`, if it is an object.

    Raises:
        InvalidRequest: it is not.
    """
    if not isinstance(value, dict):
        raise InvalidRequest(f"{place}: must be an object", param=place)
    return value


def a_string(value: Any, place: str) -> str:
    """`value`, if it is a string that says something.

    Raises:
        InvalidRequest: it is not.
    """
    if not isinstance(value, str) or not value:
        raise InvalidRequest(f"{place}: must be a string", param=place)
    return value


def parts_of(message: Mapping[str, Any], place: str) -> Iterator[tuple[str, JsonObject]]:
    """Content of a message as parts, each with its place; text that says nothing is left out, for no provider takes it.

    Raises:
        InvalidRequest: a part has a wrong shape.
    """
    content = message.get("content")
    if isinstance(content, str):
        content = [{"type": "text", "text": content}]
    for k, part in enumerate(content or ()):
        at = f"{place}.content.{k}"
        kind = an_object(part, at).get("type", "text")
        if kind not in ("text", "refusal"):
            yield at, part
            continue
        words = part.get(kind)
        if not isinstance(words, str):
            raise InvalidRequest(f"{at}.{kind}: must be a string", param=f"{at}.{kind}")
        if words.strip():
            yield at, {**part, "type": "text", "text": words}


def text_of(message: Mapping[str, Any], place: str) -> str:
    """Content of a message that can only be text.

    Raises:
        UnsupportedParameter: it is something else.
    """
    texts = []
    for at, part in parts_of(message, place):
        if part.get("type", "text") != "text":
            raise unsupported(at, "only text is taken here")
        texts.append(part["text"])
    return "\n".join(texts)


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


def image_url_of(part: Mapping[str, Any], place: str) -> str:
    """URL of an image part, in either of the forms that clients write.

    Raises:
        UnsupportedParameter: it asks for a resolution; providers but OpenAI choose it themselves.
    """
    image = part.get("image_url")
    at = f"{place}.image_url"
    if isinstance(image, Mapping):
        if image.get("detail") not in (None, "auto", "high"):
            raise unsupported(f"{at}.detail", "images are taken in full detail only")
        return a_string(image.get("url"), f"{at}.url")
    return a_string(image, at)


def file_of(part: Mapping[str, Any], place: str) -> tuple[DataUri, str | None]:
    """A file that stands in the request, and its name.

    Raises:
        UnsupportedParameter: it stands elsewhere.
    """
    at = f"{place}.file"
    file = an_object(part.get("file"), at)
    if file.get("file_id") is not None:
        raise unsupported(f"{at}.file_id", "send the file itself, as file_data")
    data = data_uri_of(a_string(file.get("file_data"), f"{at}.file_data"), f"{at}.file_data")
    if data is None:
        raise InvalidRequest(f"{at}.file_data: must be a data URI", param=f"{at}.file_data")
    name = file.get("filename")
    return data, name if isinstance(name, str) and name else None


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
