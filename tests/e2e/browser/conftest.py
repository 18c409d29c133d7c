"""One browser for the whole package, on the stack that the end-to-end tests of this process share.

A test that wants a page of its own takes `new_screen`; one that only looks at a view takes `at_desk` (a user with
money spent) or `in_charge` (an admin), which are signed in once: change nothing of them that others look at.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from local import chromium
from tests.e2e.browser.people import ALL_SCOPES, Person, joined, spent
from tests.e2e.browser.screen import Reader, Screen, started
from tests.e2e.caller import ApiCaller
from tests.e2e.conftest import NewUser
from tests.e2e.stack import Stack

NewScreen = Callable[..., Screen]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what is here where there is no browser, before a stack is started for it."""
    if chromium.found():
        return
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.skip(chromium.MISSING))


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """The machine's Chromium, started once; gone when the package is, for its event loop is in every test's way."""
    with started() as browser:
        yield browser


@pytest.fixture(scope="package")
def zone() -> str:
    """A zone in which it is about noon, so that no test meets midnight."""
    ahead = 12 - datetime.now(UTC).hour
    return f"Etc/GMT{-ahead:+d}" if ahead else "Etc/GMT"


@pytest.fixture(scope="package")
def new_screen(browser: Browser, stack: Stack, zone: str) -> Iterator[NewScreen]:
    """Make a page of one's own: `new_screen(language="ru-RU")`; each is looked at when its test is over."""
    made: list[Screen] = []

    def make(**reader: object) -> Screen:
        made.append(Screen.open(browser, stack.base_url, Reader(**({"zone": zone} | reader))))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for screen in made:
        screen.context.close()


@pytest.fixture
def screen(new_screen: NewScreen) -> Iterator[Screen]:
    """A page of this test's own, not signed in."""
    made = new_screen()
    yield made
    made.close()


@pytest.fixture(scope="package")
def user(new_user: NewUser, admin: ApiCaller) -> Person:
    """A user who had 25.00 and spent 0.0120525, and manages a team; nobody spends more of it."""
    return joined(spent(new_user("25.00", scopes=ALL_SCOPES)), admin)


@pytest.fixture(scope="package")
def operator(stack: Stack, admin: ApiCaller) -> Person:
    """Who runs the platform, with a plan to give, a grant of their own and a promo code."""
    plan = {"name": "Browsers", "pricePercent": 120, "monthlyCredit": "20.00"}
    assert admin.call("PUT", "/billing/plans/browsers", plan).status == 200
    grant = {"userId": "admin", "amount": "7.50", "expiresAt": "2034-01-01T00:00:00Z", "reason": "Welcome"}
    assert admin.post("/billing/grants", grant).status == 201
    code = {"name": "Fair", "amount": "2.00", "creditDays": 30, "maxRedemptions": 3}
    assert admin.post("/billing/codes", code | {"redeemableUntil": "2034-01-01T00:00:00Z"}).status == 201
    return Person("admin", stack.admin_key, "admin", admin)


@pytest.fixture(scope="package")
def at_desk(new_screen: NewScreen, user: Person) -> Screen:
    """The user's page, signed in."""
    return new_screen().visit().sign_in(user.key)


@pytest.fixture(scope="package")
def in_charge(new_screen: NewScreen, operator: Person) -> Screen:
    """The admin's page, signed in."""
    return new_screen().visit().sign_in(operator.key)


@pytest.fixture(autouse=True)
def _clean(request: pytest.FixtureRequest) -> Iterator[None]:
    """No shared page says an error, asks another host, or breaks its policy."""
    yield
    for name in ("at_desk", "in_charge"):
        if name in request.fixturenames:
            shared: Screen = request.getfixturevalue(name)
            assert shared.noted() == []
