"""A month's bill through its function: the money to the nano-dollar, and nobody else's."""

import csv
import io
import time
from decimal import Decimal
from typing import Any

import pytest

from aggregator.auth.caller import Caller
from aggregator.billing import wiring
from aggregator.billing.model import bucket_for
from aggregator.billing.settle_batch import settle_batch
from aggregator.billing.transaction import Order, book
from aggregator.runtime.batch import Message
from tests.fakes.usage_events import ai_usage
from tests.integration.own_calls.platform import Platform, Said, own

MAY_5 = "0196a251ec00"
"""How ids of 5 May 2025, 21:20 UTC, begin."""
APRIL_30 = "019688922000"
PRICE = {"version": "2026-11-23", "input": 150_000_000, "output": 600_000_000}
HELLO = {"inputTokens": 10, "outputTokens": 5}
HELLO_COST = 4_500


def called(
    wallet: str, name: str, *, at: str = MAY_5, held: int = 100_000, lapsed: bool = False, **said: Any
) -> None:
    """One request of ten tokens in and five out, held and settled; with `lapsed` its hold was swept before."""
    bucket = bucket_for(time.time())
    if not lapsed:
        wiring.store().hold(wallet, held, bucket)
    event = ai_usage(
        f"{at}-{name}",
        userId=wallet,
        hold={"amountNanoUsd": held, "bucket": "1" if lapsed else bucket},
        model="gpt-4o-mini",
        usage=HELLO,
        price=PRICE,
        costNanoUsd=HELLO_COST,
        **said,
    )
    assert settle_batch(wiring.store(), [Message("m", event)]) == set()


def booked(wallet: str, name: str, kind: Any, amount: int, refers_to: str | None = None) -> None:
    order = Order(f"{MAY_5}-{name}", wallet, kind, amount, "2025-05-05T21:20:00.000Z", refers_to=refers_to)
    book(wiring.store(), order, now_epoch_seconds=int(time.time()), sleep=time.sleep)


def ask(platform: Platform, by: Caller | None = None, **query: str) -> Said:
    call = own("get_focus")
    asked = {"month": "2025-05", **query}
    return platform.call(call, query=asked) if by is None else platform.call(call, by, query=asked)


def rows(said: Said) -> list[dict[str, str]]:
    assert said.status == 200, said.text
    return list(csv.DictReader(io.StringIO(said.text)))


def billed(said: Said) -> dict[str, Decimal]:
    """What is billed, by category of charge."""
    found: dict[str, Decimal] = {}
    for row in rows(said):
        found[row["ChargeCategory"]] = found.get(row["ChargeCategory"], Decimal()) + Decimal(
            row["BilledCost"]
        )
    return found


def test_a_month_comes_to_what_the_wallet_lost_otherwise_than_by_payments(platform: Platform) -> None:
    booked("payer", "in", "credit", 1_000_000)
    called("payer", "april", at=APRIL_30)
    called("payer", "one")
    called("payer", "two")
    called("payer", "over", held=1_000)  # 3,500 are the platform's loss
    booked("payer", "out", "debit", 500_000)
    booked("payer", "refund", "refund", 1_500, f"{APRIL_30}-april")
    booked("payer", "up", "adjustment", 200)
    left = wiring.store().account("payer").available_nano_usd - 40
    booked("payer", "all", "adjustment", -left)
    called("payer", "late", lapsed=True)  # 40 are there to pay its 4,500 with

    said = ask(platform, userId="payer")

    assert billed(said) == {
        "Usage": Decimal("0.00001004"),  # 4,500 and 4,500 and 1,000 and 40
        "Adjustment": Decimal(-1_500 - 200 + left).scaleb(-9),
    }
    account = wiring.store().account("payer").total_nano_usd
    assert (account, left) == (0, 487_160)
    assert 1_000_000 - 500_000 - HELLO_COST - sum(billed(said).values(), Decimal()).scaleb(9) == account
    assert said.headers["content-type"] == "text/csv; charset=utf-8"
    assert said.headers["x-aggregator-focus-version"] == "1.2"
    (refund,) = [row for row in rows(said) if row["ChargeClass"]]
    assert (refund["BilledCost"], refund["ChargeClass"], refund["PublisherName"]) == (
        "-0.0000015",
        "Correction",
        "openai",
    )


def test_a_team_is_billed_what_its_members_used_and_its_manager_sees_it(platform: Platform) -> None:
    platform.call(own("create_team"), body={"teamId": "focus-crew", "name": "The crew"})
    place = {"teamId": "focus-crew"}
    platform.call(own("set_member"), body={"role": "manager"}, path={**place, "userId": "ann"})
    platform.call(own("set_member"), body={"role": "member"}, path={**place, "userId": "bob"})
    booked("focus-crew", "in", "credit", 1_000_000)
    called("focus-crew", "theirs", teamId="focus-crew")

    said = ask(platform, Caller("k", "ann", scopes=("billing:read",)), teamId="focus-crew")

    assert sum(billed(said).values()) == Decimal("0.0000045")
    assert {(row["SubAccountId"], row["SubAccountName"], row["SubAccountType"]) for row in rows(said)} == {
        ("focus-crew", "The crew", "Team")
    }
    assert ask(platform, Caller("k", "bob", scopes=("billing:read",)), teamId="focus-crew").status == 403
    assert ask(platform, Caller("k", "eve", scopes=("billing:read",)), teamId="focus-crew").status == 404
    assert ask(platform, teamId="no-such-crew").status == 404


def test_one_sees_ones_own_and_an_admin_all(platform: Platform) -> None:
    for user in ("focus-a", "focus-b"):
        booked(user, "in", "credit", 1_000_000)
        called(user, f"of-{user}")
    a = Caller("k", "focus-a", scopes=("billing:read",))

    assert {row["SubAccountId"] for row in rows(ask(platform, a))} == {"focus-a"}
    assert {"focus-a", "focus-b"} <= {row["SubAccountId"] for row in rows(ask(platform, all="true"))}
    others = ask(platform, a, userId="focus-b")
    assert (others.status, others.code) == (403, "forbidden")
    everybody = ask(platform, a, all="true")
    assert (everybody.status, everybody.code) == (403, "missing_scope")


@pytest.mark.parametrize(
    ("query", "param"),
    [
        ({"month": "2026-13"}, "month"),
        ({"month": "2199-01"}, "month"),
        ({"month": "May"}, "month"),
        ({"cursor": "x"}, "cursor"),
        ({"userId": "ann", "all": "true"}, "all"),
        ({"all": "perhaps"}, "all"),
        ({"limit": "5"}, "limit"),
    ],
)
def test_what_is_no_bill_is_refused_by_its_field(
    platform: Platform, query: dict[str, str], param: str
) -> None:
    said = ask(platform, None, **query)

    assert (said.status, said.param) == (400, param)


def test_the_month_has_to_be_said(platform: Platform) -> None:
    said = platform.call(own("get_focus"))

    assert (said.status, said.param) == (400, "month")
