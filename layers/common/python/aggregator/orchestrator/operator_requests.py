"""Requests of operators: what they change in the catalogue.

Prices are US dollars for a million tokens, as decimal strings; inside they are integers of nano-dollars.
"""

from collections.abc import Mapping
from datetime import date, datetime
from re import fullmatch
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from aggregator.auth.caller import Caller
from aggregator.billing.money import to_nano_usd
from aggregator.billing.price import AMOUNTS
from aggregator.errors import InvalidRequest
from aggregator.orchestrator.api import Capability
from aggregator.orchestrator.change_catalogue import Order
from aggregator.orchestrator.check_prices import ServiceTier, Tool
from aggregator.orchestrator.model import (
    REASONING_SILENCE_SECONDS,
    SILENCE_SECONDS,
    DialectName,
    ProtocolName,
)
from aggregator.runtime.clock import iso
from aggregator.runtime.request import Event, header_of
from aggregator.runtime.schema import Instant, Request

IF_MATCH = "If-Match"

ENTRY = r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$"


Amount = Annotated[str, Field(pattern=r"^[0-9]{1,6}(\.[0-9]{1,9})?$", examples=["0.15"])]


def _a_day(text: str) -> str:
    date.fromisoformat(text)
    return text


Day = Annotated[
    str, Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$", examples=["2027-03-31"]), AfterValidator(_a_day)
]
EntryId = Annotated[str, Field(pattern=ENTRY)]
Tokens = Annotated[int, Field(ge=1, le=100_000_000, strict=True)]
Strategy = Literal["priority", "weighted", "cheapest", "latency"]
Ending = Annotated[str, Field(pattern=r"^(\*|[a-z0-9]{1,10})$", examples=["pdf"])]
Host = Annotated[str, Field(pattern=r"^[a-z0-9.-]{1,253}$", examples=["example.com"])]
Capabilities = Annotated[list[Capability], Field(min_length=1, max_length=20)]


class _Rates(Request):
    """Pydantic lists the fields of the last of a model's bases first: rates stand before what they are rates of."""

    input: Amount
    output: Amount
    cached_input: Amount | None = None
    cache_write: Amount | None = None
    reasoning: Amount | None = None
    cache_write_hour: Amount | None = None


class _AboveInput(Request):
    above_input_tokens: Tokens


class TierRequest(_Rates, _AboveInput):
    """Prices of a whole request once its input is longer than `aboveInputTokens`."""


class ServiceTierRequest(_Rates):
    """Prices of a service tier; the fees for images, calls and tools are those of the price that it stands in."""

    tiers: Annotated[tuple[TierRequest, ...], Field(max_length=10)] = ()


