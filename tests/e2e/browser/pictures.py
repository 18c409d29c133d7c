"""Pictures of every view for the documents: `python -m tests.e2e.browser.pictures`, into docs/figures.

A stack of its own with the same people and numbers each time; what differs between two runs are times and keys.
"""

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from local.paths import ROOT
from tests.e2e.browser import past
from tests.e2e.browser.people import ALL_SCOPES
from tests.e2e.browser.screen import DESKTOP, PHONE, Reader, Screen, started
from tests.e2e.caller import ApiCaller, UserCaller, eventually
from tests.e2e.stack import Stack, start, stop, wait_until_up

FIGURES = ROOT / "docs" / "figures"
NAME = "anna"
TEAM = "crew"
PLAN = "pro"
_CREDIT = "100.00"

_CHATS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("[[standin tokens=900]] Write the release notes.", "claude-sonnet-4-5", {"stream": True}),
    ("[[standin tokens=350]] What is prepaid billing?", "gpt-4o-mini", {}),
    ("[[standin status=400]] Draw a cat.", "gpt-4o-mini", {}),
    ("[[standin tokens=1500]] Summarise this contract.", "gemini-2.5-flash", {"stream": True}),
    ("[[standin tokens=600]] Review this change.", "claude-sonnet-4-5", {}),
    ("[[standin tokens=120]] Translate: good morning.", "gpt-4o-mini", {}),
)
_QUESTION = "What does a hold protect me from?"

_SIZE = """() => {
    const end = document.querySelector("main").lastElementChild.getBoundingClientRect().bottom + scrollY + 16;
    return [innerWidth, Math.ceil(end), innerWidth < 500 ? 740 : 1000];
}"""

FOR_A_USER = {  # picture -> link
    "overview": "overview",
    "requests": "requests",
    "usage": "usage",
    "models": "models?q=claude",
    "keys": "keys",
    "statement": "statement",
    "alerts": "alerts",
    "team": "teams",
}
FOR_AN_ADMIN = {
    "users": "users",
    "user": f"users/{NAME}",
    "team": f"teams/{TEAM}",
    "plan": f"plans/{PLAN}",
    "catalogue": "catalogue?q=claude",
    "providers": "providers",
    "health": "health",
    "reconcile": "reconcile",
}
ON_A_PHONE = ("overview", "statement")


def main() -> None:
    """Write all pictures."""
    FIGURES.mkdir(exist_ok=True)
    with _stack() as stack, started() as browser:
        anna = _people(stack)
        assert anna.key is not None

        def page(size: tuple[int, int] = DESKTOP, scheme: str = "light") -> Screen:
            return Screen.open(browser, stack.base_url, Reader(size=size, scheme=scheme))

        first = page()
        first.page.goto(f"{stack.base_url}/")
        _take(first, "first-page")
        _take(page().visit(), "console-sign-in")
        desk = page().visit().sign_in(anna.key)
        for name, link in FOR_A_USER.items():
            _take(desk.show(link), f"console-{name}")
        _take(_one_request(desk), "console-request")
        _take(_asked(desk), "console-playground")
        _take(desk.turn(DESKTOP, "dark").show("overview"), "console-overview-dark")
        phone = page(PHONE).visit().sign_in(anna.key)
        for name in ON_A_PHONE:
            _take(phone.show(FOR_A_USER[name]), f"console-{name}-phone")
        admin = page().visit().sign_in(stack.admin_key)
        for name, link in FOR_AN_ADMIN.items():
            _take(admin.show(link), f"console-admin-{name}")


def _take(screen: Screen, name: str) -> None:
    """Down to where the content ends, and no further than a large window shows."""
    path = FIGURES / f"{name}.png"
    width, height, most = screen.page.evaluate(_SIZE)
    screen.page.screenshot(
        path=path,
        animations="disabled",
        caret="hide",
        full_page=True,
        clip={"x": 0, "y": 0, "width": width, "height": min(height, most)},
    )
    print(f"{path.relative_to(ROOT)}: {path.stat().st_size:,} bytes")


def _one_request(desk: Screen) -> Screen:
    desk.show("requests")
    desk.page.locator("main tbody a").first.click()
    return desk.settle("requests")


def _asked(desk: Screen) -> Screen:
    """The playground with two models that have answered."""
    desk.show("playground?model=claude-sonnet-4-5&beside=gpt-4o-mini")
    desk.page.locator("textarea[required]").fill(_QUESTION)
    desk.page.locator("button.primary").click()
    desk.page.wait_for_function("() => document.querySelectorAll('.answers .figure').length >= 8")
    desk.page.wait_for_function("() => !document.querySelector('main button.primary').disabled")
    return desk


