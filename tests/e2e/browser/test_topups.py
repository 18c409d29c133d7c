"""A person tops up: from the statement to the page to pay at, and back to a statement that has the credit."""

from tests.e2e.browser.conftest import NewScreen
from tests.e2e.browser.screen import looks
from tests.e2e.caller import eventually
from tests.e2e.conftest import NewUser


def test_who_pays_comes_back_to_a_statement_with_the_credit(new_screen: NewScreen, new_user: NewUser) -> None:
    user = new_user("1.00", scopes=["billing:read", "keys:manage"])
    assert user.key is not None
    screen = new_screen().visit("#/statement").sign_in(user.key)
    screen.show("statement")

    screen.page.get_by_role("button", name="Top up").click()
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
