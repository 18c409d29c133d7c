"""Examples of what is done about alerts, by operation and name."""

from aggregator.errors import JsonObject

_WEBHOOK: JsonObject = {
    "id": "5f2b9c0e1d7a4b36",
    "userId": "demo",
    "url": "https://hooks.example.com/ai",
    "kinds": ["balance.low", "budget.reached"],
    "createdAt": "2026-11-23T06:19:00.000Z",
}
_DELIVERY: JsonObject = {
    "id": "01a207416c9d-5f2b9c0e1d7a4b36",
    "webhookId": "5f2b9c0e1d7a4b36",
    "kind": "budget.reached",
    "state": "delivered",
    "tries": 2,
    "lastAnswer": "204",
    "createdAt": "2026-11-23T06:20:00.000Z",
    "deliveredAt": "2026-11-23T06:20:06.000Z",
    "body": {
        "type": "budget.reached",
        "timestamp": "2026-11-23T06:20:00.000Z",
        "data": {
            "userId": "demo",
            "keyId": "1vQ8Zk7pQ2xA",
            "keyName": "laptop",
            "period": "day",
            "percent": 80,
            "budgetUsd": "5.00",
            "spentUsd": "4.12",
            "beginsAnewAt": "2026-11-24T00:00:00.000Z",
        },
    },
}


def _one(value: JsonObject) -> dict[str, JsonObject]:
    return {"default": {"value": value}}


REQUESTS: dict[str, dict[str, JsonObject]] = {
    "createWebhook": _one(
        {"url": "https://hooks.example.com/ai", "kinds": ["balance.low", "budget.reached"]}
    ),
}

RESPONSES: dict[str, dict[str, JsonObject]] = {
    "createWebhook": _one(_WEBHOOK | {"secret": "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oDdeZ+xJp0n6I="}),
    "listWebhooks": _one({"data": [_WEBHOOK]}),
    "deleteWebhook": _one(_WEBHOOK),
    "listDeliveries": _one({"data": [_DELIVERY], "nextCursor": None}),
    "replayDelivery": _one(_DELIVERY | {"state": "pending", "tries": 0, "deliveredAt": None}),
}
