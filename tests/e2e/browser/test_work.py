"""What a person does in the console: makes and ends a key, asks two models, takes a statement home."""

import csv
import io
import re
from decimal import Decimal
from pathlib import Path

import pytest

from tests.e2e.browser.conftest import NewScreen
from tests.e2e.browser.people import ALL_SCOPES
from tests.e2e.browser.screen import Screen
from tests.e2e.caller import UserCaller
from tests.e2e.conftest import NewUser


@pytest.fixture
def worker(new_user: NewUser) -> UserCaller:
    return new_user("25.00", scopes=ALL_SCOPES)


@pytest.fixture
def at_work(new_screen: NewScreen, worker: UserCaller) -> Screen:
    assert worker.key is not None
    return new_screen().visit().sign_in(worker.key)


def test_a_key_is_made_limited_rotated_and_ended(at_work: Screen, worker: UserCaller) -> None:
    page = at_work.show("keys").page

    def fill(label: str, value: str) -> None:
        page.locator(f'.field:has(> span:text-is("{label}"))').locator("input, textarea").fill(value)

    def keys() -> dict[str, dict[str, object]]:
        listed = worker.get(f"/auth/api-keys?userId={worker.user_id}").json["data"]
        return {key["name"]: key for key in listed}

    page.get_by_role("button", name="New key").click()
    fill("Name", "Laptop")
    fill("Requests a minute", "sixty")
    at_work.expect_statuses(400)
    page.get_by_role("button", name="Make the key").click()
    page.locator("[aria-invalid=true]").wait_for()
    fill("Requests a minute", "60")
    fill("USD a month", "12.50")
    page.get_by_role("button", name="Make the key").click()
    secret = page.locator(".secret").inner_text()
    made = keys()["Laptop"]
    assert re.fullmatch(rf"agg_\w+_{made['id']}_\w+", secret)
    assert made["limits"]["requestsPerMinute"] == 60  # type: ignore[index]
    assert made["limits"]["monthlyBudget"] == "12.50"  # type: ignore[index]

    page.get_by_role("button", name="I have it").click()
    assert secret not in at_work.text()
    page.get_by_role("link", name="Laptop").click()
    page.get_by_role("button", name="Change").click()
    fill("Name", "Desk")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("heading", name="Desk").wait_for()
    assert keys()["Desk"]["limits"] == made["limits"]

    page.get_by_role("button", name="Rotate").click()
    page.get_by_role("button", name="Make a new secret").click()
    page.locator(".secret").wait_for()
    assert page.locator(".secret").inner_text() != secret
    page.get_by_role("button", name="Revoke").click()
    page.get_by_role("button", name="End this key").click()
    page.locator("dd .quiet", has_text="revoked").wait_for()
    assert keys()["Desk"]["status"] == "revoked"
    at_work.close()


def test_two_models_answer_side_by_side_with_what_each_held_and_cost(
    at_work: Screen, worker: UserCaller, tmp_path: Path
) -> None:
    page = at_work.show("playground?model=gpt-4o&beside=text-embedding-3-small").page
    page.get_by_label("Prompt", exact=False).last.fill("[[standin tokens=100]] hello")
    page.get_by_text(re.compile(r"Would hold 0\.\d+ USD")).first.wait_for()
    page.get_by_role("button", name="Send").click()
    page.get_by_role("link", name="This request in full").nth(1).wait_for()

    chat, vectors = page.locator(".answers > section").all()
    # 15 tokens in and 100 out, at 2.50 and 10.00 a million
    assert "0.0010375 USD" in chat.inner_text()
    assert "A vector of 1,536 numbers" in vectors.inner_text()
    assert worker.balance_at_rest()["total"] == "24.99896232"  # and 9 tokens at 0.02
    page.get_by_text("As curl and Python").click()
    code = page.locator("pre.code").all_inner_texts()
    assert [f"{at_work.server}/v1" in each for each in code] == [True] * 4

    chat.get_by_role("link", name="This request in full").click()
    page.get_by_role("region", name="Ledger entry").wait_for()
    facts = at_work.text()
    for word in ("Cap on output", "tokens, chosen by the platform", "openai", "priority", "0.0010375 USD"):
        assert word in facts

    with at_work.show("statement?days=all").page.expect_download() as download:
        page.get_by_role("button", name="Save as CSV").click()
    download.value.save_as(tmp_path / "statement.csv")
    rows = list(csv.DictReader(io.StringIO((tmp_path / "statement.csv").read_text(encoding="utf-8"))))
    assert sorted(row["type"] for row in rows) == ["credit", "usage", "usage"]

    with at_work.page.expect_download() as download:
        at_work.page.get_by_role("button", name="Save this month as a FOCUS bill").click()
    download.value.save_as(tmp_path / "bill.csv")
    bill = list(csv.DictReader(io.StringIO((tmp_path / "bill.csv").read_text(encoding="utf-8"))))
    assert sum(Decimal(row["BilledCost"]) for row in bill) == Decimal("0.00103768")
    at_work.close()
