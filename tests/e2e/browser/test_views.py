"""Every view as a user and as an admin, at a desk and on a phone, light and dark."""

import pytest

from tests.e2e.browser.people import Person
from tests.e2e.browser.screen import Screen, looks
from tests.e2e.browser.views import FOR_A_USER, FOR_AN_ADMIN, View


@pytest.mark.parametrize("view", FOR_A_USER, ids=lambda view: view.link)
def test_a_user_reads_each_view_on_any_screen(view: View, at_desk: Screen) -> None:
    at_desk.show(view.link)

    assert [word for word in view.shows if word not in at_desk.text()] == []
    assert looks(at_desk) == {}


@pytest.mark.parametrize("view", FOR_AN_ADMIN, ids=lambda view: view.link)
def test_an_admin_reads_each_view_on_any_screen(view: View, in_charge: Screen) -> None:
    in_charge.show(view.link)

    assert [word for word in view.shows if word not in in_charge.text()] == []
    assert looks(in_charge) == {}


def test_the_overviews_numbers_stand_under_their_names(at_desk: Screen) -> None:
    at_desk.show("overview")

    assert at_desk.figure("Available") == "24.9879475 USD"
    assert at_desk.figure("Held") == "0.00 USD"
    assert at_desk.figure("Spent") == "0.0120525 USD"
    assert at_desk.figure("Requests") == "3"
    assert at_desk.figure("Errors") == "1"


def test_the_statement_runs_to_what_is_there_now(at_desk: Screen) -> None:
    at_desk.show("statement")

    rows = [[row[1], row[2], row[3], row[4]] for row in at_desk.rows("Statement")]
    assert [row for row in rows if row[2] != "0.00 USD"] == [
        ["usage", "claude-haiku-4-5", "−0.002015 USD", "24.9879475 USD"],
        ["usage", "gpt-4o", "−0.0100375 USD", "24.9899625 USD"],
        ["credit", "test", "25.00 USD", "25.00 USD"],
    ]


def test_usage_by_key_names_the_key(at_desk: Screen, user: Person) -> None:
    at_desk.show("usage?by=key")

    at_desk.table("Totals").get_by_text(f"test ({user.key_id})").wait_for()


def test_one_request_is_told_in_full(at_desk: Screen, user: Person) -> None:
    asked = user.caller.get(f"/billing/requests?userId={user.user_id}&model=gpt-4o").json["requests"]

    at_desk.show(f"requests/{asked[0]['requestId']}")

    said = at_desk.text()
    for word in (asked[0]["requestId"], "openai", "gpt-4o", "0.0100375 USD", "1,000", "24.9899625"):
        assert word in said
    assert looks(at_desk) == {}
