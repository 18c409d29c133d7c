"""The issuer is asked once an hour; once a minute where a key is not known; and served from memory in a fault."""

import pytest

from aggregator.errors import InvalidCode, InvalidIdToken, StoreUnavailable
from aggregator.signin.id_token import read
from aggregator.signin.issuer import Code
from aggregator.signin.web import Answer
from tests.unit.signin.fakes import ISSUER, NONCE, Clock, FakeWeb, issuer_at, public, rsa_key, signed

DISCOVERY = "/.well-known/openid-configuration"
CODE = Code("code-1", "v" * 43, "https://console.example.com/")


def test_the_keys_are_asked_for_once_an_hour() -> None:
    web, clock = FakeWeb(), Clock()
    issuer = issuer_at(web, clock)

    read(signed(), NONCE, issuer)
    clock.seconds += 3_599
    read(signed(), NONCE, issuer)
    assert web.asked == [DISCOVERY, "/keys"]

    clock.seconds += 1
    read(signed(), NONCE, issuer)
    assert web.asked == [DISCOVERY, "/keys"] * 2


def test_a_new_key_of_the_issuer_is_found_once_the_last_look_is_a_minute_ago() -> None:
    web, clock = FakeWeb(), Clock()
    issuer = issuer_at(web, clock)
    read(signed(), NONCE, issuer)
    web.keys.append(public(rsa_key("other"), "second"))
    new = signed(key=rsa_key("other"), key_id="second")

    clock.seconds += 59
    with pytest.raises(InvalidIdToken):
        read(new, NONCE, issuer)
    clock.seconds += 1

    assert read(new, NONCE, issuer).subject == "subject-of-ann"
    assert web.asked == [DISCOVERY, "/keys", "/keys"]


def test_keys_that_nobody_has_are_looked_for_once_a_minute_however_often_they_come() -> None:
    web, clock = FakeWeb(), Clock()
    issuer = issuer_at(web, clock)
    for second in range(180):
        clock.seconds = 1_000.0 + second
        with pytest.raises(InvalidIdToken):
            read(signed(key_id=f"unknown-{second}"), NONCE, issuer)

    assert web.asked.count("/keys") == 3


def test_a_key_that_the_issuer_took_back_counts_no_longer_than_an_hour() -> None:
    web, clock = FakeWeb(), Clock()
    issuer = issuer_at(web, clock)
    read(signed(), NONCE, issuer)
    web.keys = [public(rsa_key("other"), "second")]
    clock.seconds += 3_600

    with pytest.raises(InvalidIdToken):
        read(signed(), NONCE, issuer)


def test_without_keys_nobody_signs_in_and_may_try_again() -> None:
    with pytest.raises(StoreUnavailable):
        read(signed(), NONCE, issuer_at(FakeWeb(broken=True)))


def test_known_keys_serve_for_an_hour_more_while_the_issuer_does_not_answer() -> None:
    web, clock = FakeWeb(), Clock()
    issuer = issuer_at(web, clock)
    read(signed(), NONCE, issuer)
    web.broken = True

    clock.seconds += 7_199
    assert read(signed(), NONCE, issuer).subject == "subject-of-ann"
    clock.seconds += 1
    with pytest.raises(StoreUnavailable):
        read(signed(), NONCE, issuer)


def test_a_key_that_is_not_known_while_the_issuer_does_not_answer_may_come_again() -> None:
    web, clock = FakeWeb(), Clock()
    issuer = issuer_at(web, clock)
    read(signed(), NONCE, issuer)
    web.broken = True
    clock.seconds += 61

    for _ in range(2):
        with pytest.raises(StoreUnavailable):
            read(signed(key_id="second"), NONCE, issuer)


@pytest.mark.parametrize(
    "other",
    [
        {"issuer": "https://evil.example.com"},
        {"issuer": f"{ISSUER}/"},
        {"jwks_uri": "http://issuer.example.com/keys"},
        {"token_endpoint": None},
        {"authorization_endpoint": "javascript:alert(1)"},
    ],
)
def test_an_issuer_that_says_something_odd_of_itself_signs_nobody_in(other: dict[str, str]) -> None:
    web = FakeWeb()
    web.metadata = {**web.metadata, **other}

    with pytest.raises(StoreUnavailable):
        read(signed(), NONCE, issuer_at(web))


def test_an_issuer_without_a_usable_key_signs_nobody_in() -> None:
    with pytest.raises(StoreUnavailable):
        read(signed(), NONCE, issuer_at(FakeWeb(keys=[])))


def test_a_code_is_exchanged_with_what_proves_whose_it_is() -> None:
    web = FakeWeb(token=Answer(200, {"id_token": "a.b.c"}))

    assert issuer_at(web).exchange(CODE) == "a.b.c"
    assert web.posted == [
        (
            {
                "grant_type": "authorization_code",
                "code": "code-1",
                "code_verifier": "v" * 43,
                "redirect_uri": "https://console.example.com/",
                "client_id": "console-of-the-tests",
            },
            {},
        )
    ]


def test_a_client_with_a_secret_shows_it_in_the_header_or_where_the_issuer_wants_it() -> None:
    basic = FakeWeb(token=Answer(200, {"id_token": "a.b.c"}))
    posted = FakeWeb(token=Answer(200, {"id_token": "a.b.c"}))
    posted.metadata = {**posted.metadata, "token_endpoint_auth_methods_supported": ["client_secret_post"]}

    for web in (basic, posted):
        issuer_at(web, secret="s:1").exchange(CODE)

    assert basic.posted[0][1] == {"Authorization": "Basic Y29uc29sZS1vZi10aGUtdGVzdHM6cyUzQTE="}
    assert "client_secret" not in basic.posted[0][0]
    assert (posted.posted[0][0]["client_secret"], posted.posted[0][1]) == ("s:1", {})


@pytest.mark.parametrize("error", ["invalid_grant", "invalid_request"])
def test_a_code_that_the_issuer_does_not_take_is_refused(error: str) -> None:
    web = FakeWeb(token=Answer(400, {"error": error}))

    with pytest.raises(InvalidCode):
        issuer_at(web).exchange(CODE)


@pytest.mark.parametrize(
    "answer",
    [
        Answer(401, {"error": "invalid_client"}),
        Answer(400, {"error": "unauthorized_client"}),
        Answer(200, {"access_token": "only"}),
        Answer(200, {"id_token": 5}),
        Answer(404, {}),
    ],
)
def test_an_exchange_that_fails_by_the_platforms_fault_may_come_again(answer: Answer) -> None:
    with pytest.raises(StoreUnavailable):
        issuer_at(FakeWeb(token=answer)).exchange(CODE)
