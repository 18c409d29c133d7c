"""Where each provider is called: at its own address, at one of the user's, or at the stand-in. Pure rules."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

JsonObject = dict[str, Any]

SNIPPET_MODEL = "gpt-4o-mini"
STAND_IN_KEY = "stand-in"

_KEY = "_API_KEY"
_WITHOUT_VERSION = ("anthropic", "gemini")
"""Protocols whose SDKs take an address without its version (`/v1`, `/v1beta`), and add that themselves."""


@dataclass(frozen=True, slots=True)
class ProviderPlan:
    """Ids of providers. `keys` is the content of the secret with the platform's keys.

    `elsewhere`: those that are pointed to an address of the user's, among the `real` ones, and to which.
    """

    real: tuple[str, ...]
    stood_in: tuple[str, ...]
    keys: Mapping[str, str]
    overrides: JsonObject
    snippet_model: str
    elsewhere: Mapping[str, str] = field(default_factory=dict)


def plan_providers(catalogue: JsonObject, environment: Mapping[str, str], stand_in_url: str) -> ProviderPlan:
    """Plan for a catalogue: a provider with a key or an address in the environment is called, the rest are stood in.

    Addresses are all that is changed: a stood-in provider keeps its dialect and its path, behind a name of its own
    (`.../groq/openai/v1`), so that a fault can be told to one of them.
    A model with a real route loses its stood-in ones: a made-up answer must not pass for a fallback.
    """
    providers = {each["id"]: each for each in catalogue["providers"]}
    keys = {name: environment.get(each.get("keyVariable", ""), "") for name, each in providers.items()}
    elsewhere = {
        name: _at(given.rstrip("/"), each)
        for name, each in providers.items()
        if (given := environment.get(address_variable(each), ""))
    }
    real = tuple(name for name in providers if keys[name] or name in elsewhere)
    stood_in = tuple(name for name in providers if name not in real)
    real_models = {
        model["id"]: {"routes": routes}
        for model in catalogue["models"]
        if (routes := [route for route in model["routes"] if route["provider"] in real])
        and len(routes) < len(model["routes"])
    }
    addresses = {name: f"{stand_in_url}/{name}{_path(providers[name])}" for name in stood_in} | elsewhere
    return ProviderPlan(
        real=real,
        stood_in=stood_in,
        keys={
            name: key or STAND_IN_KEY
            for name, key in keys.items()
            if key or not providers[name].get("keyless")
        },
        overrides={
            "providers": {name: {"baseUrl": addresses[name]} for name in providers if name in addresses},
            "models": real_models,
        },
        snippet_model=_snippet_model(catalogue, real),
        elsewhere=elsewhere,
    )


def address_variable(provider: JsonObject) -> str:
    """The variable that points a provider elsewhere: `GEMINI_BASE_URL` beside `GEMINI_API_KEY`.

    Providers that share a key, or have none, are told apart by their ids: `BEDROCK_CONVERSE_BASE_URL`.
    """
    key = str(provider.get("keyVariable", ""))
    if key.endswith(_KEY) and "secret" not in provider:
        return key.removesuffix(_KEY) + "_BASE_URL"
    return str(provider["id"]).upper().replace("-", "_") + "_BASE_URL"


def _at(given: str, provider: JsonObject) -> str:
    """The address as the provider's own SDK takes it, with all of the path under which it is called."""
    own = _path(provider)
    if not urlsplit(given).path:
        return given + own
    if provider.get("protocol") in _WITHOUT_VERSION and not given.endswith(own):
        return given + own
    return given


def _path(provider: JsonObject) -> str:
    return urlsplit(provider["baseUrl"]).path


def _snippet_model(catalogue: JsonObject, real: tuple[str, ...]) -> str:
    """Return a model whose answer shows what is there: a real one, if any provider is real."""
    chat = [model for model in catalogue["models"] if "chat" in model["capabilities"]]
    of_real = [model["id"] for model in chat if {route["provider"] for route in model["routes"]} & set(real)]
    return SNIPPET_MODEL if SNIPPET_MODEL in of_real or not of_real else str(of_real[0])
