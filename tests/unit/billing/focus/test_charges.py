"""What entries come to on a bill: each meter of each request, refunds, adjustments; payments are no charges."""

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.billing.cost import PER, cost_of
from aggregator.billing.entry import CASH, Entry, Posting
from aggregator.billing.focus.charges import Called, Charge, Day, shared
from aggregator.billing.focus.meters import metered
from aggregator.billing.price import Usage
from tests.unit.billing.focus.month import NOV_24, OCTOBER_31, PRICE, PRICES, booked, called, moved
from tests.unit.billing.test_price import PAID_APART, TIERED, usages

HELLO = Usage(input_tokens=10, output_tokens=5)
HELLO_COST = 4_500


def charges(entries: Iterable[Entry], known: Iterable[Entry] = ()) -> list[Charge]:
    by_id = {entry.id: entry for entry in known}
    day = Day("2026-11-24", PRICES, by_id.get)
    for entry in entries:
        day.add(entry)
    return list(day.charges())


def rows(entries: Iterable[Entry]) -> list[tuple[str, int, int, int, int]]:
    """Meter, quantity, list price, price, billed."""
    return [
        (each.metered.meter.name, each.metered.quantity, each.metered.list_price, each.metered.price,
         each.billed_nano_usd)
        for each in charges(entries) if each.metered is not None
    ]  # fmt: skip


def test_a_request_is_a_row_for_each_meter() -> None:
    usage = Usage(
        input_tokens=1_000,
        cached_input_tokens=300,
        cache_write_tokens=100,
        cache_write_hour_tokens=40,
        output_tokens=50,
        reasoning_tokens=20,
        images=2,
        tools=(("web_search", 3),),
    )

    assert rows([called("a", usage)]) == [
        ("Cache Write Tokens", 60, 150_000_000, 150_000_000, 9_000),
        ("Cache Write Tokens for an Hour", 40, 150_000_000, 150_000_000, 6_000),
        ("Cached Input Tokens", 300, 75_000_000, 75_000_000, 22_500),
        ("Calls of web_search", 3, 10_000_000, 10_000_000, 30_000_000),
        ("Images", 2, 1_000_000, 1_000_000, 2_000_000),
        ("Input Tokens", 600, 150_000_000, 150_000_000, 90_000),
        ("Output Tokens", 30, 600_000_000, 600_000_000, 18_000),
        ("Reasoning Tokens", 20, 600_000_000, 600_000_000, 12_000),
    ]


def test_requests_of_one_day_key_model_and_price_are_added_up() -> None:
    assert rows([called("a", HELLO), called("b", HELLO)]) == [
        ("Input Tokens", 20, 150_000_000, 150_000_000, 3_000),
        ("Output Tokens", 10, 600_000_000, 600_000_000, 6_000),
    ]


def test_keys_users_tiers_and_lengths_of_input_are_told_apart() -> None:
    entries = [
        called("a", HELLO),
        called("b", HELLO, key="k2"),
        called("c", HELLO, by="bob"),
        called("d", HELLO._replace(service_tier="flex")),
        called("e", HELLO._replace(input_tokens=1_001)),
    ]

    assert [each.called for each in charges(entries)][::2] == [
        Called("k1", "gpt-4o-mini", "openai", "7"),
        Called("k1", "gpt-4o-mini", "openai", "7", user_id="bob"),
        Called("k1", "gpt-4o-mini", "openai", "7", above_input_tokens=1_000),
        Called("k1", "gpt-4o-mini", "openai", "7", service_tier="flex"),
        Called("k2", "gpt-4o-mini", "openai", "7"),
    ]


def test_a_markup_is_in_the_price_and_not_in_the_list_price() -> None:
    assert rows([called("a", HELLO, percent=110)]) == [
        ("Input Tokens", 10, 150_000_000, 165_000_000, 1_650),
        ("Output Tokens", 5, 600_000_000, 660_000_000, 3_300),
    ]


def test_what_the_platform_lost_is_not_billed() -> None:
    assert rows([called("a", HELLO, charged=1_000)]) == [
        ("Input Tokens", 10, 150_000_000, 150_000_000, 333),
        ("Output Tokens", 5, 600_000_000, 600_000_000, 667),
    ]


def test_a_request_that_held_nothing_and_so_costs_nothing_is_billed_nothing() -> None:
    assert [each.billed_nano_usd for each in charges([called("a", HELLO, charged=0)])] == [0, 0]


def test_a_request_without_any_usage_is_on_no_bill() -> None:
    assert charges([called("a", Usage())]) == []


def test_what_has_a_price_that_is_not_known_any_more_is_billed_by_the_dollar() -> None:
    (only,) = charges([called("a", HELLO, version="5")])

    assert only.metered is not None
    assert (only.metered.meter.name, only.metered.quantity, only.metered.millionths) == (
        "Charges",
        HELLO_COST,
        HELLO_COST * 1_000_000,
    )
    assert (only.billed_nano_usd, only.consumed) == (HELLO_COST, 15)


def test_payments_in_and_out_are_no_charges() -> None:
    debit = booked("b", "debit", 3_000)

    assert charges([booked("a", "credit", 9_000), debit, booked("c", "refund", 1_000, refunded=debit)]) == []


def test_a_payment_that_was_taken_back_and_is_spent_is_no_charge_either() -> None:
    assert charges([moved("a", "debit", wallet=-3_000, platform_loss=-2_000, cash=5_000)]) == []


