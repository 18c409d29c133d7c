"""Read an ID token: whether the issuer signed it, for us, now, and for this sign-in.

Sources: OpenID Connect Core 1.0, section 3.1.3.7; RFC 8725. The library does the signature, the times, the issuer and
the audience; what is ours is which keys and algorithms count, the authorised party, the nonce and the address.
"""

import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import jwt

from aggregator.errors import InvalidIdToken
from aggregator.signin.issuer import ALGORITHMS, Issuer

LEEWAY_SECONDS = 60
"""What clocks may differ by."""

_MOST_SUBJECT_CHARACTERS = 255  # OpenID Connect Core 1.0, section 2
_REQUIRED = ["iss", "sub", "aud", "exp", "iat"]

# Entra says by this claim, and never by `email_verified`, that an address is one of a domain that was proven.
_ENTRA = frozenset(
    {"login.microsoftonline.com", "login.microsoftonline.us", "login.partner.microsoftonline.cn"}
)
_OF_ENTRA = "xms_edov"

_SAID = (
    (jwt.ExpiredSignatureError, "it has expired"),
    (jwt.ImmatureSignatureError, "it was issued in the future"),
    (jwt.InvalidAudienceError, "it is for another client"),
    (jwt.InvalidIssuerError, "another issuer made it"),
    (jwt.InvalidAlgorithmError, f"it may be signed with {' or '.join(ALGORITHMS)} alone"),
    (jwt.InvalidSignatureError, "its signature is wrong"),
    (jwt.MissingRequiredClaimError, "a claim is missing"),
)


class Claims(NamedTuple):
    """What a proven ID token says. `email` is in small letters, and None where nobody vouches for it."""

    issuer: str
    subject: str
    email: str | None
    expires_at: datetime


def read(token: str, nonce: str, issuer: Issuer) -> Claims:
    """What an ID token says, if all of it holds.

    Raises:
        InvalidIdToken: something does not; the message says what.
        StoreUnavailable: the issuer's keys cannot be had now.
    """
    try:
        header = jwt.get_unverified_header(token)
    except jwt.PyJWTError:
        raise _refused("it is no signed JSON Web Token") from None
    if header.get("alg") not in ALGORITHMS:
        raise _refused(f"it may be signed with {' or '.join(ALGORITHMS)} alone")
    key = issuer.key(header.get("kid"))
    if key is None:
        raise _refused("the issuer has no such key")
    try:
        said = jwt.decode(
            token,
            key,
            algorithms=list(ALGORITHMS),
            audience=issuer.settings.client_id,
            issuer=issuer.settings.issuer,
            leeway=LEEWAY_SECONDS,
            options={"require": _REQUIRED, "enforce_minimum_key_length": True},
        )
        expires_at = datetime.fromtimestamp(int(said["exp"]), UTC)
    except jwt.PyJWTError as wrong:
        raise _refused(_why(wrong)) from None
    except (OverflowError, OSError, ValueError, TypeError):
        raise _refused("its times are none") from None
    _require_ours(said, issuer.settings.client_id)
    _require_nonce(said, nonce)
    return Claims(
        issuer.settings.issuer, _subject_in(said), _email_in(said, issuer.settings.issuer), expires_at
    )


def _require_ours(said: Mapping[str, Any], client_id: str) -> None:
    """Refuse a token of several audiences that does not say who asked for it, and one that another asked for."""
    several = isinstance(said["aud"], list) and len(said["aud"]) > 1
    party = said.get("azp")
    if party != client_id and (several or party is not None):
        raise _refused("another client asked for it")


def _require_nonce(said: Mapping[str, Any], nonce: str) -> None:
    made = said.get("nonce")
    if not isinstance(made, str) or not made:
        raise _refused("it has no nonce")
    if not hmac.compare_digest(made.encode(), nonce.encode()):
        raise _refused("its nonce is another one")


def _subject_in(said: Mapping[str, Any]) -> str:
    subject = said["sub"]
    if not isinstance(subject, str) or not 0 < len(subject) <= _MOST_SUBJECT_CHARACTERS:
        raise _refused("its subject is none")
    return subject


def _email_in(said: Mapping[str, Any], issuer: str) -> str | None:
    """The address, where the issuer vouches for it. Letters beyond ASCII might become others in small letters."""
    email, vouched = said.get("email"), said.get("email_verified")
    if urlsplit(issuer).hostname in _ENTRA:
        vouched = said.get(_OF_ENTRA, vouched)
    if not isinstance(email, str) or not email.isascii():
        return None
    # Cognito says "true" for people who came from another issuer, Entra 1.
    return email.strip().lower() if vouched in (True, 1, "true", "True", "1") else None


def _why(wrong: jwt.PyJWTError) -> str:
    return next((why for kind, why in _SAID if isinstance(wrong, kind)), "it is not valid")


def _refused(why: str) -> InvalidIdToken:
    return InvalidIdToken(f"idToken: {why}.", param="idToken")
