"""The use cases of alerts, with their collaborators; the only reader of this domain's environment."""

import os
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from functools import cache, partial

from aggregator.alerts import run, webhooks
from aggregator.alerts.deliver import Sender, dead_letters
from aggregator.alerts.mail import mailing
from aggregator.alerts.model import Delivery, Webhook
from aggregator.alerts.store import AlertsStore
from aggregator.alerts.watch import Retiring, Wallet
from aggregator.analytics import wiring as analytics
from aggregator.analytics.get_metrics import Ask, Granularity, get_metrics
from aggregator.auth import wiring as auth
from aggregator.auth.model import ApiKey
from aggregator.billing import wiring as billing
from aggregator.billing.money import NanoUsd
from aggregator.billing.plans import wiring as plans
from aggregator.identity import wiring as identity
from aggregator.identity.looking import TeamBudget
from aggregator.orchestrator import wiring as orchestrator
from aggregator.runtime import clock
from aggregator.runtime.boto_client import BotoClient
from aggregator.runtime.public_post import post

_KEYS_AT_ONCE = 100


@cache
def store() -> AlertsStore:
    """The alerts table."""
    return AlertsStore(BotoClient("dynamodb"), os.environ["ALERTS_TABLE"])


def is_local() -> bool:
    """Whether this is the embedded run, which may post to its own machine."""
    return os.environ["ENVIRONMENT"] == "local"


def add_webhook(user_id: str, url: str, kinds: list[str] | None, *, now: datetime) -> Webhook:
    """See `webhooks.add`."""
    return webhooks.add(
        user_id,
        url,
        kinds,
        store=store(),
        now=now,
        this_machine=is_local(),
        own_address=lambda: _address_of(user_id) if _sender() else None,
    )


def remove_webhook(user_id: str, webhook_id: str) -> Webhook:
    """See `AlertsStore.remove`."""
    return store().remove(user_id, webhook_id)


def replay(user_id: str, delivery_id: str) -> Delivery:
    """See `webhooks.replay`."""
    return webhooks.replay(user_id, delivery_id, store=store(), now=clock.now())


def sender() -> Sender:
    """Who posts what is due."""
    posting = partial(post, user_agent="aggregator-webhooks/1", this_machine=is_local())
    mail = mailing(_ses, _sender(), _address_of)
    return Sender(
        store(), posting, mail, dead_letters(BotoClient("sqs"), os.environ["ALERTS_DLQ_URL"]), clock.now
    )


@cache
def _ses() -> BotoClient:
    return BotoClient("sesv2")


def _sender() -> str:
    """Whom mail is from; empty where none is sent."""
    return os.environ.get("MAIL_SENDER", "")


def _address_of(user_id: str) -> str | None:
    user = identity.store().user_if_known(user_id)
    return None if user is None else user.profile.email


def watch() -> int:
    """See `run.watch`."""
    return run.watch(store(), _Domains(), clock.now)


class _Domains:
    """The world as the other domains' tables have it."""

    def wallet(self, user_id: str) -> Wallet:
        """See `World.wallet`."""
        account = billing.store().account(user_id)
        return Wallet(account.available_nano_usd, account.total_nano_usd, account.alert_below_nano_usd)

    def keys(self, user_id: str) -> Iterator[ApiKey]:
        """See `World.keys`."""
        after: str | None = None
        while True:
            found, after = auth.keys().page_of(user_id, _KEYS_AT_ONCE, after)
            yield from found
            if after is None:
                return

    def spent(self, user_id: str, since: datetime, until: datetime, by: str) -> dict[str, NanoUsd]:
        """See `World.spent`."""
        first = since.replace(minute=0, second=0, microsecond=0)
        ask = Ask(first, until, Granularity.HOUR, (by,), user_id)
        found = get_metrics(ask, analytics.reader(), until)
        return {name: figures["cost"] for (name,), figures in found.groups.items()}

    def plan_limits(self, wallet_id: str) -> Mapping[str, int]:
        """See `World.plan_limits`."""
        return plans.limits_of(wallet_id)

    def team_budgets(self, user_id: str, now: datetime) -> Iterator[TeamBudget]:
        """See `World.team_budgets`."""
        return identity.budgets_of(user_id, now)

    def retiring(self) -> Iterable[Retiring]:
        """See `World.retiring`."""
        models = orchestrator.catalogue().models()
        return [Retiring(model.id, model.retires_at) for model in models if model.retires_at]
