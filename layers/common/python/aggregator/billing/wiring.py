"""Collaborators of the billing functions: the only reader of this domain's environment."""

import os
import time
from functools import cache

from aggregator.billing import expire as expiring
from aggregator.billing import give as giving
from aggregator.billing import transaction
from aggregator.billing.entry import Entry
from aggregator.billing.grant_store import GrantStore
from aggregator.billing.grants import Purse
from aggregator.billing.publish import SetAside, dead_letters
from aggregator.identity.table import IdentityTable
from aggregator.identity.team_store import TeamStore
from aggregator.runtime.aws import Aws
from aggregator.runtime.boto_client import BotoClient

EXPIRE_SECONDS = 200
"""How long a run that sees grants off begins with another; the next one comes five minutes after it."""


@cache
def store() -> GrantStore:
    """The billing table."""
    return GrantStore(BotoClient("dynamodb"), os.environ["BILLING_TABLE"])


@cache
def bus() -> Aws:
    """EventBridge."""
    return BotoClient("events")


def bus_name() -> str:
    """Name of the platform's bus."""
    return os.environ["EVENT_BUS"]


@cache
def set_aside() -> SetAside:
    """Where what can never be published is kept."""
    return dead_letters(BotoClient("sqs"), os.environ["STREAM_DLQ_URL"])


def require_team(team_id: str) -> None:
    """Refuse a team that there is not.

    Raises:
        NotFound: nobody wrote it down.
    """
    TeamStore(IdentityTable(BotoClient("dynamodb"), os.environ["IDENTITY_TABLE"])).team(team_id)


def book(order: transaction.Order) -> Entry:
    """Post an order now."""
    return transaction.book(store(), order, now_epoch_seconds=int(time.time()), sleep=time.sleep)


def give(order: giving.GrantOrder) -> giving.Gift:
    """Give a grant now; with a key an account gets one under it, ever. See `give.give`."""
    return giving.give(store(), order, now_epoch_seconds=int(time.time()), sleep=time.sleep)


def purse_of(user_id: str) -> Purse:
    """What is left of an account's grants."""
    return store().purse(store().account(user_id))


def expire_due() -> expiring.Run:
    """See off what has ended, as long as a run may take. See `expire.expire_due`."""
    until = time.monotonic() + EXPIRE_SECONDS
    return expiring.expire_due(
        store(), time.time(), has_time=lambda: time.monotonic() < until, sleep=time.sleep
    )
