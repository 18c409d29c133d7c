"""Models that tests here route in ways of their own, put in place before anybody asks a stack for a model.

A function that has read the catalogue keeps it for half a minute; one that has not yet finds them at once.
"""

from typing import Any

from tests.e2e.caller import ApiCaller, Reply

JsonObject = dict[str, Any]

SILENCE_SECONDS = 4
"""What is borne of the provider `stalling` between two pieces of an answer."""

DEAD = "[[standin on={} status=500]] hello"
"""A prompt at which that provider fails."""

_LIMITS = {"contextWindow": 8_000, "maxInputTokens": 8_000, "maxOutputTokens": 1_000}
_PRICE = {"version": "listed", "input": "1.00", "output": "2.00"}


def _model(*routes: JsonObject, **fields: Any) -> JsonObject:
    return {**_LIMITS, "routes": list(routes), "price": _PRICE, **fields}


def _over(provider: str, upstream: str, **fields: Any) -> JsonObject:
    """A route with a name of its own at the provider, so that no other test opens its circuit."""
    return {"provider": provider, "upstreamModel": upstream, **fields}


_MODELS: dict[str, JsonObject] = {
    "stalling": _model(_over("stalling", "stalling")),
    "failing": _model(_over("failing", "failing")),
    "failing-vectors": _model(_over("failing", "failing-vectors"), capabilities=["embeddings"]),
    "routed-fallback": _model(_over("openai", "fallback"), _over("groq", "fallback", order=1)),
    "routed-weighted": _model(
        _over("openai", "weighted", weight=80), _over("mistral", "weighted", weight=20), strategy="weighted"
    ),
    "told": _model(_over("openai", "told-2026"), _over("groq", "told-small", order=1)),
    "routed-circuit": _model(_over("deepseek", "circuit"), _over("xai", "circuit", order=1)),
    "routed-alone": _model(_over("together", "alone")),
    # The last one: a test takes the whole catalogue back to the version that this model came with.
    "routed-priced": _model(_over("openai", "priced")),
}


def serve(admin: ApiCaller) -> None:
    """Put the models and the providers of their own that some of them have."""
    there = {each["id"]: each for each in admin.get("/orchestrator/providers").json["data"]}
    provider = {"baseUrl": there["openai"]["baseUrl"], "secret": "openai"}
    _put(admin, "providers/stalling", {**provider, "silenceSeconds": SILENCE_SECONDS})
    _put(admin, "providers/failing", provider)
    for name, fields in _MODELS.items():
        _put(admin, f"models/{name}", fields)


def _put(admin: ApiCaller, what: str, fields: JsonObject) -> None:
    answer = admin.call("PUT", f"/orchestrator/{what}", fields)
    assert answer.status == 200, answer.body


def provider_of(reply: Reply) -> str:
    """Who answered."""
    assert reply.status == 200, reply.body
    return reply.headers["x-aggregator-provider"]
