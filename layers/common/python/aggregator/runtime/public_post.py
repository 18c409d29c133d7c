"""Post to an address that somebody named: to the internet alone, however its name resolves, never where it leads on.

The address is looked at when it is connected to: what a name meant a moment before does not count.
"""

import http.client
import socket
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from aggregator.runtime.public_address import may_be_called

_CONNECT_SECONDS = 5
_ANSWER_SECONDS = 10


class NotPosted(Exception):
    """No answer came; `str` says why, in a few words."""


@dataclass(frozen=True, slots=True)
class Posted:
    """What an address answered; names of headers are in small letters. `is_whole`: `body` is all that it said."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    is_whole: bool = True


def post(
    url: str,
    headers: Mapping[str, str],
    body: bytes,
    *,
    user_agent: str,
    this_machine: bool = False,
    most_answer_bytes: int = 0,
) -> Posted:
    """What an address answered, with as much of its body as is wanted; no redirect is followed.

    Raises:
        NotPosted: it could not be reached, is no public address, or did not answer in time.
    """
    parts = urlsplit(url)
    secure = parts.scheme == "https"
    port = parts.port or (443 if secure else 80)
    connection = http.client.HTTPConnection(parts.hostname or "", port, timeout=_ANSWER_SECONDS)
    try:
        connection.sock = _connected(parts.hostname or "", port, secure, this_machine=this_machine)
        own = {"content-type": "application/json", "user-agent": user_agent}
        said = own | {name.lower(): value for name, value in headers.items()}
        connection.request("POST", parts.path or "/", body, said)
        answer = connection.getresponse()
        read = answer.read(most_answer_bytes + 1) if most_answer_bytes else b""
    except (OSError, http.client.HTTPException) as broken:
        raise NotPosted(_why(broken)) from broken
    finally:
        connection.close()
    names = {name.lower(): value for name, value in answer.getheaders()}
    whole = len(read) <= most_answer_bytes
    return Posted(answer.status, names, read[:most_answer_bytes], whole)


def _connected(host: str, port: int, secure: bool, *, this_machine: bool) -> socket.socket:
    """A connection to a public address of a host: the first one that takes it."""
    found = _addresses(host, port)
    allowed = [address for address in found if may_be_called(address, this_machine=this_machine)]
    if not allowed:
        raise NotPosted("it is no public address")
    plain = _first(lambda address: socket.create_connection((address, port), _CONNECT_SECONDS), allowed)
    plain.settimeout(_ANSWER_SECONDS)
    if not secure:
        return plain
    try:
        return ssl.create_default_context().wrap_socket(plain, server_hostname=host)
    except (OSError, ssl.SSLError):
        plain.close()
        raise


def _addresses(host: str, port: int) -> list[str]:
    return list(
        dict.fromkeys(str(each[4][0]) for each in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
    )


def _first(connect: Callable[[str], socket.socket], addresses: list[str]) -> socket.socket:
    for address in addresses[:-1]:
        try:
            return connect(address)
        except OSError:
            continue
    return connect(addresses[-1])


def _why(broken: Exception) -> str:
    if isinstance(broken, socket.gaierror):
        return "its name is not known"
    if isinstance(broken, ssl.SSLError):
        return "its certificate or TLS is not right"
    if isinstance(broken, TimeoutError):
        return "it did not answer in time"
    return "it cannot be reached"
