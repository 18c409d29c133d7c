"""Users and teams as an admin, a manager of a team and a member of it have them: each sees what is theirs to see."""

import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.browser.conftest import NewScreen
from tests.e2e.browser.people import ALL_SCOPES, Person
from tests.e2e.browser.screen import PHONE, Screen, looks
from tests.e2e.caller import ApiCaller, UserCaller, eventually
from tests.e2e.conftest import NewUser
from tests.e2e.stack import Stack

MARKUP = '<img src=x onerror="alert(1)">'


@pytest.fixture
def desk(new_screen: NewScreen, operator: Person) -> Iterator[Screen]:
    """An admin's page of this test's own."""
    made = new_screen().visit().sign_in(operator.key)
    yield made
    made.close()


def fill(screen: Screen, form: str, **fields: str) -> None:
    """Fill a form's fields, by their labels with `_` for a space, and send it."""
    box = screen.page.get_by_role("form", name=form)
    for label, value in fields.items():
        field = box.get_by_label(label.replace("_", " "))
        if field.evaluate("field => field.tagName") == "SELECT":
            field.select_option(value)
        else:
            field.fill(value)
    box.locator("button.primary").click()
    box.wait_for(state="detached")
    screen.settle()


def test_a_user_is_written_down_changed_suspended_and_let_go_on(desk: Screen, admin: ApiCaller) -> None:
    user_id = f"person-{uuid.uuid4().hex[:12]}"
    mail = f"{user_id}@example.com"

    def known() -> dict[str, Any]:
        found: dict[str, Any] = admin.get(f"/identity/users/{user_id}").json
        return {name: found[name] for name in ("name", "email", "role", "state")}

    page = desk.show("users").page
    page.get_by_role("button", name="New user").click()
    desk.expect_statuses(400)
    box = page.get_by_role("form", name="New user")
    box.get_by_label("User id").fill("an id")
    box.get_by_label("Name").fill(MARKUP)
    box.get_by_label("Mail").fill(mail)
    box.get_by_role("button", name="Make the user").click()
    box.locator("[aria-invalid=true]").wait_for()
    fill(desk, "New user", User_id=user_id)
    page.get_by_role("heading", name=user_id).wait_for()
    assert known() == {"name": MARKUP, "email": mail, "role": "member", "state": "active"}

    desk.show(f"users?q={user_id}")
    assert [row[0].strip() for row in desk.rows("Users")] == [user_id]
    assert desk.rows("Users")[0][2] == "no account"
    desk.show(f"users/{user_id}")
    page.get_by_role("button", name="Change").click()
    fill(desk, "Change who this is", Name="Ann Lee", Role="manager")
    assert known() == {"name": "Ann Lee", "email": mail, "role": "manager", "state": "active"}
    page.get_by_role("button", name="Suspend").click()
    page.get_by_role("button", name=f"Refuse everything that {user_id} asks").click()
    page.get_by_role("button", name="Let go on").wait_for()
    assert known()["state"] == "suspended"
    page.locator("details.folded summary").click()
    assert looks(desk, [PHONE]) == {}
    assert f"name: {MARKUP} → Ann Lee" in desk.text()

    desk.show(f"users?q={mail}")
    (row,) = desk.rows("Users")
    assert row[0].strip() == user_id
    assert "Ann Lee · manager" in row[1]
    assert "suspended" in row[1]


class Crew:
    """A team of a manager and a member, whom an admin gave their places by hand: keys of their own wallets."""

    def __init__(self, stack: Stack, new_user: NewUser) -> None:
        self.team_id = f"crew-{uuid.uuid4().hex[:12]}"
        self.manager = new_user("1.00", name="manager's", scopes=ALL_SCOPES)
        self.member = new_user("1.00", name="member's", scopes=ALL_SCOPES)
        self.base_url = stack.base_url

    def path(self, user: UserCaller) -> str:
        return f"/identity/teams/{self.team_id}/members/{user.user_id}"


def menu_of(screen: Screen) -> list[str]:
    return screen.page.locator("nav a").all_inner_texts()


