"""Credit that ends: an admin gives it once however often it is clicked, and whoever has it sees what is left."""

from tests.e2e.browser.conftest import NewScreen
from tests.e2e.browser.people import ALL_SCOPES, Person
from tests.e2e.browser.screen import PHONE, looks
from tests.e2e.caller import eventually
from tests.e2e.conftest import NewUser


def test_a_grant_is_given_once_spent_first_and_told_where_it_paid(
    new_screen: NewScreen, operator: Person, new_user: NewUser
) -> None:
    user = new_user("1.00", scopes=ALL_SCOPES)
    assert user.key is not None
    desk = new_screen().visit().sign_in(operator.key).expect_statuses(400, 404)
    page = desk.show(f"users/{user.user_id}").page

    page.get_by_role("button", name="Give credit that ends").click()
    form = page.get_by_role("form", name="Give credit that ends")
    form.get_by_label("Amount, USD").fill("0.01")
    form.get_by_label("Ends").fill("2020-01-01T00:00")
    form.get_by_label("What for").fill("Welcome")
    form.get_by_role("button", name="Give it").click()
    form.locator("[aria-invalid=true]").wait_for()
    form.get_by_label("Ends").fill("2034-01-01T00:00")
    assert looks(desk, [PHONE]) == {}
    form.get_by_role("button", name="Give it").evaluate("button => { button.click(); button.click(); }")
    page.get_by_text("Given: 0.01 USD, until Jan 1, 2034").wait_for()
    desk.close()

    # 15 tokens in and 1,000 out of gpt-4o: 0.0100375, of which the grant pays all it has
    answer = user.chat("[[standin tokens=1000]] hello", model="gpt-4o")
    assert answer.status == 200
    assert user.balance_at_rest()["total"] == "0.9999625"
    found = eventually(lambda: user.get("/billing/grants").json, lambda found: found["left"] == "0.00")
    assert [(each["amount"], each["state"]) for each in found["data"]] == [("0.01", "spent")]
    reading = new_screen().visit().sign_in(user.key).show("grants")
    rows = [[row[0].strip(), row[1], row[2], row[3]] for row in reading.rows("Grants")]
    assert rows == [["Welcome", "spent", "0.00 USD", "0.01 USD"]]
    assert reading.figure("Left of grants") == "0.00 USD"
    reading.show(f"requests/{answer.headers['x-request-id']}")
    paid = (
        reading.page.locator("dt", has_text="Paid by").locator("xpath=following-sibling::dd[1]").inner_text()
    )
    assert paid.split("\n") == [f"0.01 USD of grant {found['data'][0]['id']}", "0.0000375 USD of paid credit"]
    reading.close()


def test_a_code_is_made_shown_once_and_redeemed_by_who_has_it(
    new_screen: NewScreen, operator: Person, new_user: NewUser
) -> None:
    user = new_user("0", scopes=ALL_SCOPES)
    assert user.key is not None
    desk = new_screen().visit().sign_in(operator.key)
    page = desk.show("codes").page
    page.get_by_role("button", name="New code").click()
    form = page.get_by_role("form", name="New code")
    form.get_by_label("Name").fill(user.user_id)
    form.get_by_label("Amount, USD").fill("2.50")
    form.get_by_label("How many may redeem it").fill("1")
    form.get_by_label("Redeemable until").fill("2034-01-01T00:00")
    assert looks(desk, [PHONE]) == {}
    form.get_by_role("button", name="Make the code").click()
    code = page.locator(".secret").inner_text()
    page.get_by_role("button", name="I have it").click()

    reading = new_screen().visit().sign_in(user.key).expect_statuses(404).show("grants")
    reading.page.get_by_label("Code").fill("no such code")
    reading.page.keyboard.press("Enter")
    reading.page.get_by_text("This code cannot be redeemed.").wait_for()
    reading.page.get_by_label("Code").fill(code.lower())
    reading.page.keyboard.press("Enter")
    reading.page.get_by_text(f"2.50 USD for {user.user_id}, until").wait_for()
    reading.page.get_by_role("region", name="Grants").get_by_text(user.user_id).wait_for()
    assert reading.figure("Left of grants") == "2.50 USD"
    assert reading.show("overview").figure("Of it grants") == "2.50 USD"
    reading.close()

    desk.show("overview").show("codes")
    row = desk.table("Codes").locator("tr", has_text=user.user_id)
    assert row.locator("td").nth(4).inner_text() == "1 of 1"
    assert row.locator("td").nth(1).inner_text() == "used up"
    assert code not in desk.text()
    fair = desk.table("Codes").locator("tr", has_text="Fair")
    fair.get_by_role("button", name="Disable").click()
    fair.get_by_role("button", name="Nobody redeems it any more").click()
    fair.get_by_text("disabled").wait_for()
    desk.close()
