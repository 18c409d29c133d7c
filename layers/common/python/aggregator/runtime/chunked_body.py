"""A body in chunks, taken apart as it comes. Source: RFC 9112, section 7.1."""

import re
from collections.abc import Callable, Generator

from aggregator.runtime.http_wire import (
    FRAMES,
    LARGEST_HEAD,
    LASTING,
    MOST_DIGITS,
    NoAnswerError,
    fields_of,
    more,
    number,
)

_EXTENSIONS = (
    rb"""(;[\w!#$%&'*+.^`|~-]+(=([\w!#$%&'*+.^`|~-]+|"([\t !#-[\]-~\x80-\xff]|\\[\t -~\x80-\xff])*"))?)+"""
)
_PLAIN_SIZE = re.compile(rb"([0-9a-fA-F]{1,%d})\r\n" % MOST_DIGITS)
_NOT_IN_TRAILERS = frozenset({*FRAMES, *LASTING})


def contents(data: bytes, receive: Callable[[], bytes]) -> Generator[bytes, None, bool]:
    """What is in the chunks that begin with `data`, as it comes; returns whether anything came after their end.

    Raises:
        NoAnswerError: as `http_wire.pieces_of`.
    """
    chunks = ChunkedBody()
    while True:
        if piece := chunks.feed(data):
            yield piece
        if chunks.ended:
            return bool(chunks.left_over)
        chunks.require_sound()
        data = more(receive)


class ChunkedBody:
    """Takes chunks apart, as they come in whatever pieces. `left_over` is what came after the end."""

    __slots__ = ("_broken", "_in_trailers", "_is_between", "_line", "_missing", "_skip", "ended", "left_over")

    def __init__(self) -> None:
        self.ended = False
        self.left_over = b""
        self._broken: NoAnswerError | None = None
        self._line = b""
        self._missing = 0
        self._skip = 0
        self._in_trailers = False
        self._is_between = True

    def feed(self, data: bytes) -> bytes:
        """What `data` adds to the body; ask `require_sound` whether there can be more."""
        at = 0
        parts: list[bytes] = []
        if self._is_between:
            at = _plain_chunks(data, 0, parts)
            if at == len(data):  # all of them whole, as nearly always in a stream
                return parts[0] if len(parts) == 1 else b"".join(parts)
        data, self._line = self._line + data, b""
        while not self.ended:
            if self._missing:
                parts.append(data[at : at + self._missing])
                at += len(parts[-1])
                self._missing -= len(parts[-1])
                if self._missing:
                    break
            step = min(self._skip, len(data) - at)  # a chunk's own line end
            if data[at : at + step] != b"\r\n"[2 - self._skip :][:step]:
                self._broken = NoAnswerError("a chunk is longer than it says")
                break
            at, self._skip = at + step, self._skip - step
            if not (self._skip or self._in_trailers):
                at = _plain_chunks(data, at, parts)
            end = data.find(b"\r\n", at)
            if self._skip or (end < 0 and len(data) - at < LARGEST_HEAD + 2):
                self._line = data[at:]
                break
            line, at = data[at:end], end + 2
            try:
                self._read(line)
            except NoAnswerError as broken:
                self._broken = broken
                break
        self.left_over = data[at:] if self.ended else b""
        self._is_between = not (self._line or self._missing or self._skip or self._in_trailers)
        return b"".join(parts)

    def require_sound(self) -> None:
        """Pass if what was fed were chunks.

        Raises:
            NoAnswerError: they were not; what came before is the body's beginning.
        """
        if self._broken is not None:
            raise self._broken

    def _read(self, line: bytes) -> None:
        if len(line) > LARGEST_HEAD:
            raise NoAnswerError("the answer is not HTTP")
        if self._in_trailers:
            self.ended = not line
            if line and not _NOT_IN_TRAILERS.isdisjoint(fields_of(b"\r\n" + line)[1]):
                raise NoAnswerError("the answer's end cannot be told")
            return
        size, extended, _ = line.partition(b";")
        if extended and not re.fullmatch(_EXTENSIONS, line[len(size) :]):
            raise NoAnswerError("the answer is not HTTP")
        self._missing = number(size.rstrip(b" \t").decode("latin-1"), 16)
        self._in_trailers, self._skip = not self._missing, 2 if self._missing else 0


def _plain_chunks(data: bytes, at: int, parts: list[bytes]) -> int:
    """Add the contents of the whole chunks at `at` to `parts`; where they end. Those with any oddity are left."""
    while at < len(data):
        size = _PLAIN_SIZE.match(data, at)
        if size is None:
            return at
        begin = size.end()
        end = begin + int(size[1], 16)
        if begin == end or data[end : end + 2] != b"\r\n":
            return at
        parts.append(data[begin:end])
        at = end + 2
    return at
