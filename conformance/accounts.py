"""Users of the platform for one client: one with money and one without, made through the API as an operator would."""

import json
import time
import uuid
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import urllib3

JsonObject = dict[str, Any]

CREDIT_USD = "20.00"
_SETTLE_SECONDS = 60.0


@dataclass(frozen=True)
class Account:
    """A user and the user's key."""

    user_id: str
    key: str


class Api:
    """The platform as an operator sees it."""

    def __init__(self, base_url: str, admin_key: str) -> None:
        self.base_url = base_url
        self._admin_key = admin_key
        self._pool = urllib3.PoolManager(retries=False, timeout=60, maxsize=8)

    def new_account(self, name: str, credit_usd: str | None) -> Account:
        """Make a user with a key, and with a credit unless it is None."""
        user_id = f"{name}-{uuid.uuid4().hex[:8]}".replace("_", "-")
        key = self.operate("POST", "/auth/api-keys", {"userId": user_id, "name": "conformance"})["key"]
        if credit_usd is not None:
            credit = {"userId": user_id, "type": "credit", "amount": credit_usd, "currency": "USD"}
            self.operate("POST", "/billing/transaction", credit)
        return Account(user_id, key)

    def prices(self) -> dict[str, JsonObject]:
        """Published price of each model and route, by `model` and `model@provider`."""
        listed = self.operate("GET", "/orchestrator/models")["models"]
        routes = {
            f"{model['id']}@{route['provider']}": route["prices"]
            for model in listed
            for route in model["routes"]
        }
        return {model["id"]: model["prices"] for model in listed} | routes

    def settled(
        self, user_id: str, request_ids: set[str], at_least: int
    ) -> tuple[list[JsonObject], JsonObject]:
        """The ledger's entries of these requests, and the balance, once so many are there and nothing is held.

        What is there when the patience ends is returned all the same.
        """
        deadline = time.monotonic() + _SETTLE_SECONDS
        while True:
            entries = [
                entry
                for entry in self._entries(user_id)
                if (entry.get("request") or {}).get("requestId") in request_ids
            ]
            balance = self.operate("GET", f"/billing/balance/{user_id}")
            done = len(entries) >= at_least and Decimal(balance["held"]) == 0
            if done or time.monotonic() > deadline:
                return entries, balance
            time.sleep(0.2)

    def close(self) -> None:
        """Let go of all connections."""
        self._pool.clear()

    def _entries(self, user_id: str) -> list[JsonObject]:
        page = self.operate("GET", f"/billing/transactions/{user_id}?limit=1000")
        entries: list[JsonObject] = page["entries"]
        return entries

    def operate(self, method: str, path: str, body: JsonObject | None = None) -> JsonObject:
        """Call the API with the admin's key.

        Raises:
            RuntimeError: it refused.
        """
        answer = self._pool.request(
            method,
            self.base_url + path,
            body=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {self._admin_key}", "Content-Type": "application/json"},
        )
        if answer.status >= 300:
            raise RuntimeError(f"{method} {path} answered {answer.status}: {answer.data[:500]!r}")
        said: JsonObject = json.loads(answer.data)
        return said
