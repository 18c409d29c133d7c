"""A small catalogue for tests: two providers, a model on both of them, one on one, and an embedding."""

from datetime import UTC, datetime
from typing import Any

from aggregator.orchestrator.catalogue import Catalogue
from aggregator.orchestrator.merge import merged

JsonObject = dict[str, Any]

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
ALWAYS = "1970-01-01T00:00:00.000Z"


def provider(provider_id: str, **fields: Any) -> JsonObject:
    return {
        "id": provider_id,
        "name": provider_id.title(),
        "protocol": "openai",
        "baseUrl": f"https://api.{provider_id}.example/v1",
        "maxTokensField": "max_tokens",
        "timeoutSeconds": 600,
    } | fields


def price(version: str = "v1", effective_at: str = ALWAYS, **rates: Any) -> JsonObject:
    return {
        "version": version,
        "effectiveAt": effective_at,
        "input": 150_000_000,
        "output": 600_000_000,
    } | rates


def model(model_id: str, *routes: JsonObject, **fields: Any) -> JsonObject:
    return {
        "id": model_id,
        "displayName": model_id.upper(),
        "contextWindow": 128_000,
        "maxInputTokens": 120_000,
        "maxOutputTokens": 16_000,
        "capabilities": ["chat", "streaming", "tools"],
        "prices": [price()],
        "routes": list(routes),
    } | fields


def route(provider_id: str, upstream: str, **fields: Any) -> JsonObject:
    return {"provider": provider_id, "upstreamModel": upstream, "weight": 100, "order": 0} | fields


def data() -> JsonObject:
    """As the data file has it."""
    return {
        "aliases": {"cheap": "mini"},
        "providers": [provider("openai"), provider("groq")],
        "models": [
            model("mini", route("openai", "mini-2024")),
            model(
                "oss-20b",
                route("openai", "oss", order=1),
                route(
                    "groq",
                    "vendor/oss-20b",
                    maxOutputTokens=8_000,
                    capabilities=["chat", "streaming", "jsonSchema"],
                    prices=[price(input=75_000_000, output=300_000_000)],
                ),
                capabilities=["chat", "streaming", "tools", "jsonSchema"],
            ),
            {
                "id": "embed",
                "contextWindow": 8_191,
                "maxInputTokens": 8_191,
                "capabilities": ["embeddings"],
                "prices": [price(input=20_000_000, output=0)],
                "routes": [route("openai", "embed")],
            },
        ],
    }


def body(content: JsonObject | None = None, overrides: JsonObject | None = None) -> JsonObject:
    """As it is published."""
    return merged(content or data(), None, overrides, region="eu-central-1")


def catalogue(content: JsonObject | None = None) -> Catalogue:
    return Catalogue(body(content), version=7)
