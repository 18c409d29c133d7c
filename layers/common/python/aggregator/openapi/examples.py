"""Examples of requests and answers, by operation and name; a test holds each to its schema."""

from aggregator.errors import JsonObject
from aggregator.openapi import (
    alerts_examples,
    catalogue_examples,
    grants_examples,
    identity_examples,
    kept_examples,
    operator_examples,
    plan_examples,
)

Examples = dict[str, JsonObject]

_LIMITS = {
    "requestsPerMinute": 60,
    "tokensPerMinute": None,
    "usdPerMinute": "0.50",
    "concurrentRequests": None,
    "dailyBudget": "5.00",
    "monthlyBudget": None,
}
_KEY: JsonObject = {
    "id": "1vQ8Zk7pQ2xA",
    "userId": "demo",
    "teamId": None,
    "name": "laptop",
    "status": "active",
    "scopes": ["inference", "models:read"],
    "createdAt": "2026-11-23T06:19:00.000Z",
    "createdBy": "admin",
    "expiresAt": None,
    "revokedAt": None,
    "lastUsedAt": None,
    "previousSecretEndsAt": None,
    "allowedModels": ["gpt-4o*"],
    "allowedIps": None,
    "limits": _LIMITS,
    "pricePercent": 100,
    "aliases": {"quick": "groq/gpt-oss-20b"},
    "cacheSeconds": 0,
    "cap": "lower",
}
_CREATED = _KEY | {"key": "agg_prod_1vQ8Zk7pQ2xA_4f8Jd0sLq2Wm9XyTzB1cVn31vCE0"}
_CHANGE = {
    "id": "1vQ8Zk7pQ2xB",
    "action": "created",
    "occurredAt": "2026-11-23T06:19:00.000Z",
    "byKeyId": "admin",
    "byUserId": "admin",
    "changes": {},
}
_REQUEST_ID = "019a1b2c3d4e-c6af9ac6-7b61-11e6-9a41-93e8deadbeef"
_BALANCE: JsonObject = {
    "userId": "demo",
    "currency": "USD",
    "available": "4.99",
    "held": "0.01",
    "total": "5.00",
    "lapsed": {"requests": 0, "amount": "0.00"},
    "lowBalanceThreshold": None,
    "plan": None,
}
_CREDIT: JsonObject = {
    "id": _REQUEST_ID,
    "userId": "demo",
    "type": "credit",
    "amount": "5.00",
    "currency": "USD",
    "description": "Invoice 2026-0042",
    "createdAt": "2026-11-23T06:19:00.000Z",
}
_CHARGE: JsonObject = {
    "id": _REQUEST_ID,
    "userId": "demo",
    "type": "usage",
    "amount": "-0.00000615",
    "currency": "USD",
    "createdAt": "2026-11-23T06:19:00.000Z",
    "postings": [
        {"account": "user:demo", "amount": "-0.00000615"},
        {"account": "revenue", "amount": "0.00000615"},
    ],
    "request": {
        "requestId": _REQUEST_ID,
        "keyId": "1vQ8Zk7pQ2xA",
        "model": "gpt-4o-mini",
        "provider": "openai",
        "surface": "chat",
        "outcome": "completed",
        "status": 200,
        "stream": False,
        "attempts": 1,
        "latencyMs": 412,
        "timeToFirstTokenMs": 409,
        "tokens": {"input": 9, "cachedInput": 0, "cacheWrite": 0, "output": 8, "reasoning": 0},
        "estimated": False,
        "priceVersion": "2026-11-20",
        "charged": "0.00000615",
        "hold": "0.00960135",
        "balance": "99.99999385",
        "strategy": "priority",
        "maxTokens": 16384,
        "ignored": ["metadata"],
    },
}
_PERCENTILES = {"p50": 410, "p95": 900, "p99": 1500}
_FIGURES: JsonObject = {
    "requests": 12,
    "errors": 1,
    "streams": 4,
    "estimated": 0,
    "images": 0,
    "tokens": {"input": 300, "cachedInput": 0, "cacheWrite": 0, "output": 120, "reasoning": 0, "total": 420},
    "cost": "0.000117",
    "latencyMs": _PERCENTILES,
    "timeToFirstTokenMs": {"p50": 120, "p95": 300, "p99": None},
    "outcomes": {"completed": 11, "provider_error": 1},
    "wallet": {
        "credits": "5.00",
        "debits": "0.00",
        "refunds": "0.00",
        "adjustments": "0.00",
        "grants": "0.00",
        "expired": "0.00",
    },
}
_GROUP = _FIGURES | {"key": {"model": "gpt-4o-mini"}}
_PRICES: JsonObject = {
    "version": "2026-11-20",
    "currency": "USD",
    "per": 1000000,
    "input": "0.15",
    "output": "0.60",
    "cachedInput": "0.075",
}
_MODEL: JsonObject = {
    "id": "gpt-4o-mini",
    "object": "model",
    "created": 1763596800,
    "owned_by": "openai",
    "type": "model",
    "display_name": "GPT-4o mini",
    "created_at": "2025-11-20T00:00:00.000Z",
    "lifecycle": "active",
    "max_input_tokens": 128000,
    "max_tokens": 16384,
}
_MODELS: JsonObject = {
    "object": "list",
    "data": [_MODEL],
    "has_more": False,
    "first_id": "gpt-4o-mini",
    "last_id": "gpt-4o-mini",
}
_LISTED: JsonObject = {
    "id": "gpt-4o-mini",
    "displayName": "GPT-4o mini",
    "providers": ["openai"],
    "contextWindow": 128000,
    "maxInputTokens": 128000,
    "maxOutputTokens": 16384,
    "capabilities": ["chat", "jsonSchema", "streaming", "tools", "vision"],
    "prices": _PRICES,
    "routes": [
        {
            "provider": "openai",
            "maxOutputTokens": 16384,
            "capabilities": ["chat", "jsonSchema", "streaming", "tools", "vision"],
            "prices": _PRICES,
        }
    ],
}
_OK = {"status": "ok", "latencyMs": 4}
_HEALTH: JsonObject = {
    "status": "ok",
    "version": "0.1.0",
    "uptimeMs": 120000,
    "domains": {"auth": _OK | {"tableStatus": "ACTIVE"}, "billing": _OK | {"tableStatus": "ACTIVE"}},
    "bus": _OK,
    "queues": {"billingUsage": _OK | {"depth": 0, "dlqDepth": 0}},
    "providers": _OK | {"catalogueVersion": 3, "models": 115, "providers": 9},
}
UNHEALTHY: JsonObject = _HEALTH | {
    "status": "down",
    "bus": {"status": "down", "latencyMs": 2000, "reason": "did not answer in time"},
}
_HELLO = [{"role": "user", "content": "Say hello."}]
_USAGE = {"prompt_tokens": 9, "completion_tokens": 8, "total_tokens": 17}
_COMPLETION: JsonObject = {
    "id": "chatcmpl-C1",
    "object": "chat.completion",
    "created": 1795414740,
    "model": "gpt-4o-mini-2024-07-18",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hello!"}, "finish_reason": "stop"}],
    "usage": _USAGE,
}


