"""An HTTP/1.1 answer as llhttp reads it, which is Node's parser; and on what we part from it on purpose."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser


class Read(NamedTuple):
    """What a reader makes of an answer. `lasts`: the connection may be used again."""

    status: int
    headers: dict[str, str]
    body: bytes
    lasts: bool


@dataclass
class HeadSeen:
    """A head, interim or final; where in the wire it begins, and whether something stands between it and the last."""

    start: int
    is_behind_a_gap: bool
    fields: list[tuple[str, str]] = field(default_factory=list)
    version: str = ""
    status: int = 0

    def values(self, name: str) -> list[str]:
        return [value.strip(" \t") for each, value in self.fields if each == name]


class Seen:
    """All that llhttp says of a wire up to the end of the answer in it.

    It is fed byte by byte, so that each event has its place. Of chunk sizes it takes trailing blanks, as it does where
    it is told to: RFC 9112, 7.1.1 has a reader take them.
    """

    def __init__(self, wire: bytes, *, blanks_after_sizes: bool = True) -> None:
        self.wire = wire
        self.heads: list[HeadSeen] = []
        self.size_lines: list[bytes] = []
        self.trailers: list[tuple[str, str]] = []
        self.ended = False
        self.refused = False
        self.rest = b""
        self._body: list[bytes] = []
        self._lasts = False
        self._in_head = False
        self._at = 0
        self._line_at = 0
        self._trailers_at = 0
        self._parser = HttpResponseParser(self)
        if blanks_after_sizes:
            self._parser.set_dangerous_leniencies(lenient_spaces_after_chunk_size=True)
        for self._at in range(len(wire)):
            try:
                self._parser.feed_data(wire[self._at : self._at + 1])
            except (HttpParserError, HttpParserUpgrade):
                self.refused = not self.ended
                break
            if self.ended:
                break
        self.rest = wire[self._at + 1 :]
        self.taken = not self.refused and (self.ended or self._goes_to_the_end())

    def on_message_begin(self) -> None:
        self.heads.append(HeadSeen(self._at, self._at > self._line_at))
        self._in_head = True
        self._body = []

    def on_header(self, name: bytes, value: bytes) -> None:
        fields = self.heads[-1].fields if self._in_head else self.trailers
        fields.append((name.decode("latin-1").lower(), value.decode("latin-1")))

    def on_headers_complete(self) -> None:
        self._in_head = False
        self._line_at = self._at + 1
        self.heads[-1].status = self._parser.get_status_code()
        self.heads[-1].version = self._parser.get_http_version()

    def on_body(self, part: bytes) -> None:
        self._body.append(part)

    def on_chunk_header(self) -> None:
        self.size_lines.append(self.wire[self._line_at : self._at - 1])
        self._trailers_at = self._at + 1

    def on_chunk_complete(self) -> None:
        self._line_at = self._at + 1

    def on_message_complete(self) -> None:
        self._line_at = self._at + 1
        self.ended = not 100 <= self.heads[-1].status < 200 or self.heads[-1].status == 101
        self._lasts = self._parser.should_keep_alive()

    def read(self) -> Read | None:
        """The answer; None if llhttp found none."""
        if not self.taken:
            return None
        head = self.heads[-1]
        headers = {name: value.strip(" \t") for name, value in head.fields}
        for name in ("connection", "proxy-connection"):
            if name in headers:
                headers[name] = ",".join(head.values(name))
        return Read(head.status, headers, self.body(), self.ended and self._lasts and not self.rest)

    def body(self) -> bytes:
        """What of the body there was, also of an answer that is none."""
        return b"".join(self._body)

    def trailer_lines(self) -> list[bytes]:
        """The lines between the last chunk and the end of the answer."""
        return self.wire[self._trailers_at : self._at].split(b"\r\n") if self.trailers else []

    def _goes_to_the_end(self) -> bool:
        """Whether the answer is one that ends with the connection. llhttp waits for that, and is not told here."""
        if self._in_head or not self.heads or self.heads[-1].status < 200:
            return False
        return not {name for name, _ in self.heads[-1].fields} & {"content-length", "transfer-encoding"}


class Difference(NamedTuple):
    """A form that llhttp takes and we do not, or the other way round. `found` tells whether a wire has it."""

    reason: str
    example: bytes
    found: Callable[[Seen], bool]


_OK = b"HTTP/1.1 200 OK\r\n"
_CHUNKED = _OK + b"Transfer-Encoding: chunked\r\n\r\n"
_FRAMES = {"content-length", "transfer-encoding"}
_OUT_OF_FORM = re.compile(rb';(?:$|;|=)|=(?:$|;)|[^=]"')
_QUOTED = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)


def _reasons(seen: Seen) -> list[bytes]:
    return [seen.wire[head.start + 12 :].partition(b"\r\n")[0] for head in seen.heads]


STRICTER = {
    "another protocol": Difference(
        "RTSP and ICE are not spoken here; llhttp reads them with the same code",
        b"RTSP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n",
        lambda seen: any(seen.wire[head.start : head.start + 5] != b"HTTP/" for head in seen.heads),
    ),
    "another version": Difference(
        "an answer to HTTP/1.1 is of 1.1 or 1.0; the frames of others are not ours to know",
        b"HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n",
        lambda seen: any(head.version not in ("1.0", "1.1") for head in seen.heads),
    ),
    "no status": Difference(
        "RFC 9110, 15: a status is 100 to 599; a number beyond says nothing of whether a call was done",
        b"HTTP/1.1 600 OK\r\nContent-Length: 0\r\n\r\n",
        lambda seen: any(not 100 <= head.status <= 599 for head in seen.heads),
    ),
    "switching protocols": Difference(
        "nobody asked for another protocol, and what would follow is none of HTTP",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\n",
        lambda seen: any(head.status == 101 for head in seen.heads),
    ),
    "lines before the answer": Difference(
        "RFC 9112, 2.2 lets servers pass over empty lines before a request, and nobody before an answer",
        b"\r\n" + _OK + b"Content-Length: 0\r\n\r\n",
        lambda seen: any(head.is_behind_a_gap for head in seen.heads),
    ),
    "control characters in the reason": Difference(
        "RFC 9112, 4: a reason is text; one reader could take a lone CR or NUL for the end of the line",
        b"HTTP/1.1 200 O\x00K\r\nContent-Length: 0\r\n\r\n",
        lambda seen: any(re.search(rb"[\x00-\x08\x0a-\x1f\x7f]", reason) for reason in _reasons(seen)),
    ),
    "more digits than a length needs": Difference(
        "16 digits are more bytes than there are; longer ones are where readers overflow",
        _OK + b"Content-Length: 00000000000000000\r\n\r\n",
        lambda seen: (
            any(len(value) > 16 for head in seen.heads for value in head.values("content-length"))
            or any(len(re.split(rb"[;\s]", line)[0]) > 16 for line in seen.size_lines)
        ),
    ),
    "a head beyond 64 KB": Difference(
        "no server has one; who sends it without an end is not to fill the memory",
        _OK + b"X-A: " + b"a" * 65_515 + b"\r\n\r\n",
        lambda seen: any(
            seen.wire.find(b"\r\n\r\n", head.start) - head.start > 65_536 for head in seen.heads
        ),
    ),
    "a line beyond 64 KB between chunks": Difference(
        "the same",
        _CHUNKED + b"0;" + b"a" * 65_535 + b"\r\n\r\n",
        lambda seen: any(len(line) > 65_536 for line in [*seen.size_lines, *seen.trailer_lines()]),
    ),
    "another coding than chunked": Difference(
        "nobody asked for another (no TE is sent), and of several the order would decide on the end",
        _OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        lambda seen: any(
            [value.lower() for value in head.values("transfer-encoding")] not in ([], ["chunked"])
            for head in seen.heads
        ),
    ),
    "an interim answer with a frame": Difference(
        "RFC 9110, 8.6 and RFC 9112, 6.1 forbid it; llhttp itself reads a body after 150 and none after 103",
        b"HTTP/1.1 103 Early Hints\r\nContent-Length: 0\r\n\r\n" + _OK + b"Content-Length: 0\r\n\r\n",
        lambda seen: any(
            head.status < 200 and _FRAMES & {name for name, _ in head.fields} for head in seen.heads
        ),
    ),
    "an interim answer of HTTP/1.0": Difference(
        "RFC 9110, 15.2: HTTP/1.0 has none; without a word on keeping the connection llhttp refuses it as well",
        b"HTTP/1.0 103 Early Hints\r\nConnection: keep-alive\r\n\r\n" + _OK + b"Content-Length: 0\r\n\r\n",
        lambda seen: any(head.status < 200 and head.version == "1.0" for head in seen.heads),
    ),
    "frames among the trailers": Difference(
        "RFC 9110, 6.5.1: what frames a message or its connection comes before the body or not at all",
        _CHUNKED + b"0\r\nTransfer-Encoding: chunked\r\n\r\n",
        lambda seen: any(name in {*_FRAMES, "connection", "proxy-connection"} for name, _ in seen.trailers),
    ),
    "extensions out of form": Difference(
        "RFC 9112, 7.1.1: a chunk's extension has a name, and after `=` either a token or a string in quotes",
        _CHUNKED + b"0;;a\r\n\r\n",
        lambda seen: any(_OUT_OF_FORM.search(_QUOTED.sub(b'"', line)) for line in seen.size_lines),
    ),
}
"""What llhttp takes and we refuse, and why."""

CLOSED_SOONER = {
    "HTTP/1.0": Difference(
        "a server of HTTP/1.0 that keeps a connection says so in ways of its own; none of ours is one",
        b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n",
        lambda seen: seen.heads[-1].version == "1.0",
    ),
}
"""Answers that both read, after which llhttp would use the connection again and we do not."""

LOOSER = {
    "blanks after a chunk's size": Difference(
        "RFC 9112, 7.1.1 has readers take them, for servers that keep room for a longer number; llhttp does when told",
        _CHUNKED + b"1 \t\r\na\r\n0\r\n\r\n",
        lambda seen: any(line.partition(b";")[0].endswith((b" ", b"\t")) for line in seen.size_lines),
    ),
}
"""What llhttp refuses and we take."""

READ_OTHERWISE = {
    "a tab after `chunked`": Difference(
        "RFC 9110, 5.5: it is no part of the value; llhttp takes it for another coding, and reads on to the end",
        _OK + b"Transfer-Encoding: chunked\t\r\n\r\n1\r\na\r\n0\r\n\r\n",
        lambda seen: any(
            name == "transfer-encoding" and "\t" in value[len(value.rstrip(" \t")) :]
            for head in seen.heads
            for name, value in head.fields
        ),
    ),
}
"""What both take and read in two ways."""
