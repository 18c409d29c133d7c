"""A person signs in at the issuer, through the real redirect, and comes back to what they wanted; and signs out."""

import base64
import hashlib
import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Request

from tests.e2e.browser.conftest import NewScreen
from tests.e2e.browser.screen import Screen, looks, stub
from tests.e2e.browser.test_trouble import refusal
from tests.e2e.caller import ApiCaller

BUTTON = "Sign in at"


@pytest.fixture
def issuer(admin: ApiCaller) -> str:
    """Where people sign in."""
    said: Any = admin.get("/auth/sign-in").json
    return str(said["issuer"])


def sign_in(screen: Screen, issuer: str, person: str) -> None:
    """Go to the issuer by the button, and be somebody there. Its page has no icon."""
    screen.allow_hosts(f"{issuer}/").expect_statuses(404)
    screen.page.get_by_role("button", name=BUTTON).click()
    screen.page.get_by_role("button", name=person, exact=True).click()


def asked_with(requests: list[Request]) -> Any:
    return json.loads(next(each.post_data or "" for each in requests if each.url.endswith("/auth/sessions")))


def test_who_signs_in_comes_back_to_the_view_and_signs_out_for_good(
    new_screen: NewScreen, admin: ApiCaller, issuer: str
) -> None:
    screen = new_screen().visit("#/usage?by=model")
    requests: list[Request] = []
    screen.page.on("request", lambda each: requests.append(each))  # noqa: PLW0108 - Playwright marks its listeners
    screen.page.get_by_role("button", name=BUTTON).wait_for()
    assert looks(screen) == {}

    sign_in(screen, issuer, "demo")
    screen.page.wait_for_url(f"{screen.server}/console/#/usage?by=model")
    screen.settle("usage")

    (there,) = [parse_qs(urlsplit(each.url).query) for each in requests if "/oauth2/authorize?" in each.url][
        :1
    ]
    sent = asked_with(requests)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(sent["codeVerifier"].encode()).digest()).decode()
    assert there["code_challenge"] == [challenge.rstrip("=")]
    assert there["code_challenge_method"] == ["S256"]
    assert there["nonce"] == [sent["nonce"]] != there["state"]
    assert "demo" in screen.page.locator(".who").inner_text()
    keys: Any = admin.get("/auth/api-keys?userId=demo&limit=1").json
    session = keys["data"][0]
    assert (session["createdBy"], session["status"], session["name"]) == ("sign-in", "active", "Signed in")

    screen.page.get_by_role("button", name="Sign out").click()
    screen.page.get_by_role("button", name=BUTTON).wait_for()
    ended: Any = admin.get(f"/auth/api-keys/{session['id']}").json
    assert ended["status"] == "revoked"
    assert screen.page.evaluate("sessionStorage.length") == 0
    screen.close()


def test_an_answer_that_this_tab_did_not_ask_for_is_refused(new_screen: NewScreen, issuer: str) -> None:
    screen = new_screen().visit("#/keys")
    screen.allow_hosts(f"{issuer}/").expect_statuses(404)
    screen.page.get_by_role("button", name=BUTTON).click()
    screen.page.get_by_role("button", name="demo", exact=True).wait_for()

    screen.page.goto(f"{screen.server}/console/?code=stolen&state=wrong")

    screen.page.get_by_text("This sign-in was not begun in this tab").wait_for()
    screen.page.get_by_role("button", name=BUTTON).wait_for()
    assert screen.page.url == f"{screen.server}/console/#/keys"
    assert not any(url.endswith("/auth/sessions") for url in screen.asked)
    assert screen.page.evaluate("sessionStorage.length") == 0
    assert looks(screen) == {}
    screen.close()


def test_who_turns_back_at_the_issuer_is_told_so(new_screen: NewScreen, issuer: str) -> None:
    screen = new_screen().visit()
    sign_in(screen, issuer, "Deny")

    screen.page.get_by_text("You did not sign in there.").wait_for()
    assert not any(url.endswith("/auth/sessions") for url in screen.asked)
    screen.close()


def test_who_was_not_invited_is_told_so_in_the_readers_language(new_screen: NewScreen, issuer: str) -> None:
    screen = new_screen(language="ru-RU").visit()
    screen.expect_statuses(403).allow_hosts(f"{issuer}/").expect_statuses(404)
    screen.page.get_by_role("button", name="Войти через").click()
    screen.page.get_by_role("button", name="stranger", exact=True).click()

    screen.page.get_by_text("Ваш почтовый адрес никто не пригласил.").wait_for()
    screen.close()


def test_a_session_that_is_over_says_so_kindly(new_screen: NewScreen, issuer: str) -> None:
    screen = new_screen().visit("#/models")
    sign_in(screen, issuer, "operator")
    screen.page.wait_for_url(f"{screen.server}/console/#/models")
    screen.settle("models").expect_statuses(401)
    stub(screen.page, "/billing/balance", 401, refusal("invalid_api_key", "This API key has expired."))

    screen.page.evaluate("location.hash = '#/overview'")

    screen.page.get_by_text("Your session is over: it lasts twelve hours").wait_for()
    screen.page.get_by_role("button", name=BUTTON).wait_for()
    screen.close()
