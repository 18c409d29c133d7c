"""Alerts for tests: the real store in memory, a receiver that answers as it is told, and a clock that is set."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import Any

from aggregator.alerts.deliver import Sender
from aggregator.alerts.mail import mailing
from aggregator.alerts.model import KINDS, Delivery, Webhook
from aggregator.alerts.sign import new_secret
from aggregator.alerts.store import AlertsStore
from aggregator.alerts.watch import Retiring, Wallet
from aggregator.auth.model import ApiKey, Grant
from aggregator.identity.looking import TeamBudget
from aggregator.runtime.aws import AwsError
from aggregator.runtime.public_post import NotPosted, Posted
from tests.fakes.memory_dynamodb import MemoryDynamoDb

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
USD = 1_000_000_000


def key(key_id: str = "k1", line: tuple[str, ...] = (), team_id: str | None = None, **grant: Any) -> ApiKey:
    """A key of ann's."""
    made = Grant(name=f"name of {key_id}", scopes=("inference",))
    return ApiKey(key_id, "ann", made._replace(**grant), (), NOW, "admin", line=line, team_id=team_id)


@dataclass
class FakeWorld:
    """What the other domains know."""

    money: Wallet = field(default_factory=lambda: Wallet(10 * USD, 10 * USD, None))
    those: list[ApiKey] = field(default_factory=list)
    by_key: dict[str, int] = field(default_factory=dict)
    by_model: dict[str, int] = field(default_factory=dict)
    going: list[Retiring] = field(default_factory=list)
    plans: dict[str, dict[str, int]] = field(default_factory=dict)
    teams: list[TeamBudget] = field(default_factory=list)

    def wallet(self, _user_id: str) -> Wallet:
        return self.money

    def keys(self, _user_id: str) -> list[ApiKey]:
        return self.those

    def spent(self, _user_id: str, _since: datetime, _until: datetime, by: str) -> dict[str, int]:
        return self.by_key if by == "key" else self.by_model

    def plan_limits(self, wallet_id: str) -> dict[str, int]:
        return self.plans.get(wallet_id, {})

    def team_budgets(self, _user_id: str, _now: datetime) -> list[TeamBudget]:
        return self.teams

    def retiring(self) -> list[Retiring]:
        return self.going


class AlertsWorld:
    """Webhooks, what they were sent, and what was given up. `answers` are told in turn, then 204 for ever."""

    def __init__(self, answers: list[int | str] | None = None) -> None:
        self.now = NOW
        self.store = AlertsStore(MemoryDynamoDb(), "alerts")
        self.answers = answers or []
        self.sent: list[tuple[str, dict[str, str], str]] = []
        self.given_up: list[Delivery] = []
        self.sender = "alerts@platform.example"
        self.email: str | None = "ann@example.com"
        self.ses_says = ""
        self.mailed: list[dict[str, Any]] = []
        self._lock = Lock()

    def webhook(self, kinds: tuple[str, ...] = KINDS, webhook_id: str = "a" * 16) -> Webhook:
        made = Webhook(webhook_id, "ann", "https://hooks.example.com/ai", kinds, new_secret(), self.now)
        self.store.add(made)
        return made

    def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Posted:
        with self._lock:
            self.sent.append((url, dict(headers), body.decode()))
            answer = self.answers.pop(0) if self.answers else 204
        if isinstance(answer, str):
            raise NotPosted(answer)
        return Posted(answer)

    def mail(self, webhook: Webhook, delivery: Delivery) -> str:
        return mailing(lambda: self, self.sender, lambda _: self.email)(webhook, delivery)

    def call(self, action: str, request: dict[str, Any]) -> dict[str, Any]:
        assert action == "SendEmail"
        if self.ses_says:
            raise AwsError(self.ses_says)
        self.mailed.append(request)
        return {"MessageId": "1"}

    def run(self, after: timedelta = timedelta()) -> int:
        self.now += after
        return Sender(self.store, self.post, self.mail, self.given_up.append, lambda: self.now).send_due()

    def deliveries(self) -> list[Delivery]:
        return self.store.deliveries("ann", 100, None)[0]