class _Version(Request):
    version: Annotated[str | None, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$")] = None
    effective_at: Instant | None = None


class PriceRequest(_Rates, _Version):
    """A new version of a price: in force from `effectiveAt`, now unless said. Versions are never changed or removed."""

    image: Annotated[Amount | None, Field(description="US dollars for an image")] = None
    request: Annotated[Amount | None, Field(description="US dollars for a call")] = None
    source: Annotated[str | None, Field(max_length=300)] = None
    tiers: Annotated[tuple[TierRequest, ...], Field(max_length=10)] = ()
    tools: Annotated[
        dict[Tool, Amount],
        Field(
            default_factory=dict,
            description="US dollars a call, of tools that run at the provider; of a code interpreter, a container",
            examples=[{"web_search": "0.01"}],
        ),
    ]
    service_tiers: Annotated[dict[ServiceTier, ServiceTierRequest], Field(default_factory=dict)]

    def to_entry(self) -> dict[str, Any]:
        """As the catalogue has it, without what was left out."""
        said = self.model_dump(by_alias=True, exclude_none=True, exclude_defaults=True)
        entry = _with_tiers(said)
        if self.tools:
            entry["tools"] = {name: to_nano_usd(amount) for name, amount in said["tools"].items()}
        if self.service_tiers:
            entry["serviceTiers"] = {name: _with_tiers(rates) for name, rates in said["serviceTiers"].items()}
        if self.effective_at is not None:
            entry["effectiveAt"] = iso(self.effective_at)
        return entry


class RouteRequest(Request):
    """One way to the model. Limits and abilities left out are the model's; so are the prices, without a `price`."""

    provider: EntryId
    upstream_model: Annotated[str, Field(min_length=1, max_length=200)]
    weight: Annotated[int, Field(ge=1, le=1_000_000, strict=True)] = 100
    order: Annotated[int, Field(ge=0, le=1_000, strict=True)] = 0
    max_input_tokens: Tokens | None = None
    max_output_tokens: Tokens | None = None
    max_image_tokens: Tokens | None = None
    capabilities: Capabilities | None = None
    price: PriceRequest | None = None

    def to_entry(self) -> dict[str, Any]:
        """As `edits.put_model` takes it."""
        said = self.model_dump(by_alias=True, exclude_unset=True, exclude={"price"})
        return said if self.price is None else {**said, "price": self.price.to_entry()}


class _Fields(Request):
    @model_validator(mode="after")
    def _names_a_field(self) -> "_Fields":
        if not self.model_fields_set:
            raise ValueError("name at least one field to set")
        return self


class PutModelRequest(_Fields):
    """What to set: fields left out stay, `routes` replaces all routes, `price` is a new version beside the old ones."""

    display_name: Annotated[str | None, Field(min_length=1, max_length=200)] = None
    context_window: Tokens | None = None
    max_input_tokens: Tokens | None = None
    max_output_tokens: Tokens | None = None
    max_image_tokens: Tokens | None = None
    capabilities: Capabilities | None = None
    strategy: Strategy | None = None
    retires_at: Day | None = None
    routes: Annotated[list[RouteRequest] | None, Field(min_length=1, max_length=20)] = None
    price: PriceRequest | None = None

    def to_fields(self) -> dict[str, Any]:
        """As `edits.put_model` takes it."""
        said = self.model_dump(by_alias=True, exclude_unset=True, exclude={"routes", "price"})
        if self.routes is not None:
            said["routes"] = [route.to_entry() for route in self.routes]
        if self.price is not None:
            said["price"] = self.price.to_entry()
        return said


class FetchesRequest(Request):
    """Files that the provider fetches itself where a request names them by their address; others are fetched here.

    `image` and `file` are endings of the address's path (`pdf`); `*` is any, and none is none. `notFrom` are hosts
    whose files are fetched here all the same.
    """

    image: Annotated[list[Ending], Field(max_length=50)]
    file: Annotated[list[Ending], Field(max_length=50)]
    https_only: bool = False
    not_from: Annotated[list[Host], Field(max_length=50, default_factory=list)]
    most_image_bytes: Annotated[int | None, Field(ge=1, le=100_000_000, strict=True)] = None
    most_file_bytes: Annotated[int | None, Field(ge=1, le=100_000_000, strict=True)] = None
    source: Annotated[str | None, Field(max_length=300)] = None


class SpokenRequest(_Fields):
    """How a provider speaks a dialect, where that is not at its usual path, for all models and with all fields."""

    path: Annotated[str, Field(pattern=r"^/[A-Za-z0-9._/-]{1,100}$", examples=["/anthropic/v1/messages"])]
    models: Annotated[list[str], Field(max_length=100, default_factory=list)]
    left_out: Annotated[list[str], Field(max_length=100, default_factory=list)]
    betas: Annotated[dict[str, str] | None, Field(max_length=200)] = None
    bearer: bool = False
    fetches: FetchesRequest | None = None


class PutProviderRequest(_Fields):
    """What to set: fields left out stay. `secret` names its keys in the secret of all providers, the id unless said."""

    name: Annotated[str | None, Field(min_length=1, max_length=100)] = None
    protocol: ProtocolName = "openai"
    base_url: Annotated[str, Field(min_length=8, max_length=500, examples=["https://llm.example.com/v1"])] = (
        ""
    )
    max_tokens_field: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    timeout_seconds: Annotated[int, Field(ge=1, le=900, strict=True)] = 600
    silence_seconds: Annotated[int, Field(ge=1, le=900, strict=True)] = SILENCE_SECONDS
    reasoning_silence_seconds: Annotated[int, Field(ge=1, le=900, strict=True)] = REASONING_SILENCE_SECONDS
    secret: EntryId | None = None
    keyless: bool = False
    key_header: Annotated[str, Field(max_length=60, examples=["api-key"])] = ""
    stream_options: bool = True
    unsupported: Annotated[list[str], Field(max_length=100, default_factory=list)]
    only_values: Annotated[dict[str, list[Any]], Field(max_length=100, default_factory=dict)]
    rename: Annotated[dict[str, str], Field(max_length=100, default_factory=dict)]
    extensions: Annotated[list[str], Field(max_length=100, default_factory=list)]
    defaults: Annotated[dict[str, dict[str, Any]], Field(max_length=100, default_factory=dict)]
    dialects: Annotated[
        dict[DialectName, SpokenRequest] | list[DialectName], Field(max_length=2, default_factory=list)
    ]
    house: bool = False
    fetches: FetchesRequest | None = None
    left_out: Annotated[list[str], Field(max_length=100, default_factory=list)]
    roles: Annotated[dict[str, str], Field(max_length=20, default_factory=dict)]
    message_fields: Annotated[dict[str, list[str]], Field(max_length=20, default_factory=dict)]
    call_id_length: Annotated[int, Field(ge=0, le=64, strict=True)] = 0
    efforts: Annotated[
        dict[str, dict[str, str | dict[str, Any]]], Field(max_length=100, default_factory=dict)
    ]

    def to_fields(self) -> dict[str, Any]:
        """As `edits.put_provider` takes it."""
        return self.model_dump(by_alias=True, exclude_unset=True)


class PutAliasRequest(Request):
    """The model that the alias stands for, and by what its routes are ranked, if not as the model says."""

    model: EntryId
    strategy: Strategy | None = None

    def to_entry(self) -> dict[str, Any]:
        """As the catalogue has it."""
        return self.model_dump(exclude_none=True)


class RollBackRequest(Request):
    """The version whose content the next version shall have."""

    version: Annotated[int, Field(ge=1, le=99_999_999, strict=True)]


def order_of(by: Caller, event: Event, now: datetime) -> Order:
    """Who wants a change, and over which version: the one that `If-Match` names (`"7"`), or any.

    Raises:
        InvalidRequest: the header names no version.
    """
    said = header_of(event, IF_MATCH)
    if said is None or said.strip() == "*":
        return Order(by, now)
    named = fullmatch(r'\s*(?:W/)?"?([0-9]{1,8})"?\s*', said)
    if named is None:
        raise InvalidRequest(f"{IF_MATCH}: must be a version of the catalogue", param=IF_MATCH)
    return Order(by, now, int(named[1]))


def _with_tiers(said: Mapping[str, Any]) -> dict[str, Any]:
    entry = _in_nano_usd(said)
    if "tiers" in said:
        entry["tiers"] = [_in_nano_usd(tier) for tier in said["tiers"]]
    return entry


def _in_nano_usd(said: Mapping[str, Any]) -> dict[str, Any]:
    return {name: to_nano_usd(value) if name in AMOUNTS else value for name, value in said.items()}
