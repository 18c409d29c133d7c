"""An issuer to sign people in with: its keys, its tokens and its answers, without a network."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from aggregator.errors import JsonObject, StoreUnavailable
from aggregator.signin.discovery import Asks
from aggregator.signin.issuer import Issuer
from aggregator.signin.settings import SignIn
from aggregator.signin.web import Answer

ISSUER = "https://issuer.example.com"
CLIENT = "console-of-the-tests"
SETTINGS = SignIn(ISSUER, CLIENT)
NONCE = "n-0S6_WzA2Mj"


@cache
def rsa_key(name: str, bits: int = 2048) -> rsa.RSAPrivateKey:
    """A key of its own for each name; making one takes a tenth of a second."""
    del name
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


@cache
def ec_key(name: str) -> ec.EllipticCurvePrivateKey:
    del name
    return ec.generate_private_key(ec.SECP256R1())


def public(
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, key_id: str | None, **more: Any
) -> JsonObject:
    """A key as an issuer publishes it."""
    algorithm = RSAAlgorithm if isinstance(key, rsa.RSAPrivateKey) else ECAlgorithm
    named = {} if key_id is None else {"kid": key_id}
    return {**json.loads(algorithm.to_jwk(key.public_key())), **named, "use": "sig", **more}  # type: ignore[arg-type]


def now() -> int:
    return int(datetime.now(UTC).timestamp())


def claims(**other: Any) -> JsonObject:
    """What a good token says; None leaves a claim out."""
    said = {
        "iss": ISSUER,
        "sub": "subject-of-ann",
        "aud": CLIENT,
        "exp": now() + 600,
        "iat": now(),
        "nonce": NONCE,
        "email": "ann@example.com",
        "email_verified": True,
        **other,
    }
    return {name: each for name, each in said.items() if each is not None}


def signed(
    said: JsonObject | None = None, *, key: Any = None, key_id: str | None = "first", algorithm: str = "RS256"
) -> str:
    """A token that the issuer made, unless another key is named."""
    headers = {} if key_id is None else {"kid": key_id}
    return jwt.encode(said or claims(), key or rsa_key("first"), algorithm=algorithm, headers=headers)


def spelled(header: Mapping[str, Any], said: JsonObject, signature: bytes = b"") -> str:
    """A token put together by hand."""
    parts = (json.dumps(header).encode(), json.dumps(said).encode(), signature)
    return ".".join(urlsafe_b64encode(each).decode().rstrip("=") for each in parts)


@dataclass
class FakeWeb:
    """The issuer's addresses. What was asked is in `asked`; while it is `broken`, nothing answers."""

    keys: list[JsonObject] = field(default_factory=lambda: [public(rsa_key("first"), "first")])
    metadata: JsonObject = field(
        default_factory=lambda: {
            "issuer": ISSUER,
            "authorization_endpoint": f"{ISSUER}/authorize",
            "token_endpoint": f"{ISSUER}/token",
            "jwks_uri": f"{ISSUER}/keys",
        }
    )
    token: Answer = field(default_factory=lambda: Answer(400, {"error": "invalid_grant"}))
    asked: list[str] = field(default_factory=list)
    posted: list[tuple[Mapping[str, str], Mapping[str, str]]] = field(default_factory=list)
    broken: bool = False

    def get(self, url: str) -> JsonObject:
        self._ask(url)
        if url == f"{ISSUER}/.well-known/openid-configuration":
            return self.metadata
        assert url == f"{ISSUER}/keys"
        return {"keys": self.keys}

    def post_form(self, url: str, form: Mapping[str, str], headers: Mapping[str, str]) -> Answer:
        self._ask(url)
        self.posted.append((form, headers))
        return self.token

    def _ask(self, url: str) -> None:
        if self.broken:
            raise StoreUnavailable("Not now.")
        self.asked.append(url.removeprefix(ISSUER))


@dataclass
class Clock:
    """A clock that stands still until it is moved."""

    seconds: float = 1_000.0

    def __call__(self) -> float:
        return self.seconds


def issuer_at(web: FakeWeb, clock: Clock | None = None, secret: str | None = None) -> Issuer:
    return Issuer(SETTINGS, web, clock or Clock(), lambda: secret)


def _keeps_the_contract() -> Asks:
    return FakeWeb()
