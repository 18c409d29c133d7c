"""What native lanes share: JSON as it goes out, and events with names. Standard library only."""

import json
from typing import Any

from aggregator.errors import JsonObject


def json_bytes(body: JsonObject) -> bytes:
    """JSON in the order in which it was read, its letters as they are; half of a pair of surrogates stays an escape."""
    said = json.dumps(body, separators=(",", ":"), ensure_ascii=False)
    try:
        return said.encode()
    except UnicodeEncodeError:
        return json.dumps(body, separators=(",", ":")).encode()


def named_event(event: JsonObject) -> bytes:
    """An event of a stream, under the name of its type."""
    said = json.dumps(event, separators=(",", ":"), ensure_ascii=False)
    return f"event: {event['type']}\ndata: {said}\n\n".encode(errors="surrogatepass")


def utf8_bytes(text: Any) -> int:
    """How much text a value is, as UTF-8; none if it is no text."""
    if not isinstance(text, str):
        return 0
    return len(text) if text.isascii() else len(text.encode(errors="surrogatepass"))
