"""Attachments: what a request carries beside its words. The one place that knows what an image is. On the hot path.

An image is what is labelled as one (`image/*`) and begins as one, or stands behind a URL in the place of an image,
where providers take nothing else. All else is a file, whatever its part is called. What is labelled as an image there
and does not begin as one is both: a provider that goes by the label, by the first bytes or by the part makes no more of
it than the dearest of these readings.
"""

import re
from base64 import b64decode
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from aggregator.errors import InvalidRequest, JsonObject, UnsupportedParameter

PDF = "application/pdf"

# The most that one byte unpacks to: Deflate's limit, which zip, gzip and PDF use.
# Source: https://www.zlib.net/zlib_tech.html, "Maximum Compression Factor".
_BYTES_A_PACKED_BYTE = 1032
_PACKED = (b"PK\x03\x04", b"PK\x05\x06", b"\x1f\x8b")

_IMAGES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF87a", b"GIF89a")
_HEIF_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"mif1", b"msf1", b"heif", b"avif"})
_PDF_BEGINS_WITHIN = 1024
_HEAD_BYTES = 1536
_NOT_BASE64 = re.compile(r"[^A-Za-z0-9+/_-]")
_URL_SAFE = str.maketrans("-_", "+/")

# A file's bytes to a token of our own count: written text, and pages, of which one has some 50 KB and 3,000 tokens.
_BYTES_A_TOKEN = 4
_BYTES_A_TOKEN_OF_PAGES = 12