def _people(stack: Stack) -> UserCaller:
    """A user with three keys and a month behind her, and some others."""
    admin = ApiCaller(stack.base_url, stack.admin_key)
    anna = _user(stack, admin, NAME, "Laptop")
    admin.post(
        "/auth/api-keys",
        {
            "userId": NAME,
            "name": "Build server",
            "scopes": ["inference"],
            "limits": {"dailyBudget": "5.00", "requestsPerMinute": 60},
        },
    )
    old = admin.post("/auth/api-keys", {"userId": NAME, "name": "Old laptop"}).json
    admin.call("DELETE", f"/auth/api-keys/{old['id']}")
    for text, model, fields in _CHATS:
        anna.chat(text, model=model, **fields)
        time.sleep(0.5)  # they are listed by time
    past.tell(stack, NAME, anna.key_id)
    cost = past.spent_nano_usd(NAME, anna.key_id)
    _book(admin, NAME, "debit", f"{cost // 10**9}.{cost % 10**9:09}", "Spent before the move to this server")
    for other, credit in (("ben", "12.50"), ("chloe", "0.40")):
        _user(stack, admin, other, "First key", credit).chat("[[standin tokens=80]] Hello!")
    month_ago = (datetime.now(UTC) - timedelta(days=31)).strftime("%Y-%m-%dT00:00:00Z")
    eventually(
        lambda: anna.get(f"/analytics/metrics?from={month_ago}&granularity=day").json["totals"]["requests"],
        lambda requests: requests > 200,
    )
    anna.balance_at_rest()
    _known(admin, anna)
    _together(stack, admin)
    return anna


def _known(admin: ApiCaller, anna: UserCaller) -> None:
    """Who they are, a plan for one of them, and an address that hears of her alerts."""
    for name, full, role in (
        (NAME, "Anna Berg", "manager"),
        ("ben", "Ben Otto", "member"),
        ("dora", "Dora Kim", "viewer"),
    ):
        person = {"userId": name, "email": f"{name}@example.com", "name": full, "role": role}
        admin.post("/identity/users", person)
    terms = {"name": "Pro", "limits": {"requestsPerMinute": 600, "concurrentRequests": 20}}
    admin.call("PUT", f"/billing/plans/{PLAN}", terms)
    later = terms | {"pricePercent": 95, "effectiveFrom": "2027-01-01T00:00:00Z"}
    admin.call("PUT", f"/billing/plans/{PLAN}", later)
    admin.call("PATCH", f"/identity/users/{NAME}", {"plan": PLAN})
    anna.post("/alerts/webhooks", {"url": "https://hooks.example.com/ai"})


def _together(stack: Stack, admin: ApiCaller) -> None:
    """A team that has spent some of its month."""
    admin.post("/identity/teams", {"teamId": TEAM, "name": "The crew", "monthlyBudget": "0.25"})
    for name, place in (
        (NAME, {"role": "manager"}),
        ("ben", {"role": "member", "monthlyBudget": "0.10"}),
        ("dora", {"role": "viewer"}),
    ):
        admin.call("PUT", f"/identity/teams/{TEAM}/members/{name}", place)
    admin.post("/billing/transaction", {"teamId": TEAM, "type": "credit", "amount": "50.00"})
    for name in (NAME, "ben"):
        key = admin.post(
            "/auth/api-keys", {"userId": name, "teamId": TEAM, "name": "Crew laptop", "scopes": ALL_SCOPES}
        ).json
        caller = UserCaller(stack.base_url, key["key"], name, key["id"])
        for _ in range(3):
            caller.chat("[[standin tokens=1800]] Review this change.", model="claude-sonnet-4-5")
    eventually(lambda: admin.get(f"/billing/balance/{TEAM}").json["held"], lambda held: held == "0.00")


def _user(stack: Stack, admin: ApiCaller, name: str, key_name: str, credit: str = _CREDIT) -> UserCaller:
    key = admin.post("/auth/api-keys", {"userId": name, "name": key_name, "scopes": ALL_SCOPES}).json
    _book(admin, name, "credit", credit, "Invoice 2026-114")
    return UserCaller(stack.base_url, key["key"], name, key["id"])


def _book(admin: ApiCaller, name: str, kind: str, amount: str, description: str) -> None:
    said = {"userId": name, "type": kind, "amount": amount, "currency": "USD", "description": description}
    booked = admin.post("/billing/transaction", said)
    assert booked.status == 201, booked.body


@contextmanager
def _stack() -> Iterator[Stack]:
    with tempfile.TemporaryDirectory() as folder:
        run = start(Path(folder))
        try:
            yield wait_until_up(run, Path(folder))
        finally:
            stop(run)


if __name__ == "__main__":
    main()
