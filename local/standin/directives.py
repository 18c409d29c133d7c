"""What a request tells the stand-in to do: how to answer, and how to fail.

Three places, of which a later one wins:

1. the model's name: `standin-429`, `gpt-4o-standin-slow=200ms+cut`
2. the header `x-standin: slow=200ms; status=429`
3. the start of a line of the last user message: `[[standin status=500 times=1]] hello`

README.md beside this file lists them all.
"""

import re
from dataclasses import dataclass, fields, replace
from typing import Any

Seconds = float

_BARE: dict[str, str] = {
    "slow": "1s",
    "token-delay": "50ms",
    "first-token": "1s",
    "cut": "3",
    "close": "3",
    "error-in-stream": "3",
    "hang-after": "3",
    "slow-loris": "7",
    "burst": "8",
}


class BadDirective(ValueError):
    """A directive that the stand-in does not know, or whose value it cannot read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Directives:
    """Everything a request can tell the stand-in; the defaults are a provider in good health."""

    # When faults apply
    times: int | None = None
    id: str = ""
    on: str = ""
    # Faults before the answer
    slow: Seconds = 0.0
    hang: bool = False
    status: int | None = None
    code: str = ""
    retry_after: str = ""
    retry_after_ms: str = ""
    refuse_key: bool = False
    html: bool = False
    garbage: bool = False
    error_in_200: bool = False
    cut_plain: bool = False
    empty: bool = False
    # Faults in the middle of a stream, each after so many events
    cut: int | None = None
    close: int | None = None
    hang_after: int | None = None
    error_in_stream: int | None = None
    no_done: bool = False
    # What the answer says
    tokens: int | None = None
    reasoning: int | None = None
    no_tool: bool = False
    refusal: bool = False
    finish: str = ""
    over_cap: bool = False
    extra_fields: bool = False
    searches: int | None = None
    # What the usage says
    cached: int | None = None
    cache_write: int | None = None
    no_usage: bool = False
    usage_every_chunk: bool = False
    usage_last_choice: bool = False
    # How the stream is written
    first_token: Seconds = 0.0
    token_delay: Seconds = 0.0
    slow_loris: int | None = None
    burst: int | None = None
    crlf: bool = False
    heartbeat: bool = False

    def without_faults(self) -> "Directives":
        """The same, in good health: only what shapes a good answer is left."""
        return replace(self, **{name: getattr(HEALTHY, name) for name in _FAULTS})


HEALTHY = Directives()

_FAULTS = (
    "slow",
    "hang",
    "status",
    "code",
    "retry_after",
    "retry_after_ms",
    "refuse_key",
    "html",
    "garbage",
    "error_in_200",
    "cut_plain",
    "empty",
    "cut",
    "close",
    "hang_after",
    "error_in_stream",
    "no_done",
)
NAMES = tuple(field.name.replace("_", "-") for field in fields(Directives))

_IN_MESSAGE = re.compile(r"(?m)^\s*\[\[standin\b([^\]]*)\]\]\s*")
_IN_MODEL = re.compile(
    rf"(\d{{3}}|{'|'.join(sorted(NAMES, key=len, reverse=True))})(?:=([\w.]+))?(?![a-z0-9])"
)
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s)?")


def directives_of(model: str, header: str, user_text: str) -> Directives:
    """What the request's model, header and last user message ask for, all together.

    Raises:
        BadDirective: one of them, in the header or the message, is unknown or has an unreadable value.
    """
    in_message = _IN_MESSAGE.search(user_text) if "[[standin" in user_text else None
    if not header and in_message is None and "standin-" not in model:
        return HEALTHY
    found: dict[str, Any] = {}
    for piece in model.partition("standin-")[2].split("+"):
        if named := _IN_MODEL.match(piece):
            name, value = named.groups()
            found |= _read("status", name) if name.isdigit() else _read(name, value)
    for text in (header, in_message.group(1) if in_message else ""):
        for piece in re.split(r"[;,\s]+", text):
            if piece:
                name, equals, value = piece.partition("=")
                found |= _read(name, value if equals else None)
    return replace(HEALTHY, **found)


def without_directive(user_text: str) -> str:
    """`user_text` without the directive in it."""
    return _IN_MESSAGE.sub("", user_text, count=1) if "[[standin" in user_text else user_text


def _read(name: str, value: str | None) -> dict[str, Any]:
    if name not in NAMES:
        raise BadDirective(f"unknown stand-in directive: {name}")
    field = name.replace("-", "_")
    default = getattr(HEALTHY, field)
    if default is False:
        return {field: value not in {"0", "false", "no"}}
    given = value if value is not None else _BARE.get(name)
    if given is None:
        raise BadDirective(f"stand-in directive {name} needs a value")
    if isinstance(default, float):
        return {field: _seconds(name, given)}
    if default is None:
        if not given.isdecimal():
            raise BadDirective(f"stand-in directive {name} takes a whole number, not {given}")
        return {field: int(given)}
    return {field: given}


def _seconds(name: str, text: str) -> Seconds:
    read = _DURATION.fullmatch(text)
    if read is None:
        raise BadDirective(f"stand-in directive {name} takes a duration such as 200ms or 1.5s, not {text}")
    return float(read[1]) / (1000 if read[2] == "ms" else 1)
