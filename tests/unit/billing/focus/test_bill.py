"""A month read into a bill: whose, which month, in how many answers, and that they add up."""

import csv
import io
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from urllib.parse import parse_qsl

import pytest
from pydantic import ValidationError

from aggregator.billing.entry import Entry
from aggregator.billing.focus import bill as bills
from aggregator.billing.focus.bill import Bill, FocusQuery, Sources, bill
from aggregator.billing.focus.columns import Wallet
from aggregator.billing.price import Usage
from aggregator.errors import InvalidRequest
from tests.unit.billing.focus.month import OCTOBER_31, PRICES, booked, called

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
HELLO = Usage(10, 5)
DECEMBER_1 = "01a22ee6b000"


@dataclass(slots=True)
class FakeLedgers:
    """Ledgers in memory, two entries a page; `reads` counts pages."""

    entries: dict[str, list[Entry]]
    reads: list[str] = field(default_factory=list)

    def wallets(self, after: str | None) -> Iterable[str]:
        return [each for each in self.entries if after is None or each > after]

    def read(
        self, wallet_id: str, first_id: str, last_id: str, after: str | None
    ) -> tuple[list[Entry], str | None]:
        self.reads.append(wallet_id)
        found = [
            each
            for each in sorted(self.entries.get(wallet_id, []), key=lambda each: each.id)
            if first_id <= each.id <= last_id and (after is None or each.id > after)
        ]
        return found[:2], found[1].id if len(found) > 2 else None

    def entry(self, user_id: str, entry_id: str) -> Entry | None:
        return next((each for each in self.entries[user_id] if each.id == entry_id), None)


def wallet(wallet_id: str) -> Wallet:
    return Wallet(wallet_id, wallet_id.capitalize(), "User", "dev")


def read(
    ledgers: FakeLedgers,
    wallet_id: str | None = "ann",
    *,
    has_time: Callable[[], float] = lambda: 0.0,
    **asked: object,
) -> Bill:
    query = FocusQuery.model_validate({"month": "2026-11", **asked})
    return bill(Sources(ledgers, PRICES, wallet), query, wallet_id, NOW, has_time)


def whole(ledgers: FakeLedgers, wallet_id: str | None, has_time: Callable[[], float]) -> list[Bill]:
    """Every answer, one after the other, as a client that follows the link gets them."""
    found = [read(ledgers, wallet_id, has_time=has_time)]
    while "Link" in found[-1].headers:
        asked = dict(parse_qsl(found[-1].headers["Link"].removeprefix("<?").partition(">")[0]))
        found.append(read(ledgers, wallet_id, has_time=has_time, **asked))
    return found


def rows(*found: Bill) -> list[dict[str, str]]:
    return [row for each in found for row in csv.DictReader(io.StringIO(each.text))]


def sum_of(*found: Bill) -> Decimal:
    return sum((Decimal(row["BilledCost"]) for row in rows(*found)), Decimal())


def day(number: int) -> str:
    return f"{int(datetime(2026, 11, number, 9, tzinfo=UTC).timestamp() * 1000):012x}"


def test_it_is_of_the_month_and_of_nothing_else() -> None:
    ledgers = FakeLedgers({
        "ann": [
            called("before", HELLO, at=OCTOBER_31),
            called("within", HELLO, at=day(1)),
            called("last", HELLO, at=day(30)),
            called("behind", HELLO, at=DECEMBER_1),
        ]
    })  # fmt: skip

    found = read(ledgers)

    assert [row["ChargePeriodStart"][:10] for row in rows(found)] == ["2026-11-01"] * 2 + ["2026-11-30"] * 2
    assert sum_of(found) == Decimal("0.000009")


def test_a_month_with_refund_adjustment_loss_and_payments_comes_to_what_the_ledger_says() -> None:
    charge = called("a", HELLO)
    ledgers = FakeLedgers({
        "ann": [
            charge,
            called("lost", HELLO, charged=1_000),
            booked("credit", "credit", 7_000_000),
            booked("refund", "refund", 2_500, refunded=charge),
            booked("up", "adjustment", 300),
            booked("debit", "debit", 900),
        ]
    })  # fmt: skip

    # 4,500 and 1,000 of two requests, less 2,500 and 300, in nano-dollars
    assert sum_of(read(ledgers)) == Decimal("0.0000027")


