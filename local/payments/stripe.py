"""The few calls of Stripe's that the platform makes, and the events that Stripe would post afterwards, signed.

As strict as Stripe where it stands in: keys, forms, idempotency keys and signatures. What it does not do is take money:
`GET /pay/{session}` is a page with two buttons.
Sources: docs.stripe.com/api, docs.stripe.com/webhooks#verify-manually, docs.stripe.com/api/idempotent_requests
"""

import hashlib
import hmac
import json
import time
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import RLock, Thread
from typing import Any

from local.http_server import HttpServer, Reply
from local.payments.balance import BalanceStandIn
from local.payments.cards import CARDS, CardsStandIn
from local.payments.forms import StripeRefusal, read, refund_of, session_of
from local.payments.pages import page_of
from local.proxy_event import Request

JsonObject = dict[str, Any]

API_KEY = "sk_test_standin"
WEBHOOK_SECRET = "whsec_standin"  # noqa: S105 - of a stand-in that takes no money

_OWN = frozenset({"of_payment", "words"})
"""Fields of a session that are the stand-in's."""


class LostAnswer(Exception):
    """What was asked for is done, and the answer does not arrive."""


@dataclass(frozen=True)
class Answer:
    """What goes back: a status, headers and a body."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class StripeStandIn:
    """One account: sessions, payments, refunds. `url` is where it is, `post` sends an event to the platform."""

    url: str
    post: Callable[[bytes, str], None]
    now: Callable[[], float] = time.time
    sessions: dict[str, JsonObject] = field(default_factory=dict)
    payments: dict[str, JsonObject] = field(default_factory=dict)
    refunds: list[JsonObject] = field(default_factory=list)
    answers_to_lose: int = 0
    """How many charges are made whose answer does not arrive."""
    _kept: dict[str, tuple[bytes, Answer]] = field(default_factory=dict)
    _number: int = 0
    _lock: RLock = field(default_factory=RLock)

    def __post_init__(self) -> None:
        self.cards = CardsStandIn(self.payments, self._id, self.now, self.tell)
        self.balance = BalanceStandIn(self._id, self.now, self.tell)

    def answer(self, method: str, target: str, headers: dict[str, str], body: bytes) -> Answer:
        """Answer a call of the API, or a browser at the page."""
        path, _, query = target.partition("?")
        try:
            if path.startswith("/pay/"):
                return self._page(method, path.removeprefix("/pay/"), read(body))
            if path == "/favicon.ico":
                return Answer(204, b"")
            self._require_key(headers)
            with self._lock:
                return self._once(method, path, headers.get("idempotency-key"), body or query.encode())
        except StripeRefusal as refused:
            return _json({"error": refused.error}, refused.status)

    def tell(self, kind: str, about: JsonObject) -> None:
        """Post an event, signed at this moment."""
        event = {
            "id": self._id("evt"),
            "object": "event",
            "api_version": "2026-10-28.endive",
            "type": kind,
            "created": int(self.now()),
            "livemode": False,
            "data": {"object": about},
        }
        payload = json.dumps(event).encode()
        self.post(payload, sign(payload, WEBHOOK_SECRET, int(self.now())))

    def dispute(self, payment_id: str, *, won: bool = False, cents: int | None = None) -> None:
        """A bank takes a payment back, or, `won`, gives it again, or so much of it."""
        self.balance.dispute(self._payment(payment_id), won=won, cents=cents)

    def _once(self, method: str, path: str, key: str | None, body: bytes) -> Answer:
        """The same idempotency key gets the same answer, and another body with it an error."""
        said = f"{method} {path}\n".encode() + body
        if key is None or method != "POST":
            return self._call(method, path, body)
        if key in self._kept:
            before, answer = self._kept[key]
            if before != said:
                raise StripeRefusal(
                    400,
                    "Keys for idempotent requests can only be used with the same parameters they were first used with.",
                    type="idempotency_error",
                )
            if self.answers_to_lose:
                self.answers_to_lose -= 1
                raise LostAnswer
            return Answer(answer.status, answer.body, answer.headers | {"Idempotent-Replayed": "true"})
        try:
            answer = self._call(method, path, body)
        except StripeRefusal as refused:
            if refused.status == 400:
                raise  # what is not valid is not kept
            answer = _json({"error": refused.error}, refused.status)
        self._kept[key] = (said, answer)
        if path == "/v1/payment_intents" and self.answers_to_lose:
            self.answers_to_lose -= 1
            raise LostAnswer
        return answer

    def _call(self, method: str, path: str, body: bytes) -> Answer:
        if (method, path) == ("POST", "/v1/checkout/sessions"):
            return _json(self._session(session_of(read(body))))
        if (method, path) == ("POST", "/v1/refunds"):
            return _json(self._refund(*refund_of(read(body))))
        about_cards = self.cards.call(method, path, read(body))
        if about_cards is not None:
            return _json(about_cards)
        if (method, path) == ("GET", "/v1/balance_transactions"):
            return _json(self.balance.listed(read(body)))
        if method == "GET" and path in {"/v1/checkout/sessions", "/v1/refunds"}:
            return _json(self._list(path, read(body)))
        if method == "GET" and path.startswith("/v1/payment_intents/"):
            return _json(self._payment(path.rpartition("/")[2]))
        raise StripeRefusal(404, f"Unrecognized request URL ({method}: {path}).")

    def _list(self, path: str, query: dict[str, str]) -> JsonObject:
        """Newest first, all in one page."""
        since = int(query.get("created[gte]", "0"))
        known = [self._shown(name) for name in self.sessions] if path.endswith("sessions") else self.refunds
        status = query.get("status")
        wanted = [each for each in known if each["created"] >= since and status in {None, each["status"]}]
        return {"object": "list", "url": path, "has_more": False, "data": wanted[::-1]}

    def _session(self, asked: JsonObject) -> JsonObject:
        name, now = self._id("cs_test"), int(self.now())
        ends = asked.pop("expires_at") or now + 86_400
        if not now + 1_800 <= ends + 60 or ends > now + 86_400 + 60:
            raise StripeRefusal(
                400,
                "The `expires_at` timestamp must be between 30 minutes and 24 hours from Checkout Session creation.",
                param="expires_at",
            )
        self.sessions[name] = {
            "id": name,
            "object": "checkout.session",
            "currency": "usd",
            "created": now,
            "expires_at": ends,
            "livemode": False,
            "payment_intent": None,
            "setup_intent": None,
            "payment_status": "unpaid" if asked["mode"] == "payment" else "no_payment_required",
            "status": "open",
            "url": f"{self.url}/pay/{name}",
            **asked,
        }
        return self._shown(name)

    def _shown(self, name: str) -> JsonObject:
        return {field: value for field, value in self.sessions[name].items() if field not in _OWN}

    def _refund(self, payment_id: str, amount: int | None) -> JsonObject:
        payment = self._payment(payment_id)
        cents = payment["amount"] - payment["refunded"] if amount is None else amount
        if not 0 < cents <= payment["amount"] - payment["refunded"]:
            raise StripeRefusal(
                400, "Refund amount is greater than unrefunded amount on charge", param="amount"
            )
        payment["refunded"] += cents
        refund = {
            "id": self._id("re"),
            "object": "refund",
            "amount": cents,
            "currency": "usd",
            "created": int(self.now()),
            "payment_intent": payment_id,
            "status": "succeeded",
        }
        self.refunds.append(refund)
        self.tell("refund.created", refund)
        return refund

    def _payment(self, payment_id: str) -> JsonObject:
        if payment_id not in self.payments:
            raise StripeRefusal(
                404,
                f"No such payment_intent: '{payment_id}'",
                code="resource_missing",
                param="intent",
            )
        return self.payments[payment_id]

    def _page(self, method: str, name: str, form: dict[str, str]) -> Answer:
        session = self.sessions.get(name)
        if session is None:
            return Answer(404, b"No such page.", {"Content-Type": "text/plain"})
        if method == "GET":
            return Answer(200, page_of(session).encode(), {"Content-Type": "text/html; charset=utf-8"})
        if session["status"] == "open" and form.get("do") == "expire":
            self.expire(name)
        if form.get("do") not in {"pay", "keep"}:
            return Answer(303, b"", {"Location": session["cancel_url"] or session["success_url"]})
        if session["status"] == "open" and session["mode"] == "setup":
            self.give_card(name, form.get("card", ""))
        elif session["status"] == "open":
            self.pay(name)
        return Answer(303, b"", {"Location": session["success_url"]})

    def give_card(self, name: str, last4: str = "4242") -> None:
        """Give a card at a session of mode setup."""
        if last4 not in CARDS:
            raise StripeRefusal(400, "No such test card.", param="card")
        session = self.sessions[name]
        intent = self.cards.give(session["customer"], last4)
        session |= {"status": "complete", "setup_intent": intent["id"], "customer": intent["customer"]}
        self.tell("checkout.session.completed", self._shown(name))

    def expire(self, name: str) -> None:
        """Let a session pass unpaid."""
        self.sessions[name] |= {"status": "expired"}
        self.tell("checkout.session.expired", self._shown(name))

    def pay(self, name: str) -> str:
        """Pay a session; return the payment's id."""
        session = self.sessions[name]
        payment_id = self._id("pi")
        self.payments[payment_id] = {
            "id": payment_id,
            "object": "payment_intent",
            "amount": session["amount_total"],
            "amount_received": session["amount_total"],
            "currency": "usd",
            "created": int(self.now()),
            "metadata": session["of_payment"],
            "status": "succeeded",
            "refunded": 0,
        }
        session |= {"status": "complete", "payment_status": "paid", "payment_intent": payment_id}
        self.tell("payment_intent.succeeded", self.payments[payment_id])
        self.tell("checkout.session.completed", self._shown(name))
        return payment_id

    def _require_key(self, headers: dict[str, str]) -> None:
        said = headers.get("authorization", "")
        if not said:
            raise StripeRefusal(401, "You did not provide an API key.")
        if said != f"Bearer {API_KEY}":
            raise StripeRefusal(401, "Invalid API Key provided: sk_test_***")

    def _id(self, kind: str) -> str:
        self._number += 1
        return f"{kind}_{self._number:08}"


