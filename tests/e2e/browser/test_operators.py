"""What an admin does in the console: money once however often it is sent, prices from a moment on, and the way back."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Route

from tests.e2e.browser.conftest import NewScreen
from tests.e2e.browser.people import Person
from tests.e2e.browser.screen import PHONE, Screen, looks, stub
from tests.e2e.caller import ApiCaller
from tests.e2e.conftest import NewUser

MARKUP = '<img src=x onerror="alert(1)">'


@pytest.fixture
def desk(new_screen: NewScreen, operator: Person) -> Iterator[Screen]:
    """An admin's page of this test's own."""
    made = new_screen().visit().sign_in(operator.key)
    yield made
    made.close()


def entries_of(admin: ApiCaller, user_id: str) -> list[tuple[str, str]]:
    found = admin.get(f"/billing/transactions/{user_id}").json["entries"]
    return [(each["type"], each["amount"]) for each in found]


def fill(desk: Screen, amount: str, kind: str = "credit", description: str = "") -> None:
    form = desk.page.get_by_role("form", name="Book")
    form.get_by_label("Kind").select_option(kind)
    form.get_by_label("Amount, USD").fill(amount)
    form.get_by_label("Description").fill(description)
    desk.page.keyboard.press("Enter")


def test_a_credit_is_said_in_words_and_a_double_click_books_once(
    desk: Screen, admin: ApiCaller, new_user: NewUser
) -> None:
    user = new_user("5.00")
    desk.expect_statuses(404).show(f"users/{user.user_id}")

    fill(desk, "1250.50", description=MARKUP)
    asked = desk.page.get_by_role("alertdialog").inner_text()
    button = desk.page.get_by_role("button", name="Book it")
    button.evaluate("button => { button.click(); button.click(); }")
    desk.page.get_by_text("Booked: 1,250.50 USD").wait_for()

    words = "one thousand two hundred fifty US dollars 50 cents"
    assert f"Credit 1,250.50 USD to {user.user_id}: {words}." in asked
    assert entries_of(admin, user.user_id) == [("credit", "1250.50"), ("credit", "5.00")]
    desk.settle()
    assert desk.figure("Available") == "1,255.50 USD"
    assert MARKUP in desk.text()
    assert looks(desk) == {}


def test_a_refund_whose_answer_is_lost_is_booked_once_when_it_is_sent_again(
    desk: Screen, admin: ApiCaller, new_user: NewUser
) -> None:
    user = new_user("25.00")
    assert user.chat("[[standin tokens=1000]] hello", model="gpt-4o").status == 200
    assert user.balance_at_rest()["total"] == "24.9899625"
    desk.expect_statuses(404).show(f"users/{user.user_id}")
    row = desk.table("Newest entries").locator("tr", has_text="0.0100375")
    row.get_by_role("button", name="Refund").click()
    desk.page.get_by_label("Amount, USD").fill("0.000000001")
    desk.page.keyboard.press("Enter")
    lost: list[str] = []

    def lose(route: Route) -> None:
        lost.append(route.request.headers["idempotency-key"])
        assert route.fetch().status == 201
        route.abort()

    desk.page.route("**/billing/transaction", lose, times=1)
    desk.expect_failures("/billing/transaction")
    desk.page.get_by_role("button", name="Book it").click()
    desk.page.get_by_role("form", name="Book").get_by_text("The server cannot be reached.").wait_for()
    with desk.page.expect_request("**/billing/transaction") as again:
        desk.page.get_by_role("alertdialog").get_by_role("button", name="Try again").click()
    desk.page.get_by_text("Booked: 0.000000001 USD").wait_for()

    assert lost == [again.value.headers["idempotency-key"]]
    assert entries_of(admin, user.user_id) == [
        ("refund", "0.000000001"),
        ("usage", "-0.0100375"),
        ("credit", "25.00"),
    ]


def test_who_is_no_admin_sees_no_view_of_operators_and_is_refused_their_calls(
    at_desk: Screen, user: Person
) -> None:
    at_desk.show("overview")

    menu = at_desk.page.locator("nav a").all_inner_texts()
    assert not {"Users", "Catalogue", "Providers", "Health", "Reconcile"} & set(menu)
    for path in (
        "/billing/balances",
        "/billing/reconciliations",
        "/health/details",
        "/orchestrator/providers",
    ):
        assert (user.caller.get(path).status, path) == (403, path)


def test_a_price_holds_from_a_moment_on_and_a_roll_back_takes_it_away(desk: Screen, admin: ApiCaller) -> None:
    path = "/orchestrator/models/browser-model"
    route = {"provider": "openai", "upstreamModel": "gpt-4o-mini"}
    price = {"input": "0.20", "output": "0.80", "tools": {"web_search": "0.01"}}
    fields = {"contextWindow": 1000, "maxInputTokens": 900, "maxOutputTokens": 100}
    made = admin.call("PUT", path, {**fields, "routes": [route], "price": price, "displayName": MARKUP})
    assert made.status == 200, made.body
    version = made.json["version"]

    desk.show("catalogue/browser-model")
    form = desk.page.get_by_role("form", name="New price")
    form.get_by_label("Input, USD per million tokens").fill("0.25")
    form.get_by_label("Holds from").fill("2031-01-01T00:00")
    form.get_by_role("button", name="Go on").click()
    asked = form.get_by_role("alertdialog").inner_text()
    form.get_by_role("button", name="Set this price").click()
    desk.table("Prices").get_by_text("Jan 1, 2031").wait_for()
    text = desk.text()
    prices = admin.get(path).json["entry"]["prices"]

    assert "browser-model costs, from Jan 1, 2031, 12:00:00 AM:" in asked
    assert "Input, USD per million tokens: 0.25 USD (until then 0.20 USD)" in asked
    assert MARKUP in text
    assert [(each["input"], each["output"], each["tools"]) for each in prices] == [
        ("0.20", "0.80", {"web_search": "0.01"}),
        ("0.25", "0.80", {"web_search": "0.01"}),
    ]

    desk.show("catalogue?show=versions")
    rows = desk.rows("Versions")
    assert rows[0][0] == f"{version + 1} in force"
    assert "Changed: model browser-model" in rows[0][3]
    row = desk.table("Versions").locator("tbody tr").nth(1)
    row.get_by_role("button", name="Roll back").click()
    row.get_by_role("button", name=f"Make everything as it was at version {version}").click()
    desk.page.get_by_text(f"Rolled back to version {version}").wait_for()

    assert len(admin.get(path).json["entry"]["prices"]) == 1


def test_dead_letters_open_circuits_and_drift_are_told_with_what_to_do(desk: Screen) -> None:
    state = {
        "keys": 0,
        "circuits": [
            {
                "upstreamModel": MARKUP,
                "since": "2026-11-23T08:00:00.000Z",
                "until": "2026-11-23T08:00:30.000Z",
            }
        ],
    }
    entry = {"id": "my-llm", "name": "Ours", "protocol": "openai", "baseUrl": "https://llm.example.com/v1"}
    stub(
        desk.page, "/orchestrator/providers", 200, {"version": 4, "data": [entry], "state": {"my-llm": state}}
    )
    queue = {
        "name": "billing-usage",
        "waiting": 3,
        "inFlight": 1,
        "delayed": 0,
        "oldestSeconds": 90,
        "deadLetters": 2,
        "oldestDeadLetterSeconds": 5400,
        "redrive": 'make redrive QUEUE=billing-usage ARGS="--stack prod"',
        "runbook": "docs/runbook.md#redrive-a-dead-letter-queue",
        "reason": None,
    }
    alarm = {
        "name": "UsageLostAlarm",
        "state": "alarm",
        "since": "2026-11-23T08:00:00.000Z",
        "means": MARKUP,
        "runbook": "docs/runbook.md#lost-usage",
    }
    stub(desk.page, "/health/details", 200, {"queues": [queue], "alarms": [alarm]})
    drift = {
        "userId": "alice",
        "drift": "-0.000005",
        "misfits": [MARKUP],
        "mispriced": ["r1"],
        "mispricedEntries": 3,
    }
    run = {
        "startedAt": "2026-11-24T01:17:00.000Z",
        "over": True,
        "accounts": 60,
        "idle": 12,
        "entries": 1480,
        "unsound": 1,
        "orphanHolds": 7,
        "loss": "0.0000025",
        "notJudged": 0,
        "findings": [drift],
    }
    stub(desk.page, "/billing/reconciliations", 200, {"data": [run, run | {"unsound": 0, "findings": []}]})

    told = {}
    for view in ("providers", "health", "reconcile"):
        desk.show(view)
        told[view] = re.sub(r"\s+", " ", desk.text())
        assert looks(desk, [PHONE]) == {}, view

    assert "Routes that are left alone because they kept failing: 1." in told["providers"]
    assert "not set: it is not asked" in told["providers"]
    assert MARKUP in told["providers"]
    assert "Usage to be charged, dead letters: 2" in told["health"]
    assert 'make redrive QUEUE=billing-usage ARGS="--stack prod"' in told["health"]
    assert "UsageLostAlarm rings since Nov 23, 2026" in told["health"]
    assert "Accounts that do not fit: 1." in told["reconcile"]
    assert "The account has 0.000005 USD less than its entries come to." in told["reconcile"]
    assert MARKUP in told["reconcile"]
