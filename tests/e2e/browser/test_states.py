"""Each view while it loads, where there is nothing, and where it is refused; and by the keyboard alone."""

from playwright.sync_api import Route

from tests.e2e.browser.conftest import NewScreen
from tests.e2e.browser.people import ALL_SCOPES, Person
from tests.e2e.browser.screen import PHONE, Screen, looks
from tests.e2e.browser.test_trouble import API, refusal
from tests.e2e.conftest import NewUser

VIEWS = (
    "overview",
    "requests",
    "usage",
    "models",
    "keys",
    "statement",
    "grants",
    "alerts",
    "teams",
    "playground",
)

_WATCH = """
window.moved = 0;
new PerformanceObserver(list => {
    for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.moved += entry.value;
}).observe({type: "layout-shift", buffered: true});
"""


class Gate:
    """Calls that wait before it until it is opened: what is on its way can be looked at for as long as that takes."""

    def __init__(self) -> None:
        self._waiting: list[Route] = []
        self._is_open = False

    def __call__(self, route: Route) -> None:
        if self._is_open:
            route.continue_()
        else:
            self._waiting.append(route)

    def open(self) -> None:
        self._is_open = True
        while self._waiting:
            self._waiting.pop(0).continue_()

    def shut(self) -> None:
        self._is_open = False


def _knows_the_teams(screen: Screen) -> None:
    """The view of teams comes into the menu when the user's teams are known."""
    screen.page.locator('nav a[href="#/teams"]').wait_for(state="attached")


def test_what_is_on_its_way_has_its_place_and_nothing_jumps_when_it_comes(
    new_screen: NewScreen, user: Person
) -> None:
    screen = new_screen(size=PHONE).visit("#/models/gpt-4o-mini").sign_in(user.key)
    _knows_the_teams(screen)
    screen.page.evaluate(f"() => {{ {_WATCH} }}")
    gate = Gate()
    screen.page.route(API, gate)
    ghosts, moved = {}, {}
    for view in VIEWS:
        gate.shut()
        screen.page.evaluate("view => { window.moved = 0; location.hash = `#/${view}`; }", view)
        screen.page.locator(f'nav a[href="#/{view}"][aria-current]').wait_for(state="attached")
        screen.page.locator("main .ghosts > div").first.wait_for(state="attached")
        ghosts[view] = screen.page.locator("main .ghosts > div").count()
        gate.open()
        screen.settle(view)
        moved[view] = round(screen.page.evaluate("() => window.moved"), 2)

    assert [view for view in VIEWS if not ghosts[view]] == []
    assert {view: shift for view, shift in moved.items() if shift > 0.05} == {}
    screen.page.unroute_all(behavior="ignoreErrors")
    screen.close()


def test_who_has_nothing_yet_is_told_so_in_each_view(new_screen: NewScreen, new_user: NewUser) -> None:
    user = new_user("0", scopes=ALL_SCOPES)
    assert user.key is not None
    screen = new_screen().visit().sign_in(user.key)
    said = {}
    for link in (
        "overview",
        "requests",
        "usage",
        "statement",
        "grants",
        "alerts",
        "keys?state=revoked",
        "models?q=nothing+such",
    ):
        said[link] = screen.show(link).page.locator("main .empty").first.inner_text().strip()

    assert looks(screen, [PHONE]) == {}
    assert said == {
        "overview": "No requests in the last 30 days. Try one in the playground",
        "requests": "No request fits. Requests appear some seconds after their answer.",
        "usage": "No requests in this time.",
        "statement": "No entries in this time.",
        "grants": "No credit that ends was given.",
        "alerts": "No address hears of alerts yet.",
        "keys?state=revoked": "No key fits.",
        "models?q=nothing+such": "No model fits.",
    }
    screen.close()


def test_each_view_says_what_it_was_refused_and_how_the_request_is_named(
    new_screen: NewScreen, user: Person
) -> None:
    screen = new_screen().visit("#/keys?new=1").sign_in(user.key).expect_statuses(403)
    _knows_the_teams(screen)
    screen.page.route(
        API,
        lambda route: route.fulfill(
            status=403, json=refusal("forbidden", "Not yours."), headers={"x-request-id": "id-7"}
        ),
    )
    for view in VIEWS:
        screen.show(view)
        alert = screen.page.locator("main [role=alert]").first
        alert.wait_for()
        assert "Not yours." in alert.inner_text()
        assert "id-7" in alert.inner_text()
    assert looks(screen, [PHONE]) == {}
    screen.page.unroute_all(behavior="ignoreErrors")
    screen.close()


def test_the_keyboard_alone_signs_in_moves_and_asks(new_screen: NewScreen, user: Person) -> None:
    screen = new_screen(size=PHONE).visit().sign_in(user.key)
    page = screen.page
    focused = "() => document.activeElement.textContent.trim()"
    page.keyboard.press("Tab")
    while page.evaluate(focused) != "☰ Overview":
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    while page.evaluate(focused) != "Models":
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    screen.settle("models")

    assert page.evaluate("() => document.activeElement.id") == "main"
    assert not page.locator("nav").is_visible()
    page.keyboard.press("Tab")
    page.keyboard.type("gpt-4o-mini")
    assert page.evaluate("() => location.hash") == "#/models?q=gpt-4o-mini"
    screen.close()


def test_a_reader_of_russian_reads_russian_and_may_switch(new_screen: NewScreen, user: Person) -> None:
    screen = new_screen(language="ru-RU").visit().sign_in(user.key)

    assert screen.page.locator("h1").inner_text() == "Обзор"
    assert screen.figure("Потрачено") == "0,0120525 USD"
    assert screen.page.evaluate("() => document.documentElement.lang") == "ru"
    assert looks(screen) == {}
    screen.page.get_by_label("Язык").select_option("en")
    assert screen.page.locator("h1").inner_text() == "Overview"
    screen.close()
