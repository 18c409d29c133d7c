"""The catalogue in memory: what can be called, by which names, at one version.

Standard library only: the proxy's hot path imports this. A `Catalogue` keeps the published JSON as it is and builds
a `Model` only when one is asked for, so that loading costs what parsing JSON costs, however many models there are.
"""

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

from aggregator.billing.price import Price
from aggregator.errors import ModelNotFound
from aggregator.orchestrator.model import (
    PRIORITY,
    DatedPrice,
    JsonObject,
    Model,
    Provider,
    Route,
    Selection,
    provider_of,
)


class Catalogue:
    """Everything that can be called, at one version.

    `body` is what `merge.merged` made: providers, models and aliases, each a map by id.
    """

    def __init__(self, body: Mapping[str, Any], version: int) -> None:
        self.version = version
        self._providers: Mapping[str, JsonObject] = body["providers"]
        self._models: Mapping[str, JsonObject] = body["models"]
        self._aliases: Mapping[str, JsonObject] = body["aliases"]
        self._retired: list[JsonObject] = body.get("retiredPrices", [])
        self._built_providers: dict[str, Provider] = {}
        self._built_models: dict[str, Model] = {}

    def find(self, name: str) -> Selection:
        """The model called `name`, and the routes to it.

        `name` is a model's id (`gpt-4o-mini`), an alias (`cheap`), or either with a provider before it
        (`openai/gpt-4o-mini`), which pins the route; after a provider, the provider's own name for the model will do
        as well (`groq/openai/gpt-oss-20b`). Names are case-sensitive.

        Raises:
            ModelNotFound: there is no such model, or that provider does not have it; the message names near ones.
        """
        model_id = self._resolved(name)
        if model_id in self._models:
            model = self.model(model_id)
            strategy = self._aliases.get(name, {}).get("strategy", model.strategy)
            return Selection(model, model.routes, strategy)
        provider_id, _, rest = name.partition("/")
        if provider_id in self._providers and rest:
            pinned = self._pinned(provider_id, rest)
            if pinned is not None:
                return pinned
        raise ModelNotFound(
            f"The model '{name}' does not exist.{self._hint(name, provider_id, rest)}", param="model"
        )

    def model(self, model_id: str) -> Model:
        """Build the model of this id, once.

        Raises:
            KeyError: there is none.
        """
        if model_id not in self._built_models:
            self._built_models[model_id] = self._build_model(self._models[model_id])
        return self._built_models[model_id]

    def models(self) -> Iterator[Model]:
        """All models, in the order of the catalogue."""
        return (self.model(model_id) for model_id in self._models)

    def provider(self, provider_id: str) -> Provider:
        """Build the provider of this id, once.

        Raises:
            KeyError: there is none.
        """
        if provider_id not in self._built_providers:
            self._built_providers[provider_id] = provider_of(self._providers[provider_id])
        return self._built_providers[provider_id]

    @property
    def provider_ids(self) -> tuple[str, ...]:
        """Ids of all providers, with routes or without."""
        return tuple(self._providers)

    @property
    def retired_prices(self) -> tuple[tuple[str, str, Price], ...]:
        """Model, provider and price of every version that was live once and is in no route any more."""
        return tuple((each["model"], each["provider"], Price.from_json(each)) for each in self._retired)

    @property
    def aliases(self) -> dict[str, str]:
        """Every alias, and the id of the model it stands for."""
        return {name: alias["model"] for name, alias in self._aliases.items()}

    def aliases_of(self, model_id: str) -> tuple[str, ...]:
        """Every alias that stands for a model."""
        return self._aliases_by_model.get(model_id, ())

    def upstream_name(self, provider_id: str, model_id: str) -> str:
        """The provider's own name for a model; empty where it does not have it."""
        routes = self._models.get(model_id, {}).get("routes", ())
        return next((str(each["upstreamModel"]) for each in routes if each["provider"] == provider_id), "")

    @cached_property
    def _aliases_by_model(self) -> dict[str, tuple[str, ...]]:
        found: dict[str, tuple[str, ...]] = {}
        for name, alias in self._aliases.items():
            found[alias["model"]] = (*found.get(alias["model"], ()), name)
        return found

    def _resolved(self, name: str) -> str:
        alias = self._aliases.get(name)
        return name if alias is None else str(alias["model"])

    def _pinned(self, provider_id: str, rest: str) -> Selection | None:
        model_id = self._resolved(rest)
        if model_id not in self._models:
            model_id = self._by_upstream_name.get((provider_id, rest), "")
        if model_id not in self._models:
            return None
        model = self.model(model_id)
        routes = tuple(route for route in model.routes if route.provider.id == provider_id)
        return Selection(model, routes, model.strategy) if routes else None

    @cached_property
    def _by_upstream_name(self) -> dict[tuple[str, str], str]:
        return {
            (route["provider"], route["upstreamModel"]): model_id
            for model_id, entry in self._models.items()
            for route in entry["routes"]
        }

    def _hint(self, name: str, provider_id: str, rest: str) -> str:
        wanted = self._resolved(rest if provider_id in self._providers else name.rpartition("/")[2])
        if wanted in self._models:
            others = ", ".join(f"{route['provider']}/{wanted}" for route in self._models[wanted]["routes"])
            return f" Did you mean {others}?"
        from aggregator.orchestrator.near_names import near_names  # noqa: PLC0415 (only a wrong name pays for it)

        near = near_names(wanted, (*self._models, *self._aliases))
        return f" Did you mean {', '.join(near)}?" if near else ""

    def _build_model(self, entry: JsonObject) -> Model:
        routes = tuple(sorted((self._build_route(entry, each) for each in entry["routes"]), key=_by_order))
        return Model(
            id=entry["id"],
            display_name=str(entry.get("displayName", entry["id"])),
            context_window=entry["contextWindow"],
            max_input_tokens=entry["maxInputTokens"],
            max_output_tokens=entry.get("maxOutputTokens", 0),
            max_image_tokens=entry.get("maxImageTokens", 0),
            capabilities=tuple(entry["capabilities"]),
            retires_at=entry.get("retiresAt"),
            routes=routes,
            strategy=entry.get("strategy", PRIORITY),
        )

    def _build_route(self, entry: JsonObject, route: JsonObject) -> Route:
        whole = {**entry, **route}
        return Route(
            model_id=entry["id"],
            provider=self.provider(route["provider"]),
            upstream_model=route["upstreamModel"],
            weight=route["weight"],
            order=route["order"],
            max_input_tokens=whole["maxInputTokens"],
            max_output_tokens=whole.get("maxOutputTokens", 0),
            max_image_tokens=whole.get("maxImageTokens", 0),
            capabilities=frozenset(whole["capabilities"]),
            prices=tuple(
                DatedPrice(each["effectiveAt"], each.get("asOf", ""), Price.from_json(each))
                for each in whole["prices"]
            ),
            retires_at=whole.get("retiresAt"),
        )


def _by_order(route: Route) -> tuple[int, int]:
    return (route.order, -route.weight)
