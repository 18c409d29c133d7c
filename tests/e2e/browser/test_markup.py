"""Markup from the API stays text: in names and descriptions that people write, and in whatever else it says."""

import json
import re
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.e2e.browser.people import ALL_SCOPES, Person
from tests.e2e.browser.screen import Screen
from tests.e2e.browser.views import FOR_A_USER, FOR_AN_ADMIN, View
from tests.e2e.caller import ApiCaller
from tests.e2e.conftest import NewUser

CORPUS = (
    '<img src=x onerror="window.ran=1">',
    "<script>window.ran=1</script>",
    "<svg/onload=window.ran=1>",
    '"><iframe srcdoc="<script>parent.ran=1</script>">',
    "'-alert(1)-'</textarea><b>bold</b>",
    "javascript:window.ran=1",
    "{{7*7}}${7*7}<!--",
    "&lt;i&gt;&amp;amp;\u202eevil\u0000",
)
ALL = " ".join(CORPUS).replace("\u0000", "")
_MARK = "<img src=x onerror=window.ran=1><u>m</u>"

_MADE = """() => [...document.querySelectorAll("#console :is(img, script, iframe, object, embed, b, u)")]
    .map(each => each.outerHTML).concat([...document.querySelectorAll("#console a")]
    .filter(each => !/^(https?:|blob:)/.test(each.href)).map(each => each.outerHTML))"""
_RAN = """() => [window.ran, ...[...document.querySelectorAll("#console *")]
    .flatMap(each => each.getAttributeNames().filter(name => name.startsWith("on")))].filter(Boolean)"""

# Numbers and moments, with which the console reckons; all other words of an answer may be anything.
_RECKONED = re.compile(r"-?\d+(\.\d+)?|\d{4}-\d\d-\d\d(T.*)?")
# What it asks by, or looks up.
_MEANT = {"currency", "cursor", "granularity", "nextCursor"}
_LOOKS_UP = {"models/gpt-4o-mini?q=gpt-4o-mini", "catalogue/gpt-4o-mini", "providers", "providers/openai"}
_WITHOUT_WORDS = {"overview", "playground", "usage?by=key", "reconcile", "grants"}


def test_what_people_write_stays_text(screen: Screen, new_user: NewUser, admin: ApiCaller) -> None:
    writer = new_user("0", name=ALL[:100], scopes=ALL_SCOPES)
    for text in CORPUS:
        said = {
            "userId": writer.user_id,
            "type": "credit",
            "amount": "1.00",
            "currency": "USD",
            "description": text,
        }
        assert admin.post("/billing/transaction", said).status in (201, 400)
    screen.visit("#/keys").sign_in(str(writer.key))

    assert CORPUS[0] in screen.text()
    _require_text(screen.page)
    screen.show("statement")
    shown = screen.text()
    assert [text for text in CORPUS[:6] if text not in shown] == []
    _require_text(screen.page)


@pytest.mark.parametrize("view", FOR_A_USER, ids=lambda view: view.link)
def test_whatever_the_api_says_to_a_user_stays_text(view: View, at_desk: Screen) -> None:
    _read_marked(at_desk, view)


@pytest.mark.parametrize("view", FOR_AN_ADMIN[8:], ids=lambda view: view.link)
def test_whatever_the_api_says_to_an_admin_stays_text(view: View, in_charge: Screen) -> None:
    _read_marked(in_charge, view)


def test_an_error_with_markup_is_words(screen: Screen, user: Person) -> None:
    screen.expect_statuses(400).visit("#/playground").sign_in(user.key)
    screen.page.route("**/v1/chat/completions", _refused)

    screen.page.get_by_label("Prompt", exact=False).last.fill(ALL)
    screen.page.get_by_role("button", name="Send").click()

    expect(screen.page.get_by_role("alert").filter(has_text=ALL[:40])).to_be_visible()
    _require_text(screen.page)


def test_an_address_with_markup_is_no_more_than_an_address(screen: Screen, user: Person) -> None:
    screen.expect_statuses(400, 404).visit("#/playground").sign_in(user.key)
    for link in (
        f"requests/{_MARK}",
        f"models/{_MARK}?q={_MARK}",
        f"usage?by={_MARK}&days={_MARK}",
        _MARK,
        "requests/%E0%A4",
    ):
        screen.page.evaluate("link => { location.hash = link; }", f"#/{link}")
        screen.settle()
        _require_text(screen.page)


def _require_text(page: Page) -> None:
    """Nothing ran, and no element was made of it."""
    assert page.evaluate(_RAN) == []
    assert page.evaluate(_MADE) == []


def _read_marked(screen: Screen, view: View) -> None:
    """Show a view of which every word has markup, and require that all of it is words."""
    screen.show("playground")
    meant = _MEANT | {"id", "provider", "alias"} if view.link in _LOOKS_UP else _MEANT
    screen.page.route("**/*", lambda route: _mark(route, meant))
    try:
        screen.show(view.link)
        _require_text(screen.page)
        if view.link not in _WITHOUT_WORDS:
            assert "onerror=window.ran=1" in screen.page.locator("#console").inner_text()
    finally:
        screen.page.unroute_all(behavior="ignoreErrors")


def _refused(route: Route) -> None:
    error = {"message": ALL, "type": ALL, "param": ALL, "code": ALL}
    route.fulfill(status=400, body=json.dumps({"error": error}), headers={"Content-Type": "application/json"})


def _mark(route: Route, meant: set[str]) -> None:
    """Let a call through, with markup in every word of its answer."""
    if route.request.resource_type not in ("fetch", "xhr"):
        route.continue_()
        return
    answer = route.fetch()
    if "json" not in answer.headers.get("content-type", ""):
        route.fulfill(response=answer)
        return
    route.fulfill(response=answer, body=json.dumps(_marked(answer.json(), meant)))


def _marked(said: Any, meant: set[str], name: str = "") -> Any:
    """The same with markup at the end of each word."""
    if isinstance(said, dict):
        return {key: _marked(value, meant, key) for key, value in said.items()}
    if isinstance(said, list):
        return [_marked(each, meant, name) for each in said]
    if not isinstance(said, str) or name in meant or _RECKONED.fullmatch(said):
        return said
    return said + _MARK