def test_the_answer_names_its_version_and_a_file() -> None:
    assert read(FakeLedgers({"ann": []})).headers == {
        "x-aggregator-focus-version": "1.2",
        "Content-Disposition": 'attachment; filename="focus-1.2-2026-11.csv"',
    }


def test_an_empty_month_has_the_names_of_its_columns_alone() -> None:
    assert read(FakeLedgers({"ann": []}), month="2020-02").text.startswith("BilledCost,BillingAccountId,")
    assert rows(read(FakeLedgers({"ann": []}))) == []


def test_all_wallets_are_told_apart_by_their_sub_account() -> None:
    ledgers = FakeLedgers(
        {"ann": [called("a", HELLO)], "bob": [], "crew": [called("b", HELLO, wallet="crew")]}
    )

    found = read(ledgers, None, all=True)

    assert {(row["SubAccountId"], row["SubAccountName"]) for row in rows(found)} == {
        ("ann", "Ann"),
        ("crew", "Crew"),
    }


class Ticks:
    """A clock on which every look takes as long as a third of an answer may."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += 5_100.0
        return self.now


@pytest.mark.parametrize("wallet_id", ["ann", None])
def test_what_takes_too_long_goes_on_in_further_answers_and_splits_no_day_that_fits_one(
    wallet_id: str | None,
) -> None:
    entries = [called(f"{n}", HELLO, at=day(1 + n // 3)) for n in range(9)]
    ledgers = FakeLedgers({"ann": entries, "bob": [called("b", HELLO, wallet="bob")]})

    found = whole(ledgers, wallet_id, Ticks())

    assert len(found) > 2
    expected = {"ann": Decimal("0.0000405"), None: Decimal("0.000045")}
    assert sum_of(*found) == expected[wallet_id]


def test_a_day_too_long_for_one_answer_is_said_in_parts_that_add_up() -> None:
    entries = [called(f"{n}", HELLO, at=day(1)) for n in range(9)]

    found = whole(FakeLedgers({"ann": entries}), "ann", Ticks())

    assert len(found) > 1
    assert sum_of(*found) == Decimal("0.0000405")


def test_an_answer_that_is_full_ends_with_a_whole_day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bills, "_MOST_BYTES", 10)
    entries = [called(f"{n}", HELLO, at=day(1 + n // 3)) for n in range(9)]

    found = whole(FakeLedgers({"ann": entries}), "ann", lambda: 0.0)

    assert [{row["ChargePeriodStart"][:10] for row in rows(each)} for each in found] == [
        {"2026-11-01"}, {"2026-11-02"}, {"2026-11-03"}
    ]  # fmt: skip
    assert sum_of(*found) == Decimal("0.0000405")


@pytest.mark.parametrize("month", ["2026-13", "2026-1", "26-11", "1999-12", "2026-11-01", "november", ""])
def test_what_is_no_month_is_refused(month: str) -> None:
    with pytest.raises(ValidationError):
        FocusQuery.model_validate({"month": month})


def test_a_month_that_has_not_begun_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="month: has not begun yet"):
        read(FakeLedgers({}), month="2026-12")


@pytest.mark.parametrize("cursor", ["x", "bnVsbA==", "WzEsMl0=", "WyIiLG51bGxd", "e30="])
def test_a_cursor_that_is_none_of_ours_is_refused(cursor: str) -> None:
    with pytest.raises(InvalidRequest, match="cursor: is not one of ours"):
        read(FakeLedgers({"ann": []}), cursor=cursor)


def test_a_cursor_of_another_wallet_is_refused() -> None:
    theirs = bills.Place("bob", "x").to_cursor()

    with pytest.raises(InvalidRequest, match="cursor: is none of this wallet's"):
        read(FakeLedgers({"ann": []}), cursor=theirs)


def test_two_wallets_at_once_are_refused() -> None:
    with pytest.raises(InvalidRequest, match="teamId: cannot be asked together with userId"):
        FocusQuery.model_validate({"month": "2026-11", "userId": "ann", "teamId": "crew"}).require_one()
