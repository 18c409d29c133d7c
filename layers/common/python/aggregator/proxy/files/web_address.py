"""Addresses of files as clients write them: taken apart strictly, for what two readers read in two ways leads astray.

Source: RFC 3986, and the WHATWG's URL standard for what a browser makes of it (a host that ends in a number is an
IPv4 address, however it is written). Standard library only.
"""

import re
import socket
from typing import NamedTuple
from urllib.parse import quote, unquote, urljoin

from aggregator.runtime.http_pool import Origin

LONGEST = 8192

_SCHEME = re.compile(r"\s*([A-Za-z][A-Za-z0-9+.-]*):")
_PARTS = re.compile(
    r"(?P<scheme>https?)://(?P<authority>[^/?]*)(?P<path>/[^?]*)?(?P<query>\?.*)?", re.IGNORECASE
)
_AUTHORITY = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::(?P<port>[0-9]{1,5}))?")
_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_CONTROLS = re.compile(r"[\x00-\x20\x7f\\]")
_ENDING = re.compile(r"\.([A-Za-z0-9]{1,10})$")
_LONGEST_HOST = 253
_SCHEMES_PORT = {"http": 80, "https": 443}
_AS_IT_IS = "%/:?[]@!$&'()*+,;=-._~"


class BadAddress(ValueError):
    """Why an address is none that a file is fetched from; the words go to the client."""


class WebAddress(NamedTuple):
    """Where a file is: the server, and what it is asked for."""

    origin: Origin
    at_another_port: bool = False

    @classmethod
    def of(cls, url: str) -> "WebAddress":
        """Take a client's address apart. Its scheme has a port of its own.

        Raises:
            BadAddress: it is not http(s), or not written so that it can mean only one thing.
        """
        if len(url) > LONGEST:
            raise BadAddress(f"must have {LONGEST} characters at most")
        if _CONTROLS.search(url):
            raise BadAddress("must be written without spaces, backslashes and control characters")
        found = _PARTS.fullmatch(url)
        if found is None:
            raise BadAddress("must be an http or https address, or a data URI")
        if "#" in url:
            raise BadAddress("must be an address without a fragment (#)")
        if "@" in found["authority"]:
            raise BadAddress("must be an address without a user's name or password")
        authority = _AUTHORITY.fullmatch(found["authority"])
        if authority is None:
            raise BadAddress("must name a host in ASCII letters, and no more than a port behind it")
        scheme = found["scheme"].lower()
        own = _SCHEMES_PORT[scheme]
        port = own if authority["port"] is None else int(authority["port"])
        if not 0 < port < 2**16:
            raise BadAddress("must name a port from 1 to 65535")
        target = quote(
            (found["path"] or "/") + (found["query"] or ""), safe=_AS_IT_IS, errors="surrogatepass"
        )
        return cls(Origin(scheme == "https", _host(authority["host"]), port, target), port != own)

    @property
    def ending(self) -> str:
        """What the name in the path ends with (`pdf`), in lower case; nothing if it does not."""
        found = _ENDING.search(self.path)
        return found[1].lower() if found else ""

    @property
    def path(self) -> str:
        """The path without what is asked of it."""
        return self.origin.path.partition("?")[0]

    @property
    def name(self) -> str:
        """The last name in the path, as people read it."""
        return unquote(self.path.rpartition("/")[2])

    def is_at(self, hosts: list[str]) -> bool:
        """Whether it is at one of `hosts`, or below it."""
        return any(f".{self.origin.host}".endswith(f".{host}") for host in hosts)

    def leads_to(self, location: str) -> "WebAddress":
        """Where a redirect leads, never back from https to http.

        Raises:
            BadAddress: nowhere that a file is fetched from.
        """
        scheme = "https" if self.origin.tls else "http"
        here = f"{scheme}://{self.origin.header}{self.origin.path}"
        try:
            there = WebAddress.of(urljoin(here, location).partition("#")[0])
        except ValueError:
            raise BadAddress("redirects to what is no http(s) address") from None
        if self.origin.tls and not there.origin.tls:
            raise BadAddress("redirects from https to http")
        return there


def names_an_address(said: str) -> bool:
    """Whether a text names its content by an address, of whatever scheme, and does not hold it (`data:`)."""
    found = _SCHEME.match(said)
    return found is not None and found[1].lower() != "data"


def _host(said: str) -> str:
    """The host, in lower case and without brackets.

    Raises:
        BadAddress: it is no name, or an IPv4 address that is not written as everybody writes it.
    """
    host = said.lower()
    if host.startswith("["):
        try:
            socket.inet_pton(socket.AF_INET6, host[1:-1])
        except OSError:
            raise BadAddress("must name a host, and what is in its brackets is no IPv6 address") from None
        return host[1:-1]
    labels = host.split(".")
    if len(host) > _LONGEST_HOST or not all(_LABEL.fullmatch(label) for label in labels):
        raise BadAddress("must name a host in ASCII letters, and no more than a port behind it")
    if _NUMBER.fullmatch(labels[-1]):
        try:
            socket.inet_pton(socket.AF_INET, host)
        except OSError:
            raise BadAddress("must name a host; an IPv4 address is four numbers up to 255") from None
    return host
