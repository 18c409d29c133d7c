"""The catalogue in memory: which models there are, by which routes they are reached, and what they cost.

Standard library only: the proxy's hot path imports this. A `Catalogue` keeps the published JSON as it is and builds
a `Model` only when one is asked for, so that loading costs what parsing JSON costs, however many models there are.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, Literal, get_args

from aggregator.billing.price import Price
from aggregator.errors import ModelNotFound
from aggregator.runtime.clock import iso

JsonObject = dict[str, Any]

ProtocolName = Literal["anthropic", "bedrock", "gemini", "openai"]
DialectName = Literal["messages", "responses"]
PROTOCOLS = frozenset(get_args(ProtocolName))

SILENCE_SECONDS = 120
"""How long a provider may say nothing in the middle of an answer, where its entry does not say."""
REASONING_SILENCE_SECONDS = 290
"""The same for models that reason, and do so without a word; API Gateway gives an answer up after 300."""

STRATEGIES = PRIORITY, WEIGHTED, CHEAPEST, LATENCY = ("priority", "weighted", "cheapest", "latency")
"""By what a model's routes are ranked; proxy/routing/ranking.py says how."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """How a provider speaks one of the clients' dialects: its `path` under the base URL, and what is particular there.

    `models` are patterns of its names for the models that are spoken to so; none: all of them. `left_out` are fields
    that it does not take and that ask for nothing that changes the answer. `betas`: names in `anthropic-beta` that go
    along, and the name of each there; None: all, as they are. `bearer`: the key goes as a Bearer token. `fetches` as a
    `Provider` has it.
    """

    path: str
    models: tuple[str, ...] = ()
    left_out: frozenset[str] = frozenset()
    betas: Mapping[str, str] | None = None
    bearer: bool = False
    fetches: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Provider:
    """How a provider is reached, and what its endpoint does not take (see `parameters`).

    `max_tokens_field` is the name under which it takes the cap on output. `stream_options` is False where it refuses
    that field and reports the usage of a stream anyway. `secret` is the name of its keys in the secret of all
    providers; a keyless one has none. `key_header` takes the key as it is, instead of `Authorization: Bearer`.
    `extensions` are fields beyond OpenAI's that it takes, `*` any (see proxy/dialects/fitting.py). `defaults` are
    fields that go to models whose names there fit a pattern, unless the request says one of them. `left_out`, `roles`,
    `message_fields`, `call_id_length` and `efforts` say what a request becomes there (see
    proxy/dialects/chat/to_provider.py). `silence_seconds` is how long it may say nothing in the middle of an answer,
    `reasoning_silence_seconds` the same for models that reason. `dialects` are the clients' dialects that it takes as
    they are (`responses`, `messages`), best first; its `protocol` comes besides. `house`: they are its own, so
    that it knows fields which are not known here yet. `fetches` says which files it fetches itself where a request
    names them by their address, in its `protocol` (see proxy/files/reach.py).
    """

    id: str
    name: str
    protocol: str
    base_url: str
    max_tokens_field: str
    timeout_seconds: int
    secret: str
    keyless: bool = False
    key_header: str = ""
    stream_options: bool = True
    unsupported: frozenset[str] = frozenset()
    only_values: Mapping[str, list[Any]] = field(default_factory=dict)
    rename: Mapping[str, str] = field(default_factory=dict)
    extensions: frozenset[str] = frozenset()
    defaults: Mapping[str, JsonObject] = field(default_factory=dict)
    left_out: frozenset[str] = frozenset()
    roles: Mapping[str, str] = field(default_factory=dict)
    message_fields: Mapping[str, list[str]] = field(default_factory=dict)
    call_id_length: int = 0
    efforts: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    silence_seconds: int = SILENCE_SECONDS
    reasoning_silence_seconds: int = REASONING_SILENCE_SECONDS
    dialects: Mapping[str, Spoken] = field(default_factory=dict)
    house: bool = False
    fetches: Mapping[str, Any] = field(default_factory=dict)

    def is_house_of(self, dialect: str) -> bool:
        """Whether the dialect is this provider's own, so that fields which nobody here knows pass."""
        return self.house and (dialect in self.dialects or (dialect == "chat" and self.protocol == "openai"))


@dataclass(frozen=True, slots=True)
class DatedPrice:
    """A price and the moment from which it is in force (ISO 8601 in UTC, so that it compares as text)."""

    effective_at: str
    as_of: str
    price: Price


