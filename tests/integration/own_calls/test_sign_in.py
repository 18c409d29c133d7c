"""Sign-in over HTTP: a token or a code becomes a session; whatever does not hold is refused with its code."""

import json
import os
from datetime import timedelta
from itertools import count
from typing import Any

import boto3
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from aggregator.auth import wiring as auth
from aggregator.runtime.boto_client import BotoClient
from aggregator.runtime.clock import from_iso
from aggregator.signin import described, wiring
from aggregator.signin.discovery import Discovery
from aggregator.signin.web import Answer, Web
from local.http_server import HttpServer, Reply
from local.proxy_event import Request
from tests.integration.own_calls.platform import OwnCall, Platform, Said, own
from tests.unit.signin.fakes import (
    CLIENT,
    ISSUER,
    SETTINGS,
    Clock,
    FakeWeb,
    claims,
    issuer_at,
    now,
    public,
    rsa_key,
    signed,
    spelled,
)
from tests.unit.signin.test_id_token import mac

CREATE = OwnCall("auth/create_session", "POST", "/auth/sessions", scope="")
END = OwnCall("auth/end_session", "DELETE", "/auth/sessions", scope="")
DESCRIBE = OwnCall("auth/get_sign_in", "GET", "/auth/sign-in", scope="")
NAMES = count()


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> FakeWeb:
    """The issuer that the platform is set up for."""
    web, clock = FakeWeb(), Clock()
    issuer, discovery = issuer_at(web, clock), Discovery(SETTINGS, web, clock)
    monkeypatch.setenv("SIGN_IN_ISSUER", ISSUER)
    monkeypatch.setenv("SIGN_IN_CLIENT_ID", CLIENT)
    monkeypatch.setattr(wiring, "issuer", lambda _: issuer)
    monkeypatch.setattr(described, "discovery", lambda _: discovery)
    return web


@pytest.fixture
def email(platform: Platform) -> str:
    """The address of a user of its own, who is invited."""
    user_id = f"guest-{next(NAMES)}"
    return invited(platform, user_id)


def invited(platform: Platform, user_id: str, role: str = "member") -> str:
    email = f"{user_id}@example.com"
    said = platform.call(
        own("create_user"), body={"userId": user_id, "email": email, "name": "Guest", "role": role}
    )
    assert (said.status, said.body["boundTo"]) == (201, None)
    return email


def token(email: str, **other: Any) -> str:
    """A good token of who has the address, with a nonce that is the address, unless said."""
    return signed(claims(**{"email": email, "sub": f"subject-of-{email}", "nonce": email, **other}))


def sign_in(platform: Platform, id_token: str, nonce: str) -> Said:
    return platform.call(CREATE, {}, body={"idToken": id_token, "nonce": nonce})


def refused(said: Said) -> tuple[int, str, str | None]:
    return said.status, said.code, said.param


@pytest.mark.usefixtures("web")
def test_who_was_invited_gets_a_session_of_twelve_hours(platform: Platform, email: str) -> None:
    said = sign_in(platform, token(email), email)

    assert said.status == 201, said.text
    session = said.body
    assert session["key"].startswith(f"agg_dev_{session['id']}_")
    assert session | {"id": "-", "key": "-", "createdAt": "-", "expiresAt": "-"} == {
        "id": "-",
        "key": "-",
        "userId": email.removesuffix("@example.com"),
        "email": email,
        "name": "Guest",
        "role": "member",
        "scopes": ["inference", "models:read", "billing:read", "analytics:read"],
        "createdAt": "-",
        "expiresAt": "-",
    }
    assert from_iso(session["expiresAt"]) - from_iso(session["createdAt"]) == timedelta(hours=12)
    kept = auth.keys().read(session["id"])
    assert (kept.created_by, kept.user_id, kept.grant.name) == ("sign-in", session["userId"], "Signed in")
    assert said.headers["cache-control"] == "no-store"


@pytest.mark.usefixtures("web")
def test_the_first_sign_in_is_seen_in_the_user(platform: Platform, email: str) -> None:
    user_id = sign_in(platform, token(email), email).body["userId"]

    shown = platform.call(
        OwnCall("identity/get_user", "GET", "/identity/users/{userId}", scope=""), path={"userId": user_id}
    ).body

    assert shown["boundTo"] | {"boundAt": "-"} == {
        "issuer": ISSUER,
        "subject": f"subject-of-{email}",
        "boundAt": "-",
    }
    assert [each["byKeyId"] for each in shown["history"]] == ["sign-in", "admin"]


