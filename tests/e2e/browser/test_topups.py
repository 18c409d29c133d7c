"""A person tops up: from the statement to the page to pay at, and back to a statement that has the credit."""

import json

import boto3
import pytest

from local.emulator import ACCOUNT, REGION
from tests.e2e.browser.conftest import NewScreen
from tests.e2e.browser.screen import PHONE, looks
from tests.e2e.caller import eventually
from tests.e2e.conftest import NewUser
from tests.e2e.stack import Stack


def test_who_pays_comes_back_to_a_statement_with_the_credit(new_screen: NewScreen, new_user: NewUser) -> None:
    user = new_user("1.00", scopes=["billing:read", "keys:manage"])
    assert user.key is not None
    screen = new_screen().visit("#/statement").sign_in(user.key)
    screen.show("statement")

    screen.page.get_by_role("button", name="Top up", exact=True).click()
    screen.page.get_by_label("Amount, USD").fill("12.50")
    assert looks(screen) == {}
    screen.allow_hosts("http://127.0.0.1:")
    screen.page.keyboard.press("Enter")
    screen.page.get_by_role("heading", name="12.50 USD").wait_for()
    screen.page.get_by_role("button", name="Pay").click()
    screen.page.wait_for_url(f"{screen.server}/console/#/statement")
    eventually(lambda: user.balance()["total"], lambda total: total == "13.50")
    screen.sign_in(user.key).show("statement")

    rows = [[row[1], row[3], row[4]] for row in screen.rows("Statement")]
    assert rows == [["credit", "12.50 USD", "13.50 USD"], ["credit", "1.00 USD", "1.00 USD"]]
    screen.close()


def charged(stack: Stack) -> int:
    """One run of the function that the clock starts."""
    client = boto3.client(
        "lambda",
        endpoint_url=stack.emulator_url,
        region_name=REGION,
        aws_access_key_id=ACCOUNT,
        aws_secret_access_key="local",
    )
    answer = client.invoke(FunctionName=stack.resources["BillingTopUpAutomaticallyFunction"], Payload=b"{}")
    said = json.load(answer["Payload"])
    assert "FunctionError" not in answer, said
    found: int = said["charged"]
    return found


@pytest.mark.parametrize(("card", "ends"), [("4242", "on"), ("0341", "paused")])
def test_who_agrees_and_gives_a_card_is_charged_or_hears_why_not(
    new_screen: NewScreen, new_user: NewUser, stack: Stack, card: str, ends: str
) -> None:
    user = new_user("1.00", scopes=["billing:read", "keys:manage"])
    assert user.key is not None
    screen = new_screen().visit("#/statement").sign_in(user.key).show("statement")
    page = screen.page

    page.get_by_role("button", name="Top up automatically").click()
    page.get_by_label("When less than this is left, USD").fill("2")
    page.get_by_label("Charge, USD").fill("20.50")
    page.get_by_label("At most so often a day").fill("1")
    assert looks(screen, [PHONE]) == {}
    screen.allow_hosts("http://127.0.0.1:")
    page.keyboard.press("Enter")
    page.get_by_text("this card is charged 20.50 USD, at most 1 times a day").wait_for()
    page.get_by_label("Card").select_option(card)
    page.get_by_role("button", name="Keep").click()
    page.wait_for_url(f"{screen.server}/console/#/statement")
    eventually(lambda: user.get("/billing/topups/automatic").json["state"], lambda state: state == "active")

    assert charged(stack) == (1 if card == "4242" else 0)
    if card == "4242":
        eventually(lambda: user.balance()["total"], lambda total: total == "21.50")
    screen.sign_in(user.key).show("statement")
    page.get_by_role("heading", name=f"Top up automatically: {ends}").wait_for()
    told = screen.text()
    assert f"Card: Visa {card}. Charged today: {1 if card == '4242' else 0}." in told
    assert ("The last charge failed: the card was declined." in told) is (card == "0341")
    assert looks(screen, [PHONE]) == {}

    page.get_by_role("button", name="Stop").click()
    page.get_by_role("button", name="Nothing is charged any more, the card is forgotten").click()
    page.get_by_role("button", name="Top up automatically").wait_for()
    assert user.get("/billing/topups/automatic").json["state"] == "off"
    screen.close()
