"""Examples of plans, by operation and name."""

from aggregator.errors import JsonObject

_PLAN: JsonObject = {
    "planId": "pro",
    "version": 1,
    "name": "Pro",
    "pricePercent": 120,
    "limits": {
        "requestsPerMinute": 600,
        "tokensPerMinute": None,
        "usdPerMinute": None,
        "concurrentRequests": None,
        "dailyBudget": None,
        "monthlyBudget": None,
    },
    "allowedModels": ["gpt-4o*"],
    "monthlyCredit": "20.00",
    "effectiveFrom": "2026-11-23T06:19:00.000Z",
}
_VERSION: JsonObject = _PLAN | {
    "createdAt": "2026-11-23T06:19:00.000Z",
    "byKeyId": "admin",
    "byUserId": "admin",
}


def _one(value: JsonObject) -> dict[str, JsonObject]:
    return {"default": {"value": value}}


REQUESTS: dict[str, dict[str, JsonObject]] = {
    "putPlan": _one(
        {
            "name": "Pro",
            "pricePercent": 120,
            "limits": {"requestsPerMinute": 600},
            "allowedModels": ["gpt-4o*"],
            "monthlyCredit": "20.00",
        }
    ),
}

RESPONSES: dict[str, dict[str, JsonObject]] = {
    "putPlan": _one(_VERSION),
    "listPlans": _one({"data": [_PLAN], "nextCursor": None}),
    "getPlan": _one(_PLAN | {"versions": [_VERSION]}),
}
