"""A person names an address for alerts, sees what was sent there, and sends again what was never taken."""

from playwright.sync_api import Route

from tests.e2e.browser.conftest import NewScreen
from tests.e2e.browser.people import ALL_SCOPES, Person
from tests.e2e.browser.screen import PHONE, looks, stub
from tests.e2e.conftest import NewUser

URL = "https://hooks.example.com/ai"
MARKUP = '<img src=x onerror="alert(1)">'


def test_a_webhook_is_made_its_dead_deliveries_stand_out_and_are_sent_again(
    new_screen: NewScreen, new_user: NewUser
) -> None:
    user = new_user("0", scopes=ALL_SCOPES)
    assert user.key is not None
    screen = new_screen().visit("#/alerts").sign_in(user.key).show("alerts")
    page = screen.page

    page.get_by_role("button", name="New webhook").click()
    page.get_by_label("Address").fill("https://10.0.0.1/ai")
    page.get_by_label("key that ends").uncheck()
    screen.expect_statuses(400)
    page.get_by_role("button", name="Make the webhook").click()
    page.locator("[aria-invalid=true]").wait_for()
    page.get_by_label("Address").fill(URL)
    page.keyboard.press("Enter")
    secret = page.locator(".secret").inner_text()
    (made,) = user.get("/alerts/webhooks").json["data"]
    assert secret.startswith("whsec_")
    assert made["kinds"] == ["balance.low", "budget.reached", "model.retiring", "topup.failed"]
    page.get_by_role("button", name="I have it").click()
    page.get_by_role("region", name="Deliveries").get_by_text("on its way").wait_for()
    assert secret not in screen.text()

    (sent,) = user.get("/alerts/deliveries").json["data"]
    dead = sent | {"state": "failed", "tries": 7, "lastAnswer": f"500 {MARKUP}"}
    stub(page, "/alerts/deliveries?", 200, {"data": [dead], "nextCursor": None})
    screen.show("overview").show("alerts")
    told = screen.text()
    assert "Never taken: 1" in told
    assert f"500 {MARKUP}" in told
    assert [row[3:5] for row in screen.rows("Deliveries")] == [["given up", "7"]]
    assert looks(screen, [PHONE]) == {}
    asked: list[str] = []

    def replayed(route: Route) -> None:
        asked.append(f"{route.request.method} {route.request.url.removeprefix(screen.server)}")
        route.fulfill(status=200, json=sent)
        page.unroute_all(behavior="ignoreErrors")

    page.route("**/replay?*", replayed)
    page.get_by_role("button", name="Test again").click()
    page.get_by_role("region", name="Deliveries").get_by_text("on its way").wait_for()
    assert asked == [f"POST /alerts/deliveries/{sent['id']}/replay?userId={user.user_id}"]

    page.get_by_role("button", name="Remove").click()
    page.get_by_role("button", name="It hears of nothing any more").click()
    page.get_by_text("No address hears of alerts yet.").wait_for()
    assert user.get("/alerts/webhooks").json["data"] == []
    screen.close()


def test_an_admin_sees_whose_webhooks_they_are(
    new_screen: NewScreen, new_user: NewUser, operator: Person
) -> None:
    user = new_user("0", scopes=ALL_SCOPES)
    assert user.post("/alerts/webhooks", {"url": URL}).status == 201
    screen = new_screen().visit().sign_in(operator.key).show(f"alerts?userId={user.user_id}")

    assert f"You look at the account of {user.user_id}." in screen.text()
    assert [row[1] for row in screen.rows("Webhooks")] == [user.user_id]
    screen.close()
