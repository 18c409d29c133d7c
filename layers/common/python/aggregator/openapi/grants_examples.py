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

_CODE: JsonObject = {
    "id": "20f5ed4e0b87a50a9a58dbe52ef6428c",
    "name": "Spring",
    "amount": "5.00",
    "currency": "USD",
    "creditDays": 30,
    "redeemableUntil": "2036-11-01T00:00:00.000Z",
    "maxRedemptions": 100,
    "redeemed": 0,
    "state": "active",
    "createdAt": "2026-11-23T07:16:52.962Z",
}

REQUESTS: dict[str, dict[str, JsonObject]] = {
    "createCode": {
        "default": {
            "value": {
                "code": "SPRING-2036",
                "name": "Spring",
                "amount": "5.00",
                "creditDays": 30,
                "redeemableUntil": "2036-11-01T00:00:00Z",
                "maxRedemptions": 100,
            }
        }
    },
    "redeemCode": {"default": {"value": {"code": "SPRING-2036"}}},
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
    "createCode": {"default": {"value": _CODE | {"code": "SPRING-2036"}}},
    "listCodes": {"default": {"value": {"data": [_CODE | {"redeemed": 12}], "nextCursor": None}}},
    "disableCode": {"default": {"value": _CODE | {"redeemed": 12, "state": "disabled"}}},
    "redeemCode": {"default": {"value": _GRANT | {"reason": "Spring", "codeId": _CODE["id"]}}},
    "listGrants": {
        "default": {"value": {"userId": "demo", "left": "7.25", "data": [_GRANT | {"left": "7.25"}]}}
    },
}
