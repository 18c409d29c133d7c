"""AWS's event stream: frames with headers, a payload and two checksums, cut out of blocks of whatever size.

Standard library only. Source: https://smithy.io/2.0/aws/amazon-eventstream.html (all numbers big-endian):
total length (4), length of headers (4), CRC of these eight bytes (4), headers, payload, CRC of all before it (4).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from struct import error as StructError  # noqa: N812 (a class, whatever its name)
from struct import unpack_from
from zlib import crc32

from aggregator.errors import ProviderUnreadable

_PRELUDE = 12
_CHECKSUM = 4
_LEAST_FRAME = _PRELUDE + _CHECKSUM
_LARGEST_FRAME = 24 * 1024 * 1024
_LARGEST_HEADERS = 128 * 1024

# Lengths of values by their type: true, false, byte, short, integer, long, -, -, timestamp, UUID.
_FIXED = {0: 0, 1: 0, 2: 1, 3: 2, 4: 4, 5: 8, 8: 8, 9: 16}
_BYTES, _STRING = 6, 7


@dataclass(frozen=True, slots=True)
class Frame:
    """One message. `headers` holds those that are text: the only ones that name what it is."""

    headers: dict[str, str]
    payload: bytes

    @property
    def kind(self) -> str:
        """`event`, `exception` or `error`."""
        return self.headers.get(":message-type", "event")

    @property
    def name(self) -> str:
        """Which event, exception or error it is."""
        for header in (":event-type", ":exception-type", ":error-code"):
            if header in self.headers:
                return self.headers[header]
        return ""


def frames(blocks: Iterator[bytes]) -> Iterator[Frame]:
    """Each frame as soon as it is whole and its checksums hold.

    Raises:
        ProviderUnreadable: a checksum or a length is wrong, or the stream ended inside a frame.
    """
    rest = bytearray()
    for block in blocks:
        rest += block
        while len(rest) >= _PRELUDE and len(rest) >= (total := _checked_length(rest)):
            yield _frame(bytes(rest[:total]))
            del rest[:total]
    if rest:
        raise ProviderUnreadable("The provider ended the stream inside an event.")


def _checked_length(data: bytearray) -> int:
    total, headers, checksum = unpack_from(">III", data)
    if crc32(data[:8]) != checksum:
        raise ProviderUnreadable("The provider answered what is no stream of events.")
    if not _LEAST_FRAME + headers <= total <= _LARGEST_FRAME or headers > _LARGEST_HEADERS:
        raise ProviderUnreadable("The provider sent an event of an impossible length.")
    return int(total)


def _frame(data: bytes) -> Frame:
    (checksum,) = unpack_from(">I", data, len(data) - _CHECKSUM)
    if crc32(data[:-_CHECKSUM]) != checksum:
        raise ProviderUnreadable("The provider sent an event that was damaged on its way.")
    (length,) = unpack_from(">I", data, 4)
    payload_at = _PRELUDE + length
    return Frame(_headers(data[_PRELUDE:payload_at]), data[payload_at:-_CHECKSUM])


def _headers(data: bytes) -> dict[str, str]:
    found: dict[str, str] = {}
    names: set[str] = set()
    at = count = 0
    try:
        while at < len(data):
            name_ends = at + 1 + data[at]
            name = data[at + 1 : name_ends].decode()
            names.add(name)
            count += 1
            value_type = data[name_ends]
            at = name_ends + 1
            if value_type in (_BYTES, _STRING):
                (length,) = unpack_from(">H", data, at)
                at += 2
                if value_type == _STRING:
                    found[name] = data[at : at + length].decode()
                at += length
            else:
                at += _FIXED[value_type]
    except (ValueError, IndexError, KeyError, StructError) as broken:
        raise ProviderUnreadable("The provider sent an event with unreadable headers.") from broken
    if at != len(data) or len(names) != count:
        raise ProviderUnreadable("The provider sent an event with unreadable headers.")
    return found
