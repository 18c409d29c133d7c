"""Event streams of AWS for two readers to differ on, and what botocore makes of them."""

from random import Random
from struct import pack, unpack
from typing import Any
from zlib import crc32

from botocore.eventstream import EventStreamBuffer, EventStreamHeaderParser, EventStreamMessage

from aggregator.errors import ProviderUnreadable
from aggregator.runtime.eventstream import frames
from tests.fuzz.http_answers import cut, in_bytes
from tests.fuzz.smallest import least_difference

Said = list[tuple[dict[str, str], bytes]]

STRICTER = {
    "a length that cannot be": "a frame is no shorter than its parts; botocore reads one of no length forever",
    "a value beyond the headers": "the length of a value is within the headers; botocore takes what is there",
    "a stream that ends inside a frame": "what was said is not whole; botocore says no word of it",
}
"""What botocore takes and we refuse, and why."""

_NAMES = (
    b":event-type",
    b":message-type",
    b":content-type",
    b":exception-type",
    b"a",
    b"",
    b"\xc3\xa4",
    b"x" * 255,
)
_VALUES = (
    (b"\x00", b""), (b"\x01", b""), (b"\x02", b"\x07"), (b"\x03", b"\x00\x07"), (b"\x04", b"\xff" * 4),
    (b"\x05", b"\x80" * 8), (b"\x06", b"\x00\x03\xff\x00a"), (b"\x08", b"\x00" * 8), (b"\x09", b"\x01" * 16),
    (b"\x06", b"\x00\x00"), (b"\x07", b"\x00\x00"), (b"\x07", b"\x00\x05event"), (b"\x07", b"\x00\x02\xc3\xa4"),
)  # fmt: skip
_ODD_VALUES = (
    (b"\x0a", b""), (b"\xff", b"\x00"), (b"\x07", b"\x00\x02\xff\xff"), (b"\x07", b"\x00"), (b"\x05", b"\x00" * 7),
    (b"\x07", b"\x00\x09abc"), (b"\x06", b"\xff\xffabc"), (b"\x09", b"\x01" * 15), (b"", b""), (b"\x02", b""),
)  # fmt: skip


def stream(pick: Random) -> bytes:
    """Some frames, at times wrong in their parts, at times damaged or cut short."""
    odd = pick.choice((0.0, 0.05, 0.05, 0.3))
    wire = b"".join(_frame(pick, odd) for _ in range(pick.choice((1, 1, 2, 3))))
    if pick.random() < odd:
        at = pick.randrange(len(wire))
        wire = wire[:at] + bytes([pick.randrange(256)]) + wire[at + pick.choice((0, 1, 1, 2)) :]
    return wire[: pick.randrange(len(wire)) + 1] if pick.random() < 0.05 else wire


def ours(pieces: list[bytes]) -> tuple[Said, bool]:
    """What our reader finds, and whether it reads to the end."""
    said: Said = []
    try:
        said.extend((each.headers, each.payload) for each in frames(iter(pieces)))
    except ProviderUnreadable:
        return said, False
    return said, True


def botocores(wire: bytes) -> tuple[Said, list[str]]:
    """What botocore finds before it refuses, or before what we refuse; and which of these it is."""
    buffer = _Buffer()
    buffer.add_data(wire)
    said: Said = []
    try:
        for message in buffer:
            if buffer.oddities:
                return said, buffer.oddities
            headers: Any = message.headers
            texts = {name: value for name, value in headers.items() if isinstance(value, str)}
            said.append((texts, message.payload))
    except Exception as refused:  # of many kinds
        return said, [type(refused).__name__]
    return said, buffer.oddities or (["a stream that ends inside a frame"] if buffer.left() else [])


def difference(wire: bytes, pick: Random) -> str | None:
    """In what our reader and botocore differ over `wire`, whole and in pieces, and no rule says that they do."""
    said, refused = botocores(wire)
    for pieces in ([wire], cut(pick, wire), in_bytes(wire)):
        found = ours(pieces)
        if found != (said, not refused):
            return f"ours: {found}\nbotocore: {said} {refused}\npieces: {pieces}"
    return None


def of_seed(seed: int) -> str | None:
    """The difference over the stream that `seed` makes, at its smallest."""
    return least_difference(seed, stream, difference)


class _HeaderParser(EventStreamHeaderParser):
    """botocore's, which tells whether it was given less than a value says."""

    went_beyond = False

    def _advance_data(self, consumed: int) -> None:
        data: bytes = self.__dict__["_data"]
        self.went_beyond = self.went_beyond or consumed > len(data)
        self.__dict__["_data"] = data[consumed:]


class _Buffer(EventStreamBuffer):
    """botocore's, which tells where it takes what we do not."""

    def __init__(self) -> None:
        super().__init__()
        self._parser = self.__dict__["_header_parser"] = _HeaderParser()
        self.oddities: list[str] = []

    def left(self) -> int:
        """Bytes that are no whole frame yet."""
        return len(self.__dict__["_data"])

    def next(self) -> EventStreamMessage:
        total, of_headers, checksum = unpack(">III", self.__dict__["_data"][:12].ljust(12, b"\0"))
        sound = self.left() >= 12 and crc32(self.__dict__["_data"][:8]) == checksum
        if sound and total < of_headers + 16 and of_headers <= 131_072:
            self.oddities.append("a length that cannot be")
            raise StopIteration
        message = super().next()
        if self._parser.went_beyond:
            self.oddities.append("a value beyond the headers")
        return message


def _frame(pick: Random, odd: float) -> bytes:
    names = pick.sample(_NAMES, pick.choice((0, 1, 2, 3)))
    if names and pick.random() < odd:
        names.append(names[0])
    headers = b"".join(_header(pick, name, odd) for name in names)
    payload = bytes(pick.choices(range(256), k=pick.choice((0, 1, 7, 40))))
    total, of_headers = len(headers) + len(payload) + 16, len(headers)
    if pick.random() < odd / 2:
        total = max(0, pick.choice((total - 1, total + 1, 0, 12, 15, 16, of_headers + 15, of_headers + 16)))
    if pick.random() < odd / 2:
        of_headers = pick.choice((of_headers + 1, max(0, of_headers - 1), 0, 131_072, 131_073, 2**32 - 1))
    prelude = pack(">II", total, of_headers)
    whole = prelude + pack(">I", crc32(prelude)) + headers + payload
    whole = whole.ljust(total - 4, b"x")[: max(12, total - 4)]
    return whole + pack(">I", crc32(whole))


def _header(pick: Random, name: bytes, odd: float) -> bytes:
    kind, value = pick.choice(_ODD_VALUES if pick.random() < odd else _VALUES)
    called = pick.choice((b"\xff", b"\xc3")) if pick.random() < odd / 4 else name
    return bytes([len(called) if pick.random() >= odd / 8 else 255]) + called + kind + value
