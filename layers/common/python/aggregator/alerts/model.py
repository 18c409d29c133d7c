"""What alerts are about: addresses that hear of them, alerts, and their deliveries. Standard library only."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Literal

from aggregator.runtime.clock import iso

JsonObject = dict[str, Any]

BALANCE_LOW = "balance.low"
BUDGET_REACHED = "budget.reached"
KEY_EXPIRING = "key.expiring"
MODEL_RETIRING = "model.retiring"
TOPUP_FAILED = "topup.failed"
TEST = "test"
MAIL = "mailto:"
KINDS = (BALANCE_LOW, BUDGET_REACHED, KEY_EXPIRING, MODEL_RETIRING, TOPUP_FAILED)

State = Literal["pending", "delivered", "failed"]

RETRY_SECONDS = (60, 300, 1_800, 7_200, 18_000, 36_000)
"""How long after a failed try the next one comes, at the earliest; after the last, in 18 hours, it is given up."""

MOST_TRIES = len(RETRY_SECONDS) + 1
KEPT_FOR = timedelta(days=30)
MOST_WEBHOOKS = 10


@dataclass(frozen=True, slots=True)
class Webhook:
    """An address that hears of a user's alerts of some kinds: a URL, or `mailto:` and the user's own.

    `secret` signs what a URL is sent; mail has none.
    """

    webhook_id: str
    user_id: str
    url: str
    kinds: tuple[str, ...]
    secret: str
    created_at: datetime

    @property
    def address(self) -> str | None:
        """The mail address that it is, if it is one."""
        return self.url.removeprefix(MAIL) if self.url.startswith(MAIL) else None

    def wants(self, kind: str) -> bool:
        """Whether it hears of alerts of this kind; of a test, all do."""
        return kind in self.kinds or kind == TEST


@dataclass(frozen=True, slots=True)
class Alert:
    """Something that a user is told once. `crossing` names it: the same again is no other alert."""

    user_id: str
    kind: str
    crossing: str
    data: Mapping[str, Any]

    def body(self, at: datetime) -> JsonObject:
        """What a webhook is sent."""
        return {"type": self.kind, "timestamp": iso(at), "data": {"userId": self.user_id, **self.data}}


@dataclass(frozen=True, slots=True)
class Delivery:
    """An alert on its way to one webhook. `body` is what is sent, byte for byte in each try."""

    delivery_id: str
    user_id: str
    webhook_id: str
    kind: str
    body: str
    state: State
    tries: int
    created_at: datetime
    last_answer: str | None = None
    delivered_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Due:
    """A delivery that is to be tried, and when."""

    user_id: str
    delivery_id: str
    at: datetime


def delivery_id(crossing: str, webhook_id: str, at: datetime) -> str:
    """The one id of an alert's delivery to a webhook: it begins with its time, so that a list is in their order."""
    digest = sha256(f"{webhook_id} {crossing}".encode()).hexdigest()[:16]
    return f"{int(at.timestamp() * 1000):012x}-{digest}"
