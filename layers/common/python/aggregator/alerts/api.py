"""Requests and answers of `/alerts`."""

import json
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from aggregator.alerts.model import Delivery, State, Webhook
from aggregator.runtime.schema import Moment, Request, Response, UserId

DEFAULT_PAGE = 50
MAX_PAGE = 200

Kind = Literal["balance.low", "budget.reached", "key.expiring", "model.retiring", "topup.failed"]
Url = Annotated[
    str,
    Field(
        min_length=1,
        max_length=1000,
        description="https, of a public address, without query and user; or `mailto:` and the user's own address.",
        examples=["https://hooks.example.com/ai"],
    ),
]
Kinds = Annotated[
    list[Kind],
    Field(min_length=1, max_length=5, description="What it hears of; all where it is left out."),
    AfterValidator(lambda kinds: list(dict.fromkeys(kinds))),
]
WebhookId = Annotated[str, Field(pattern=r"^[0-9a-f]{16}$", examples=["5f2b9c0e1d7a4b36"])]
DeliveryId = Annotated[
    str, Field(pattern=r"^[0-9a-f]{12}-[0-9a-f]{16}$", examples=["01a207416c9d-5f2b9c0e1d7a4b36"])
]


class CreateWebhookRequest(Request):
    """An address that is to hear of a user's alerts: the key's own user's, unless an admin says whose."""

    user_id: UserId | None = None
    url: Url
    kinds: Kinds | None = None


class WebhookView(Response):
    """A webhook without its secret."""

    id: str
    user_id: str
    url: str
    kinds: list[str]
    created_at: Moment

    @classmethod
    def of(cls, webhook: Webhook) -> "WebhookView":
        """Show a webhook."""
        return cls(**_shown(webhook))


class CreatedWebhook(WebhookView):
    """A webhook with the secret that signs what it is sent, shown this once; empty for mail."""

    secret: str

    @classmethod
    def of_new(cls, webhook: Webhook) -> "CreatedWebhook":
        """Show a new webhook to its owner."""
        return cls(**_shown(webhook), secret=webhook.secret)


class WebhookList(Response):
    """All webhooks of a user."""

    data: list[WebhookView]

    @classmethod
    def of(cls, webhooks: list[Webhook]) -> "WebhookList":
        """Show webhooks."""
        return cls(data=[WebhookView.of(each) for each in webhooks])


class DeliveryView(Response):
    """An alert on its way to a webhook. `lastAnswer` is a status, or why none came; `body` is what is sent."""

    id: str
    webhook_id: str
    kind: str
    state: State
    tries: int
    last_answer: str | None
    created_at: Moment
    delivered_at: Moment | None
    body: dict[str, Any]

    @classmethod
    def of(cls, delivery: Delivery) -> "DeliveryView":
        """Show a delivery."""
        return cls(
            id=delivery.delivery_id,
            webhook_id=delivery.webhook_id,
            kind=delivery.kind,
            state=delivery.state,
            tries=delivery.tries,
            last_answer=delivery.last_answer,
            created_at=delivery.created_at,
            delivered_at=delivery.delivered_at,
            body=json.loads(delivery.body),
        )


class DeliveryPage(Response):
    """A user's deliveries of the last 30 days, newest first; `nextCursor` is the `cursor` of the next page."""

    data: list[DeliveryView]
    next_cursor: str | None

    @classmethod
    def of(cls, deliveries: list[Delivery], next_cursor: str | None) -> "DeliveryPage":
        """Show a page."""
        return cls(data=[DeliveryView.of(each) for each in deliveries], next_cursor=next_cursor)


def _shown(webhook: Webhook) -> dict[str, Any]:
    return {
        "id": webhook.webhook_id,
        "user_id": webhook.user_id,
        "url": webhook.url,
        "kinds": list(webhook.kinds),
        "created_at": webhook.created_at,
    }
