"""The web, as an unfriendly file server on this machine has it: slow, huge, moved, lying, packed."""

import gzip
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

PNG = b"\x89PNG\r\n\x1a\n" + bytes(1000)
PDF = b"%PDF-1.7\n%%EOF\n"


@dataclass
class Web:
    """What was asked of the server, and where it is. `leads` says where `/moved` leads."""

    url: str = ""
    leads: str = ""
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    let_go: threading.Event = field(default_factory=threading.Event)


@contextmanager
def served() -> Iterator[Web]:
    """A running server."""
    web = Web()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"web": web}))
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=[0.01], daemon=True).start()
    web.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield web
    finally:
        web.let_go.set()
        server.shutdown()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    web: Web
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.web.asked.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
        page = getattr(self, f"_{self.path.strip('/').partition('.')[0].partition('?')[0]}", None)
        if page is None:
            self._said(b"no such file", 404)
        else:
            page()

    def _head(self, status: int = 200, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()

    def _said(self, body: bytes, status: int = 200, **headers: str) -> None:
        self._head(status, **headers, Content_Length=str(len(body)))
        self.wfile.write(body)

    def _image(self) -> None:
        self._said(PNG, Content_Type="image/png")

    def _document(self) -> None:
        self._said(PDF, Content_Type="application/pdf", Set_Cookie="a=b")

    def _lying(self) -> None:
        self._said(b"<html>not here</html>", Content_Type="image/png")

    def _mislabelled(self) -> None:
        self._said(PNG, Content_Type="text/html")

    def _packed(self) -> None:
        self._said(gzip.compress(PNG), Content_Type="image/png", Content_Encoding="gzip")

    def _huge(self) -> None:
        self._head(Content_Length=str(10**12))

    def _endless(self) -> None:
        self._head(Transfer_Encoding="chunked")
        self._pour(b"10000\r\n" + bytes(65536) + b"\r\n")

    def _unframed(self) -> None:
        self._head(Connection="close")
        self.close_connection = True
        self._pour(bytes(65536))

    def _pour(self, piece: bytes) -> None:
        try:
            while not self.web.let_go.is_set():
                self.wfile.write(piece)
        except OSError:
            self.close_connection = True

    def _chunked(self) -> None:
        self._head(Transfer_Encoding="chunked")
        for at in range(0, len(PNG), 100):
            piece = PNG[at : at + 100]
            self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
        self.wfile.write(b"0\r\n\r\n")

    def _closing(self) -> None:
        self._head(Connection="close")
        self.wfile.write(PNG)
        self.close_connection = True

    def _short(self) -> None:
        self._head(Content_Length="5000")
        self.wfile.write(PNG)
        self.close_connection = True

    def _slow(self) -> None:
        self._head(Content_Length="1000")
        while not self.web.let_go.wait(0.02):
            try:
                self.wfile.write(b"x")
            except OSError:
                break
        self.close_connection = True

    def _mute(self) -> None:
        self.web.let_go.wait(60)
        self.close_connection = True

    def _moved(self) -> None:
        self._said(b"", 302, Location=self.web.leads)

    def _round(self) -> None:
        self._said(b"", 307, Location="/round")

    def _nowhere(self) -> None:
        self._said(b"", 302)

    def _empty(self) -> None:
        self._head(204)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it
        """Say nothing."""


def within(seconds: float) -> float:
    """A deadline."""
    return time.monotonic() + seconds
