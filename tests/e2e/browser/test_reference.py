"""The first page and the reference, as a person has them: on any screen, by keyboard, with a key that is not kept."""

from collections.abc import Iterator

import pytest

from tests.e2e.browser.conftest import NewScreen
from tests.e2e.browser.people import Person
from tests.e2e.browser.screen import DESKTOP, PHONE, Screen, looks


@pytest.fixture(scope="module")
def reader(new_screen: NewScreen) -> Iterator[Screen]:
    """Somebody who reads the reference; nothing that it shows may be an error of the page."""
    screen = new_screen()
    screen.page.goto(f"{screen.server}/docs")
    screen.page.locator(".operations").first.wait_for()
    yield screen
    assert screen.noted() == []


def go(screen: Screen, link: str) -> Screen:
    screen.page.evaluate("link => { location.hash = link; }", link)
    screen.page.wait_for_function("document.querySelector('main h1')?.innerText")
    return screen


@pytest.mark.parametrize(
    ("link", "sizes"), [("#/", (PHONE,)), ("#/operation/createChatCompletion", (DESKTOP, PHONE))]
)
def test_the_reference_reads_well_on_any_screen(
    reader: Screen, link: str, sizes: tuple[tuple[int, int], ...]
) -> None:
    go(reader, link)

    assert looks(reader, sizes) == {}


def test_the_first_page_reads_well_on_any_screen(screen: Screen) -> None:
    screen.page.goto(f"{screen.server}/")

    assert f"curl {screen.server}/v1/chat/completions" in screen.text()
    assert looks(screen) == {}


def test_a_link_leads_to_an_operation_with_its_calls_fields_and_errors(reader: Screen) -> None:
    go(reader, "#/operation/createMessage")
    page = reader.page

    assert page.title() == "Message · API reference"
    assert (
        f"'{reader.server}/v1/messages'"
        in page.get_by_role("region", name="How to call it: curl").inner_text()
    )
    page.get_by_text("Python, anthropic", exact=True).click()
    assert f'base_url="{reader.server}"' in page.get_by_role("region", name="How to call it").inner_text()
    assert page.locator("details.answer summary").all_inner_texts()[0].startswith("200")
    page.locator("details.answer", has_text="402").locator("summary").first.click()
    page.locator("details.answer[open]").get_by_text("insufficient_quota").first.wait_for()


def test_a_field_within_a_field_opens_where_it_is(reader: Screen) -> None:
    go(reader, "#/operation/createApiKey")

    reader.page.locator("#docs section[aria-labelledby=body]").get_by_text("LimitsRequest: 6 fields").click()

    reader.page.get_by_text("dailyBudget", exact=True).first.wait_for()


def test_a_search_by_keyboard_ends_at_what_was_looked_for(reader: Screen) -> None:
    page = go(reader, "#/").page

    page.get_by_role("searchbox").focus()
    page.keyboard.type("revoke key")
    page.get_by_role("link", name="DELETE End a key for good").wait_for()
    while page.evaluate("document.activeElement.getAttribute('href')") != "#/operation/revokeApiKey":
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    page.get_by_role("heading", level=1, name="End a key for good").wait_for()
    assert page.evaluate("document.activeElement.id") == "main"
    page.get_by_role("searchbox").fill("")


def test_on_a_phone_the_contents_are_folded_until_they_are_asked_for(new_screen: NewScreen) -> None:
    screen = new_screen(size=PHONE)
    screen.page.goto(f"{screen.server}/docs#/operation/getHealth")

    screen.page.get_by_role("heading", level=1).wait_for()
    assert not screen.page.get_by_role("navigation", name="Operations").is_visible()
    screen.page.locator(".contents summary").click()
    screen.page.get_by_role("link", name="Chat completion").first.click()
    screen.page.get_by_role("heading", level=1, name="Chat completion").wait_for()
    assert not screen.page.get_by_role("navigation", name="Operations").is_visible()
    screen.close()


def test_a_call_is_tried_with_a_key_that_a_reload_forgets(new_screen: NewScreen, user: Person) -> None:
    screen = new_screen()
    page = screen.page
    page.goto(f"{screen.server}/docs#/operation/getCaller")
    page.get_by_text("Send this request from here").click()
    page.get_by_label("Key, kept in").fill(user.key)
    page.get_by_role("button", name="Send").click()

    page.get_by_text("200", exact=True).last.wait_for()
    page.get_by_role("region", name="The answer").wait_for()
    assert f'"userId": "{user.user_id}"' in page.get_by_role("region", name="The answer").inner_text()
    assert (
        page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie])")
        == '[{},{},""]'
    )
    page.reload()
    page.get_by_text("Send this request from here").click()
    assert page.get_by_label("Key, kept in").input_value() == ""
    screen.close()


def test_what_changes_something_is_not_sent_from_a_page_of_documents(reader: Screen) -> None:
    for operation in ("createTransaction", "revokeApiKey", "putCatalogueModel", "deleteResponse"):
        go(reader, f"#/operation/{operation}")
        reader.page.get_by_role("heading", name="Answers").wait_for()

        assert reader.page.get_by_text("Send this request from here").count() == 0


def test_the_document_that_does_not_come_is_asked_for_again(new_screen: NewScreen) -> None:
    screen = new_screen().expect_statuses(503)
    screen.page.route("**/openapi.json", lambda route: route.fulfill(status=503))
    screen.page.goto(f"{screen.server}/docs")

    screen.page.get_by_text("could not be loaded").wait_for()
    screen.page.unroute("**/openapi.json")
    screen.page.get_by_role("button", name="Try again").click()

    screen.page.locator(".operations").first.wait_for()
    screen.close()


def test_the_reference_costs_little_the_first_time_and_next_to_nothing_after(new_screen: NewScreen) -> None:
    screen = new_screen()
    network = screen.context.new_cdp_session(screen.page)
    network.send("Network.enable")
    loaded: list[int] = []
    network.on("Network.loadingFinished", lambda done: loaded.append(done["encodedDataLength"]))

    screen.page.goto(f"{screen.server}/docs")
    screen.page.locator(".operations").first.wait_for()
    cold = sum(loaded)
    screen.page.reload()
    screen.page.locator(".operations").first.wait_for()

    assert 20_000 < cold < 350_000
    assert sum(loaded) - cold < 5_000
    screen.close()
