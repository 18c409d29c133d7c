"""What the catalogue has: providers, models, the routes to them, and what each costs. Standard library only."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal, NamedTuple, get_args

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


class Spoken(NamedTuple):
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
    fetches: Mapping[str, Any] = {}


class Provider(NamedTuple):
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
    only_values: Mapping[str, list[Any]] = {}
    rename: Mapping[str, str] = {}
    extensions: frozenset[str] = frozenset()
    defaults: Mapping[str, JsonObject] = {}
    left_out: frozenset[str] = frozenset()
    roles: Mapping[str, str] = {}
    message_fields: Mapping[str, list[str]] = {}
    call_id_length: int = 0
    efforts: Mapping[str, Mapping[str, Any]] = {}
    silence_seconds: int = SILENCE_SECONDS
    reasoning_silence_seconds: int = REASONING_SILENCE_SECONDS
    dialects: Mapping[str, Spoken] = {}
    house: bool = False
    fetches: Mapping[str, Any] = {}

    def is_house_of(self, dialect: str) -> bool:
        """Whether the dialect is this provider's own, so that fields which nobody here knows pass."""
        return self.house and (dialect in self.dialects or (dialect == "chat" and self.protocol == "openai"))


class DatedPrice(NamedTuple):
    """A price and the moment from which it is in force (ISO 8601 in UTC, so that it compares as text)."""

    effective_at: str
    as_of: str
    price: Price


class Route(NamedTuple):
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
        if len(self.prices) == 1:  # as on most routes
            only = self.prices[0]
            return only.price if only.effective_at <= moment else None
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


class Model(NamedTuple):
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


class Selection(NamedTuple):
    """A model that was asked for, the routes that may be taken to it, and by what they are ranked.

    The strategy is the alias's, where it has one of its own, else the model's.
    """

    model: Model
    routes: tuple[Route, ...]
    strategy: str = PRIORITY


def provider_of(entry: JsonObject) -> Provider:
    """Read a provider's entry."""
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