def _one(value: JsonObject) -> Examples:
    return {"default": {"value": value}}


REQUESTS: dict[str, Examples] = {
    "createChatCompletion": {
        "plain": {"summary": "A whole answer", "value": {"model": "gpt-4o-mini", "messages": _HELLO}},
        "streamed": {
            "summary": "Token by token, with the usage at the end",
            "value": {
                "model": "gpt-4o-mini",
                "messages": _HELLO,
                "max_completion_tokens": 64,
                "stream": True,
                "stream_options": {"include_usage": True},
            },
        },
    },
    "createApiKey": _one(
        {
            "userId": "demo",
            "name": "laptop",
            "scopes": ["inference", "models:read"],
            "allowedModels": ["gpt-4o*"],
            "limits": {"requestsPerMinute": 60, "usdPerMinute": "0.50", "dailyBudget": "5.00"},
        }
    ),
    "updateApiKey": _one({"name": "old laptop", "allowedModels": None}),
    "rotateApiKey": _one({"overlapSeconds": 3600}),
    "updateBalance": _one({"lowBalanceThreshold": "1.00"}),
    "createTransaction": _one(
        {
            "userId": "demo",
            "type": "credit",
            "amount": "5.00",
            "currency": "USD",
            "description": "Invoice 2026-0042",
        }
    ),
    **catalogue_examples.REQUESTS,
    **operator_examples.REQUESTS,
    **grants_examples.REQUESTS,
    **alerts_examples.REQUESTS,
    **identity_examples.REQUESTS,
    **plan_examples.REQUESTS,
}

