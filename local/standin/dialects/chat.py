"""OpenAI's chat completions: what all others are read into, so there is little to do."""

from collections.abc import Mapping

from local.standin.ask import JsonObject
from local.standin.render import chunks as events
from local.standin.render import whole
from local.standin.wire import ServerSentEvents

__all__ = ["NAME", "WIRE", "at", "error", "error_headers", "events", "to_chat", "whole"]


def at(path: str) -> JsonObject | None:
    """See `Dialect.at`."""
    return {} if path.endswith("/chat/completions") else None


def to_chat(body: JsonObject) -> JsonObject:
    """See `Dialect.to_chat`."""
    return body


def error(openai: JsonObject, _status: int) -> JsonObject:
    """See `Dialect.error`."""
    return openai


def error_headers(_status: int) -> Mapping[str, str]:
    """See `Dialect.error_headers`."""
    return {}


NAME = "chat"
WIRE = ServerSentEvents(error, done=True)
