"""HTTP/1.1 answers for two readers to differ on: made of what servers send, what they must not, and damage.

Each form is a pair: what any reader takes, and what is odd or wrong. How often an answer has the latter is drawn first.
"""

import re
from itertools import pairwise
from random import Random

Forms = tuple[tuple[bytes, ...], tuple[bytes, ...]]

BEFORE: Forms = (b"",), (b"\r\n", b"\n", b"\r", b" ")
VERSIONS: Forms = (
    (b"HTTP/1.1",),
    (b"HTTP/1.0", b"HTTP/0.9", b"HTTP/2.0", b"HTTP/1.2", b"RTSP/1.0", b"ICE/1.1", b"http/1.1", b"HTTP/1.10"),
)
STATUSES: Forms = (
    (b"200", b"200", b"200", b"201", b"204", b"205", b"304", b"400", b"429", b"500", b"599"),
    (b"000", b"099", b"600", b"999", b"20", b"2000", b"+20", b"\xb200", b" 200"),
)
INTERIM: Forms = (b"100", b"103", b"102", b"150", b"199"), (b"101",)
SPACES: Forms = (b" ",), (b"\t", b"  ", b"", b"x")
REASONS: Forms = (
    (b" OK", b" ", b"", b" Not Found", b" a\tb", b" \xe4"),
    (b" a\x00b", b"OK", b"\tOK", b" a\rb", b" a\x7fb"),
)
BLANKS: Forms = (b" ", b"", b"\t", b"  ", b" \t "), (b"\x0b", b"\xa0", b"\r\n ", b"\x85", b"\x1c")
LENGTHS: Forms = (
    (b"%d", b"%d", b"0%d", b"000000000000000%d"),
    (
        b"0000000000000000%d", b"+%d", b"-%d", b"%d_0", b"0x%d", b"%d;", b"%d, %d", b"%d %d", b"", b"\xa0%d",
        b"%d\x0b", b"18446744073709551616%d", b"\xb2%d",
    ),
)  # fmt: skip
CODINGS: Forms = (
    (b"chunked", b"chunked", b"Chunked", b"CHUNKED"),
    (
        b"gzip, chunked", b"chunked, gzip", b"gzip", b"identity", b"", b",chunked", b"chunked,", b"chunked;a=b",
        b"xchunked", b"chunke", b"chunked chunked", b"chunked, chunked", b"chunked\t",
    ),
)  # fmt: skip
LASTING: Forms = (
    (b"keep-alive", b"Keep-Alive", b"close", b"Close", b"closed", b"x, close", b"close, x", b"upgrade"),
    (
        b"close;x", b"close,", b",close", b"close x", b"x close", b"", b"clos e", b"close\t,x", b"keep-alive, close",
        b"close,keep-alive",
    ),
)  # fmt: skip
FIELDS: Forms = (
    (
        b"X-A: 1", b"X-A: 2", b"x-a:3", b"X-A:", b"Set-Cookie: a=b; path=/", b"Date: Fri, 27 Nov 2026 10:00:00 GMT",
        b"X: \xe4\xff", b"X: a:b:c", b"X!#$%&'*+-.^_`|~9: y", b"Trailer: X-T", b"Upgrade: h2c", b"X: a  ",
        b"Keep-Alive: timeout=5", b"X: \xa0a\xa0", b"X:\x85a\x85",
    ),
    (
        b"X: a\x00", b"X: \x7f", b"X: a\x0bb", b"X: a\n b", b"X: a\r\n b", b"X: a\rb", b"X : a", b" X: a", b"X",
        b": a", b"", b"\xe4: a", b"X\x00: a", b'"X": a', b"X\t: a", b"X: a\x1f", b"x-\xc4: a", b"Content-Length: 3",
        b"Content-Length: 0", b"Transfer-Encoding: chunked", b"Connection: close", b"Proxy-Connection: close",
    ),
)  # fmt: skip
SIZES: Forms = (
    (b"%x", b"%x", b"%X", b"0%x", b"000000000000000%x"),
    (b"0000000000000000%x", b"+%x", b"0x%x", b"%x_0", b" %x", b"-%x", b"%xg", b"", b"ffffffffffffffff%x"),
)
AFTER_SIZES: Forms = (
    (b"", b"", b"", b"", b" ", b" \t ", b";a", b";a=b", b' ;a="b c"', b";a;b=c", b';a="\\"";b', b';a="\\\xe4\t"'),
    (
        b";a=", b";", b";;a", b"; a", b";=a", b";a =b", b';a="b', b';a="b"c', b';a="\\\x01"', b';a="\x7f"', b" 1",
        b";a=\x00", b";a=b;", b";a\n", b";a\r", b";\xe4", b'"', b";a=b=c", b';a=b"c"', b';a="=;";b=', b";a=\xe4",
    ),
)  # fmt: skip
LINE_ENDS: Forms = (b"\r\n",), (b"\n", b"\r", b"", b"\r\r\n", b"\n\r\n", b" \r\n")
AFTER: Forms = (
    (b"",),
    (b"\r\n", b"\n", b"x", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
)
DAMAGE = b"\x00\r\n\t :01a,;\x7f\x80\xff"


def answer(pick: Random) -> bytes:
    """One answer, interim ones before it and bytes after it, at times damaged or cut short."""
    return _Maker(pick).answer()


def cut(pick: Random, wire: bytes) -> list[bytes]:
    """The same bytes in several pieces, which end anywhere or with a line."""
    lines = [match.end() for match in re.finditer(rb"\r\n", wire)]
    anywhere = [pick.randrange(len(wire) + 1) for _ in range(pick.choice((0, 1, 2, 5)))]
    places = {0, len(wire), *anywhere, *(line for line in lines if pick.random() < 0.5)}
    return [wire[a:b] for a, b in pairwise(sorted(places))]


def in_bytes(wire: bytes) -> list[bytes]:
    """The same bytes, each a piece of its own."""
    return [wire[n : n + 1] for n in range(len(wire))]


class _Maker:
    def __init__(self, pick: Random) -> None:
        self._pick = pick
        self._odd = pick.choice((0.0, 0.02, 0.05, 0.05, 0.2))

    def answer(self) -> bytes:
        pick = self._pick
        wire = self._of(BEFORE) + b"".join(self._head(INTERIM) for _ in range(pick.choice((0, 0, 0, 1, 2))))
        body = bytes(pick.choices(b"ab \r\n0;", k=pick.choice((0, 1, 2, 5, 17, 40))))
        frame = pick.choice(("length", "length", "chunks", "chunks", "chunks", "end"))
        frames = [self._frame(frame, len(body))] if frame != "end" else []
        if frames and self._is_odd():
            frames.append(self._frame(pick.choice(("length", "chunks")), len(body)))
        wire += self._head(STATUSES, frames)
        wire += (self._chunks(body) if frame == "chunks" else body) + self._of(AFTER)
        if self._is_odd() or self._is_odd():
            wire = self._damaged(wire)
        return wire[: pick.randrange(len(wire)) + 1] if pick.random() < 0.05 else wire

    def _is_odd(self) -> bool:
        return self._pick.random() < self._odd

    def _of(self, forms: Forms) -> bytes:
        return self._pick.choice(forms[self._is_odd()])

    def _head(self, statuses: Forms, frames: list[bytes] | None = None) -> bytes:
        pick = self._pick
        lines = [self._of(FIELDS) for _ in range(pick.choice((0, 0, 1, 2)))] + (frames or [])
        while pick.random() < (0.3 if frames is not None else 0.05):
            name = pick.choice((b"Connection", b"Connection", b"Connection", b"Proxy-Connection"))
            lines.append(self._line(name, self._of(LASTING)))
        pick.shuffle(lines)
        first = self._of(VERSIONS) + self._of(SPACES) + self._of(statuses) + self._of(REASONS)
        return b"".join(each + self._of(LINE_ENDS) for each in [first, *lines, b""])

    def _frame(self, kind: str, size: int) -> bytes:
        if kind == "chunks":
            return self._line(b"Transfer-Encoding", self._of(CODINGS))
        return self._line(b"Content-Length", self._of(LENGTHS).replace(b"%d", b"%d" % size))

    def _line(self, name: bytes, value: bytes) -> bytes:
        after = b"" if self._pick.random() < 0.8 else self._of(BLANKS)
        cased = self._pick.choice((name, name, name.lower(), name.upper()))
        return cased + b":" + self._of(BLANKS) + value + after

    def _chunks(self, body: bytes) -> bytes:
        wire, at = b"", 0
        while at < len(body):
            size = min(len(body) - at, self._pick.choice((1, 2, 10, 17)))
            wire += self._size(size) + body[at : at + size] + self._of(LINE_ENDS)
            at += size
        trailers = [self._of(FIELDS) for _ in range(self._pick.choice((0, 0, 0, 1, 2)))]
        return wire + self._size(0) + b"".join(each + self._of(LINE_ENDS) for each in [*trailers, b""])

    def _size(self, size: int) -> bytes:
        form = self._of(SIZES).replace(b"%x", b"%x" % size).replace(b"%X", b"%X" % size)
        return form + self._of(AFTER_SIZES) + self._of(LINE_ENDS)

    def _damaged(self, wire: bytes) -> bytes:
        for _ in range(self._pick.choice((1, 1, 2))):
            at = self._pick.randrange(len(wire) + 1)
            put = bytes(self._pick.choices(DAMAGE, k=self._pick.choice((0, 1, 1, 2))))
            wire = wire[:at] + put + wire[at + self._pick.choice((0, 1, 1, 2)) :]
        return wire
