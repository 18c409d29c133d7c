"""A bill passes the FinOps Foundation's validator, and one that is wrong does not."""

import csv
import subprocess
from pathlib import Path

import pytest

from aggregator.billing.focus.charges import Day
from aggregator.billing.focus.columns import COLUMNS, VERSION, Wallet, cells
from aggregator.billing.price import Usage
from local import focus_check, setup
from tests.unit.billing.focus.month import OCTOBER_31, PRICES, booked, called


@pytest.fixture(scope="module")
def bill(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two days of a user and a team: every kind of row that there is."""
    late = called("late", Usage(10, 5), at=OCTOBER_31)
    debit = booked("debit", "debit", 100)
    entries = [
        called("plain", Usage(10, 5)),
        called(
            "parts", Usage(2_000, 90, 300, 100, 20, 1, cache_write_hour_tokens=40, tools=(("web_search", 3),))
        ),
        called("marked-up", Usage(7, 1), percent=103),
        called("flex", Usage(9, 2, service_tier="flex")),
        called("lost", Usage(10, 5), charged=4_000),
        called("forgotten", Usage(10, 5), version="5"),
        called("bobs", Usage(10, 5), by="bob"),
        called("granted", Usage(10, 5), granted=3_000),
        booked("credit", "credit", 5_000),
        debit,
        booked("back", "refund", 40, refunded=debit),
        booked("refund", "refund", 1_000, refunded=late),
        booked("up", "adjustment", 500, description="=1+1, said in a spreadsheet"),
        booked("down", "adjustment", -70),
    ]
    path = tmp_path_factory.mktemp("focus") / "bill.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for date, wallet in (("2026-11-24", "ann"), ("2026-11-30", "crew")):
            day = Day(date, PRICES, {late.id: late}.get)
            for entry in entries:
                day.add(entry)
            kind = "User" if wallet == "ann" else "Team"
            writer.writerows(cells(each, Wallet(wallet, "A name", kind, "dev")) for each in day.charges())
    return path


@pytest.fixture(scope="module")
def wrong(bill: Path) -> Path:
    """The same with a price below zero."""
    with bill.open(newline="", encoding="utf-8") as file:
        table = list(csv.DictReader(file))
    table[0]["ContractedUnitPrice"] = "-0.15"
    path = bill.with_name("wrong.csv")
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(table)
    return path


@pytest.fixture(scope="module")
def said(bill: Path, wrong: Path) -> tuple[int, list[str]]:
    """What the validator says of both, one after the other: most of its eight seconds is its start."""
    assert setup.main(["focus"]) == 0
    done = subprocess.run(  # noqa: S603 (our own script)
        [setup.python_of("focus"), focus_check.__file__, bill, wrong],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout.splitlines()


def test_every_kind_of_row_is_of_focus(said: tuple[int, list[str]]) -> None:
    _, lines = said

    assert lines[0] == (
        "FOCUS 1.2: 578 rules, 256 kept, 0 broken, 321 that no program can tell or that do not apply"
    )
    assert VERSION == focus_check.VERSION


def test_a_bill_that_is_wrong_is_refused_by_the_rule(said: tuple[int, list[str]]) -> None:
    status, lines = said

    assert status == 1
    assert "ContractedUnitPrice-C-009-C: ContractedUnitPrice MUST be greater than or equal to 0." in lines[1:]
