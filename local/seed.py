"""A first user with a key and a balance, who is invited as an operator is: made through the real API, as one would."""

import json
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from local.issuer import PEOPLE

JsonObject = dict[str, Any]

USER_ID = "demo"
INVITED = {USER_ID: "manager", "operator": "admin"}
"""Whom the run's issuer signs in, by user, with their roles."""
CREDIT_USD = "100.00"
_TIMEOUT_SECONDS = 60


class SeedError(Exception):
    """The API did not do what a fresh stack must; the message has its answer."""


@dataclass(frozen=True, slots=True)
class Seeded:
    """The first user. `credit` is what the account was given, in US dollars."""

    user_id: str
    api_key: str
    credit: str


def seed(base_url: str, admin_key: str) -> Seeded:
    """Make the user's key and credit, and invite the people.

    Raises:
        SeedError: one of the calls was not answered as it must be.
    """
    with ThreadPoolExecutor(3) as pool:  # side by side, because each starts a function
        key = pool.submit(
            _call, "POST", f"{base_url}/auth/api-keys", admin_key, {"userId": USER_ID, "name": "First key"}
        )
        credit = pool.submit(
            _call,
            "POST",
            f"{base_url}/billing/transaction",
            admin_key,
            {
                "userId": USER_ID,
                "type": "credit",
                "amount": CREDIT_USD,
                "currency": "USD",
                "description": "Welcome",
            },
        )
        invited = pool.submit(_invite, base_url, admin_key)
        invited.result()
        return Seeded(USER_ID, key.result()["key"], credit.result()["amount"])


def _invite(base_url: str, admin_key: str) -> None:
    for user_id, role in INVITED.items():
        known = PEOPLE[user_id]
        said = {"userId": user_id, "email": known["email"], "name": known["name"], "role": role}
        _call("POST", f"{base_url}/identity/users", admin_key, said)


def _call(method: str, url: str, key: str, body: JsonObject) -> JsonObject:
    request = urllib.request.Request(  # noqa: S310 (our own front door)
        url,
        data=json.dumps(body).encode(),
        method=method,
        headers={
            "Authorization": f"Bearer {key}",
            "Content-Type": "application/json",
            "Idempotency-Key": f"seed-{time.time_ns()}",
        },
    )
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS) as answer:  # noqa: S310 (as above)
            said: JsonObject = json.load(answer)
    except urllib.error.HTTPError as refused:
        text = refused.read().decode(errors="replace")
        raise SeedError(f"{method} {url} answered {refused.code}: {text}") from refused
    except OSError as broken:
        raise SeedError(f"{method} {url} did not answer: {broken}") from broken
    return said