def sign(payload: bytes, secret: str, at: int) -> str:
    """The header that Stripe sends with an event."""
    mac = hmac.new(secret.encode(), f"{at}.".encode() + payload, hashlib.sha256).hexdigest()
    return f"t={at},v1={mac}"


def poster(address: str) -> Callable[[bytes, str], None]:
    """Post events to an address beside all else, as Stripe does; what is not taken is sent some times more."""

    def send(payload: bytes, signature: str) -> None:
        headers = {"Content-Type": "application/json; charset=utf-8", "Stripe-Signature": signature}
        for pause in (1, 2, 4, 0):
            request = urllib.request.Request(address, payload, headers, method="POST")  # noqa: S310 - our own
            try:
                with urllib.request.urlopen(request, timeout=60):  # noqa: S310
                    return
            except OSError:
                time.sleep(pause)

    return lambda payload, signature: Thread(target=send, args=(payload, signature), daemon=True).start()


def serve(server: HttpServer, stand_in: StripeStandIn) -> None:
    """Answer on a port that is held, from now on."""

    def handle(request: Request, reply: Reply) -> None:
        headers = {name.lower(): value for name, value in request.headers}
        try:
            answer = stand_in.answer(request.method, request.target, headers, request.body)
        except LostAnswer:
            reply.cut()
            return
        reply.start(answer.status, list(answer.headers.items()), len(answer.body))
        reply.write(answer.body)
        reply.end()

    server.start(handle)


def keys(environment: Mapping[str, str], stand_in_url: str) -> JsonObject:
    """The content of the platform's secret: a real account's where the environment has its key, else the stand-in's."""
    if key := environment.get("STRIPE_API_KEY"):
        return {"apiKey": key, "webhookSecrets": [environment.get("STRIPE_WEBHOOK_SECRET", "")]}
    return {"apiKey": API_KEY, "webhookSecrets": [WEBHOOK_SECRET], "apiBase": stand_in_url}


def _json(said: JsonObject, status: int = 200) -> Answer:
    return Answer(status, json.dumps(said).encode(), {"Content-Type": "application/json"})
