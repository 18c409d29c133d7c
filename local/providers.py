"""Which providers are the real ones and which the stand-in, by the keys in the environment. Pure rules."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

JsonObject = dict[str, Any]

SNIPPET_MODEL = "gpt-4o-mini"
STAND_IN_KEY = "stand-in"

_SPOKEN = ("openai", "anthropic")
"""Protocols of the stand-in."""


@dataclass(frozen=True, slots=True)
class ProviderPlan:
    """Ids of providers. `keys` is the content of the secret with the platform's keys."""

    real: tuple[str, ...]
    stood_in: tuple[str, ...]
    keys: Mapping[str, str]
    overrides: JsonObject
    snippet_model: str


def plan_providers(catalogue: JsonObject, environment: Mapping[str, str], stand_in_url: str) -> ProviderPlan:
    """Plan for a catalogue: a provider whose `keyVariable` is set is called, all others are the stand-in.

    Each stood-in provider gets a base URL of its own (`.../mistral/v1`), so that a fault can be told to one of them,
    and is spoken to in its own dialect where the stand-in knows it, else in OpenAI's.
    A model with a real route loses its stood-in ones: a made-up answer must not pass for a fallback.
    """
    providers = catalogue["providers"]
    keys = {each["id"]: environment.get(each.get("keyVariable", ""), "") for each in providers}
    real = tuple(name for name, key in keys.items() if key)
    stood_in = tuple(name for name, key in keys.items() if not key)
    real_models = {
        model["id"]: {"routes": routes}
        for model in catalogue["models"]
        if (routes := [route for route in model["routes"] if route["provider"] in real])
        and len(routes) < len(model["routes"])
    }
    return ProviderPlan(
        real=real,
        stood_in=stood_in,
        keys={name: key or STAND_IN_KEY for name, key in keys.items()},
        overrides={
            "providers": {
                each["id"]: {"baseUrl": f"{stand_in_url}/{each['id']}/v1", **_spoken_by_the_stand_in(each)}
                for each in providers
                if each["id"] in stood_in
            },
            "models": real_models,
        },
        snippet_model=_snippet_model(catalogue, real),
    )


def _spoken_by_the_stand_in(provider: JsonObject) -> JsonObject:
    return {} if provider.get("protocol", "openai") in _SPOKEN else {"protocol": "openai"}


def _snippet_model(catalogue: JsonObject, real: tuple[str, ...]) -> str:
    """Return a model whose answer shows what is there: a real one, if any provider is real."""
    chat = [model for model in catalogue["models"] if "chat" in model["capabilities"]]
    of_real = [model["id"] for model in chat if {route["provider"] for route in model["routes"]} & set(real)]
    return SNIPPET_MODEL if SNIPPET_MODEL in of_real or not of_real else str(of_real[0])
