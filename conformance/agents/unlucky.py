"""Models whose providers can be made to fail without harm to others: routes, circuits and patience of their own.

`{model}-unlucky` is at a provider that is borne three seconds of silence, `{model}-nowhere` at one that nobody listens
for, and `{model}-covered` at that one first, and at a good one after it.
"""

from typing import Any

from conformance.accounts import Api

JsonObject = dict[str, Any]

UNLUCKY, NOWHERE, COVERED = "-unlucky", "-nowhere", "-covered"

_SECONDS = 3
_CLOSED = "http://127.0.0.1:1"
"""A port that nobody listens on: connections are refused."""
_SAME = ("protocol", "maxTokensField", "dialects", "house", "leftOut", "efforts")
_LIMITS = ("contextWindow", "maxInputTokens", "maxOutputTokens", "capabilities")
_IMAGE_TOKENS = 5_000
_PRICE = {
    "version": "listed",
    "input": "2.00",
    "output": "10.00",
    "cachedInput": "0.10",
    "cacheWrite": "2.50",
}


def put(api: Api, houses: dict[str, str]) -> None:
    """Put them for a model of each house, by the name of its provider."""
    providers = {each["id"]: each for each in api.operate("GET", "/orchestrator/providers")["data"]}
    models = {each["id"]: each for each in api.operate("GET", "/orchestrator/models")["models"]}
    for house, model in houses.items():
        same = {name: providers[house][name] for name in _SAME if name in providers[house]} | {
            "secret": house
        }
        patience = {
            "timeoutSeconds": _SECONDS,
            "silenceSeconds": _SECONDS,
            "reasoningSilenceSeconds": _SECONDS,
        }
        _provider(api, f"unlucky-{house}", same | patience | {"baseUrl": providers[house]["baseUrl"]})
        _provider(api, f"nowhere-{house}", same | {"baseUrl": f"{_CLOSED}/v1"})
        limits = {name: models[model][name] for name in _LIMITS} | {"maxImageTokens": _IMAGE_TOKENS}
        for suffix, routes in {
            UNLUCKY: [f"unlucky-{house}"],
            NOWHERE: [f"nowhere-{house}"],
            COVERED: [f"nowhere-{house}", house],
        }.items():
            there = [
                {"provider": each, "upstreamModel": model, "order": order}
                for order, each in enumerate(routes)
            ]
            api.operate(
                "PUT", f"/orchestrator/models/{model}{suffix}", limits | {"routes": there, "price": _PRICE}
            )


def _provider(api: Api, name: str, fields: JsonObject) -> None:
    api.operate("PUT", f"/orchestrator/providers/{name}", fields)
