"""Alerts as mail: what is written, and how Amazon SES sends it. No secret, prompt or answer is in an alert, nor here.

Source of the request: Amazon SES API v2, SendEmail
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

from aggregator.alerts.model import (
    BALANCE_LOW,
    BUDGET_REACHED,
    KEY_EXPIRING,
    MODEL_RETIRING,
    TEST,
    TOPUP_FAILED,
    Delivery,
    Webhook,
)
from aggregator.runtime.aws import Aws, AwsError

Letter = tuple[str, str]
Mail = Callable[[Webhook, Delivery], str]
"""Sends a delivery to a subscription by mail; what became of it, in a word."""

SENT = "sent"
NOT_THEIRS = "it is not the user's address any more"


class NotMailed(Exception):
    """Nothing was sent, or nobody knows; `str` says why. `by_us`: whoever runs the platform has to mend it."""

    def __init__(self, why: str, *, by_us: bool) -> None:
        super().__init__(why)
        self.by_us = by_us


def mailing(ses: Callable[[], Aws], sender: str, address_of: Callable[[str], str | None]) -> Mail:
    """Sends as `sender`, to the address of the subscription as long as it is its user's, by `address_of`."""

    def mail(webhook: Webhook, delivery: Delivery) -> str:
        if not sender:
            raise NotMailed("mail is not set up", by_us=True)
        if address_of(webhook.user_id) != webhook.address:
            raise NotMailed(NOT_THEIRS, by_us=False)
        subject, text = letter(delivery)
        try:
            ses().call("SendEmail", _request(sender, str(webhook.address), subject, text + _goodbye(webhook)))
        except AwsError as refused:
            raise NotMailed(refused.code, by_us=True) from refused
        return SENT

    return mail


def letter(delivery: Delivery) -> Letter:
    """An alert in words: a subject and a text."""
    said = json.loads(delivery.body)
    write = _LETTERS.get(delivery.kind, _other)
    subject, text = write(said["data"])
    return f"{subject} ({said['data']['userId']})", text


def _balance(said: Mapping[str, Any]) -> Letter:
    left = f"{said['totalUsd']} USD are left, less than the {said['thresholdUsd']} USD that you set."
    rate = f" A day costs {said['spentADayUsd']} USD by the last seven."
    lasts = "" if said["daysLeft"] is None else f" At this rate it lasts {said['daysLeft']} days."
    return "Your balance is low", left + rate + lasts


def _budget(said: Mapping[str, Any]) -> Letter:
    if "keyId" in said:
        who = f"The key {said['keyName']} ({said['keyId']}) has"
    else:
        team = f"the team {said['teamName']} ({said['teamId']})"
        who = f"In {team} you have" if said["level"] == "member" else f"T{team[1:]} has"
    spent = f"{who} spent {said['spentUsd']} USD."
    budget = f" The budget is {said['budgetUsd']} USD a {said['period']}, which begins anew at {said['beginsAnewAt']}."
    return f"{said['percent']} % of a budget are used", spent + budget


def _key(said: Mapping[str, Any]) -> Letter:
    return (
        "An API key ends soon",
        f"The key {said['keyName']} ({said['keyId']}) works until {said['expiresAt']}, and not after that.",
    )


def _model(said: Mapping[str, Any]) -> Letter:
    return "A model goes soon", f"{said['model']}, which you used, can be called until {said['retiresAt']}."


def _topup(said: Mapping[str, Any]) -> Letter:
    paused = " Automatic top-ups are paused until you set them again." if said["paused"] else ""
    return (
        "A top-up came to nothing",
        f"The top-up of {said['amountUsd']} USD was not paid: {said['reason'].replace('_', ' ')}.{paused}",
    )


def _test(_: Mapping[str, Any]) -> Letter:
    return "Alerts arrive here", "This address hears of your alerts from now on."


def _other(said: Mapping[str, Any]) -> Letter:
    return "An alert", "\n".join(f"{name}: {value}" for name, value in said.items())


_LETTERS: Mapping[str, Callable[[Mapping[str, Any]], Letter]] = {
    BALANCE_LOW: _balance,
    BUDGET_REACHED: _budget,
    KEY_EXPIRING: _key,
    MODEL_RETIRING: _model,
    TOPUP_FAILED: _topup,
    TEST: _test,
}


def _goodbye(webhook: Webhook) -> str:
    return f"\n\nTo hear of nothing more: DELETE /alerts/webhooks/{webhook.webhook_id}\n"


def _request(sender: str, address: str, subject: str, text: str) -> dict[str, Any]:
    return {
        "FromEmailAddress": sender,
        "Destination": {"ToAddresses": [address]},
        "Content": {
            "Simple": {
                "Subject": {"Data": subject, "Charset": "UTF-8"},
                "Body": {"Text": {"Data": text, "Charset": "UTF-8"}},
            }
        },
    }
