"""What an issuer says of itself. Source: OpenID Connect Discovery 1.0, sections 3 and 4. Standard library only."""

from collections.abc import Callable, Mapping
from typing import NamedTuple, Protocol

from aggregator.errors import JsonObject
from aggregator.signin.kept import Kept
from aggregator.signin.settings import SignIn
from aggregator.signin.web import Answer, unavailable

_WELL_KNOWN = "/.well-known/openid-configuration"
_ADDRESSES = ("authorization_endpoint", "token_endpoint", "jwks_uri")
_BASIC = "client_secret_basic"


class Asks(Protocol):
    """Calls addresses; `Web` behind it."""

    def get(self, url: str) -> JsonObject:
        """See `Web.get`."""
        ...

    def post_form(self, url: str, form: Mapping[str, str], headers: Mapping[str, str]) -> Answer:
        """See `Web.post_form`."""
        ...


class Metadata(NamedTuple):
    """Its addresses, and whether a client's secret goes into the form instead of a header."""

    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    secret_in_form: bool


class Discovery:
    """An issuer's document of itself, kept for an hour."""

    def __init__(self, settings: SignIn, web: Asks, monotonic: Callable[[], float]) -> None:
        self._settings = settings
        self._web = web
        self._metadata = Kept(self._fetch, monotonic)

    def metadata(self) -> Metadata:
        """What it says of itself.

        Raises:
            StoreUnavailable: it does not say it now, or something else than it should.
        """
        return self._metadata.get()

    def _fetch(self) -> Metadata:
        url = self._settings.issuer.rstrip("/") + _WELL_KNOWN
        said = self._web.get(url)
        if said.get("issuer") != self._settings.issuer:
            raise unavailable(url, "it is of another issuer")
        for name in _ADDRESSES:
            if not self._settings.may_ask(said.get(name)):
                raise unavailable(url, f"{name} is no address to call")
        taken = said.get("token_endpoint_auth_methods_supported") or [_BASIC]
        authorization, token, keys = (str(said[name]) for name in _ADDRESSES)
        return Metadata(authorization, token, keys, _BASIC not in taken)
