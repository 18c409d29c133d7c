"""Examples of what is done with people, by operation and name."""

from aggregator.errors import JsonObject

_USER: JsonObject = {
    "userId": "ann",
    "email": "ann@example.com",
    "name": "Ann Lee",
    "role": "member",
    "state": "active",
    "createdAt": "2026-11-23T06:19:00.000Z",
    "createdBy": "admin",
    "updatedAt": "2026-11-23T06:19:00.000Z",
}
_SUSPENDED = _USER | {"state": "suspended", "updatedAt": "2026-11-24T08:00:00.000Z"}
_SUSPENDING: JsonObject = {
    "id": "0f9b1f6be3a7f0a85b0d1c4c7a2e9d31",
    "action": "suspended",
    "occurredAt": "2026-11-24T08:00:00.000Z",
    "byKeyId": "admin",
    "byUserId": "admin",
    "changes": {"state": {"from": "active", "to": "suspended"}},
}


def _one(value: JsonObject) -> dict[str, JsonObject]:
    return {"default": {"value": value}}


REQUESTS: dict[str, dict[str, JsonObject]] = {
    "createUser": _one({"userId": "ann", "email": "ann@example.com", "name": "Ann Lee", "role": "member"}),
    "updateUser": _one({"state": "suspended"}),
}

RESPONSES: dict[str, dict[str, JsonObject]] = {
    "createUser": _one(_USER),
    "listUsers": _one({"data": [_USER], "nextCursor": None}),
    "getUser": _one(_SUSPENDED | {"history": [_SUSPENDING]}),
    "updateUser": _one(_SUSPENDED),
}
