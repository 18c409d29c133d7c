"""Answers of the model lists: our own, and the one that OpenAI's and Anthropic's clients read."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from aggregator.auth.caller import Caller
from aggregator.billing.money import CURRENCY, to_usd
from aggregator.billing.plans.on_plan import price_for
from aggregator.billing.price import RATES, Price, Tier
from aggregator.orchestrator.catalogue import Catalogue
from aggregator.orchestrator.model import Model, Route
from aggregator.runtime.schema import Moment, Response

Capability = Literal[
    "chat",
    "streaming",
    "tools",
    "parallelTools",
    "vision",
    "jsonSchema",
    "reasoning",
    "promptCaching",
    "audioInput",
    "embeddings",
    "toolsOverResponses",
    "onlyResponses",
]
Amount = Annotated[str, Field(description="US dollars for a million tokens", examples=["0.15"])]
OptionalAmount = Annotated[Amount | None, Field(exclude_if=lambda amount: amount is None)]


class _Rates(Response):
    """Pydantic lists the fields of the last of a model's bases first: rates stand before what they are rates of."""

    input: Amount
    output: Amount
    cached_input: OptionalAmount = None
    cache_write: OptionalAmount = None
    reasoning: OptionalAmount = None
    cache_write_hour: OptionalAmount = None


class _AboveInput(Response):
    above_input_tokens: int


class TierPrices(_Rates, _AboveInput):
    """Prices of a whole request once its input is longer than `above_input_tokens`."""


class ServiceTierPrices(_Rates):
    """Prices of a request that asked for a service tier, and was served in it."""

    tiers: Annotated[tuple[TierPrices, ...], Field(exclude_if=lambda tiers: not tiers)] = ()


class _Version(Response):
    version: str
    currency: Literal["USD"] = CURRENCY
    per: Literal[1000000] = 1000000


class ModelPrices(_Rates, _Version):
    """Prices in force, as the caller's key pays them.

    A kind of token without its own price costs what `input` or `output` does.
    """

    image: Annotated[str | None, Field(exclude_if=lambda amount: amount is None)] = None
    request: Annotated[str | None, Field(exclude_if=lambda amount: amount is None)] = None
    tiers: Annotated[tuple[TierPrices, ...], Field(exclude_if=lambda tiers: not tiers)] = ()
    tools: Annotated[
        dict[str, str],
        Field(
            default_factory=dict,
            description="US dollars a call, of tools that run at the provider; of a code interpreter, a container",
            exclude_if=lambda tools: not tools,
        ),
    ]
    service_tiers: Annotated[
        dict[str, ServiceTierPrices], Field(default_factory=dict, exclude_if=lambda tiers: not tiers)
    ]

    @classmethod
    def of(cls, price: Price) -> "ModelPrices":
        """A price as it is shown."""
        return cls(
            version=price.version,
            image=to_usd(price.image) if price.image else None,
            request=to_usd(price.request) if price.request else None,
            tiers=_tiers(price),
            tools={name: to_usd(amount) for name, amount in price.tools},
            service_tiers={
                name: ServiceTierPrices(tiers=_tiers(rates), **_amounts(rates))
                for name, rates in price.service_tiers
            },
            **_amounts(price),
        )


class ModelRoute(Response):
    """One way to the model: ask for `<provider>/<model>` to take it and no other."""

    provider: str
    max_output_tokens: int
    capabilities: list[str]
    prices: ModelPrices

    @classmethod
    def of(cls, route: Route, now: datetime, caller: Caller) -> "ModelRoute":
        """A route as it is shown to a caller, who pays what its key and its plan say."""
        return cls(
            provider=route.provider.id,
            max_output_tokens=route.max_output_tokens,
            capabilities=sorted(route.capabilities),
            prices=ModelPrices.of(price_for(caller, route.price_at(now))),
        )


