"""Top-ups from the first click to the ledger, by Stripe's own library, against a stand-in as strict as Stripe."""

import json
import time
from collections.abc import Callable
from typing import Any

import boto3
import pytest

from aggregator.payments import compare
from aggregator.payments import wiring as payments
from aggregator.payments.gateway import StripeGateway
from aggregator.payments.keys import StripeKeys, StripeSecret
from aggregator.runtime.boto_client import BotoClient
from aggregator.runtime.observability import logger
from local.payments.stripe import API_KEY, WEBHOOK_SECRET, StripeStandIn, sign
from tests.integration.own_calls.conftest import posted
from tests.integration.own_calls.platform import OwnCall, Platform, Said, own

EVENTS = OwnCall("billing/take_stripe_event", "POST", "/billing/stripe-events", "")
Event = tuple[bytes, str]


def tell(platform: Platform, event: Event, **headers: str) -> Said:
    payload, signature = event
    return platform.call(EVENTS, {}, body=payload.decode(), headers={"Stripe-Signature": signature} | headers)


def latest(act: Callable[[], Any]) -> Event:
    """What the stand-in would post because of this."""
    posted.clear()
    act()
    return posted[-1]


def topped_up(platform: Platform, stand_in: StripeStandIn, user_id: str, amount: str) -> tuple[str, Event]:
    """A top-up that was paid: the payment's id, and its event, which nobody was told yet."""
    made = platform.call(own("create_topup"), body={"userId": user_id, "amount": amount})
    assert made.status == 201, made.text
    event = latest(lambda: stand_in.pay(made.body["id"]))
    payment = stand_in.sessions[made.body["id"]]["payment_intent"]
    return payment, event


def total(platform: Platform, user_id: str) -> str:
    found: str = platform.call(own("get_balance"), path={"userId": user_id}).body["total"]
    return found


