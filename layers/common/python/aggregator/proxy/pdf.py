"""How many pages, and how much text, a PDF can have at the most. Standard library only.

No label is believed that says fewer: every page is a leaf of the page tree, which is named in a `/Kids`, in the open or
in a compressed stream of objects. All of the file is searched, also what looks like something else; where something
could hide names, or make two pages of one, nobody knows. Source: ISO 32000-1, 7.3.5 (names), 7.5.7 (object streams),
7.7.3 (page tree).
"""

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

_MOST_BYTES = 8 * 1024 * 1024
"""More text than any model reads."""

_BLOCK_BYTES = 64 * 1024
_LONGEST_DICTIONARY = 1024

_OBJECT_STREAM = re.compile(rb"/ObjStm\b")
_STREAM = re.compile(rb"\bstream\r?\n")
_FILTERS = re.compile(
    rb"/[A-Za-z0-9]+Decode\b|/Fl\b|/LZW\b|/A85\b|/AHx\b|/RL\b|/Crypt\b|/DecodeParms\b|/DP\b"
)
_HIDDEN_NAME = re.compile(rb"/[A-Za-z0-9]{0,12}#[A-Za-z0-9#]{1,32}")
_HEX = re.compile(rb"#([0-9A-Fa-f]{2})")
_TELLING = frozenset({b"/Kids", b"/Type", b"/Page", b"/Pages", b"/Count", b"/ObjStm", b"/Encrypt"})
_PACKINGS = frozenset(
    b"/" + name
    for name in (
        b"LZWDecode",
        b"LZW",
        b"RunLengthDecode",
        b"RL",
        b"ASCII85Decode",
        b"A85",
        b"ASCIIHexDecode",
        b"AHx",
        b"Crypt",
    )
)
_PACKING = re.compile(b"(?:" + b"|".join(sorted(_PACKINGS)) + rb")\b")
_KIDS = re.compile(rb"/Kids\b\s*(\[[^\]%]*\])?")
_REFERENCE = re.compile(rb"(\d+)\s+\d+\s+R\b")
_PAGE = re.compile(rb"/Type\s*/Page\b")
_COUNT = re.compile(rb"/Count\s+\+?(\d{1,9})")


@dataclass(frozen=True, slots=True)
class Measured:
    """The most that a reader can find in a PDF; None where that cannot be told. A page has a picture at the least."""

    pages: int | None
    text_bytes: int | None


class _Unknown(Exception):
    """Something in the file hides what is to be found."""


def measured(pdf: bytes) -> Measured:
    """Pages, and bytes of text, each byte of which makes a token at the most.

    What draws the same text twice, or makes many letters of one byte, is not counted again.
    """
    try:
        pages = _most_pages(pdf)
    except _Unknown:
        pages = None
    try:
        text_bytes = _most_text_bytes(pdf)
    except _Unknown:
        text_bytes = None
    return Measured(pages, text_bytes)


def _most_pages(pdf: bytes) -> int:
    leaves: list[bytes] = []
    pages = counted = 0
    for text in (pdf, *_objects_in(pdf)):
        _refuse_hidden(text, _TELLING)
        for kids in _KIDS.findall(text):
            if not kids:  # they stand elsewhere, or a comment may hide some
                raise _Unknown
            leaves += _REFERENCE.findall(kids)
        pages += len(_PAGE.findall(text))
        counted = max([counted, *map(int, _COUNT.findall(text))])
    if len(set(leaves)) < len(leaves):  # what is named twice is two pages, and so is all that is below it
        raise _Unknown
    return max(1, len(leaves), counted, pages)


def _most_text_bytes(pdf: bytes) -> int:
    """All that stands in the open, and all that unpacks, whatever it is said to be: fonts as well."""
    _refuse_hidden(pdf, _PACKINGS)
    if _PACKING.search(pdf):
        raise _Unknown
    text_bytes = len(pdf)
    for begun in _STREAM.finditer(pdf):
        if _is_packed(pdf[begun.end() : begun.end() + 2]):
            for block in _unpacked(pdf, begun.end()):
                text_bytes += len(block)
                if text_bytes > _MOST_BYTES:
                    raise _Unknown
    return text_bytes


def _refuse_hidden(text: bytes, names: frozenset[bytes]) -> None:
    if b"/Encrypt" in text or any(_means(name) in names for name in _HIDDEN_NAME.findall(text)):
        raise _Unknown


def _objects_in(pdf: bytes) -> Iterator[bytes]:
    """What the streams of objects hold.

    Raises:
        _Unknown: one of them cannot be unpacked.
    """
    unpacked_bytes = 0
    for found in _OBJECT_STREAM.finditer(pdf):
        begun = _STREAM.search(pdf, found.end())
        if begun is None or begun.start() - found.end() > _LONGEST_DICTIONARY:
            raise _Unknown
        opened = max(pdf.rfind(b"obj", max(found.start() - _LONGEST_DICTIONARY, 0), found.start()), 0)
        if _FILTERS.findall(pdf, opened, begun.start()) not in ([b"/FlateDecode"], [b"/Fl"]):
            raise _Unknown
        objects = bytearray()
        for block in _unpacked(pdf, begun.end()):
            objects += block
            unpacked_bytes += len(block)
            if unpacked_bytes > _MOST_BYTES:
                raise _Unknown
        yield bytes(objects)


def _unpacked(pdf: bytes, at: int) -> Iterator[bytes]:
    """What a stream unpacks to, in blocks.

    Raises:
        _Unknown: it is cut off or broken, or what it unpacks to is packed again.
    """
    unpacking = zlib.decompressobj()
    first = True
    while not unpacking.eof:
        packed = unpacking.unconsumed_tail or pdf[at : at + _BLOCK_BYTES]
        at += 0 if unpacking.unconsumed_tail else len(packed)
        try:
            block = unpacking.decompress(packed, _BLOCK_BYTES)
        except zlib.error:
            raise _Unknown from None
        if (first and _is_packed(block)) or not packed:
            raise _Unknown
        first = first and not block
        yield block


def _is_packed(block: bytes) -> bool:
    """Whether it begins as Deflate does. Source: RFC 1950, 2.2."""
    return len(block) > 1 and block[0] & 15 == 8 and (block[0] << 8 | block[1]) % 31 == 0


def _means(name: bytes) -> bytes:
    return _HEX.sub(lambda digits: bytes([int(digits[1], 16)]), name)