@dataclass(frozen=True, slots=True)
class Route:
    """One way to a model: its provider, the name it has there, and the limits and prices that hold on this way.

    Lower `order` is tried first; among routes of one order, `weight` is each one's share. `retires_at` is the day on
    which the model goes, where one is known.
    """

    model_id: str
    provider: Provider
    upstream_model: str
    weight: int
    order: int
    max_input_tokens: int
    max_output_tokens: int
    max_image_tokens: int
    capabilities: frozenset[str]
    prices: tuple[DatedPrice, ...]
    retires_at: str | None = None

    def price_at(self, now: datetime) -> Price:
        """The price in force at `now`.

        Raises:
            ModelNotFound: none is in force yet: a call without a price is refused, never free.
        """
        price = self.price_in_force(iso(now))
        if price is None:
            raise ModelNotFound(f"The model '{self.model_id}' has no price in force yet.", param="model")
        return price

    def price_in_force(self, moment: str) -> Price | None:
        """The same at a moment as `iso` writes it; None if none is, as on a route that was added for later."""
        begun = [dated for dated in self.prices if dated.effective_at <= moment]
        return max(begun, key=lambda dated: dated.effective_at).price if begun else None

    @property
    def silence_seconds(self) -> int:
        """How long the provider may say nothing in the middle of an answer of this model."""
        if self.can("reasoning"):
            return self.provider.reasoning_silence_seconds
        return self.provider.silence_seconds

    def first_byte_seconds(self, *, stream: bool) -> int:
        """How long the provider may take to begin its answer: a stream's beginning is a word of it, and is due as such.

        A plain answer begins when it is whole, so it has the provider's whole time.
        """
        longest = self.provider.timeout_seconds
        return min(longest, self.silence_seconds) if stream else longest

    def has_price_at(self, now: datetime) -> bool:
        """Whether a price is in force."""
        return self.price_in_force(iso(now)) is not None

    def can(self, capability: str) -> bool:
        """Whether this route offers a capability (`"vision"`): others of the same model may."""
        return capability in self.capabilities


@dataclass(frozen=True, slots=True)
class Model:
    """One model as it is listed.

    `capabilities` are those of all its routes together; prices and limits are those of the route that is tried first.
    `max_output_tokens` is 0 where there is no output, as for embeddings.
    """

    id: str
    display_name: str
    context_window: int
    max_input_tokens: int
    max_output_tokens: int
    max_image_tokens: int
    capabilities: tuple[str, ...]
    retires_at: str | None
    routes: tuple[Route, ...]
    strategy: str = PRIORITY

    def price_at(self, now: datetime) -> Price:
        """The price in force at `now` on the route that is tried first.

        Raises:
            ModelNotFound: none is in force yet.
        """
        return self.routes[0].price_at(now)


@dataclass(frozen=True, slots=True)
class Selection:
    """A model that was asked for, the routes that may be taken to it, and by what they are ranked.

    The strategy is the alias's, where it has one of its own, else the model's.
    """

    model: Model
    routes: tuple[Route, ...]
    strategy: str = PRIORITY


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
            self._built_providers[provider_id] = _build_provider(self._providers[provider_id])
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


def _build_provider(entry: JsonObject) -> Provider:
    return Provider(
        id=entry["id"],
        name=str(entry.get("name", entry["id"])),
        protocol=entry["protocol"],
        base_url=entry["baseUrl"].rstrip("/"),
        max_tokens_field=entry["maxTokensField"],
        timeout_seconds=entry["timeoutSeconds"],
        secret=str(entry.get("secret", entry["id"])),
        keyless=entry.get("keyless", False),
        key_header=entry.get("keyHeader", ""),
        stream_options=entry.get("streamOptions", True),
        unsupported=frozenset(entry.get("unsupported", ())),
        only_values=entry.get("onlyValues", {}),
        rename=entry.get("rename", {}),
        extensions=frozenset(entry.get("extensions", ())),
        defaults=entry.get("defaults", {}),
        left_out=frozenset(entry.get("leftOut", ())),
        roles=entry.get("roles", {}),
        message_fields=entry.get("messageFields", {}),
        call_id_length=entry.get("callIdLength", 0),
        efforts=entry.get("efforts", {}),
        silence_seconds=entry.get("silenceSeconds", SILENCE_SECONDS),
        reasoning_silence_seconds=entry.get("reasoningSilenceSeconds", REASONING_SILENCE_SECONDS),
        dialects=_dialects_of(entry.get("dialects", ())),
        house=entry.get("house", False),
        fetches=entry.get("fetches") or {},
    )


def _dialects_of(entry: Mapping[str, JsonObject] | list[str]) -> dict[str, Spoken]:
    """A list, as earlier versions have it, names dialects that stand at their usual paths."""
    if not isinstance(entry, Mapping):
        return {name: Spoken(f"/{name}") for name in entry}
    return {
        name: Spoken(
            path=said.get("path", f"/{name}"),
            models=tuple(said.get("models", ())),
            left_out=frozenset(said.get("leftOut", ())),
            betas=said.get("betas"),
            bearer=said.get("bearer", False),
            fetches=said.get("fetches") or {},
        )
        for name, said in entry.items()
    }