RESPONSES: dict[str, Examples] = {
    "createChatCompletion": _one(_COMPLETION),
    "listModels": _one(_MODELS),
    "listModelsByProxyPath": _one(_MODELS),
    "listModelsForAnthropic": _one(_MODELS),
    "getModel": _one(_MODEL),
    "getModelByProxyPath": _one(_MODEL),
    "getModelForAnthropic": _one(_MODEL),
    "createApiKey": _one(_CREATED),
    "getCaller": _one(
        {
            "userId": "demo",
            "keyId": "1vQ8Zk7pQ2xA",
            "teamId": None,
            "scopes": ["inference", "models:read", "billing:read", "analytics:read"],
            "admin": False,
            "session": False,
            "expiresAt": None,
            "allowedModels": None,
            "allowedIps": None,
            "limits": _KEY["limits"],
            "pricePercent": 100,
            "aliases": {},
            "cacheSeconds": 0,
            "cap": "lower",
        }
    ),
    "listApiKeys": _one({"data": [_KEY], "nextCursor": None}),
    "getApiKey": _one(_KEY | {"history": [_CHANGE]}),
    "updateApiKey": _one(_KEY | {"name": "old laptop", "allowedModels": None}),
    "revokeApiKey": _one(
        _KEY
        | {
            "status": "revoked",
            "revokedAt": "2026-11-24T08:00:00.000Z",
            "revokedChildren": 2,
            "moreChildren": False,
        }
    ),
    "rotateApiKey": _one(_CREATED | {"previousSecretEndsAt": "2026-11-23T07:19:00.000Z"}),
    "getBalance": _one(_BALANCE),
    "updateBalance": _one(_BALANCE | {"lowBalanceThreshold": "1.00"}),
    "createTransaction": _one(_CREDIT),
    "listTransactions": _one({"userId": "demo", "entries": [_CHARGE]}),
    "listRequests": _one(
        {"userId": "demo", "requests": [{**_CHARGE["request"], "createdAt": _CHARGE["createdAt"]}]}
    ),
    "getReceipt": _one(_CHARGE),
    "getMetrics": _one(
        {
            "from": "2026-11-23T00:00:00.000Z",
            "to": "2026-11-24T00:00:00.000Z",
            "granularity": "hour",
            "groupBy": ["model"],
            "totals": _FIGURES,
            "groups": [_GROUP],
            "series": [{"start": "2026-11-23T06:00:00.000Z", "groups": [_GROUP]}],
        }
    ),
    "listCatalogueModels": _one(
        {
            "models": [_LISTED],
            "count": 1,
            "version": 3,
            "aliases": {"gpt-4o-mini-latest": "gpt-4o-mini"},
        }
    ),
    **catalogue_examples.RESPONSES,
    **alerts_examples.RESPONSES,
    **identity_examples.RESPONSES,
    **plan_examples.RESPONSES,
    **kept_examples.RESPONSES,
    **operator_examples.RESPONSES,
    **grants_examples.RESPONSES,
    "getHealth": _one(_HEALTH),
}

STREAM: Examples = {
    "default": {
        "value": 'data: {"id":"chatcmpl-C1","object":"chat.completion.chunk","created":1795414740,'
        '"model":"gpt-4o-mini-2024-07-18","choices":[{"index":0,"delta":{"content":"Hello!"}}]}\n\n'
        "data: [DONE]\n\n"
    }
}
