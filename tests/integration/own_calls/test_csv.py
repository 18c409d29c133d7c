"""A statement as CSV: whole, or honest about what is left, and no cell of it is a formula."""

import csv
import io
from urllib.parse import parse_qsl

import pytest

from aggregator.billing import statement_csv, wiring
from aggregator.billing.transaction import Order, entry_of
from tests.integration.own_calls.platform import Platform, Said, own

AS_CSV = {"Accept": "text/csv"}
IN_MAY = {"from": "2026-05-01T00:00:00Z", "to": "2026-06-01T00:00:00Z"}
MAY_MS = 1_777_939_200_000


def booked(user_id: str, count: int) -> None:
    for number in range(count):
        order = Order(
            f"{MAY_MS + number:012x}-x", user_id, "credit", 1_000_000_000, "2026-05-05T00:00:00.000Z"
        )
        wiring.store().book(entry_of(order))


def lines(said: Said) -> list[dict[str, str]]:
    assert said.status == 200
    return list(csv.DictReader(io.StringIO(said.text)))


def ask(platform: Platform, user_id: str, **query: str) -> Said:
    call = own("list_transactions")
    return platform.call(call, path={"userId": user_id}, query={**IN_MAY, **query}, headers=AS_CSV)


def test_a_statement_goes_on_behind_its_first_page(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(statement_csv, "_PAGE", 25)
    booked("whole", 60)

    said = ask(platform, "whole")

    ids = [line["id"] for line in lines(said)]
    assert (len(ids), len(set(ids)), ids == sorted(ids, reverse=True)) == (60, 60, True)
    assert "link" not in said.headers
    assert said.headers["content-type"] == "text/csv; charset=utf-8"


def test_a_statement_that_is_cut_says_where_the_rest_begins(platform: Platform) -> None:
    booked("cut", 7)

    first = ask(platform, "cut", limit="5")
    query = dict(parse_qsl(first.headers["link"].removeprefix("<?").partition(">")[0]))
    rest = ask(platform, "cut", **query)

    assert first.headers["link"].endswith('>; rel="next"')
    assert first.headers["x-aggregator-next-cursor"] == query["cursor"]
    assert (len(lines(first)), len(lines(rest)), "link" in rest.headers) == (5, 2, False)
    assert len({line["id"] for line in lines(first) + lines(rest)}) == 7


@pytest.mark.parametrize("limit", [("_MOST_BYTES", 1), ("_MOST_MS", -1.0)])
def test_no_statement_ends_without_a_word(
    platform: Platform, monkeypatch: pytest.MonkeyPatch, limit: tuple[str, float]
) -> None:
    user_id = f"long{limit[0]}"
    booked(user_id, 5)
    monkeypatch.setattr(statement_csv, "_PAGE", 2)
    monkeypatch.setattr(statement_csv, *limit)
    seen, cursor = [], ""

    for _ in range(3):
        said = ask(platform, user_id, **({"cursor": cursor} if cursor else {}))
        seen.append(len(lines(said)))
        cursor = said.headers.get("x-aggregator-next-cursor", "")

    assert (seen, cursor) == ([2, 2, 1], "")


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "\n1", "\r\n=1", " =1", "\u3000=1", "\ufeff=1", "\x00=1",
     "\N{FULLWIDTH EQUALS SIGN}1", "\N{FULLWIDTH PLUS SIGN}1", "\N{FULLWIDTH HYPHEN-MINUS}1", "\N{MINUS SIGN}1",
     "\N{FULLWIDTH COMMERCIAL AT}A", "\N{SMALL HYPHEN-MINUS}1", "\u2028=1", "\x0b=1"],
)  # fmt: skip
def test_no_text_of_a_client_is_a_formula(platform: Platform, text: str) -> None:
    body = {"userId": "calc", "type": "adjustment", "amount": "-0.01", "description": text, "refersTo": text}
    credit = {"userId": "calc", "type": "credit", "amount": "1.00"}
    assert platform.call(own("create_transaction"), body=credit).status == 201
    assert platform.call(own("create_transaction"), body=body).status == 201

    said = platform.call(
        own("list_transactions"),
        path={"userId": "calc"},
        query={"from": "2025-01-01T00:00:00Z", "limit": "1"},
        headers=AS_CSV,
    )
    (row,) = csv.reader(io.StringIO(said.text.partition("\r\n")[2], newline=""))

    assert (row[3], row[5], row[6]) == ("-0.01", f"'{text}", f"'{text}")


@pytest.mark.parametrize("text", ["Top-up", "5 = 5", "ä", "'", "a\nb", ""])
def test_other_texts_stay_as_they_are(platform: Platform, text: str) -> None:
    body = {"userId": "plain", "type": "credit", "amount": "1.00", "description": text}
    assert platform.call(own("create_transaction"), body=body).status == 201

    query = {"from": "2025-01-01T00:00:00Z", "limit": "1"}
    said = platform.call(own("list_transactions"), path={"userId": "plain"}, query=query, headers=AS_CSV)

    assert next(csv.DictReader(io.StringIO(said.text, newline="")))["description"] == text


@pytest.mark.parametrize("accept", ["text/csv;q=0", "*/*", "application/json, text/csv;q=0.5"])
def test_who_does_not_want_csv_gets_json(platform: Platform, accept: str) -> None:
    said = platform.call(own("list_transactions"), headers={"Accept": accept})

    assert (said.status, said.headers["content-type"], said.headers["vary"]) == (
        200,
        "application/json",
        "Accept",
    )
    assert said.body["entries"] == []
