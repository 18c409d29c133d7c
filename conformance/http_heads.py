"""Reading along with HTTP/1.1: the heads of messages in a stream of bytes, their bodies passed over.

Source: RFC 9112 (message format, chunked transfer coding).
"""

from collections.abc import Callable
from dataclasses import dataclass

_HEAD_END = b"\r\n\r\n"
_NO_BODY = ("204", "304")


@dataclass(frozen=True, slots=True)
class Head:
    """Start line and headers of a message; names in lower case."""

    start: str
    headers: dict[str, str]


class HeadReader:
    """Calls `on_head` with each message's head, `on_end` when its body was whole; never changes what it reads."""

    def __init__(self, on_head: Callable[[Head], None], on_end: Callable[[], None]) -> None:
        self._on_head = on_head
        self._on_end = on_end
        self._buffer = b""
        self._skip = 0
        self._read: Callable[[], bool] = self._head

    def feed(self, data: bytes) -> None:
        """Read on."""
        self._buffer += data
        while self._read():
            pass

    def _head(self) -> bool:
        text, end, rest = self._buffer.partition(_HEAD_END)
        if not end:
            return False
        self._buffer = rest
        start, *lines = text.decode("latin-1").split("\r\n")
        pairs = (line.partition(":") for line in lines)
        headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
        if start.startswith("HTTP/1.1 1"):  # an interim answer; the true one follows
            return True
        self._on_head(Head(start, headers))
        self._read = self._body_of(start, headers)
        return True

    def _body_of(self, start: str, headers: dict[str, str]) -> Callable[[], bool]:
        if headers.get("transfer-encoding", "").lower() == "chunked":
            return self._chunk_size
        is_answer = start.startswith("HTTP/")
        if is_answer and "content-length" not in headers and start.split()[1] not in _NO_BODY:
            return self._until_closed
        self._skip = int(headers.get("content-length", 0))
        return self._whole

    def _whole(self) -> bool:
        return self._skipped() and self._ended()

    def _until_closed(self) -> bool:
        self._buffer = b""
        return False

    def _chunk_size(self) -> bool:
        line, end, rest = self._buffer.partition(b"\r\n")
        if not end:
            return False
        self._buffer = rest
        size = int(line.split(b";")[0], 16)
        self._skip = size + 2
        self._read = self._chunk if size else self._trailers
        return True

    def _chunk(self) -> bool:
        if not self._skipped():
            return False
        self._read = self._chunk_size
        return True

    def _trailers(self) -> bool:
        line, end, rest = self._buffer.partition(b"\r\n")
        if not end:
            return False
        self._buffer = rest
        return bool(line) or self._ended()

    def _skipped(self) -> bool:
        passed = min(self._skip, len(self._buffer))
        self._buffer = self._buffer[passed:]
        self._skip -= passed
        return self._skip == 0

    def _ended(self) -> bool:
        self._read = self._head
        self._on_end()
        return True
