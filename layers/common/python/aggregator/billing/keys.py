"""Keys of the billing table; `store.py` says what lies under each. Standard library only."""

from typing import Any

from aggregator.runtime import item

JsonObject = dict[str, Any]

ACCOUNT_PREFIX = "ACCOUNT#"
ENTRY_PREFIX = "ENTRY#"
GRANT_PREFIX = "GRANT#"
DUE = "GRANTSDUE"


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


def refunded_key(user_id: str, entry_id: str | None) -> JsonObject:
    """Key of how much of an entry has been given back."""
    return item.item({"pk": account_key(user_id), "sk": f"REFUNDED#{entry_id}"})


def purse_key(user_id: str) -> JsonObject:
    """Key of what is left of an account's grants."""
    return item.item({"pk": account_key(user_id), "sk": "GRANTS"})


def grant_key(user_id: str, grant_id: str) -> JsonObject:
    """Key of what was said of a grant when it was given; its id is that of its entry."""
    return item.item({"pk": account_key(user_id), "sk": f"{GRANT_PREFIX}{grant_id}"})


def given_key(user_id: str, key: str) -> JsonObject:
    """Key of the grant that was given under a name of its giver's: there is never a second one."""
    return item.item({"pk": account_key(user_id), "sk": f"GIVEN#{key}"})


def due_key(user_id: str, grant_id: str, ends_at: str) -> JsonObject:
    """Key under which a grant waits for its end, the first one being the first."""
    return item.item({"pk": DUE, "sk": f"{ends_at}#{user_id}#{grant_id}"})
