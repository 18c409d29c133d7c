"""Webhooks over HTTP: named, listed, tried by the watch, sent again, taken away; each user's own."""

import runpy
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from moto.ses.models import ses_backends

from aggregator.alerts import wiring
from aggregator.auth import wiring as auth
from aggregator.auth.caller import Caller
from aggregator.runtime.public_post import Posted
from tests.integration.own_calls.platform import ROOT, Platform, own
from tests.keys import store_key_behind

URL = "https://hooks.example.com/ai"


@pytest.fixture
def ann(platform: Platform) -> Caller:
    return platform.key("keys:manage")


@pytest.fixture
def bob(platform: Platform) -> Caller:
    made = Caller(f"bob{platform.key().key_id[-9:]}", "bob", scopes=("keys:manage",))
    store_key_behind(made, auth.keys())
    return made


@pytest.fixture
def dead_letters(monkeypatch: pytest.MonkeyPatch, platform: Platform) -> str:
    assert platform
    url = str(
        boto3.client("sqs", region_name="eu-central-1").create_queue(QueueName="alerts-dead")["QueueUrl"]
    )
    monkeypatch.setenv("ALERTS_DLQ_URL", url)
    return url


def watched() -> Any:
    """What a run of the watch says, as Lambda calls it."""
    handler = runpy.run_path(str(ROOT / "functions/alerts/watch/app.py"))["handler"]
    return handler({}, SimpleNamespace(get_remaining_time_in_millis=lambda: 200_000))


def test_a_webhook_is_named_heard_of_and_taken_away(
    platform: Platform, ann: Caller, dead_letters: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = platform.call(
        own("create_webhook"), ann, body={"url": URL, "kinds": ["key.expiring", "key.expiring"]}
    )
    assert (made.status, made.body["userId"], made.body["kinds"]) == (201, "ann", ["key.expiring"])
    assert made.body["secret"].startswith("whsec_")
    listed = platform.call(own("list_webhooks"), ann).body["data"]
    assert [each["id"] for each in listed] == [made.body["id"]]
    assert "secret" not in listed[0]

    monkeypatch.setattr(wiring, "post", lambda *_args, **_named: Posted(410))
    assert watched()["arrived"] == 0
    (sent,) = platform.call(own("list_deliveries"), ann).body["data"]
    assert (sent["kind"], sent["state"], sent["lastAnswer"]) == ("test", "failed", "410")
    waiting = boto3.client("sqs", region_name="eu-central-1").receive_message(QueueUrl=dead_letters)
    assert sent["id"] in waiting["Messages"][0]["Body"]

    monkeypatch.setattr(wiring, "post", lambda *_args, **_named: Posted(200))
    path = {"deliveryId": sent["id"]}
    again = platform.call(own("replay_delivery"), ann, path=path)
    assert (again.status, again.body["state"]) == (200, "pending")
    assert platform.call(own("replay_delivery"), ann, path=path).status == 409
    assert watched()["arrived"] == 1
    assert platform.call(own("list_deliveries"), ann).body["data"][0]["state"] == "delivered"

    gone = platform.call(own("delete_webhook"), ann, path={"webhookId": made.body["id"]})
    assert (gone.status, platform.call(own("list_webhooks"), ann).body["data"]) == (200, [])


def test_others_webhooks_and_deliveries_are_nobodys_business(
    platform: Platform, ann: Caller, bob: Caller
) -> None:
    made = platform.call(own("create_webhook"), bob, body={"url": URL}).body
    sent = platform.call(own("list_deliveries"), bob).body["data"][0]["id"]

    for call, path in (
        ("delete_webhook", {"webhookId": made["id"]}),
        ("replay_delivery", {"deliveryId": sent}),
    ):
        assert platform.call(own(call), ann, path=path).status == 404
        assert platform.call(own(call), ann, path=path, query={"userId": "bob"}).code == "forbidden"
    assert platform.call(own("list_webhooks"), ann, query={"userId": "bob"}).code == "forbidden"
    assert platform.call(own("create_webhook"), ann, body={"url": URL, "userId": "bob"}).code == "forbidden"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "url"),
        ({"url": ""}, "url"),
        ({"url": "https://10.0.0.1/"}, "url"),
        ({"url": "http://127.0.0.1/"}, "url"),
        ({"url": URL, "kinds": []}, "kinds"),
        ({"url": URL, "kinds": ["all"]}, "kinds.0"),
        ({"url": URL, "secret": "x"}, "secret"),
        ({"url": URL, "userId": "no such/user"}, "userId"),
    ],
)
def test_what_is_asked_wrongly_is_named(
    platform: Platform, ann: Caller, body: dict[str, object], field: str
) -> None:
    said = platform.call(own("create_webhook"), ann, body=body)

    assert (said.status, said.param) == (400, field)


@pytest.fixture
def mail(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> str:
    """Mail is set up, and ann's address is known."""
    boto3.client("sesv2", region_name="eu-central-1").create_email_identity(
        EmailIdentity="alerts@platform.example"
    )
    boto3.client("ses", region_name="eu-central-1").verify_email_identity(
        EmailAddress="alerts@platform.example"
    )
    monkeypatch.setenv("MAIL_SENDER", "alerts@platform.example")
    record = {"userId": "ann", "email": "ann@example.com", "name": "Ann", "role": "member"}
    assert platform.call(own("create_user"), body=record).status in {201, 409}
    return "mailto:ann@example.com"


def test_mail_by_ses_is_subscribed_to_sent_listed_and_taken_away(
    platform: Platform, ann: Caller, mail: str, dead_letters: str
) -> None:
    assert dead_letters
    other = platform.call(own("create_webhook"), ann, body={"url": "mailto:bob@example.com"})
    assert (other.status, other.param) == (400, "url")
    made = platform.call(own("create_webhook"), ann, body={"url": mail, "kinds": ["topup.failed"]})
    assert (made.status, made.body["url"], made.body["secret"]) == (201, mail, "")

    assert watched()["arrived"] == 1
    sent = ses_backends["123456789012"]["eu-central-1"].sent_messages[-1]
    assert sent.source == "alerts@platform.example"
    assert sent.destinations == {"ToAddresses": ["ann@example.com"]}
    assert sent.subject == "Alerts arrive here (ann)"
    assert sent.body.endswith(f"DELETE /alerts/webhooks/{made.body['id']}\n")
    (delivery,) = [
        each
        for each in platform.call(own("list_deliveries"), ann).body["data"]
        if each["webhookId"] == made.body["id"]
    ]
    assert (delivery["state"], delivery["lastAnswer"]) == ("delivered", "sent")

    gone = platform.call(own("delete_webhook"), ann, path={"webhookId": made.body["id"]})
    assert (gone.status, gone.body["url"]) == (200, mail)


def test_without_a_sender_no_mail_is_subscribed_to(
    platform: Platform, ann: Caller, mail: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MAIL_SENDER")

    said = platform.call(own("create_webhook"), ann, body={"url": mail})

    assert (said.status, said.param) == (400, "url")
