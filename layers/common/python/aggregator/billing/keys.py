"""Keys of the billing table; `store.py` says what lies under each. Standard library only."""

from typing import Any

from aggregator.runtime import item

JsonObject = dict[str, Any]

ACCOUNT_PREFIX = "ACCOUNT#"
ENTRY_PREFIX = "ENTRY#"


def account_key(user_id: str) -> str:
    """Partition of everything about one user's money."""
    return f"{ACCOUNT_PREFIX}{user_id}"


def balance_key(user_id: str) -> JsonObject:
    """Key of a user's account item."""
    return item.item({"pk": account_key(user_id), "sk": "BALANCE"})


def entry_key(user_id: str, entry_id: str) -> JsonObject:
    """Key of an entry: it comes from the event alone, so that a redelivered event finds its entry."""
    return item.item({"pk": account_key(user_id), "sk": f"{ENTRY_PREFIX}{entry_id}"})


def booked_key(user_id: str, key: str) -> JsonObject:
    """Key of what an Idempotency-Key led to."""
    return item.item({"pk": account_key(user_id), "sk": f"IDEMPOTENCY#{key}"})
