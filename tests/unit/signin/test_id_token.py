"""An ID token counts if the issuer signed it, for this client, now, for this sign-in; a 401 says why it does not."""

import hmac
import json
from base64 import urlsafe_b64encode
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import RSAAlgorithm

from aggregator.errors import InvalidIdToken, JsonObject, status_of
from aggregator.signin.id_token import read
from aggregator.signin.issuer import Issuer
from aggregator.signin.settings import SignIn
from tests.unit.signin.fakes import (
    CLIENT,
    ISSUER,
    NONCE,
    FakeWeb,
    claims,
    ec_key,
    issuer_at,
    now,
    public,
    rsa_key,
    signed,
    spelled,
)

ALGORITHM = "idToken: it may be signed with RS256 or ES256 alone."
SIGNATURE = "idToken: its signature is wrong."
NO_KEY = "idToken: the issuer has no such key."
DAY = 86_400
"""Farther ahead than any run of the tests is long: parameters are made when tests are collected."""


def why_refused(token: str, *, nonce: str = NONCE, web: FakeWeb | None = None) -> str:
    with pytest.raises(InvalidIdToken) as refused:
        read(token, nonce, issuer_at(web or FakeWeb()))
    assert (status_of(refused.value), refused.value.code, refused.value.param) == (
        401,
        "invalid_id_token",
        "idToken",
    )
    return refused.value.message


def mac(text: str, secret: bytes) -> str:
    """A token that is signed with a shared secret, whatever that is: the library makes none with a public key."""
    return f"{text}.{urlsafe_b64encode(hmac.digest(secret, text.encode(), 'sha256')).decode().rstrip('=')}"


def test_a_good_token_says_who_it_is_about() -> None:
    expires = now() + 300

    said = read(signed(claims(exp=expires)), NONCE, issuer_at(FakeWeb()))

    assert said[:3] == (ISSUER, "subject-of-ann", "ann@example.com")
    assert said.expires_at == datetime.fromtimestamp(expires, UTC)


def test_es256_is_as_good() -> None:
    web = FakeWeb([public(ec_key("curve"), "curve")])

    said = read(signed(key=ec_key("curve"), key_id="curve", algorithm="ES256"), NONCE, issuer_at(web))

    assert said.subject == "subject-of-ann"


@pytest.mark.parametrize(
    ("other", "why"),
    [
        ({"aud": "another-client"}, "it is for another client"),
        ({"aud": ["another-client"]}, "it is for another client"),
        ({"aud": []}, "a claim is missing"),
        ({"aud": None}, "a claim is missing"),
        ({"iss": "https://evil.example.com"}, "another issuer made it"),
        ({"iss": f"{ISSUER}/"}, "another issuer made it"),
        ({"iss": None}, "a claim is missing"),
        ({"exp": 1_700_000_000}, "it has expired"),
        ({"exp": now() - 61}, "it has expired"),
        ({"exp": None}, "a claim is missing"),
        ({"exp": "soon"}, "it is not valid"),
        ({"iat": now() + DAY}, "it was issued in the future"),
        ({"iat": None}, "a claim is missing"),
        ({"iat": "now"}, "it is not valid"),
        ({"nbf": now() + DAY}, "it was issued in the future"),
        ({"sub": None}, "a claim is missing"),
        ({"sub": ""}, "its subject is none"),
        ({"sub": "s" * 256}, "its subject is none"),
        ({"nonce": None}, "it has no nonce"),
        ({"nonce": ""}, "it has no nonce"),
        ({"nonce": 5}, "it has no nonce"),
        ({"nonce": "another"}, "its nonce is another one"),
        ({"aud": [CLIENT, "another-client"]}, "another client asked for it"),
        ({"aud": [CLIENT, "another-client"], "azp": "another-client"}, "another client asked for it"),
        ({"azp": "another-client"}, "another client asked for it"),
    ],
)
def test_a_token_with_a_wrong_claim_is_refused(other: JsonObject, why: str) -> None:
    assert why_refused(signed(claims(**other))) == f"idToken: {why}."


def test_several_audiences_will_do_if_this_client_asked() -> None:
    token = signed(claims(aud=["another-client", CLIENT], azp=CLIENT))

    assert read(token, NONCE, issuer_at(FakeWeb())).subject == "subject-of-ann"


def test_clocks_may_differ_by_less_than_a_minute() -> None:
    token = signed(claims(iat=now() + 50, exp=now() - 30))

    assert read(token, NONCE, issuer_at(FakeWeb())).subject == "subject-of-ann"


@pytest.mark.parametrize(
    "algorithm", ["none", "None", "HS256", "HS512", "RS512", "PS256", "ES384", "EdDSA", "", 5, None]
)
def test_other_algorithms_are_refused_before_any_key_is_asked_for(algorithm: Any) -> None:
    web = FakeWeb()

    assert why_refused(spelled({"alg": algorithm, "kid": "first"}, claims()), web=web) == ALGORITHM
    assert web.asked == []