@pytest.mark.usefixtures("web")
@pytest.mark.parametrize(
    ("other", "reason"),
    [
        ({"aud": "another-client"}, "it is for another client"),
        ({"iss": "https://evil.example.com"}, "another issuer made it"),
        ({"exp": 1_700_000_000}, "it has expired"),
        ({"iat": now() + 86_400}, "it was issued in the future"),
        ({"nonce": None}, "it has no nonce"),
        ({"nonce": "another"}, "its nonce is another one"),
        ({"azp": "another-client"}, "another client asked for it"),
    ],
)
def test_a_claim_that_is_wrong_is_a_401(
    platform: Platform, email: str, other: dict[str, Any], reason: str
) -> None:
    said = sign_in(platform, token(email, **other), email)

    assert refused(said) == (401, "invalid_id_token", "idToken")
    assert said.body["error"]["message"] == f"idToken: {reason}."
    assert said.body["error"]["type"] == "authentication_error"


@pytest.mark.usefixtures("web")
def test_what_nobody_signed_or_somebody_else_is_a_401(platform: Platform, email: str) -> None:
    said = claims(email=email, nonce=email)
    secret = rsa_key("first").public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    header, _, signature = token(email).split(".")
    other = token("eve@example.com", nonce=email).split(".")[1]
    forged = {
        "alg none": spelled({"alg": "none", "kid": "first"}, said),
        "an HMAC": mac(spelled({"alg": "HS256", "kid": "first"}, said).rpartition(".")[0], secret),
        "tampered": f"{header}.{other}.{signature}",
        "another key": signed(said, key=rsa_key("other")),
        "an unknown key": signed(said, key_id="unknown"),
    }

    answers = {name: refused(sign_in(platform, each, email)) for name, each in forged.items()}

    assert answers == dict.fromkeys(forged, (401, "invalid_id_token", "idToken"))


@pytest.mark.usefixtures("web")
def test_a_nonce_is_taken_once(platform: Platform, email: str) -> None:
    first = sign_in(platform, token(email), email)
    replayed = sign_in(platform, token(email), email)
    another = sign_in(platform, token(email, nonce="fresh-1"), "fresh-1")

    assert [first.status, another.status] == [201, 201]
    assert refused(replayed) == (401, "invalid_id_token", "idToken")
    assert replayed.body["error"]["message"] == "idToken: its nonce was used before; sign in again."


@pytest.mark.usefixtures("web")
def test_a_taken_nonce_is_forgotten_an_hour_after_the_token(platform: Platform, email: str) -> None:
    expires = now() + 600

    sign_in(platform, token(email, exp=expires), email)

    items: list[Any] = boto3.resource("dynamodb").Table(os.environ["IDENTITY_TABLE"]).scan()["Items"]
    taken = [int(each["expires_at"]) for each in items if each["pk"].startswith("NONCE#")]
    assert expires + 3_600 in taken


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"idToken": "a.b.c"}, "nonce"),
        ({"idToken": "a.b.c", "nonce": ""}, "nonce"),
        ({"idToken": "a.b.c", "nonce": 5}, "nonce"),
        ({"nonce": "n"}, None),
        ({"idToken": "a.b.c", "code": "c", "nonce": "n"}, None),
        ({"code": "c", "redirectUri": "https://x.example.com/", "nonce": "n"}, None),
        (
            {"code": "c", "codeVerifier": "short", "redirectUri": "https://x.example.com/", "nonce": "n"},
            "codeVerifier",
        ),
        ({"idToken": "a" * 16_385, "nonce": "n"}, "idToken"),
        ({"idToken": "a.b.c", "nonce": "n", "userId": "ann"}, "userId"),
        ({"idToken": None, "nonce": "n"}, None),
    ],
)
def test_a_body_that_lacks_something_is_a_400(
    platform: Platform, web: FakeWeb, body: dict[str, Any], param: str | None
) -> None:
    assert refused(platform.call(CREATE, {}, body=body)) == (400, "invalid_request", param)
    assert web.asked == []


@pytest.mark.usefixtures("web")
def test_an_address_that_nobody_invited_or_vouches_for_is_a_403(platform: Platform, email: str) -> None:
    uninvited = sign_in(platform, token("eve@example.com", nonce="u1"), "u1")
    unverified = sign_in(platform, token(email, nonce="u2", email_verified=False), "u2")
    nameless = sign_in(platform, token(email, nonce="u3", email_verified=None), "u3")

    assert refused(uninvited) == (403, "not_invited", None)
    assert [refused(each) for each in (unverified, nameless)] == [(403, "email_not_verified", None)] * 2


