"""An alert arrives, signed as Standard Webhooks has it, however often its receiver fails first; or it is given up."""

import json
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import Any, NoReturn

import pytest
from standardwebhooks.webhooks import Webhook as Receiver
from standardwebhooks.webhooks import WebhookVerificationError

from aggregator.alerts import deliver, webhooks
from aggregator.alerts.model import RETRY_SECONDS, Alert
from aggregator.alerts.sign import headers, new_secret
from aggregator.alerts.tell import tell
from aggregator.errors import Conflict, InvalidRequest, NotFound
from aggregator.runtime import clock
from aggregator.runtime.aws import AwsError
from tests.unit.alerts.alerts_world import NOW, AlertsWorld

ALERT = Alert("ann", "budget.reached", "budget k1 day 2026-11-23 80", {"percent": 80})


def told(world: AlertsWorld, alert: Alert = ALERT) -> bool:
    return tell(alert, world.store.webhooks("ann"), world.store, world.now)


def broken(*_args: Any, **_named: Any) -> NoReturn:
    raise AwsError("ThrottlingException", "too much")


def nobody() -> None:
    """Who has no mail address here."""


def test_what_is_sent_is_taken_by_the_standards_own_library() -> None:
    world = AlertsWorld()
    webhook = world.webhook()
    told(world)
    world.run()

    ((url, said, body),) = world.sent
    assert url == "https://hooks.example.com/ai"
    stamped = headers(webhook.secret, said["webhook-id"], NOW, body)
    assert said == stamped
    live = headers(webhook.secret, said["webhook-id"], clock.now(), body)
    assert Receiver(webhook.secret).verify(body, live) == {
        "type": "budget.reached",
        "timestamp": "2026-11-23T12:00:00.000Z",
        "data": {"userId": "ann", "percent": 80},
    }
    with pytest.raises(WebhookVerificationError):
        Receiver(webhook.secret).verify(body.replace("80", "50"), live)
    with pytest.raises(WebhookVerificationError):
        Receiver(new_secret()).verify(body, live)


def test_an_alert_is_told_once_however_often_it_is_met() -> None:
    world = AlertsWorld()
    world.webhook()

    assert [
        told(world),
        told(world),
        told(world, replace(ALERT, crossing="budget k1 day 2026-11-23 100")),
    ] == [
        True,
        False,
        True,
    ]
    assert world.run() == 2
    assert world.run() == 0
    assert [each.state for each in world.deliveries()] == ["delivered", "delivered"]


def test_a_webhook_hears_of_what_it_asked_for_alone() -> None:
    world = AlertsWorld()
    world.webhook(("balance.low",), "b" * 16)
    world.webhook(("budget.reached",), "c" * 16)
    told(world)
    world.run()

    assert [each.webhook_id for each in world.deliveries()] == ["c" * 16]


def test_a_failed_try_is_made_again_later_each_time_with_the_same_id_and_body() -> None:
    world = AlertsWorld([503, "it did not answer in time", 302])
    world.webhook()
    told(world)
    arrived = [world.run(timedelta(seconds=wait)) for wait in (0, 59, 1, 299, 1, 1_799, 1)]

    assert arrived == [0, 0, 0, 0, 0, 0, 1]
    assert len({(said["webhook-id"], body) for _, said, body in world.sent}) == 1
    assert len({said["webhook-timestamp"] for _, said, _ in world.sent}) == 4
    (delivery,) = world.deliveries()
    assert (delivery.state, delivery.tries, delivery.last_answer) == ("delivered", 4, "204")


def test_after_its_last_try_it_is_given_up_and_can_be_sent_again() -> None:
    world = AlertsWorld([500] * 7)
    world.webhook()
    told(world)
    for wait in (0, *RETRY_SECONDS):
        world.run(timedelta(seconds=wait))

    (delivery,) = world.deliveries()
    assert (delivery.state, delivery.tries, len(world.sent)) == ("failed", 7, 7)
    assert [each.delivery_id for each in world.given_up] == [delivery.delivery_id]
    assert world.run(timedelta(days=1)) == 0

    webhooks.replay("ann", delivery.delivery_id, store=world.store, now=world.now)
    with pytest.raises(Conflict):
        webhooks.replay("ann", delivery.delivery_id, store=world.store, now=world.now)
    assert world.run() == 1
    assert world.sent[-1][1]["webhook-id"] == delivery.delivery_id


def test_a_receiver_that_is_gone_is_not_asked_again() -> None:
    world = AlertsWorld([410])
    world.webhook()
    told(world)
    world.run()

    assert [each.state for each in world.deliveries()] == ["failed"]
    assert world.run(timedelta(days=1)) == 0


def test_a_webhook_that_was_taken_away_is_sent_nothing() -> None:
    world = AlertsWorld()
    webhook = world.webhook()
    told(world)
    world.store.remove("ann", webhook.webhook_id)

    assert (world.run(), world.sent) == (0, [])
    with pytest.raises(NotFound):
        world.store.remove("ann", webhook.webhook_id)


def test_who_dies_after_the_answer_lets_it_be_sent_once_more_and_never_loses_it() -> None:
    world = AlertsWorld()
    world.webhook()
    told(world)
    (due,) = world.store.due(world.now)
    assert world.store.claim(due, world.now + timedelta(seconds=60))
    assert not world.store.claim(due, world.now + timedelta(seconds=60))

    assert (world.run(), world.run(timedelta(seconds=60))) == (0, 1)


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example.com/",
        "https://10.0.0.1/",
        "https://169.254.169.254/latest",
        "https://[::1]/",
        "http://127.0.0.1:9001/2018-06-01/runtime",
        "https://localhost/",
        "https://user:word@hooks.example.com/",
        "ftp://hooks.example.com/",
        "https://",
        "no address",
    ],
)
def test_an_address_that_is_not_the_internets_is_refused_by_name(url: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        webhooks.add(
            "ann", url, None, store=AlertsWorld().store, now=NOW, this_machine=False, own_address=nobody
        )

    assert refused.value.param == "url"


def test_a_new_webhook_is_sent_a_test_and_an_eleventh_is_refused() -> None:
    world = AlertsWorld()
    for n in range(10):
        webhooks.add(
            "ann",
            f"https://hooks.example.com/{n}",
            ["key.expiring"],
            store=world.store,
            now=NOW,
            this_machine=False,
            own_address=nobody,
        )
    assert world.run() == 10
    assert {json.loads(body)["type"] for _, _, body in world.sent} == {"test"}
    with pytest.raises(Conflict):
        webhooks.add(
            "ann",
            "https://hooks.example.com/",
            None,
            store=world.store,
            now=NOW,
            this_machine=False,
            own_address=nobody,
        )


def test_a_dead_receiver_counts_for_nobody_but_its_user_and_a_table_that_fails_for_the_operator(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world, counted = AlertsWorld([410]), Counter[str]()
    monkeypatch.setattr(deliver, "count", lambda name, value: counted.update({name: value}))
    world.webhook()
    told(world)
    world.run()
    assert counted == {"AlertsGivenUp": 1}

    told(world, replace(ALERT, crossing="another"))
    monkeypatch.setattr(world.store, "claim", broken)
    assert world.run() == 0
    assert counted == {"AlertsGivenUp": 1, "AlertsFaults": 1}
