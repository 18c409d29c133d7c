"""One file from the web: a GET without cookies, keys or names, to addresses of the internet alone.

Each hop of a redirect is checked as the first was, and each name's addresses before one of them is called. What is
said of a failure is the same for a host that is not there and for one that may not be called. Standard library only.
"""

import time
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from aggregator.proxy.files.web_address import BadAddress, WebAddress
from aggregator.runtime.http_pool import connect
from aggregator.runtime.http_wire import (
    Connection,
    Head,
    NoAnswerError,
    NotSentError,
    number,
    pieces_of,
)
from aggregator.runtime.public_address import may_be_called

MOST_REDIRECTS = 3
CONNECT_SECONDS = 5.0

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_ASKED_FOR = {
    "Accept": "image/*, application/pdf, text/*;q=0.9, */*;q=0.1",
    "Accept-Encoding": "identity",
    "User-Agent": "aggregator",
    "Connection": "close",
}


class NotFetched(Exception):
    """Why a file could not be had; the words go to the client, and never say more than it could find out itself."""


class Fetched(NamedTuple):
    """A file, and what its server calls it."""

    body: bytes
    media_type: str


def fetch(address: WebAddress, *, most_bytes: int, deadline: float, this_machine: bool) -> Fetched:
    """Get a file of at most `most_bytes` before `deadline` (monotonic seconds).

    Only addresses of the internet are called, at their scheme's own port; `this_machine` allows it, at any port.

    Raises:
        NotFetched: it cannot be had.
    """
    may = partial(may_be_called, this_machine=this_machine)
    for _ in range(MOST_REDIRECTS + 1):
        if address.at_another_port and not this_machine:
            raise NotFetched("only the ports 80 of http and 443 of https are called")
        connection = _connected(address, deadline, may)
        try:
            there = _answer(connection, address, most_bytes, deadline)
        except (NoAnswerError, NotSentError) as broken:
            late = isinstance(broken.__cause__, TimeoutError)
            raise NotFetched("its server took too long" if late else "its server broke off") from None
        finally:
            connection.close()
        if isinstance(there, Fetched):
            return there
        address = there
    raise NotFetched(f"its server redirects more than {MOST_REDIRECTS} times")


def _connected(address: WebAddress, deadline: float, may: Callable[[str], bool]) -> Connection:
    left = deadline - time.monotonic()
    if left <= 0:
        raise NotFetched("its server took too long")
    try:
        return connect(address.origin, min(left, CONNECT_SECONDS), may)
    except NotSentError:  # whatever it was: names and addresses within are nobody's business
        raise NotFetched("its server cannot be reached") from None


def _request(address: WebAddress) -> bytes:
    headers = {"Host": address.origin.header, **_ASKED_FOR}
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"GET {address.origin.path} HTTP/1.1\r\n{lines}\r\n".encode("ascii")


def _answer(
    connection: Connection, address: WebAddress, most_bytes: int, deadline: float
) -> Fetched | WebAddress:
    """The file, or where it is instead."""
    head = connection.begin(_request(address), deadline)
    if head.status in _REDIRECTS and head.headers.get("location"):
        try:
            return address.leads_to(head.headers["location"])
        except BadAddress as nowhere:
            raise NotFetched(f"its server {nowhere}") from None
    if head.status != 200:
        raise NotFetched(f"its server answered with status {head.status}")
    if head.headers.get("content-encoding", "identity").lower() != "identity":
        raise NotFetched("its server sends it packed, which was not asked for")
    return Fetched(_body(connection, head, most_bytes, deadline), head.headers.get("content-type", ""))


def _body(connection: Connection, head: Head, most_bytes: int, deadline: float) -> bytes:
    """The body, as long as its frame says and no longer than it may be."""
    if "content-length" in head.headers and number(head.headers["content-length"], 10) > most_bytes:
        raise _too_large(most_bytes)
    body = bytearray()
    for piece in pieces_of(head, partial(connection.receive, deadline)):
        body += piece
        if len(body) > most_bytes:
            raise _too_large(most_bytes)
    return bytes(body)


def _too_large(most_bytes: int) -> NotFetched:
    return NotFetched(f"it is larger than {most_bytes:,} bytes")
