"""Users and audit entries as items of the identity table, and back; moments are ISO 8601 text."""

from aggregator.identity.model import Binding, Change, Profile, User
from aggregator.runtime.aws import JsonObject
from aggregator.runtime.clock import from_iso, iso

AUDIT = "AUDIT#"


def place_of_user(user_id: str) -> dict[str, str]:
    """Key of a user in the identity table."""
    return {"pk": "USERS", "sk": f"USER#{user_id}"}


def item_of(user: User) -> JsonObject:
    """A user as the item `USERS` / `USER#<userId>`; what is None is absent."""
    return {
        **place_of_user(user.user_id),
        "userId": user.user_id,
        **{name: each for name, each in user.described().items() if each is not None},
        "createdAt": iso(user.created_at),
        "createdBy": user.created_by,
        "updatedAt": iso(user.updated_at),
        "version": user.version,
    }


def user_of(stored: JsonObject) -> User:
    """Read what `item_of` wrote."""
    return User(
        user_id=stored["userId"],
        profile=Profile(stored["email"], stored["name"], stored["role"], stored["state"], stored.get("plan")),
        created_at=from_iso(stored["createdAt"]),
        created_by=stored["createdBy"],
        updated_at=from_iso(stored["updatedAt"]),
        version=stored["version"],
        bound_to=_binding_of(stored["boundTo"]) if "boundTo" in stored else None,
    )


def _binding_of(stored: JsonObject) -> Binding:
    return Binding(stored["issuer"], stored["subject"], from_iso(stored["boundAt"]))


def entry_of(change: Change) -> JsonObject:
    """A change as an item of the audit trail."""
    return {
        "pk": f"USER#{change.user_id}",
        "sk": f"{AUDIT}{iso(change.occurred_at)}#{change.change_id}",
        "changeId": change.change_id,
        "userId": change.user_id,
        "action": change.action,
        "occurredAt": iso(change.occurred_at),
        "byKeyId": change.by_key_id,
        "byUserId": change.by_user_id,
        "changes": change.changes,
    }


def change_of(stored: JsonObject) -> Change:
    """Read what `entry_of` wrote."""
    return Change(
        change_id=stored["changeId"],
        user_id=stored["userId"],
        action=stored["action"],
        occurred_at=from_iso(stored["occurredAt"]),
        by_key_id=stored["byKeyId"],
        by_user_id=stored["byUserId"],
        changes=stored["changes"],
    )
