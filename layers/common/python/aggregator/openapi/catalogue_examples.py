"""Examples of what operators do with the catalogue, by operation and name."""

from aggregator.errors import JsonObject

_DATED_PRICE = {"version": "2026-11-23", "effectiveAt": "2026-11-23T08:00:00.000Z", "asOf": "2026-11-23"}
_MODEL_ENTRY: JsonObject = {
    "id": "my-model",
    "displayName": "My model",
    "contextWindow": 32768,
    "maxInputTokens": 32768,
    "maxOutputTokens": 4096,
    "capabilities": ["chat", "streaming", "tools"],
    "strategy": "weighted",
    "routes": [{"provider": "openai", "upstreamModel": "gpt-4o-mini", "weight": 100, "order": 0}],
    "prices": [_DATED_PRICE | {"input": "0.20", "output": "0.80"}],
    "origin": "operator",
}
_PROVIDER_ENTRY: JsonObject = {
    "id": "my-llm",
    "name": "Our own vLLM",
    "protocol": "openai",
    "baseUrl": "https://llm.example.com/v1",
    "maxTokensField": "max_tokens",
    "timeoutSeconds": 300,
    "keyless": True,
    "origin": "operator",
}
_CATALOGUE_CHANGE: JsonObject = {
    "version": 4,
    "action": "put",
    "changedAt": "2026-11-23T08:00:00.000Z",
    "byKeyId": "admin",
    "byUserId": "admin",
    "added": [],
    "changed": ["model my-model"],
    "removed": [],
    "fields": {"model my-model": {"strategy": {"from": None, "to": "weighted"}}},
}


def _one(value: JsonObject) -> dict[str, JsonObject]:
    return {"default": {"value": value}}


REQUESTS: dict[str, dict[str, JsonObject]] = {
    "putCatalogueModel": _one(
        {
            "displayName": "My model",
            "contextWindow": 32768,
            "maxInputTokens": 32768,
            "maxOutputTokens": 4096,
            "capabilities": ["chat", "streaming", "tools"],
            "strategy": "weighted",
            "routes": [{"provider": "openai", "upstreamModel": "gpt-4o-mini"}],
            "price": {"input": "0.20", "output": "0.80"},
        }
    ),
    "putProvider": _one(
        {
            "name": "Our own vLLM",
            "baseUrl": "https://llm.example.com/v1",
            "timeoutSeconds": 300,
            "keyless": True,
        }
    ),
    "putAlias": _one({"model": "gpt-4o-mini", "strategy": "latency"}),
    "rollBackCatalogue": _one({"version": 3}),
}

RESPONSES: dict[str, dict[str, JsonObject]] = {
    "getCatalogueModel": _one({"version": 4, "changed": False, "entry": _MODEL_ENTRY}),
    "putCatalogueModel": _one({"version": 4, "changed": True, "entry": _MODEL_ENTRY}),
    "listProviders": _one(
        {
            "version": 4,
            "data": [_PROVIDER_ENTRY],
            "state": {
                "my-llm": {
                    "keys": 0,
                    "circuits": [
                        {
                            "upstreamModel": "llama-3.3-70b",
                            "since": "2026-11-23T08:00:00.000Z",
                            "until": "2026-11-23T08:00:30.000Z",
                        }
                    ],
                }
            },
        }
    ),
    "putProvider": _one({"version": 4, "changed": True, "entry": _PROVIDER_ENTRY}),
    "putAlias": _one(
        {
            "version": 4,
            "changed": True,
            "entry": {"model": "gpt-4o-mini", "strategy": "latency", "origin": "operator"},
        }
    ),
    "deleteAlias": _one({"version": 5, "changed": True}),
    "listCatalogueChanges": _one({"data": [_CATALOGUE_CHANGE], "nextCursor": 4}),
    "rollBackCatalogue": _one({"version": 5, "changed": True}),
}
