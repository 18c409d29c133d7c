"""Alerts by mail: in words, to the user's own address alone; what SES refuses is for the operator to mend."""

import json
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from aggregator.alerts import deliver, webhooks
from aggregator.alerts.mail import letter
from aggregator.alerts.model import KINDS, RETRY_SECONDS, Alert, Delivery, Webhook
from aggregator.alerts.tell import tell
from aggregator.errors import InvalidRequest
from tests.unit.alerts.alerts_world import NOW, AlertsWorld

FAILED = {"reason": "card_declined", "amountUsd": "25.00", "automatic": True, "paused": True}
ALERT = Alert("ann", "topup.failed", "topup 1", FAILED)


def subscribed(
    world: AlertsWorld, url: str = "mailto:Ann@example.com", own: str | None = "ann@example.com"
) -> Webhook:
    return webhooks.add(
        "ann", url, None, store=world.store, now=NOW, this_machine=False, own_address=lambda: own
    )


def told(world: AlertsWorld) -> None:
    """The test is sent, and an alert waits."""
    world.run()
    world.mailed.clear()
    world.now += timedelta(seconds=1)
    tell(ALERT, world.store.webhooks("ann"), world.store, world.now)


def test_an_alert_is_mailed_in_words_with_the_way_out() -> None:
    world = AlertsWorld()
    webhook = subscribed(world)
    assert (webhook.secret, webhook.kinds) == ("", KINDS)
    told(world)

    assert world.run() == 1
    (mail,) = world.mailed
    assert mail["FromEmailAddress"] == "alerts@platform.example"
    assert mail["Destination"] == {"ToAddresses": ["ann@example.com"]}
    simple = mail["Content"]["Simple"]
    assert simple["Subject"]["Data"] == "A top-up came to nothing (ann)"
    assert simple["Body"]["Text"]["Data"] == (
        "The top-up of 25.00 USD was not paid: card declined. Automatic top-ups are paused until you set them again."
        f"\n\nTo hear of nothing more: DELETE /alerts/webhooks/{webhook.webhook_id}\n"
    )
    assert [(each.state, each.last_answer) for each in world.deliveries()] == [("delivered", "sent")] * 2
    assert world.sent == []


@pytest.mark.parametrize(
    ("kind", "data", "subject", "words"),
    [
        (
            "balance.low",
            {"totalUsd": "4.00", "thresholdUsd": "5.00", "spentADayUsd": "2.00", "daysLeft": 2},
            "Your balance is low (ann)",
            (
                "4.00 USD are left, less than the 5.00 USD that you set. A day costs 2.00 USD by the last seven. "
                "At this rate it lasts 2 days."
            ),
        ),
        (
            "balance.low",
            {"totalUsd": "4.00", "thresholdUsd": "5.00", "spentADayUsd": "0.00", "daysLeft": None},
            "Your balance is low (ann)",
            "4.00 USD are left, less than the 5.00 USD that you set. A day costs 0.00 USD by the last seven.",
        ),
        (
            "budget.reached",
            {
                "keyId": "k1",
                "keyName": "laptop",
                "period": "day",
                "percent": 80,
                "budgetUsd": "5.00",
                "spentUsd": "4.12",
                "beginsAnewAt": "2026-11-24T00:00:00.000Z",
            },
            "80 % of a budget are used (ann)",
            (
                "The key laptop (k1) has spent 4.12 USD. The budget is 5.00 USD a day, "
                "which begins anew at 2026-11-24T00:00:00.000Z."
            ),
        ),
        (
            "budget.reached",
            {
                "teamId": "ops",
                "teamName": "Operations",
                "level": "team",
                "period": "month",
                "percent": 80,
                "budgetUsd": "10.00",
                "spentUsd": "8.00",
                "beginsAnewAt": "2026-12-01T00:00:00.000Z",
            },
            "80 % of a budget are used (ann)",
            (
                "The team Operations (ops) has spent 8.00 USD. The budget is 10.00 USD a month, "
                "which begins anew at 2026-12-01T00:00:00.000Z."
            ),
        ),
        (
            "budget.reached",
            {
                "teamId": "ops",
                "teamName": "Operations",
                "level": "member",
                "period": "month",
                "percent": 100,
                "budgetUsd": "2.00",
                "spentUsd": "2.00",
                "beginsAnewAt": "2026-12-01T00:00:00.000Z",
            },
            "100 % of a budget are used (ann)",
            (
                "In the team Operations (ops) you have spent 2.00 USD. The budget is 2.00 USD a month, "
                "which begins anew at 2026-12-01T00:00:00.000Z."
            ),
        ),
        (
            "key.expiring",
            {"keyId": "k1", "keyName": "laptop", "expiresAt": "2026-11-24T00:00:00.000Z"},
            "An API key ends soon (ann)",
            "The key laptop (k1) works until 2026-11-24T00:00:00.000Z, and not after that.",
        ),
        (
            "model.retiring",
            {"model": "mini", "retiresAt": "2026-12-01"},
            "A model goes soon (ann)",
            "mini, which you used, can be called until 2026-12-01.",
        ),
        (
            "topup.failed",
            {"reason": "expired", "amountUsd": "7.00", "automatic": False, "paused": False},
            "A top-up came to nothing (ann)",
            "The top-up of 7.00 USD was not paid: expired.",
        ),
        (
            "test",
            {"webhookId": "a"},
            "Alerts arrive here (ann)",
            "This address hears of your alerts from now on.",
        ),
        ("another.kind", {"size": 3}, "An alert (ann)", "userId: ann\nsize: 3"),
    ],
)
def test_each_kind_has_its_words(kind: str, data: dict[str, Any], subject: str, words: str) -> None:
    body = json.dumps(Alert("ann", kind, "c", data).body(NOW))

    assert letter(Delivery("d", "ann", "w", kind, body, "pending", 0, NOW)) == (subject, words)


