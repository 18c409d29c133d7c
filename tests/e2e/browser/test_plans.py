"""Plans: an admin makes one, another version of it from a moment on, and gives it to a user, who reads it."""

import uuid

from tests.e2e.browser.conftest import NewScreen
from tests.e2e.browser.people import ALL_SCOPES, Person
from tests.e2e.browser.screen import PHONE, looks
from tests.e2e.caller import ApiCaller
from tests.e2e.conftest import NewUser


def test_a_plan_is_made_given_and_read_and_its_next_version_holds_from_a_moment_on(
    new_screen: NewScreen, operator: Person, admin: ApiCaller, new_user: NewUser
) -> None:
    user = new_user("1.00", scopes=ALL_SCOPES)
    assert user.key is not None
    person = {"userId": user.user_id, "email": f"{user.user_id}@example.com", "name": "Ann", "role": "member"}
    assert admin.post("/identity/users", person).status == 201
    plan_id = f"plan-{uuid.uuid4().hex[:8]}"
    desk = new_screen().visit().sign_in(operator.key)
    page = desk.show("plans").page

    page.get_by_role("button", name="New plan").click()
    form = page.get_by_role("form", name="New plan")
    form.get_by_label("Plan id").fill(plan_id)
    form.get_by_label("Name", exact=True).fill("Pro")
    form.get_by_label("Price, percent").fill("120")
    form.get_by_label("Requests a minute").fill("600")
    form.get_by_label("Only these models").fill("gpt-4o*")
    form.get_by_role("button", name="Go on").click()
    form.get_by_role("button", name="Set this plan").click()
    page.get_by_role("heading", name="Pro").wait_for()
    page.get_by_role("button", name="New version").click()
    form = page.get_by_role("form", name="New version")
    form.get_by_label("Price, percent").fill("110")
    form.get_by_label("Holds from").fill("2031-01-01T00:00")
    form.get_by_role("button", name="Go on").click()
    asked = form.get_by_role("alertdialog").inner_text()
    assert looks(desk, [PHONE]) == {}
    form.get_by_role("button", name="Set this plan").click()
    page.get_by_text("to come").wait_for()

    assert f"This is {plan_id}, from Jan 1, 2031, 12:00:00 AM, for all who have it." in asked
    rows = [(row[0].split(), row[3], row[4]) for row in desk.rows("Versions of the plan")]
    assert rows == [
        (["2"], "110 %", "Requests a minute: 600"),
        (["1", "in", "force"], "120 %", "Requests a minute: 600"),
    ]
    versions = admin.get(f"/billing/plans/{plan_id}").json["versions"]
    assert [(each["pricePercent"], each["allowedModels"]) for each in versions] == [
        (110, ["gpt-4o*"]),
        (120, ["gpt-4o*"]),
    ]

    desk.show(f"users/{user.user_id}")
    page.get_by_role("button", name="Change").click()
    form = page.get_by_role("form", name="Change who this is")
    form.get_by_role("option", name="Pro").first.wait_for(state="attached")
    form.get_by_label("Plan").select_option(plan_id)
    form.get_by_role("button", name="Save").click()
    page.get_by_role("link", name=plan_id).wait_for()
    assert admin.get(f"/identity/users/{user.user_id}").json["plan"] == plan_id
    desk.close()

    reading = new_screen().visit().sign_in(user.key)
    reading.page.get_by_text("120 % of the key's price").wait_for()
    assert "Requests a minute: 600" in reading.text()
    reading.close()
