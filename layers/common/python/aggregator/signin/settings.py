"""Who signs people in: one issuer of OpenID Connect, and the platform's name there. Standard library only."""

from collections.abc import Mapping
from dataclasses import dataclass

from aggregator.errors import SignInOff

ISSUER = "SIGN_IN_ISSUER"
CLIENT_ID = "SIGN_IN_CLIENT_ID"

OFF = "Sign-in is not set up here. Use an API key; whoever runs this platform makes one for you."


@dataclass(frozen=True, slots=True)
class SignIn:
    """An issuer, exactly as its ID tokens name it, and the client that they are for.

    `plain_http` is for an issuer on a developer's own machine.
    """

    issuer: str
    client_id: str
    plain_http: bool = False

    def may_ask(self, url: object) -> bool:
        """Whether an address that the issuer names is one to call: nothing goes unencrypted over a network."""
        return isinstance(url, str) and url.startswith(
            ("https://", "http://") if self.plain_http else "https://"
        )


def settings_in(environment: Mapping[str, str]) -> SignIn:
    """What a function's environment says.

    Raises:
        SignInOff: it names no issuer.
    """
    issuer, client_id = environment.get(ISSUER, ""), environment.get(CLIENT_ID, "")
    if not issuer or not client_id:
        raise SignInOff(OFF)
    return SignIn(issuer, client_id, plain_http=environment.get("ENVIRONMENT") == "local")
