"""What was fetched, by its first bytes: a server's word for it counts where bytes have none of their own.

Standard library only.

| bytes                       | are                                                                             |
|-----------------------------|---------------------------------------------------------------------------------|
| PNG, JPEG, GIF, WebP, HEIC  | an image, whatever the server says                                              |
| `%PDF-`                     | a PDF, whatever the server says                                                 |
| a zip, an OLE file          | what the server says, if that is a format of documents which is packed so       |
| UTF-8 without control marks | what the server says, if that is text                                           |
"""

import re
from base64 import b64encode
from typing import NamedTuple

from aggregator.proxy.attachments import PDF, begins_as_pdf

IMAGE, FILE = "image", "file"

_OFFICE = "application/vnd.openxmlformats-officedocument"
_ZIPPED = frozenset({f"{_OFFICE}.wordprocessingml.document", f"{_OFFICE}.spreadsheetml.sheet"})
_OLE = frozenset({"application/msword", "application/vnd.ms-excel"})
_TEXTS = frozenset({"text/csv", "text/html", "text/markdown", "text/plain"})
_HEIF = {b"heic": "heic", b"heix": "heic", b"heim": "heic", b"heis": "heic", b"mif1": "heif", b"heif": "heif"}
_NOT_IN_TEXT = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_NOT_IN_A_NAME = re.compile(r"[^\w .()\[\]-]+")
_LONGEST_NAME = 100
_ENDINGS = {
    PDF: "pdf", "text/plain": "txt", "text/csv": "csv", "text/html": "html", "text/markdown": "md",
    f"{_OFFICE}.wordprocessingml.document": "docx", f"{_OFFICE}.spreadsheetml.sheet": "xlsx",
    "application/msword": "doc", "application/vnd.ms-excel": "xls",
}  # fmt: skip


class Content(NamedTuple):
    """A file as it goes into a request. `name` has an ending that fits its media type."""

    media_type: str
    body: bytes
    name: str

    @property
    def base64(self) -> str:
        """All of it, in base64."""
        return b64encode(self.body).decode("ascii")

    @property
    def data_uri(self) -> str:
        """All of it, as a data URI."""
        return f"data:{self.media_type};base64,{self.base64}"


class NotTaken(ValueError):
    """What came is nothing that a model is shown in that place; the words go to the client."""


def content_of(kind: str, body: bytes, said: str, name: str) -> Content:
    """What came for a picture or a file; `said` is the server's media type, `name` the last of the address's path.

    Raises:
        NotTaken: it is neither what it should be nor anything else that is taken in its place.
    """
    if not body:
        raise NotTaken("is empty")
    if kind == IMAGE:
        media_type = _image(body)
        if media_type is None:
            raise NotTaken("is no image, by its first bytes: PNG, JPEG, GIF, WebP and HEIC are taken")
        return Content(media_type, body, name)
    media_type = _document(body, said.partition(";")[0].strip().lower())
    if media_type is None:
        raise NotTaken("is no document, by its first bytes: PDF, DOCX, XLSX, DOC, XLS and text are taken")
    return Content(media_type, body, _named(name, _ENDINGS[media_type]))


def _image(body: bytes) -> str | None:
    if body.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if body.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if body.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif"
    if body[:4] == b"RIFF" and body[8:12] == b"WEBP":
        return "image/webp"
    if body[4:8] == b"ftyp" and body[8:12] in _HEIF:
        return f"image/{_HEIF[body[8:12]]}"
    return None


def _document(body: bytes, said: str) -> str | None:
    if begins_as_pdf(body):
        return PDF
    if body.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return said if said in _ZIPPED else None
    if body.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return said if said in _OLE else None
    if not said.startswith("text/") or _NOT_IN_TEXT.search(body):
        return None
    try:
        body.decode()
    except UnicodeDecodeError:
        return None
    return said if said in _TEXTS else "text/plain"


def _named(name: str, ending: str) -> str:
    plain = _NOT_IN_A_NAME.sub("_", name)[-_LONGEST_NAME:]
    stem = plain.removesuffix(f".{ending}").strip(" .") or "document"
    return f"{stem}.{ending}"