class ListedModel(Response):
    """A model that can be called; prices and limits are those of the route that is tried first."""

    id: Annotated[str, Field(examples=["gpt-4o-mini"])]
    display_name: str
    providers: list[str]
    context_window: int
    max_input_tokens: int
    max_output_tokens: int
    capabilities: list[str]
    retires_at: Annotated[str | None, Field(exclude_if=lambda day: day is None)] = None
    prices: ModelPrices
    routes: list[ModelRoute]

    @classmethod
    def of(cls, model: Model, now: datetime, caller: Caller) -> "ListedModel":
        """A model as it is shown to a caller, likewise."""
        return cls(
            id=model.id,
            display_name=model.display_name,
            providers=[route.provider.id for route in model.routes],
            context_window=model.context_window,
            max_input_tokens=model.max_input_tokens,
            max_output_tokens=model.max_output_tokens,
            capabilities=list(model.capabilities),
            retires_at=model.retires_at,
            prices=ModelPrices.of(price_for(caller, model.price_at(now))),
            routes=[ModelRoute.of(route, now, caller) for route in model.routes],
        )


class ModelList(Response):
    """What can be called. `version` is the catalogue's: it changes whenever anything in it does."""

    models: list[ListedModel]
    count: int
    version: int
    aliases: dict[str, str]

    @classmethod
    def of(cls, models: Iterable[Model], catalogue: Catalogue, now: datetime, caller: Caller) -> "ModelList":
        """The list, with the aliases of the models that are in it, and the prices that the caller pays.

        A route whose first price is not in force yet is no way to its model yet.
        """
        priced = [
            (model, tuple(route for route in model.routes if route.has_price_at(now))) for model in models
        ]
        listed = [
            ListedModel.of(model._replace(routes=routes), now, caller) for model, routes in priced if routes
        ]
        ids = {model.id for model in listed}
        aliases = {alias: model for alias, model in catalogue.aliases.items() if model in ids}
        return cls(models=listed, count=len(listed), version=catalogue.version, aliases=aliases)


class ApiModel(Response):
    """A model in OpenAI's format and in Anthropic's at once: clients of either pass over the other's fields.

    Source: https://developers.openai.com/api/reference/resources/models and
    https://platform.claude.com/docs/en/api/models/list
    """

    model_config = ConfigDict(alias_generator=None)

    id: str
    object: Literal["model"] = "model"
    created: int
    owned_by: str
    type: Literal["model"] = "model"
    display_name: str
    created_at: Moment
    lifecycle: Literal["active", "deprecated"]
    max_input_tokens: int
    max_tokens: int

    @classmethod
    def of(cls, model: Model) -> "ApiModel":
        """A model as clients read it: created when its price was first read, owned by its first provider."""
        day = model.routes[0].prices[0].as_of or "2026-01-01"
        created = datetime.fromisoformat(day).replace(tzinfo=UTC)
        return cls(
            id=model.id,
            created=int(created.timestamp()),
            owned_by=model.routes[0].provider.id,
            display_name=model.display_name,
            created_at=created,
            lifecycle="deprecated" if model.retires_at else "active",
            max_input_tokens=model.max_input_tokens,
            max_tokens=model.max_output_tokens,
        )


class ApiModelList(Response):
    """A list of models in OpenAI's format and in Anthropic's; it is always whole."""

    model_config = ConfigDict(alias_generator=None)

    object: Literal["list"] = "list"
    data: list[ApiModel]
    has_more: Literal[False] = False
    first_id: str | None
    last_id: str | None

    @classmethod
    def of(cls, models: Iterable[Model]) -> "ApiModelList":
        """The list as clients read it."""
        data = [ApiModel.of(model) for model in models]
        return cls(data=data, first_id=data[0].id if data else None, last_id=data[-1].id if data else None)


def _tiers(price: Price) -> tuple[TierPrices, ...]:
    return tuple(
        TierPrices(above_input_tokens=tier.above_input_tokens, **_amounts(tier)) for tier in price.tiers
    )


def _amounts(rates: Price | Tier) -> dict[str, str]:
    said = {name: getattr(rates, name) for name in RATES}
    return {name: to_usd(amount) for name, amount in said.items() if amount is not None}