@dataclass(frozen=True, slots=True)
class File:
    """What is no image, or not for certain, and the most that can be read out of it; None where nobody knows.

    `size_bytes` is None where the request only points at it. `text_bytes` is what it holds as text, unpacked. A PDF
    has `pages` besides. `words_alone`: nobody reads it as pages; `pages_alone`: nobody reads it as words.
    `shown`: it stands in the place of an image; `called_image`: it counts as one, and may be none.
    """

    size_bytes: int | None = None
    text_bytes: int | None = None
    pages: int | None = None
    words_alone: bool = False
    pages_alone: bool = False
    shown: bool = False
    called_image: bool = False

    @property
    def rough_tokens(self) -> int:
        """A count of our own, no bound; what is called an image counts as one already."""
        if self.called_image:
            return 0
        each = _BYTES_A_TOKEN if self.words_alone else _BYTES_A_TOKEN_OF_PAGES
        return -(-(self.size_bytes or 0) // each)


@dataclass(frozen=True, slots=True)
class Attachments:
    """Everything of a request that is not its words. `inline_bytes` is how much of its body that takes.

    `addresses` counts the parts that say where their content is, and do not hold it.
    """

    images: int = 0
    files: tuple[File, ...] = ()
    inline_bytes: int = 0
    addresses: int = 0

    @classmethod
    def of(cls, parts: Iterable[tuple[str, JsonObject]]) -> "Attachments":
        """Those of content parts, each with its place.

        Raises:
            InvalidRequest: a part has a wrong shape; `param` is its place.
            UnsupportedParameter: it is sound or film, which has a price of its own that the catalogue does not know.
        """
        images = inline = addresses = 0
        files: list[File] = []
        for place, part in parts:
            kind = part.get("type", "text")
            if not isinstance(kind, str):
                raise InvalidRequest(f"{place}.type: must be a string", param=f"{place}.type")
            if kind in _WORDS:
                continue
            if kind == "input_audio":
                raise UnsupportedParameter(f"{place}: audio is not offered here", param=place)
            url = _content_of(kind, part, place)
            data = None if url is None else _inline(url, place)
            if data is not None:
                inline += len(url or "")
            addresses += url is not None and data is None
            shown = kind == "image_url"
            labelled = data.media_type.startswith("image/") if data else shown and _is_address(url)
            begins = data is None or _begins_as_image(data.head)
            called_image = shown and labelled
            images += called_image or (labelled and begins)
            if not (labelled and begins):
                files.append(replace(_file(data), shown=shown, called_image=called_image))
        return cls(images, tuple(files), inline, addresses)


@dataclass(frozen=True, slots=True)
class _Inline:
    """What a data URI holds: its label, its first bytes, how many there are at the most, and all of it, undecoded."""

    media_type: str
    head: bytes
    size_bytes: int
    content: str
    in_base64: bool

    def whole(self) -> bytes:
        """All of it, decoded."""
        if self.in_base64:
            return _decoded(self.content)
        return _unquoted(self.content.encode(errors="surrogatepass"))


_WORDS = frozenset({"text", "refusal", "thinking"})


def _content_of(kind: str, part: JsonObject, place: str) -> str | None:
    """The URL, or data URI, of a part; None where it says otherwise where its content is."""
    said: Any = part.get(kind)
    if kind == "image_url":
        url = said.get("url") if isinstance(said, dict) else said
        if not isinstance(url, str) or not url:
            at = f"{place}.image_url.url"
            raise InvalidRequest(f"{at}: must be a URL or a data URI", param=at)
        return url
    if kind == "file" and isinstance(said, dict) and said.get("file_id") is None:
        data = said.get("file_data")
        return data if isinstance(data, str) else None
    url = said.get("url") if isinstance(said, dict) else said
    if isinstance(url, str) and "://" in url and not _is_address(url):  # `s3://` may be the platform's own
        raise UnsupportedParameter(
            f"{place}.{kind}: must be an http or https address", param=f"{place}.{kind}"
        )
    return None


def _is_address(url: str | None) -> bool:
    return url is not None and url.lstrip().lower().startswith(("https://", "http://"))


def _inline(url: str, place: str) -> _Inline | None:
    url = url.lstrip()
    if url[:5].lower() != "data:":
        return None
    head, _, content = url.partition(",")
    media_type = head[5:].partition(";")[0].strip().lower()
    for kind in ("audio", "video"):
        if media_type.startswith(f"{kind}/"):
            raise UnsupportedParameter(f"{place}: {kind} is not offered here", param=place)
    in_base64 = ";base64" in head.lower()
    if not in_base64:
        head_bytes = _unquoted(content[:_HEAD_BYTES].encode(errors="surrogatepass"))
        size_bytes = len(content.encode(errors="surrogatepass"))
        return _Inline(media_type, head_bytes, size_bytes, content, in_base64=False)
    size_bytes = 3 * len(content) // 4 + 3
    return _Inline(media_type, _decoded(content[: 2 * _HEAD_BYTES]), size_bytes, content, in_base64=True)


def _decoded(content: str) -> bytes:
    """Bytes of base64, also in the alphabet for URLs and with line ends in it; what cannot be decoded is left out."""
    digits = _NOT_BASE64.sub("", content).translate(_URL_SAFE)
    return b64decode(digits[: len(digits) // 4 * 4] + _padded(digits[len(digits) // 4 * 4 :]))


def _padded(rest: str) -> str:
    return rest.ljust(4, "=") if len(rest) > 1 else ""


def _begins_as_image(head: bytes) -> bool:
    return (
        head.startswith(_IMAGES)
        or (head[:4] == b"RIFF" and head[8:12] == b"WEBP")
        or (head[4:8] == b"ftyp" and head[8:12] in _HEIF_BRANDS)
    )


def begins_as_pdf(head: bytes) -> bool:
    """Whether readers of PDF take what begins like this."""
    return b"%PDF-" in head[:_PDF_BEGINS_WITHIN]


def _file(data: _Inline | None) -> File:
    if data is None:
        return File()
    is_called_pdf = data.media_type == PDF
    if begins_as_pdf(data.head):
        from aggregator.proxy.pdf import measured  # noqa: PLC0415 - few requests have one

        found = measured(data.whole())
        return File(data.size_bytes, found.text_bytes, found.pages, pages_alone=is_called_pdf)
    text_bytes = data.size_bytes
    if data.head.startswith(_PACKED):
        text_bytes *= _BYTES_A_PACKED_BYTE
    return File(data.size_bytes, text_bytes, int(is_called_pdf), words_alone=not is_called_pdf)


def _unquoted(text: bytes) -> bytes:
    from urllib.parse import unquote_to_bytes  # noqa: PLC0415 (2 ms of a start, for what hardly any request has)

    return unquote_to_bytes(text)