def entries(platform: Platform, user_id: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = platform.call(own("list_transactions"), path={"userId": user_id}).body[
        "entries"
    ]
    return found


def test_a_topup_is_a_page_to_pay_at_and_credits_once_it_is_paid(
    platform: Platform, stripe_stand_in: StripeStandIn
) -> None:
    key = platform.key("keys:manage", "billing:read")
    made = platform.call(own("create_topup"), key, body={"amount": "25.50"})

    assert made.status == 201, made.text
    assert made.body["url"] == f"{stripe_stand_in.url}/pay/{made.body['id']}"
    assert (made.body["userId"], made.body["amount"], made.body["currency"]) == ("ann", "25.50", "USD")
    session = stripe_stand_in.sessions[made.body["id"]]
    assert session["success_url"].endswith("/console/#/statement")
    assert session["metadata"] == session["of_payment"] == {"aggregator_user_id": "ann"}
    assert total(platform, "ann") == "0.00"

    taken = tell(platform, latest(lambda: stripe_stand_in.pay(made.body["id"])))

    (entry,) = entries(platform, "ann")
    assert (taken.status, taken.body["entryId"]) == (200, entry["id"])
    assert (entry["type"], entry["amount"]) == ("credit", "25.50")
    assert entry["description"] == f"Top-up ({session['payment_intent']})"
    assert entry["postings"] == [
        {"account": "user:ann", "amount": "25.50"},
        {"account": "cash", "amount": "-25.50"},
    ]


def test_an_event_that_comes_again_books_nothing(platform: Platform, stripe_stand_in: StripeStandIn) -> None:
    _, event = topped_up(platform, stripe_stand_in, "bea", "10.00")

    first, second = tell(platform, event), tell(platform, event)
    late = tell(platform, (event[0].replace(b"completed", b"async_payment_succeeded"), ""))

    assert (first.status, second.status) == (200, 200)
    assert first.body == second.body
    assert late.status == 400  # its signature is another's
    assert total(platform, "bea") == "10.00"
    assert len(entries(platform, "bea")) == 1


def test_a_session_that_is_not_paid_yet_credits_nothing_until_it_is(
    platform: Platform, stripe_stand_in: StripeStandIn
) -> None:
    made = platform.call(own("create_topup"), body={"userId": "cal", "amount": "10.00"}).body
    session = stripe_stand_in.sessions[made["id"]] | {"status": "complete", "payment_intent": "pi_slow"}
    waiting = latest(lambda: stripe_stand_in.tell("checkout.session.completed", session))
    arrived = session | {"payment_status": "paid"}
    paid = latest(lambda: stripe_stand_in.tell("checkout.session.async_payment_succeeded", arrived))

    assert tell(platform, waiting).body == {"received": True, "entryId": None}
    assert total(platform, "cal") == "0.00"
    assert tell(platform, paid).body["entryId"].endswith("-stripe-pi_slow")
    assert total(platform, "cal") == "10.00"


def test_what_is_not_signed_or_old_or_changed_is_refused_and_books_nothing(
    platform: Platform, stripe_stand_in: StripeStandIn
) -> None:
    _, (payload, _) = topped_up(platform, stripe_stand_in, "dan", "10.00")
    now = int(time.time())
    signatures = [
        "",
        "t=abc,v1=00",
        "v1=00",
        sign(payload, "whsec_other", now),
        sign(payload, WEBHOOK_SECRET, now - 301),
        sign(payload.replace(b"1000", b"9999"), WEBHOOK_SECRET, now),
        sign(payload, WEBHOOK_SECRET, now).replace("v1=", "v0="),
    ]

    said = [tell(platform, (payload, signature)) for signature in signatures]

    assert [(each.status, each.code, each.param) for each in said] == [
        (400, "invalid_request", "Stripe-Signature")
    ] * len(signatures)
    assert total(platform, "dan") == "0.00"
    assert tell(platform, (payload, sign(payload, WEBHOOK_SECRET, now - 290))).status == 200


def test_both_secrets_count_while_one_is_being_replaced(
    platform: Platform, stripe_stand_in: StripeStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = {
        "apiKey": API_KEY,
        "webhookSecrets": ["whsec_new", WEBHOOK_SECRET],
        "apiBase": stripe_stand_in.url,
    }
    boto3.client("secretsmanager").create_secret(Name="two", SecretString=json.dumps(keys))
    secret = StripeSecret(BotoClient("secretsmanager"), "two", time.monotonic, stand_in=True)
    _, (payload, old) = topped_up(platform, stripe_stand_in, "eva", "10.00")
    monkeypatch.setattr(payments, "_secret", lambda: secret)

    by_old = tell(platform, (payload, old))
    by_new = tell(platform, (payload, sign(payload, "whsec_new", int(time.time()))))

    assert (by_old.status, by_new.status) == (200, 200)
    assert total(platform, "eva") == "10.00"


def test_a_refund_is_taken_from_the_wallet_and_comes_back_if_it_fails(
    platform: Platform, stripe_stand_in: StripeStandIn
) -> None:
    payment, event = topped_up(platform, stripe_stand_in, "fay", "10.00")
    tell(platform, event)
    client = StripeGateway(StripeKeys(API_KEY, (), stripe_stand_in.url))._client

    refunded = latest(lambda: client.v1.refunds.create({"payment_intent": payment, "amount": 400}))
    said = [tell(platform, refunded), tell(platform, refunded)]
    after = total(platform, "fay")
    about = json.loads(refunded[0])["data"]["object"] | {"status": "failed"}
    tell(platform, latest(lambda: stripe_stand_in.tell("refund.failed", about)))

    assert [each.status for each in said] == [200, 200]
    assert after == "6.00"
    assert total(platform, "fay") == "10.00"
    assert sorted((each["type"], each["amount"]) for each in entries(platform, "fay")) == [
        ("credit", "10.00"),
        ("credit", "4.00"),
        ("debit", "-4.00"),
    ]


def test_a_dispute_over_what_is_spent_leaves_nothing_below_zero_and_says_the_loss(
    platform: Platform, stripe_stand_in: StripeStandIn
) -> None:
    payment, event = topped_up(platform, stripe_stand_in, "gus", "10.00")
    tell(platform, event)
    spent = {"userId": "gus", "type": "debit", "amount": "7.00"}
    assert platform.call(own("create_transaction"), body=spent).status == 201

    said = tell(platform, latest(lambda: stripe_stand_in.dispute(payment)))
    lost = total(platform, "gus")
    won = tell(platform, latest(lambda: stripe_stand_in.dispute(payment, won=True)))

    entry = next(each for each in entries(platform, "gus") if each["id"] == said.body["entryId"])
    assert entry["postings"] == [
        {"account": "user:gus", "amount": "-3.00"},
        {"account": "platform_loss", "amount": "-7.00"},
        {"account": "cash", "amount": "10.00"},
    ]
    assert lost == "0.00"
    assert (won.status, total(platform, "gus")) == (200, "10.00")
    (fee,) = [each for each in entries(platform, "gus") if each["id"].endswith("-withdrawn-fee")]
    assert (fee["type"], fee["amount"], fee["postings"]) == (
        "debit",
        "0.00",
        [
            {"account": "user:gus", "amount": "0.00"},
            {"account": "platform_loss", "amount": "-15.00"},
            {"account": "cash", "amount": "15.00"},
        ],
    )


@pytest.mark.parametrize(
    ("kind", "about"),
    [
        ("customer.created", {"id": "cus_1", "created": 1}),
        ("checkout.session.completed", {"metadata": {}, "payment_status": "paid", "currency": "usd"}),
        ("refund.created", {"id": "re_1", "payment_intent": None}),
    ],
)
def test_what_is_none_of_ours_is_taken_and_books_nothing(
    platform: Platform, stripe_stand_in: StripeStandIn, kind: str, about: dict[str, Any]
) -> None:
    said = tell(platform, latest(lambda: stripe_stand_in.tell(kind, about)))

    assert (said.status, said.body) == (200, {"received": True, "entryId": None})


@pytest.mark.parametrize(
    "payload",
    [
        b"{",
        b"[]",
        b"{}",
        b'{"type": "refund.created", "data": {"object": {"payment_intent": "pi_1", "currency": "usd"}}}',
    ],
)
def test_what_is_signed_and_no_event_is_a_400(platform: Platform, payload: bytes) -> None:
    said = tell(platform, (payload, sign(payload, WEBHOOK_SECRET, int(time.time()))))

    assert (said.status, said.code) == (400, "invalid_request")


@pytest.mark.parametrize("amount", ["0.99", "10000.01", "5.001", "-5", "5,00", "1e2", "abc"])
def test_an_amount_that_cannot_be_paid_is_named(platform: Platform, amount: str) -> None:
    said = platform.call(own("create_topup"), body={"amount": amount})

    assert (said.status, said.param) == (400, "amount")


def test_a_key_tops_up_its_own_user_alone(platform: Platform) -> None:
    said = platform.call(
        own("create_topup"), platform.key("keys:manage"), body={"userId": "bob", "amount": "5"}
    )

    assert (said.status, said.code) == (403, "forbidden")


def test_a_repetition_gets_the_same_page_and_another_amount_is_refused(platform: Platform) -> None:
    again = {"Idempotency-Key": "order-1"}
    frozen = int(time.time())

    first = platform.call(own("create_topup"), body={"amount": "5"}, headers=again)
    other = platform.call(own("create_topup"), body={"amount": "6"}, headers=again)

    assert (first.status, int(time.time()) - frozen < 60) == (201, True)
    assert (other.status, other.param) == (400, "Idempotency-Key")


def test_without_an_account_there_top_ups_are_off(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    boto3.client("secretsmanager").create_secret(Name="none", SecretString="{}")
    secret = StripeSecret(BotoClient("secretsmanager"), "none", time.monotonic)
    monkeypatch.setattr(payments, "_secret", lambda: secret)

    made = platform.call(own("create_topup"), body={"amount": "5"})
    told = tell(platform, (b"{}", ""))

    assert [(each.status, each.code) for each in (made, told)] == [(501, "payments_off")] * 2


def test_a_key_that_stripe_does_not_know_is_ours_to_mend_and_names_nothing(
    platform: Platform, stripe_stand_in: StripeStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = {"apiKey": "sk_live_secret", "webhookSecrets": [], "apiBase": stripe_stand_in.url}
    boto3.client("secretsmanager").create_secret(Name="wrong", SecretString=json.dumps(keys))
    secret = StripeSecret(BotoClient("secretsmanager"), "wrong", time.monotonic, stand_in=True)
    monkeypatch.setattr(payments, "_secret", lambda: secret)

    said = platform.call(own("create_topup"), body={"amount": "5"})

    assert (said.status, said.code, said.headers["retry-after"]) == (503, "service_unavailable", "5")
    assert "sk_" not in said.text


def test_a_payment_whose_event_never_came_is_found_booked_and_told(
    platform: Platform, stripe_stand_in: StripeStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[float] = []
    monkeypatch.setattr(compare, "count", lambda _, value: told.append(value))
    payments.compare()  # what other tests left untold
    payment, event = topped_up(platform, stripe_stand_in, "ivy", "10.00")
    client = StripeGateway(StripeKeys(API_KEY, (), stripe_stand_in.url))._client
    client.v1.refunds.create({"payment_intent": payment, "amount": 250})
    topped_up(platform, stripe_stand_in, "jim", "5.00")
    assert (total(platform, "ivy"), total(platform, "jim")) == ("0.00", "0.00")
    told.clear()

    first, second = payments.compare(), payments.compare()
    late = tell(platform, event)

    assert (first.missed, second.missed, second.told) == (3, 0, first.told)
    assert told == [3, 0]
    assert (total(platform, "ivy"), total(platform, "jim")) == ("7.50", "5.00")
    assert late.status == 200
    assert total(platform, "ivy") == "7.50"


@pytest.mark.promise("books")
def test_disputes_with_their_fees_and_what_came_back_are_compared_and_named_by_id(
    platform: Platform, stripe_stand_in: StripeStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    named: list[tuple[str, str]] = []
    payments.compare()  # what other tests left untold
    monkeypatch.setattr(logger, "error", lambda said, **of: named.append((said, of["entry_id"][13:])))
    payment, event = topped_up(platform, stripe_stand_in, "kay", "10.00")
    tell(platform, event)
    stripe_stand_in.dispute(payment)
    taken = payments.compare()
    after = total(platform, "kay")
    stripe_stand_in.dispute(payment, won=True, cents=900)

    back, again = payments.compare(), payments.compare()

    assert (taken.missed, after) == (2, "0.00")
    assert (back.missed, again.missed, total(platform, "kay")) == (1, 0, "9.00")
    assert named == [
        ("Payment not in the ledger", f"stripe-dp_{payment}-withdrawn"),
        ("Payment not in the ledger", f"stripe-dp_{payment}-withdrawn-fee"),
        ("Payment not in the ledger", f"stripe-dp_{payment}-reinstated"),
    ]
    cash = [
        posting["amount"]
        for entry in entries(platform, "kay")
        for posting in entry["postings"]
        if posting["account"] == "cash"
    ]
    assert sorted(cash) == ["-10.00", "-9.00", "10.00", "15.00"]


def test_what_the_ledger_has_with_another_amount_is_named_and_left_alone(
    platform: Platform, stripe_stand_in: StripeStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    payment, event = topped_up(platform, stripe_stand_in, "lou", "10.00")
    tell(platform, event)
    tell(platform, latest(lambda: stripe_stand_in.dispute(payment)))
    payments.compare()  # what other tests left untold
    named: list[tuple[str, str]] = []
    monkeypatch.setattr(logger, "error", lambda said, **of: named.append((said, of["entry_id"][13:])))
    fee = stripe_stand_in.balance.transactions[-1][0]
    fee["fee"] = 2000

    found = payments.compare()
    fee["fee"] = 1500

    assert (found.missed, named) == (1, [("Payment booked otherwise", f"stripe-dp_{payment}-withdrawn-fee")])
    assert total(platform, "lou") == "0.00"


def test_a_refund_that_failed_untold_comes_back_by_the_comparison(
    platform: Platform, stripe_stand_in: StripeStandIn
) -> None:
    payment, event = topped_up(platform, stripe_stand_in, "moe", "10.00")
    tell(platform, event)
    client = StripeGateway(StripeKeys(API_KEY, (), stripe_stand_in.url))._client
    tell(platform, latest(lambda: client.v1.refunds.create({"payment_intent": payment, "amount": 400})))
    payments.compare()  # what other tests left untold
    assert total(platform, "moe") == "6.00"
    stripe_stand_in.balance.fail_refund(stripe_stand_in.refunds[-1])

    assert (payments.compare().missed, total(platform, "moe")) == (1, "10.00")


@pytest.mark.usefixtures("started")
def test_without_an_account_there_is_nothing_to_compare(monkeypatch: pytest.MonkeyPatch) -> None:
    secret = StripeSecret(BotoClient("secretsmanager"), "not-there", time.monotonic)
    monkeypatch.setattr(payments, "_secret", lambda: secret)

    assert payments.compare().told == 0