@pytest.mark.usefixtures("web")
def test_a_suspended_user_is_a_403_bound_or_not(platform: Platform, email: str) -> None:
    path = {"userId": email.removesuffix("@example.com")}
    platform.call(own("update_user"), body={"state": "suspended"}, path=path)
    before = sign_in(platform, token(email, nonce="s1" + email), "s1" + email)
    platform.call(own("update_user"), body={"state": "active"}, path=path)
    resumed = sign_in(platform, token(email, nonce="s2" + email), "s2" + email)
    platform.call(own("update_user"), body={"state": "suspended"}, path=path)
    after = sign_in(platform, token(email, nonce="s3" + email), "s3" + email)

    assert [refused(each) for each in (before, after)] == [(403, "user_suspended", None)] * 2
    assert resumed.status == 201


def test_without_the_issuers_keys_nobody_signs_in_and_all_may_come_again(
    platform: Platform, web: FakeWeb, email: str
) -> None:
    web.broken = True
    said = sign_in(platform, token(email), email)
    web.broken = False

    assert (*refused(said), said.headers.get("retry-after") is None) == (
        503,
        "service_unavailable",
        None,
        True,
    )
    assert sign_in(platform, token(email), email).status == 201


def test_a_new_key_of_the_issuer_is_found(platform: Platform, web: FakeWeb, email: str) -> None:
    assert sign_in(platform, token(email), email).status == 201
    web.keys = [public(rsa_key("other"), "second")]
    clock = wiring.issuer(SETTINGS)._keys._monotonic
    clock.seconds += 61  # type: ignore[attr-defined]

    new = signed(
        claims(email=email, sub=f"subject-of-{email}", nonce="r" + email),
        key=rsa_key("other"),
        key_id="second",
    )

    assert sign_in(platform, new, "r" + email).status == 201


@pytest.mark.usefixtures("web")
def test_an_address_that_moves_to_another_user_does_not_move_the_person(platform: Platform) -> None:
    first, other = (invited(platform, f"guest-{next(NAMES)}") for _ in range(2))
    sign_in(platform, token(first), first)

    moved = sign_in(platform, signed(claims(email=other, sub=f"subject-of-{first}", nonce="moved")), "moved")

    assert moved.body["email"] == first


def test_a_code_is_exchanged_here(platform: Platform, web: FakeWeb, email: str) -> None:
    web.token = Answer(200, {"id_token": token(email)})
    code = {"code": "c1", "codeVerifier": "v" * 43, "redirectUri": "https://api.example.com/console/"}

    said = platform.call(CREATE, {}, body={**code, "nonce": email})
    web.token = Answer(400, {"error": "invalid_grant"})
    again = platform.call(CREATE, {}, body={**code, "nonce": email})

    assert said.status == 201
    assert web.posted[0][0]["code_verifier"] == "v" * 43
    assert refused(again) == (401, "invalid_code", "code")


@pytest.mark.usefixtures("platform")
def test_the_clients_secret_is_read_where_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIGN_IN_SECRET", "platform/sign-in")
    client = BotoClient("secretsmanager")
    assert wiring.client_secret(client) is None
    boto3.client("secretsmanager").create_secret(
        Name="platform/sign-in", SecretString=json.dumps({"clientSecret": " s3cret\n"})
    )

    assert wiring.client_secret(client) == "s3cret"


