"""What goes wrong, as a person meets it: a wrong or revoked key, no money, too much at once, a server that is down."""

import re
from collections.abc import Iterator

import pytest

from tests.e2e.browser.conftest import NewScreen
from tests.e2e.browser.people import Person
from tests.e2e.browser.screen import Screen, stub

API = re.compile(r"^https?://[^/]+/(auth|billing|analytics|orchestrator|identity|alerts|health|v1)\b")

EVERYWHERE_ELSE = """() => JSON.stringify([
    {...localStorage}, {...sessionStorage}, document.cookie, location.href, history.state, window.name,
    document.documentElement.outerHTML, ...Object.values(window).filter(each => typeof each === "string"),
])"""


def refusal(code: str, message: str, **more: object) -> dict[str, object]:
    return {"type": "error", "error": {"code": code, "message": message, "type": "error", **more}}


def chosen(screen: Screen, label: str) -> str:
    return screen.page.locator(f'.field:has(> span:text-is("{label}")) select').input_value()


@pytest.fixture
def desk(screen: Screen, user: Person) -> Iterator[Screen]:
    yield screen.visit("#/playground").sign_in(user.key)
    screen.page.unroute_all(behavior="ignoreErrors")


def test_a_wrong_key_is_told_in_words_and_what_was_typed_stays(screen: Screen, user: Person) -> None:
    screen.expect_statuses(401).visit("#/usage?days=7&by=key")
    box = screen.page.locator("input[name=key]")
    box.fill(f"{user.key[:-1]}x")
    screen.page.keyboard.press("Enter")
    screen.page.get_by_text("This key is not valid").wait_for()

    assert box.input_value() == f"{user.key[:-1]}x"
    screen.sign_in(user.key)
    assert [chosen(screen, name) for name in ("Range", "By")] == ["7", "key"]


def test_a_key_that_is_revoked_meanwhile_leads_to_the_sign_in_and_nothing_typed_is_lost(
    desk: Screen, user: Person
) -> None:
    page = desk.expect_statuses(401).page
    page.get_by_label("Prompt", exact=False).last.fill("A long prompt")
    stub(page, "/v1/", 401, refusal("invalid_api_key", "Incorrect API key provided."))
    page.get_by_role("button", name="Send").click()
    page.get_by_text("This key is not valid any more").wait_for()

    assert not page.locator("#main").is_visible()
    page.unroute_all(behavior="ignoreErrors")
    desk.sign_in(user.key)
    assert page.get_by_label("Prompt", exact=False).last.input_value() == "A long prompt"


def test_no_money_says_what_would_help_and_too_much_says_when_to_try_again(desk: Screen) -> None:
    page = desk.expect_statuses(402, 429).page
    balance = {"held_until": "2026-11-23T13:01:00Z", "most_max_tokens": 388}
    stub(page, "/v1/chat/", 402, refusal("insufficient_quota", "This needs 0.02 USD.", balance=balance))
    page.get_by_label("Prompt", exact=False).last.fill("Hello")
    page.get_by_role("button", name="Send").click()
    page.get_by_text("This needs 0.02 USD.").wait_for()

    said = page.locator(".answers").inner_text()
    assert "is back by Nov 23, 2026" in said
    assert "a longest answer of 388 tokens" in said

    page.unroute_all(behavior="ignoreErrors")
    limited = refusal("rate_limit_exceeded", "Two requests a minute.")
    stub(page, "/v1/chat/", 429, limited, {"Retry-After": "2", "Access-Control-Expose-Headers": "*"})
    page.get_by_role("button", name="Send").click()
    page.get_by_text("Two requests a minute.").wait_for()
    page.get_by_text(re.compile(r"Try again in [12] s")).wait_for()
    page.get_by_text("Another try may pass now.").wait_for()


def test_a_view_that_is_refused_for_now_loads_by_itself_when_it_may(desk: Screen) -> None:
    page = desk.expect_statuses(503).page
    busy = refusal("service_unavailable", "The account is busy.")
    stub(page, "/billing/transactions/", 503, busy, {"Retry-After": "1"})
    page.evaluate("location.hash = '#/statement'")
    page.get_by_text("The account is busy.").wait_for()
    page.unroute_all(behavior="ignoreErrors")

    page.get_by_role("region", name="Statement").wait_for()
    assert page.get_by_text("The account is busy.").count() == 0


def test_a_server_that_is_down_is_said_in_a_line_that_goes_by_itself(desk: Screen) -> None:
    page = desk.expect_failures("").page
    page.route(API, lambda route: route.abort())
    page.evaluate("location.hash = '#/requests'")
    banner = page.locator(".banner p")
    banner.wait_for()
    assert "The server cannot be reached." in banner.inner_text()
    page.get_by_text(re.compile(r"Trying again in \d+ s")).wait_for()
    page.unroute_all(behavior="ignoreErrors")

    banner.wait_for(state="detached")
    page.get_by_role("region", name="Requests").wait_for()


def test_a_key_is_in_the_memory_of_the_page_alone(new_screen: NewScreen, user: Person) -> None:
    screen = new_screen().visit().sign_in(user.key).show("keys")

    said = screen.page.evaluate(EVERYWHERE_ELSE) + str(screen.context.cookies()) + " ".join(screen.asked)

    assert user.key_id in said  # so that what is looked through is the page
    assert user.key not in said
    screen.close()


def test_a_key_is_kept_for_the_tab_by_choice_alone(new_screen: NewScreen, user: Person) -> None:
    screen = new_screen().visit().sign_in(user.key)
    assert screen.page.evaluate("() => sessionStorage.length + localStorage.length") == 0
    screen.page.reload()
    screen.page.locator("input[name=key]").wait_for()

    screen.page.get_by_label("Keep me signed in").check()
    screen.sign_in(user.key)
    screen.page.reload()
    screen.page.locator("nav a[aria-current]").wait_for()
    screen.page.get_by_role("button", name="Sign out").click()
    assert screen.page.evaluate("() => sessionStorage.length") == 0
    screen.close()
