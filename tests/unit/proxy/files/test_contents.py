"""What was fetched is what its first bytes are, whatever its server calls it."""

import pytest

from aggregator.proxy.files.contents import FILE, IMAGE, Content, NotTaken, content_of

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
WEBP = b"RIFF\x10\0\0\0WEBPVP8 "
HEIC = b"\0\0\0\x18ftypheic\0\0\0\0"


@pytest.mark.parametrize(
    ("body", "media_type"),
    [
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"GIF89a", "image/gif"),
        (WEBP, "image/webp"),
        (HEIC, "image/heic"),
        (b"\0\0\0\x18ftypmif1\0\0\0\0", "image/heif"),
    ],
)
@pytest.mark.parametrize("said", ["", "text/html", "image/jpeg; q=1", "application/octet-stream"])
def test_an_image_is_what_begins_as_one(body: bytes, media_type: str, said: str) -> None:
    assert content_of(IMAGE, body, said, "a").media_type == media_type


@pytest.mark.parametrize(
    ("body", "said", "media_type"),
    [
        (b"%PDF-1.7\n", "text/html", "application/pdf"),
        (b"\n" * 1000 + b"%PDF-1.7\n", "", "application/pdf"),
        ("grüße".encode(), "text/plain; charset=utf-8", "text/plain"),
        (b"a,b\r\n1,2\r\n", "text/csv", "text/csv"),
        (b"# a", "Text/Markdown", "text/markdown"),
        (b"print(1)", "text/x-python", "text/plain"),
        (b"PK\x03\x04rest", DOCX, DOCX),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/msword", "application/msword"),
    ],
)
def test_a_file_is_what_its_bytes_are_and_its_server_says(body: bytes, said: str, media_type: str) -> None:
    assert content_of(FILE, body, said, "a").media_type == media_type


@pytest.mark.parametrize(
    ("kind", "body", "said"),
    [
        (IMAGE, b"", "image/png"),
        (IMAGE, b"<html>404</html>", "image/png"),
        (IMAGE, b"<svg/>", "image/svg+xml"),
        (IMAGE, b"%PDF-1.7\n", "image/png"),
        (IMAGE, b"BM\0\0", "image/bmp"),
        (FILE, b"", "application/pdf"),
        (FILE, b"\x89PNG\r\n\x1a\n", "application/pdf"),
        (FILE, b"\n" * 1024 + b"%PDF-1.7\n", "application/pdf"),
        (FILE, b"words", "application/octet-stream"),
        (FILE, b"words", ""),
        (FILE, b"a\0b", "text/plain"),
        (FILE, b"\xff\xfe", "text/plain"),
        (FILE, b"PK\x03\x04", "application/zip"),
        (FILE, b"PK\x03\x04", "text/plain"),
        (FILE, b"words", DOCX),
    ],
)
def test_what_is_something_else_is_not_taken(kind: str, body: bytes, said: str) -> None:
    with pytest.raises(NotTaken):
        content_of(kind, body, said, "a")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("report.pdf", "report.pdf"),
        ("My report (2).pdf", "My report (2).pdf"),
        ("report.php", "report.php.pdf"),
        ("", "document.pdf"),
        (".pdf", "document.pdf"),
        ("a/../b\r\n.pdf", "a_.._b_.pdf"),
        ("x" * 300 + ".pdf", "x" * 96 + ".pdf"),
    ],
)
def test_a_file_has_a_name_that_says_what_it_is(name: str, expected: str) -> None:
    assert content_of(FILE, b"%PDF-", "", name).name == expected


def test_a_content_is_written_as_a_data_uri() -> None:
    assert Content("image/png", b"\x89PNG", "a").data_uri == "data:image/png;base64,iVBORw=="
