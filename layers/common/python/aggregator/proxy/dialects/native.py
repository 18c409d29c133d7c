"""What native lanes share: JSON as it goes out, and events with names. Standard library only."""

from collections.abc import Collection, Mapping
from typing import Any

from aggregator.errors import JsonObject
from aggregator.runtime import log
from aggregator.runtime.passable_json import compact, compact_as_it_is

_LONGEST_NAME, _MOST_NAMES = 64, 20


def json_bytes(body: JsonObject) -> bytes:
    """JSON in the order in which it was read, its letters as they are; half of a pair of surrogates stays an escape."""
    said = compact_as_it_is(body)
    try:
        return said.encode()
    except UnicodeEncodeError:
        return compact(body).encode()


def without(body: JsonObject, left_out: Collection[str]) -> JsonObject:
    """The body without fields that a provider does not take; `text.verbosity` is one within another."""
    for path in left_out:
        name, _, below = path.partition(".")
        if name not in body:
            continue
        if not below:
            body = {field: value for field, value in body.items() if field != name}
        elif isinstance(body[name], dict) and below in body[name]:
            body = {**body, name: {field: value for field, value in body[name].items() if field != below}}
    return body


def told_of(asked: Mapping[str, Any], left_out: Collection[str]) -> tuple[str, ...]:
    """Of the fields that a provider does not take, those that the client said something in."""
    told = []
    for path in sorted(left_out):
        name, _, below = path.partition(".")
        value = asked.get(name)
        if below:
            value = value.get(below) if isinstance(value, dict) else None
        if value not in (None, "", [], {}):
            told.append(path)
    return tuple(told)


def log_unknown(body: Mapping[str, Any], known: Mapping[str, Any], dialect: str) -> None:
    """Fields that nobody here knows go along to the dialect's own house; their names are worth knowing, no more."""
    if unknown := [name[:_LONGEST_NAME] for name in body if name not in known]:
        log.info("unknown_fields", dialect=dialect, fields=unknown[:_MOST_NAMES])


def named_event(event: JsonObject) -> bytes:
    """An event of a stream, under the name of its type."""
    said = compact_as_it_is(event)
    return f"event: {event['type']}\ndata: {said}\n\n".encode(errors="surrogatepass")
