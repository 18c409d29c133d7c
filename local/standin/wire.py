"""How events go over the wire: as server-sent events, or as Amazon's binary event stream.

Source of the latter: Amazon Transcribe Developer Guide, "Event stream encoding": two lengths and their CRC, headers,
the payload, and the CRC of all.
"""

from collections.abc import Callable
from dataclasses import dataclass
from struct import pack
from typing import Protocol
from zlib import crc32

from local.standin.ask import JsonObject
from local.standin.errors import error_body
from local.standin.replies import as_json

_STRING = b"\x07"
_BROKEN = b'{"id": "chatcmpl-standin", "choices": [{"index": 0, "del'
_FAILED = error_body("The server had an error in the middle of its answer.", kind="server_error", code=None)

ErrorOf = Callable[[JsonObject, int], JsonObject]
"""An error of another dialect, from one of OpenAI's and its status."""


class Wire(Protocol):
    """The form in which a dialect streams; `eol` ends its lines, where it has any."""

    @property
    def content_type(self) -> str:
        """What the head of the stream calls it."""
        ...

    def event(self, said: JsonObject, eol: bytes) -> bytes:
        """One event."""
        ...

    def comment(self, eol: bytes) -> bytes:
        """What says that the stream lives, and nothing else."""
        ...

    def broken(self, eol: bytes) -> bytes:
        """An event that cannot be read."""
        ...

    def failed(self, eol: bytes) -> bytes:
        """What is sent of a failure in the middle of an answer."""
        ...

    def end(self, eol: bytes) -> bytes:
        """What says that nothing follows; empty where the last event does."""
        ...


@dataclass(frozen=True, slots=True)
class ServerSentEvents:
    """`error` makes OpenAI's errors the dialect's. `named`: events say their `type`. `done`: `[DONE]` ends."""

    error: ErrorOf
    named: bool = False
    done: bool = False

    @property
    def content_type(self) -> str:
        """See `Wire.content_type`."""
        return "text/event-stream; charset=utf-8"

    def event(self, said: JsonObject, eol: bytes) -> bytes:
        """See `Wire.event`."""
        return self._named(str(said["type"]) if self.named else "", as_json(said), eol)

    def comment(self, eol: bytes) -> bytes:
        """See `Wire.comment`."""
        return b": stand-in is working" + eol + eol

    def broken(self, eol: bytes) -> bytes:
        """See `Wire.broken`."""
        return self._named("", _BROKEN, eol)

    def failed(self, eol: bytes) -> bytes:
        """See `Wire.failed`."""
        return self._named("error" if self.named else "", as_json(self.error(_FAILED, 500)), eol)

    def end(self, eol: bytes) -> bytes:
        """See `Wire.end`."""
        return self._named("", b"[DONE]", eol) if self.done else b""

    @staticmethod
    def _named(name: str, data: bytes, eol: bytes) -> bytes:
        return (b"event: " + name.encode() + eol if name else b"") + b"data: " + data + eol + eol


@dataclass(frozen=True, slots=True)
class AmazonEvents:
    """Amazon's event stream: an event is an object of one field, which names it."""

    error: ErrorOf

    @property
    def content_type(self) -> str:
        """See `Wire.content_type`."""
        return "application/vnd.amazon.eventstream"

    def event(self, said: JsonObject, eol: bytes) -> bytes:  # noqa: ARG002 (there are no lines)
        """See `Wire.event`."""
        [(name, payload)] = said.items()
        return _frame({":event-type": name, **_JSON, ":message-type": "event"}, as_json(payload))

    def comment(self, eol: bytes) -> bytes:  # noqa: ARG002
        """See `Wire.comment`; there is none."""
        return b""

    def broken(self, eol: bytes) -> bytes:  # noqa: ARG002
        """See `Wire.broken`: a frame whose checksum is not its own."""
        whole = _frame({":event-type": "contentBlockDelta", **_JSON, ":message-type": "event"}, _BROKEN)
        return whole[:-1] + bytes([whole[-1] ^ 1])

    def failed(self, eol: bytes) -> bytes:  # noqa: ARG002
        """See `Wire.failed`."""
        headers = {":exception-type": "internalServerException", **_JSON, ":message-type": "exception"}
        return _frame(headers, as_json(self.error(_FAILED, 500)))

    def end(self, eol: bytes) -> bytes:  # noqa: ARG002
        """See `Wire.end`."""
        return b""


_JSON = {":content-type": "application/json"}


def _frame(headers: dict[str, str], payload: bytes) -> bytes:
    said = b"".join(
        pack(">B", len(name)) + name.encode() + _STRING + pack(">H", len(value)) + value.encode()
        for name, value in headers.items()
    )
    prelude = pack(">II", len(said) + len(payload) + 16, len(said))
    whole = prelude + pack(">I", crc32(prelude)) + said + payload
    return whole + pack(">I", crc32(whole))