@pytest.mark.parametrize("form", ["pem", "der", "jwk"])
def test_an_hmac_with_the_public_key_as_its_secret_is_refused(form: str) -> None:
    key = rsa_key("first").public_key()
    secret = {
        "pem": key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        "der": key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        "jwk": json.dumps(public(rsa_key("first"), "first")).encode(),
    }[form]
    for algorithm, why in (("HS256", ALGORITHM), ("RS256", SIGNATURE)):
        unsigned = spelled({"alg": algorithm, "kid": "first"}, claims()).rpartition(".")[0]

        assert why_refused(mac(unsigned, secret)) == why


def test_what_was_changed_after_signing_is_refused() -> None:
    header, _, signature = signed().split(".")
    _, other, _ = signed(claims(email="eve@example.com")).split(".")

    assert why_refused(f"{header}.{other}.{signature}") == SIGNATURE
    assert why_refused(f"{header}.{other}.") == SIGNATURE


def test_a_signature_by_another_key_under_the_same_id_is_refused() -> None:
    assert why_refused(signed(key=rsa_key("other"))) == SIGNATURE


def test_a_key_that_comes_with_the_token_does_not_count() -> None:
    own = public(rsa_key("other"), "first")
    header = {"alg": "RS256", "kid": "first", "jwk": own, "jku": "https://evil.example.com/keys"}
    head, body, _ = spelled(header, claims()).split(".")
    made = RSAAlgorithm(RSAAlgorithm.SHA256).sign(f"{head}.{body}".encode(), rsa_key("other"))

    assert why_refused(f"{head}.{body}.{urlsafe_b64encode(made).decode().rstrip('=')}") == SIGNATURE


def test_a_key_that_the_issuer_does_not_have_is_refused() -> None:
    assert why_refused(signed(key_id="unknown")) == NO_KEY


def test_without_an_id_the_only_key_is_meant_and_of_two_none() -> None:
    two = FakeWeb([public(rsa_key("first"), "first"), public(rsa_key("other"), "other")])

    assert read(signed(key_id=None), NONCE, issuer_at(FakeWeb())).subject == "subject-of-ann"
    assert why_refused(signed(key_id=None), web=two) == NO_KEY


@pytest.mark.parametrize(
    "key",
    [
        {**public(rsa_key("first"), "first"), "use": "enc"},
        {**public(rsa_key("first"), "first"), "alg": "RS512"},
        {"kty": "oct", "kid": "first", "k": "c2VjcmV0", "alg": "HS256"},
        {"kty": "OKP", "kid": "first", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"},
        {"kid": "first"},
        "no key",
    ],
)
def test_keys_that_are_for_something_else_do_not_count(key: Any) -> None:
    web = FakeWeb([key, public(rsa_key("other"), "other")])

    assert why_refused(signed(), web=web) == NO_KEY


def test_a_key_is_used_with_its_own_algorithm_alone() -> None:
    web = FakeWeb([public(ec_key("curve"), "first")])

    assert why_refused(signed(), web=web) == ALGORITHM


@pytest.mark.filterwarnings("ignore:The RSA key is 1024 bits")
def test_a_short_key_is_refused() -> None:
    web = FakeWeb([public(rsa_key("short", 1024), "first")])

    assert why_refused(signed(key=rsa_key("short", 1024)), web=web) == "idToken: it is not valid."


@pytest.mark.parametrize(
    "token",
    ["x", "a.b", "a.b.c", "....", signed() + ".x", "agg_local_1vQ8Zk7pQ2xA_4f8Jd0sLq2Wm9XyTzB1cVn31vCE0"],
)
def test_what_is_no_token_is_refused(token: str) -> None:
    assert why_refused(token) == "idToken: it is no signed JSON Web Token."


def test_an_extension_that_has_to_be_understood_is_refused() -> None:
    header = {"alg": "RS256", "kid": "first", "crit": ["exp2"]}

    assert why_refused(spelled(header, claims(), b"x")).startswith("idToken: it is")


@pytest.mark.parametrize(
    ("said", "email"),
    [
        ({"email_verified": False}, None),
        ({"email_verified": None}, None),
        ({"email_verified": "false"}, None),
        ({"email_verified": 0}, None),
        ({"email": None}, None),
        ({"email": 5}, None),
        ({"email": "\u212aim@example.com"}, None),
        ({"email_verified": "true"}, "ann@example.com"),
        ({"email": " Ann@Example.COM "}, "ann@example.com"),
        ({"email_verified": False, "xms_edov": True}, None),
    ],
)
def test_an_address_counts_where_the_issuer_vouches_for_it(said: JsonObject, email: str | None) -> None:
    assert read(signed(claims(**said)), NONCE, issuer_at(FakeWeb())).email == email


@pytest.mark.parametrize(
    ("vouched", "email"), [(True, "ann@example.com"), (1, "ann@example.com"), (False, None), (None, None)]
)
def test_entra_vouches_by_a_claim_of_its_own(vouched: Any, email: str | None) -> None:
    entra = "https://login.microsoftonline.com/tenant/v2.0"
    web = FakeWeb()
    web.metadata = {**web.metadata, "issuer": entra}
    web.get = lambda url: web.metadata if "well-known" in url else {"keys": web.keys}  # type: ignore[method-assign]
    issuer = Issuer(SignIn(entra, CLIENT), web, lambda: 0.0)

    said = read(signed(claims(iss=entra, email_verified=None, xms_edov=vouched)), NONCE, issuer)

    assert said.email == email