def test_a_team_is_made_by_an_admin_run_by_its_manager_and_seen_by_its_member(
    desk: Screen, stack: Stack, admin: ApiCaller, new_user: NewUser, new_screen: NewScreen
) -> None:
    crew = Crew(stack, new_user)
    manager, member = crew.manager, crew.member
    page = desk.show("teams").page
    page.get_by_role("button", name="New team").click()
    fill(desk, "New team", Team_id=crew.team_id, Name="The crew", USD_a_month="0.05")
    page.get_by_role("heading", name="The crew").wait_for()
    for user, role in ((manager, "manager"), (member, "member")):
        page.get_by_role("button", name="Add a member").click()
        fill(desk, "Add a member", User_id=user.user_id, Role=role)
    booking = page.get_by_role("form", name="Book")
    booking.get_by_label("Amount, USD").fill("5.00")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Book it").click()
    page.get_by_text("Booked: 5.00 USD").wait_for()
    desk.settle()
    assert desk.figure("Available") == "5.00 USD"
    assert looks(desk, [PHONE]) == {}

    assert manager.key is not None
    assert member.key is not None
    at_team = new_screen().visit().sign_in(manager.key)
    _spends(at_team, crew, admin)
    at_team.close()
    looking = new_screen().visit("#/teams").sign_in(member.key).show("teams")
    _looks_on(looking, crew)
    looking.close()


def _spends(at_team: Screen, crew: Crew, admin: ApiCaller) -> None:
    """The manager makes a key that charges the team, bounds the member, and sees what was spent."""
    manager, member = crew.manager, crew.member
    at_team.page.get_by_role("link", name="Teams").click()
    at_team.page.get_by_role("link", name="New key that charges this team").click()
    at_team.page.get_by_label("Pays").wait_for()
    assert at_team.page.get_by_label("Pays").input_value() == crew.team_id
    at_team.page.locator("form.card").get_by_label("Name", exact=True).fill("Crew's")
    at_team.page.get_by_role("button", name="Make the key").click()
    secret = at_team.page.locator(".secret").inner_text()
    spender = ApiCaller(crew.base_url, secret)
    assert spender.chat("[[standin tokens=1000]] hello", model="gpt-4o").status == 200  # 0.0100375
    at_rest = eventually(
        lambda: admin.get(f"/billing/balance/{crew.team_id}").json, lambda balance: balance["held"] == "0.00"
    )
    assert at_rest["total"] == "4.9899625"
    metrics = eventually(
        lambda: manager.get("/analytics/metrics").json["totals"], lambda totals: totals["requests"]
    )
    assert metrics["cost"] == "0.0100375"
    at_team.show("teams")
    at_team.page.locator("tr", has_text=member.user_id).get_by_role("button", name="Change").click()
    fill(at_team, f"Change {member.user_id}", USD_a_month="0.02")
    assert admin.get(f"/identity/teams/{crew.team_id}").json["spentThisMonth"] == "0.0100375"
    at_team.show("overview").show("teams")
    assert at_team.figure("Spent this month").split("\n")[0] == "0.0100375 USD"
    assert at_team.figure("Budget a month") == "0.05 USD"
    assert at_team.figure("Available") == "4.9899625 USD"
    members = {row[0].split()[0]: row[2:4] for row in at_team.rows("Members")}
    assert members[member.user_id] == ["0.02 USD", "0.00 USD\n0% of it"]
    assert "Crew's" in at_team.rows("Keys")[0][0]
    assert at_team.rows("Keys")[0][3] == "0.0100375 USD"
    spender.close()


def _looks_on(looking: Screen, crew: Crew) -> None:
    """The member sees the team and the own place in it, and changes nothing."""
    manager, member = crew.manager, crew.member
    assert [row[0].split()[0] for row in looking.rows("Members")] == [member.user_id]
    assert not {"Book", "Add a member", "Available"} & set(looking.text().split("\n"))
    assert f"place given: {manager.user_id}" not in looking.table("History").inner_text()
    refused = [
        member.call("PUT", crew.path(member), {"role": "manager"}),
        member.call("PATCH", f"/identity/teams/{crew.team_id}", {"monthlyBudget": "9.00"}),
        member.get(f"/billing/balance/{crew.team_id}"),
    ]
    assert [each.status for each in refused] == [403, 403, 403]


def test_who_is_in_no_team_has_none_in_the_menu(new_screen: NewScreen, new_user: NewUser) -> None:
    user = new_user("0", scopes=["billing:read", "analytics:read"])
    assert user.key is not None
    screen = new_screen().visit("#/teams").sign_in(user.key)

    assert menu_of(screen) == ["Overview", "Requests", "Usage", "Statement", "Grants"]
    assert screen.page.locator("h1").inner_text() == "Overview"
    screen.close()
