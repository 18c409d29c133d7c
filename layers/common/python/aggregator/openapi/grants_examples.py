"""Examples of credit that ends, by operation and name."""

from aggregator.errors import JsonObject

_GRANT: JsonObject = {
    "id": "01a20743c9f6-c6af9ac6-7b61-11e6-9a41-93e8deadbeef",
    "userId": "demo",
    "amount": "10.00",
    "left": "10.00",
    "expired": "0.00",
    "currency": "USD",
    "state": "active",
    "reason": "Welcome",
    "createdAt": "2026-11-23T07:16:52.962Z",
    "expiresAt": "2036-11-01T00:00:00.000Z",
}

REQUESTS: dict[str, dict[str, JsonObject]] = {
    "createGrant": {
        "default": {
            "value": {
                "userId": "demo",
                "amount": "10.00",
                "expiresAt": "2036-11-01T00:00:00Z",
                "reason": "Welcome",
            }
        }
    },
}

RESPONSES: dict[str, dict[str, JsonObject]] = {
    "createGrant": {"default": {"value": _GRANT}},
    "listGrants": {
        "default": {"value": {"userId": "demo", "left": "7.25", "data": [_GRANT | {"left": "7.25"}]}}
    },
}
