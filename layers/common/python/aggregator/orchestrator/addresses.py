"""Where a provider may be called: public addresses over https, and this machine. Standard library only.

What a provider's entry names is called with the platform's own rights, so an address inside the platform's network is
no provider's. A literal address is seen in the entry; what a name leads to, only when it is called:
proxy/upstream/http.py asks again then, of the address that it is connected to.
"""

from urllib.parse import urlsplit

from aggregator.runtime.public_address import is_loopback, is_public


def problem_of_url(url: str) -> str:
    """Why a provider may not be called at `url`; empty if it may.

    https only, and http to this machine itself. No address of a private or link-local network.
    """
    try:
        parts = urlsplit(url.replace("{region}", "region"))
        host = parts.hostname or ""
        named = parts.port != 0 and all(" " < each < "\x7f" for each in url)
    except ValueError:
        return "must be an https URL"
    literal = _is_address(host)
    loopback = host == "localhost" or (literal and is_loopback(host))
    if parts.scheme not in {"https", "http"} or not host or not named:
        return "must be an https URL"
    if parts.scheme == "http" and not loopback:
        return "must be https (http only to this machine)"
    if literal and not loopback and not is_public(host):
        return "must not be a private or link-local address"
    if parts.query or parts.fragment or parts.username or parts.password:
        return "must not have a query, a fragment or a user"
    return ""


def is_this_machine(url: str) -> bool:
    """Whether a provider's URL names this machine."""
    host = urlsplit(url).hostname or ""
    return host == "localhost" or (_is_address(host) and is_loopback(host))


def _is_address(host: str) -> bool:
    try:
        is_public(host)
    except OSError:
        return False
    return True