def test_a_refund_is_an_adjustment_of_what_was_called() -> None:
    charge = called("a", HELLO)

    (refund,) = charges([booked("b", "refund", 2_000, refunded=charge)], known=[charge])

    assert (refund.category, refund.billed_nano_usd, refund.is_correction) == ("Adjustment", -2_000, False)
    assert (refund.called, refund.refers_to) == (Called("k1", "gpt-4o-mini", "openai", "7"), charge.id)


def test_a_refund_of_what_an_earlier_month_billed_is_a_correction() -> None:
    charge = called("a", HELLO, at=OCTOBER_31)

    (refund,) = charges([booked("b", "refund", 2_000, refunded=charge)], known=[charge])

    assert refund.is_correction


@pytest.mark.parametrize(("amount", "billed"), [(5_000, -5_000), (-5_000, 5_000)])
def test_an_adjustment_is_billed_as_what_it_takes(amount: int, billed: int) -> None:
    (adjustment,) = charges([booked("a", "adjustment", amount, description="an hour of errors")])

    assert (adjustment.category, adjustment.billed_nano_usd) == ("Adjustment", billed)
    assert adjustment.description == "an hour of errors"


def test_what_is_given_and_not_paid_is_a_credit() -> None:
    (credit,) = charges([moved("a", "credit", wallet=7_000, promotions=-5_000, cash=-2_000)])

    assert (credit.category, credit.billed_nano_usd) == ("Credit", -5_000)


def test_what_a_grant_pays_is_billed_and_is_a_credit_beside_it() -> None:
    *used, credit = charges([called("a", HELLO, granted=3_000), called("b", HELLO, granted=500)])

    assert [each.billed_nano_usd for each in used] == [3_000, 6_000]
    assert (credit.category, credit.billed_nano_usd, credit.grant_id) == ("Credit", -3_500, "spring")
    assert credit.called == Called("k1", "gpt-4o-mini", "openai", "7")


def test_a_grant_alone_and_its_end_bill_nothing() -> None:
    given = Entry(f"{NOV_24}-g", "ann", "grant", "", (Posting("grant:spring", 9), Posting("promotion", -9)))
    ended = Entry(f"{NOV_24}-e", "ann", "expiry", "", (Posting("grant:spring", -9), Posting("promotion", 9)))

    assert charges([given, ended]) == []


def test_of_a_refund_the_part_that_a_grant_had_paid_goes_to_no_bill() -> None:
    legs = (Posting("user:ann", 300), Posting("grant:spring", 200), Posting("revenue", -500))

    (refund,) = charges([Entry(f"{NOV_24}-r", "ann", "refund", "", legs)])

    assert (refund.category, refund.billed_nano_usd) == ("Adjustment", -300)


amounts = st.integers(1, 10**9)


@st.composite
def histories(draw: st.DrawFn) -> list[Entry]:
    """Requests (some charged less than they cost), and all else that an operator books."""
    entries: list[Entry] = []
    for n in range(draw(st.integers(0, 12))):
        kind = draw(st.sampled_from(["usage", "credit", "debit", "adjustment", "refund", "gift"]))
        if kind == "usage":
            usage = draw(usages())._replace(tools=(), service_tier=draw(st.sampled_from(["", "flex"])))
            percent, version = draw(st.sampled_from([100, 110, 37])), draw(st.sampled_from([None, None, "5"]))
            cost = cost_of(usage, PRICE.scaled(percent))
            charged = draw(st.one_of(st.none(), st.integers(0, cost)))
            granted = draw(st.integers(0, cost if charged is None else charged))
            entries.append(
                called(f"{n}", usage, percent=percent, version=version, charged=charged, granted=granted)
            )
        elif kind == "gift":
            amount = draw(amounts)
            entries.append(moved(f"{n}", "credit", wallet=amount, promotions=-amount))
        elif kind != "refund":
            entries.append(booked(f"{n}", kind, draw(amounts)))
        else:
            taken = [each for each in entries if each.amount_nano_usd < 0]
            if taken:
                refunded = draw(st.sampled_from(taken))
                entries.append(
                    booked(
                        f"{n}", "refund", draw(st.integers(1, -refunded.amount_nano_usd)), refunded=refunded
                    )
                )
    return entries


@given(histories())
def test_a_bill_comes_to_what_the_ledger_took_of_the_wallet_but_for_payments(entries: list[Entry]) -> None:
    money_after = sum(
        each.amount_nano_usd for entry in entries for each in entry.postings if each.account == "user:ann"
    )
    paid_in = -sum(
        each.amount_nano_usd for entry in entries for each in entry.postings if each.account == CASH
    )

    billed = sum(charge.billed_nano_usd for charge in charges(entries, known=entries))

    assert paid_in - billed == money_after


@given(usages(), st.sampled_from([PAID_APART, TIERED, PRICE]))
def test_meters_add_up_to_the_cost(usage: Usage, price: object) -> None:
    assert isinstance(price, type(PRICE))

    millionths = sum(each.millionths for each in metered(usage, price, price))

    assert -(-millionths // PER) == cost_of(usage, price)


@given(st.integers(-(10**15), 10**15), st.lists(st.integers(0, 10**15), min_size=1).filter(any))
def test_shares_add_up_to_the_whole_and_each_is_near_its_part(amount: int, weights: list[int]) -> None:
    shares = shared(amount, weights)

    assert sum(shares) == amount
    assert all(
        abs(share * sum(weights) - amount * weight) <= len(weights) * sum(weights)
        for share, weight in zip(shares, weights, strict=True)
    )
