"""What a user does about alerts: name an address, take it away, look at deliveries, have one sent again."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from secrets import token_hex

from aggregator.alerts.model import KINDS, MAIL, MOST_WEBHOOKS, TEST, Alert, Delivery, Webhook
from aggregator.alerts.sign import new_secret
from aggregator.alerts.store import AlertsStore
from aggregator.alerts.tell import send
from aggregator.errors import Conflict, InvalidRequest, NotFound
from aggregator.orchestrator.addresses import is_this_machine, problem_of_url

_NO_MAIL = "mail goes to the user's own address alone, as it is in /identity/users, and where mail is set up"


def add(
    user_id: str,
    url: str,
    kinds: list[str] | None,
    *,
    store: AlertsStore,
    now: datetime,
    this_machine: bool,
    own_address: Callable[[], str | None],
) -> Webhook:
    """Keep a webhook, and send it a test.

    `own_address` is the user's, to which mail may go; None where there is none, or no mail is sent here.

    Raises:
        InvalidRequest: nothing is sent to such an address.
        Conflict: the user has ten already.
    """
    is_mail = url.lower().startswith(MAIL)
    if is_mail:
        url = url.lower()
        problem = "" if url.removeprefix(MAIL) == own_address() else _NO_MAIL
    else:
        problem = problem_of_url(url)
    if not problem and not is_mail and is_this_machine(url) and not this_machine:
        problem = "must be a public address"
    if problem:
        raise InvalidRequest(f"url: {problem}", param="url")
    if len(store.webhooks(user_id)) >= MOST_WEBHOOKS:
        raise Conflict(f"There are {MOST_WEBHOOKS} webhooks already: take one away first.")
    webhook = Webhook(token_hex(8), user_id, url, tuple(kinds or KINDS), "" if is_mail else new_secret(), now)
    store.add(webhook)
    send(Alert(user_id, TEST, "test", {"webhookId": webhook.webhook_id}), webhook, store, now)
    return webhook


def replay(user_id: str, delivery_id: str, *, store: AlertsStore, now: datetime) -> Delivery:
    """Have a delivery sent again, as if it was new; it keeps its id.

    Raises:
        NotFound: the user has no such delivery, or it is over 30 days old.
        Conflict: it is on its way.
    """
    found = store.delivery(user_id, delivery_id)
    if found is None:
        raise NotFound("There is no such delivery.", param="deliveryId")
    if found.state == "pending":
        raise Conflict("This delivery is on its way.", param="deliveryId")
    again = replace(found, state="pending", tries=0, delivered_at=None)
    store.again(again, now)
    return again