def test_where_nobody_signs_people_in_it_is_said(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIGN_IN_ISSUER", "")

    off = sign_in(platform, "a.b.c", "n")
    told = platform.call(DESCRIBE, {})

    assert refused(off) == (501, "sign_in_off", None)
    assert (told.status, told.body) == (
        200,
        {
            "enabled": False,
            "issuer": None,
            "clientId": None,
            "authorizationEndpoint": None,
            "scope": "openid email profile",
        },
    )


@pytest.mark.usefixtures("web")
def test_pages_are_told_where_to_sign_in(platform: Platform) -> None:
    assert platform.call(DESCRIBE, {}).body == {
        "enabled": True,
        "issuer": ISSUER,
        "clientId": CLIENT,
        "authorizationEndpoint": f"{ISSUER}/authorize",
        "scope": "openid email profile",
    }


@pytest.mark.usefixtures("web")
def test_who_signs_out_has_no_key_any_more(platform: Platform) -> None:
    email = invited(platform, f"guest-{next(NAMES)}", role="viewer")
    session = sign_in(platform, token(email), email).body
    caller = auth.keys().read(session["id"]).caller()

    ended = platform.call(END, caller)

    assert (ended.status, ended.body) == (200, {"ended": 1})
    assert refused(platform.call(END, caller)) == (401, "invalid_api_key", None)
    assert auth.keys().read(session["id"]).revoked_at is not None


def test_a_key_is_not_ended_by_signing_out(platform: Platform) -> None:
    assert refused(platform.call(END, platform.key("inference"))) == (409, "conflict", None)


@pytest.mark.usefixtures("web")
def test_an_admin_ends_all_sessions_of_a_user_and_nobody_those_of_others(
    platform: Platform, email: str
) -> None:
    user_id = email.removesuffix("@example.com")
    for number in range(3):
        sign_in(platform, token(email, nonce=f"{number}{email}"), f"{number}{email}")

    others = platform.call(END, platform.key("inference"), query={"userId": user_id})
    ended = platform.call(END, query={"userId": user_id})
    again = platform.call(END, query={"userId": user_id})

    assert refused(others) == (403, "forbidden", None)
    assert (ended.body, again.body) == ({"ended": 3}, {"ended": 0})


@pytest.mark.usefixtures("web")
def test_another_role_ends_the_session_of_the_old_one(platform: Platform, email: str) -> None:
    path = {"userId": email.removesuffix("@example.com")}
    session = sign_in(platform, token(email), email).body

    changed = platform.call(own("update_user"), body={"role": "viewer"}, path=path)

    assert (changed.status, changed.body["role"]) == (200, "viewer")
    assert auth.keys().read(session["id"]).revoked_at is not None
    new = sign_in(platform, token(email, nonce="v" + email), "v" + email).body
    assert (new["role"], new["scopes"]) == ("viewer", ["models:read", "billing:read", "analytics:read"])


@pytest.mark.usefixtures("web")
def test_a_binding_that_is_taken_away_lets_the_next_one_with_the_address_in(
    platform: Platform, email: str
) -> None:
    path = {"userId": email.removesuffix("@example.com")}
    session = sign_in(platform, token(email), email).body
    other = {"sub": "another-subject-of-" + email}
    before = sign_in(platform, token(email, nonce="b" + email, **other), "b" + email)

    changed = platform.call(own("update_user"), body={"boundTo": None}, path=path)
    after = sign_in(platform, token(email, nonce="a" + email, **other), "a" + email)

    assert refused(before) == (403, "not_invited", None)
    assert (changed.status, changed.body["boundTo"]) == (200, None)
    assert auth.keys().read(session["id"]).revoked_at is not None
    assert after.status == 201
    gone = sign_in(platform, token(email, nonce="g" + email), "g" + email)
    assert refused(gone) == (403, "not_invited", None)


def test_a_binding_is_not_made_by_hand(platform: Platform, email: str) -> None:
    said = platform.call(
        own("update_user"),
        body={"boundTo": {"issuer": ISSUER, "subject": "s"}},
        path={"userId": email.removesuffix("@example.com")},
    )

    assert (said.status, said.code, str(said.param).partition(".")[0]) == (400, "invalid_request", "boundTo")


@pytest.mark.usefixtures("web")
def test_a_session_that_is_made_while_the_user_changes_ends_at_once(
    platform: Platform, email: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    user_id = email.removesuffix("@example.com")
    open_session = auth.open_session

    def changed_meanwhile(*said: Any, **more: Any) -> Any:
        platform.call(own("update_user"), body={"role": "viewer"}, path={"userId": user_id})
        return open_session(*said, **more)

    monkeypatch.setattr(auth, "open_session", changed_meanwhile)
    said = sign_in(platform, token(email), email)

    assert refused(said) == (503, "service_unavailable", None)
    keys, _ = auth.keys().page_of(user_id, limit=10, after=None)
    assert [key.revoked_at is not None for key in keys] == [True]


def test_the_issuers_documents_are_fetched_and_nothing_leads_elsewhere() -> None:
    server = HttpServer(0)
    try:
        server.start(_answers)
        web, base = Web(), f"http://127.0.0.1:{server.port}"

        assert web.get(f"{base}/document") == {"issuer": "x"}
        assert web.post_form(f"{base}/token", {"code": "c d"}, {}) == Answer(400, {"error": "code=c+d"})
        for path in ("/moved", "/broken", "/long", "/missing"):
            with pytest.raises(Exception, match="does not answer now"):
                web.get(f"{base}{path}")
        assert web.post_form(f"{base}/text", {}, {}) == Answer(200, {})
    finally:
        server.close()
    with pytest.raises(Exception, match="does not answer now"):
        web.get(f"{base}/document")


def _answers(request: Request, reply: Reply) -> None:
    status, headers, body = {
        "/document": (200, {}, b'{"issuer": "x"}'),
        "/token": (400, {}, json.dumps({"error": request.body.decode()}).encode()),
        "/text": (200, {}, b"no JSON"),
        "/moved": (302, {"Location": "/document"}, b"{}"),
        "/broken": (500, {}, b"{}"),
        "/long": (200, {}, b"{" + b" " * 512_000 + b"}"),
    }.get(request.target, (404, {}, b"{}"))
    reply.start(status, list(headers.items()), len(body))
    reply.write(body)
    reply.end()
