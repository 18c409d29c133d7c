"""A first user with a key and a balance, made through the real API as an operator would."""

import json
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

JsonObject = dict[str, Any]

USER_ID = "demo"
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
    """Make the user's key and credit.

    Raises:
        SeedError: one of the calls was not answered as it must be.
    """
    with ThreadPoolExecutor(2) as pool:  # side by side, because each starts a function
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
        return Seeded(USER_ID, key.result()["key"], credit.result()["amount"])


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