@pytest.mark.parametrize(
    ("url", "own"),
    [
        ("mailto:bob@example.com", "ann@example.com"),
        ("mailto:ann@example.com", None),
        ("mailto:", "ann@example.com"),
        ("mailto:ann@example.com,bob@example.com", "ann@example.com"),
        ("mailto:ann@example.com?cc=bob@example.com", "ann@example.com"),
    ],
)
def test_mail_goes_to_the_users_own_address_alone(url: str, own: str | None) -> None:
    with pytest.raises(InvalidRequest) as refused:
        subscribed(AlertsWorld(), url, own)

    assert refused.value.param == "url"


def test_an_address_that_is_the_users_no_more_is_sent_nothing() -> None:
    world = AlertsWorld()
    subscribed(world)
    told(world)
    world.email = "ann@elsewhere.example"

    assert (world.run(), world.mailed) == (0, [])
    assert world.deliveries()[0].state == "failed"
    assert world.run(timedelta(days=1)) == 0


def test_what_ses_refuses_is_tried_again_given_up_and_rings_the_operator(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    counted = Counter[str]()
    monkeypatch.setattr(deliver, "count", lambda name, value: counted.update({name: value}))
    world = AlertsWorld()
    subscribed(world)
    told(world)
    world.ses_says = "MessageRejected"
    for wait in (0, *RETRY_SECONDS):
        world.run(timedelta(seconds=wait))

    delivery = world.deliveries()[0]
    assert (delivery.state, delivery.tries, delivery.last_answer) == ("failed", 7, "MessageRejected")
    assert [each.delivery_id for each in world.given_up] == [delivery.delivery_id]
    assert counted == {"AlertsDelivered": 1, "AlertsFaults": 7, "AlertsGivenUp": 1}

    world.ses_says = ""
    webhooks.replay("ann", delivery.delivery_id, store=world.store, now=world.now)
    assert (world.run(), len(world.mailed)) == (1, 1)


def test_mail_that_was_switched_off_is_the_operators_to_mend() -> None:
    world = AlertsWorld()
    subscribed(world)
    told(world)
    world.sender = ""

    assert (world.run(), world.deliveries()[0].last_answer) == (0, "mail is not set up")


def test_a_subscription_that_is_deleted_is_sent_nothing() -> None:
    world = AlertsWorld()
    webhook = subscribed(world)
    told(world)
    world.store.remove("ann", webhook.webhook_id)

    assert (world.run(), world.mailed) == (0, [])


def test_of_a_webhook_and_mail_each_hears_what_it_asked_for() -> None:
    world = AlertsWorld()
    subscribed(world)
    world.webhook(("topup.failed",), "b" * 16)
    world.run()
    tell(ALERT, world.store.webhooks("ann"), world.store, world.now)
    tell(
        replace(
            ALERT, kind="key.expiring", crossing="2", data={"keyId": "k", "keyName": "n", "expiresAt": "t"}
        ),
        world.store.webhooks("ann"),
        world.store,
        world.now,
    )

    assert world.run() == 3
    assert (len(world.sent), len(world.mailed)) == (1, 3)
