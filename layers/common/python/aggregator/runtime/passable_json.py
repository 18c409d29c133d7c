"""JSON that others wrote, read so that it can be passed on: no number that is none, and not nested without end.

Standard library only. How deep Python's own reader goes depends on its version; what follows it (writing, copying,
translating) gives up far earlier.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from json.encoder import c_make_encoder, encode_basestring, encode_basestring_ascii  # type: ignore[attr-defined]
from math import isinf
from typing import Any

MOST_LEVELS = 128
"""Objects and arrays within each other, of a request or of a provider's answer. Schemas of tools have a dozen."""

# A bracket, or a string, which is a name where a colon follows. Possessive: a string may be megabytes long.
_BRACKET_OR_STRING = r'[{}\[\]]|("(?:[^"\\]++|\\.)*+")(?=\s*+:)|"(?:[^"\\]++|\\.)*+"'


_BLANKS = " \t\n\r"


class NotFinite(ValueError):
    """A number is too large to be one, as `1e999`, which would go on as `Infinity`."""


class TooDeep(ValueError):
    """Nested deeper than `MOST_LEVELS`."""


def writer(*, default: Callable[[Any], Any] | None = None, ensure_ascii: bool = True) -> Callable[[Any], str]:
    """What writes values without blanks, as `json.dumps` does, which makes its encoder anew for each of them.

    `default` gives what has no JSON form another one.
    """
    in_quotes = encode_basestring_ascii if ensure_ascii else encode_basestring
    formless = default or json.JSONEncoder().default
    pieces = c_make_encoder(
        markers=None,
        default=formless,
        encoder=in_quotes,
        indent=None,
        key_separator=":",
        item_separator=",",
        sort_keys=False,
        skipkeys=False,
        allow_nan=True,
    )

    def write(value: Any) -> str:
        return "".join(pieces(value, 0))

    return write


compact = writer()
compact_as_it_is = writer(ensure_ascii=False)
_scan = json.JSONDecoder().scan_once  # type: ignore[attr-defined]
"""What `json.loads` calls between looking for blanks on both sides: those before a text are rare."""


def read_bytes(text: bytes) -> Any:
    """What a JSON text says that is UTF-8, as nearly all are; others are read as `json.loads` does.

    Raises:
        ValueError: it is no JSON.
    """
    try:
        words = text.decode()
        said, end = _scan(words, 0)
    except (ValueError, StopIteration):
        return json.loads(text)
    return said if end == len(words) or not words[end:].strip(_BLANKS) else json.loads(text)


def read(text: str | bytes) -> Any:
    """What a JSON text says.

    Raises:
        NotFinite, TooDeep: as they say.
        ValueError: it is no JSON.
    """
    said = read_at_any_depth(text)
    if may_be_too_deep(text) and is_too_deep(said):
        raise TooDeep
    return said


def read_at_any_depth(text: str | bytes) -> Any:
    """The same, as deep as Python reads.

    Raises:
        NotFinite, TooDeep: as they say.
        ValueError: it is no JSON.
    """
    words = text if isinstance(text, str) else text.decode(json.detect_encoding(text), "surrogatepass")
    try:
        said, end = _scan_finite(words, 0)
        return said if end == len(words) or not words[end:].strip(_BLANKS) else _FINITE.decode(words)
    except StopIteration:
        return _FINITE.decode(words)
    except RecursionError:
        raise TooDeep from None


def may_be_too_deep(text: str | bytes) -> bool:
    """Whether a text can be nested too deep at all; that costs less to ask than `is_too_deep`."""
    if isinstance(text, str):
        return text.count("{") + text.count("[") > MOST_LEVELS
    return text.count(b"{") + text.count(b"[") > MOST_LEVELS


def is_too_deep(value: Any, most: int = MOST_LEVELS) -> bool:
    """Whether what was read is nested deeper than that."""
    level = [value] if isinstance(value, (dict, list)) else []
    for _ in range(most):
        if not level:
            return False
        level = [within for each in level for within in _within(each) if isinstance(within, (dict, list))]
    return bool(level)


def infinite_in(text: str | bytes) -> Iterator[str]:
    """Places of the numbers for which a text is `NotFinite`; those of an outer level come first."""
    level = [("", json.loads(text))]
    while level:
        within = [
            (f"{place}.{name}".lstrip("."), value)
            for place, each in level
            if isinstance(each, (dict, list))
            for name, value in (each.items() if isinstance(each, dict) else enumerate(each))
        ]
        yield from (place for place, value in within if isinstance(value, float) and isinf(value))
        level = within


def too_deep_field(text: str | bytes) -> str | None:
    """The field of the outermost object in which a text becomes too deep; None where that is no object.

    The text is not read for it: it may be deeper than Python reads.
    """
    words = text if isinstance(text, str) else text.decode(errors="replace")
    field, levels = None, 0
    for token in re.finditer(_BRACKET_OR_STRING, words, re.DOTALL):
        if token[0] in ("{", "["):
            levels += 1
        elif token[0] in ("}", "]"):
            levels -= 1
        elif levels == 1 and token[1] is not None:
            field = token[1]
        if levels > MOST_LEVELS:
            break
    return None if field is None else str(json.loads(field))


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def _finite(digits: str) -> float:
    number = float(digits)
    if isinf(number):
        raise NotFinite
    return number


_FINITE = json.JSONDecoder(parse_constant=_no_constant, parse_float=_finite)
_scan_finite = _FINITE.scan_once  # type: ignore[attr-defined]


def _within(value: dict[str, Any] | list[Any]) -> Iterable[Any]:
    return value.values() if isinstance(value, dict) else value
