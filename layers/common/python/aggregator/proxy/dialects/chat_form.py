"""The chat form: a chat completion request, checked as far as money and routing depend on it. On the hot path.

Requests of every surface but embeddings take this form. Fields that the platform does not know stay as they are.
Source of the fields: OpenAI API reference, "Create chat completion".
"""

from collections.abc import Iterator
from itertools import chain
from typing import TYPE_CHECKING, Any

from aggregator.errors import InvalidRequest, UnsupportedParameter
from aggregator.proxy.model import Ask, JsonObject, service_tier_of

if TYPE_CHECKING:
    from aggregator.proxy.attachments import Attachments
    from aggregator.proxy.dialects.conversation import Turns

MAX_CHOICES = 128

_ROLES = frozenset({"system", "developer", "user", "assistant", "tool", "function"})
_ONE_OF_THE_ROLES = f"must be one of {', '.join(sorted(_ROLES))}"

_TYPES: dict[str, tuple[type | tuple[type, ...], str]] = {
    "model": (str, "a string"),
    "messages": (list, "an array"),
    "stream": (bool, "true or false"),
    "stream_options": (dict, "an object"),
    "n": (int, "an integer"),
    "max_tokens": (int, "an integer"),
    "max_completion_tokens": (int, "an integer"),
    "temperature": ((int, float), "a number"),
    "top_p": ((int, float), "a number"),
    "frequency_penalty": ((int, float), "a number"),
    "presence_penalty": ((int, float), "a number"),
    "seed": (int, "an integer"),
    "stop": ((str, list), "a string or an array"),
    "tools": (list, "an array"),
    "tool_choice": ((str, dict), "a string or an object"),
    "parallel_tool_calls": (bool, "true or false"),
    "modalities": (list, "an array"),
    "service_tier": (str, "a string"),
    "response_format": (dict, "an object"),
    "logprobs": (bool, "true or false"),
    "top_logprobs": (int, "an integer"),
    "reasoning_effort": (str, "a string"),
    "user": (str, "a string"),
    "metadata": (dict, "an object"),
}

# What costs money that the catalogue has no price for is refused by name, never given away or guessed.
_UNPRICED = ("web_search_options", "audio", "prediction")


def checked(
    body: JsonObject,
    text_bytes: int,
    *,
    surface: str = "chat",
    asked: JsonObject | None = None,
    user_id: str = "",
    turns: "Turns" = (),
) -> Ask:
    """Check a chat completion request that was read already, or translated from the form of its surface.

    `text_bytes` is how long it is, inline images and files and all.

    Raises:
        InvalidRequest: a field is missing, or has a wrong type or value; `param` is its path.
        UnsupportedParameter: it asks for something that has no price here.
    """
    for name, value in body.items():
        if name in _TYPES and value is not None:
            _check_type(name, value)
    for name in ("model", "messages"):
        if not body.get(name):
            raise InvalidRequest(f"{name}: Field required", param=name)
    _refuse_unpriced(body)
    attached = _attached(body["messages"])
    options = body.get("stream_options") or {}
    return Ask(
        body=body,
        model=body["model"],
        stream=bool(body.get("stream")),
        wants_usage=bool(options.get("include_usage")),
        choices=_within(body, "n", 1, MAX_CHOICES) or 1,
        max_output_tokens=_within(body, "max_completion_tokens", 1, None)
        or _within(body, "max_tokens", 1, None),
        text_bytes=text_bytes if attached is None else max(text_bytes - attached.inline_bytes, 0),
        messages=len(body["messages"]),
        images=0 if attached is None else attached.images,
        files=() if attached is None else attached.files,
        surface=surface,
        asked=asked or {},
        service_tier=service_tier_of(body),
        user_id=user_id,
        turns=turns,
        addresses=0 if attached is None else attached.addresses,
    )


def _check_type(name: str, value: Any) -> None:
    wanted, words = _TYPES[name]
    if not isinstance(value, wanted) or (isinstance(value, bool) and wanted is not bool):
        raise InvalidRequest(f"{name}: must be {words}", param=name)


def _within(body: JsonObject, name: str, least: int, most: int | None) -> int | None:
    value: int | None = body.get(name)
    if value is None:
        return None
    if value < least or (most is not None and value > most):
        bounds = f"at least {least}" if most is None else f"from {least} to {most}"
        raise InvalidRequest(f"{name}: must be {bounds}", param=name)
    return value


def _refuse_unpriced(body: JsonObject) -> None:
    for name in _UNPRICED:
        if body.get(name) is not None:
            raise UnsupportedParameter(f"{name}: is not offered here", param=name)
    if (modalities := body.get("modalities")) and any(each != "text" for each in modalities):
        raise UnsupportedParameter("modalities: only text is offered here", param="modalities")


def _attached(messages: list[Any]) -> "Attachments | None":
    """What the messages carry beside their words; None where all of them are plain texts."""
    parts = _parts(messages)
    for first in parts:
        from aggregator.proxy.attachments import Attachments  # noqa: PLC0415 (a chat in plain texts has none)

        return Attachments.of(chain([first], parts))
    return None


def _parts(messages: list[Any]) -> Iterator[tuple[str, JsonObject]]:
    """Every content part of every message, with its place."""
    for n, message in enumerate(messages):
        place = f"messages.{n}"
        _require(isinstance(message, dict), place, "must be an object")
        role = message.get("role")
        _require(
            isinstance(role, str) and role in _ROLES,
            f"{place}.role",
            _ONE_OF_THE_ROLES,
        )
        content = message.get("content")
        if content is None or isinstance(content, str):
            continue
        _require(isinstance(content, list), f"{place}.content", "must be a string or an array")
        for k, part in enumerate(content):
            _require(isinstance(part, dict), f"{place}.content.{k}", "must be an object")
            yield f"{place}.content.{k}", part


def _require(holds: bool, place: str, what: str) -> None:
    if not holds:
        raise InvalidRequest(f"{place}: {what}", param=place)
