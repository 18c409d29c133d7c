"""How people sign in here, as pages that let them are told; without the library that reads tokens."""

import os
import time
from functools import cache

from aggregator.errors import SignInOff
from aggregator.runtime.schema import Response
from aggregator.signin.discovery import Discovery
from aggregator.signin.settings import SignIn, settings_in
from aggregator.signin.web import Web


class SignInView(Response):
    """How people sign in here. Where `enabled` is false they do not, and what depends on the issuer is null."""

    enabled: bool
    issuer: str | None = None
    client_id: str | None = None
    authorization_endpoint: str | None = None
    scope: str = "openid email profile"


def described() -> SignInView:
    """How people sign in here.

    Raises:
        StoreUnavailable: by an issuer that does not answer now.
    """
    try:
        settings = settings_in(os.environ)
    except SignInOff:
        return SignInView(enabled=False)
    return SignInView(
        enabled=True,
        issuer=settings.issuer,
        client_id=settings.client_id,
        authorization_endpoint=discovery(settings).metadata().authorization_endpoint,
    )


@cache
def discovery(settings: SignIn) -> Discovery:
    """The issuer, with what it says of itself."""
    return Discovery(settings, Web(), time.monotonic)
