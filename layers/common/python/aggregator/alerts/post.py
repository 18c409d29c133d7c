"""Post to an address that a user named: to the internet alone, however its name resolves, and never where it leads on.

The address is looked at when it is connected to: what a name meant a moment before does not count.
"""

import http.client
import socket
import ssl
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from aggregator.runtime.public_address import may_be_called

_CONNECT_SECONDS = 5
_ANSWER_SECONDS = 10


class NotPosted(Exception):
    """No answer came; `str` says why, in a few words."""


def post(url: str, headers: Mapping[str, str], body: str, *, this_machine: bool = False) -> int:
    """The status that an address answered with. Its body is not read, and no redirect followed.

    Raises:
        NotPosted: it could not be reached, is no public address, or did not answer in time.
    """
    parts = urlsplit(url)
    secure = parts.scheme == "https"
    port = parts.port or (443 if secure else 80)
    connection = http.client.HTTPConnection(parts.hostname or "", port, timeout=_ANSWER_SECONDS)
    try:
        connection.sock = _connected(parts.hostname or "", port, secure, this_machine=this_machine)
        said = {"Content-Type": "application/json", "User-Agent": "aggregator-webhooks/1", **headers}
        connection.request("POST", parts.path or "/", body.encode(), said)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException) as broken:
        raise NotPosted(_why(broken)) from broken
    finally:
        connection.close()


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
