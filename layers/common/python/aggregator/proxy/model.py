"""The values that travel the walk: Caller -> Ask -> Route -> Way -> Hold -> Receipt; `exchange.py` has those of a call.

Standard library only.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from aggregator.billing.model import Hold
from aggregator.billing.money import NanoUsd, to_usd
from aggregator.billing.price import Price, Usage
from aggregator.errors import Refusal
from aggregator.orchestrator.model import PRIORITY, Provider
from aggregator.orchestrator.model import Route as CatalogueRoute

if TYPE_CHECKING:
    from aggregator.proxy.attachments import File
    from aggregator.proxy.dialects.conversation import Turns
    from aggregator.proxy.dialects.hosted import Hosted
    from aggregator.proxy.exchange import FailedTry
    from aggregator.proxy.files.bringing import Bringing

JsonObject = dict[str, Any]

EMBEDDINGS = "embeddings"
"""The one surface that is no chat: inputs in, vectors out."""


SERVICE_TIERS: Mapping[str, str] = {
    "flex": "flex",
    "priority": "priority",
    "fast": "priority",
    "scale": "scale",
    "ultrafast": "ultrafast",
}
"""Service tiers that are paid for at rates of their own, by each of their names; priority is called fast as well.

Sources: OpenAI, "Create a model response" (`service_tier`), and https://openai.com/api-priority-processing.
"""


def tier_named(said: Any) -> str:
    """A service tier by its name in a price; as it was said if it has none."""
    return SERVICE_TIERS.get(said, said) if isinstance(said, str) else ""


def service_tier_of(body: Mapping[str, Any]) -> str:
    """The service tier that a request asks for, if it is one that is paid for apart; else nothing."""
    said = body.get("service_tier")
    return SERVICE_TIERS.get(said, "") if isinstance(said, str) else ""


_NOTHING: JsonObject = {}


class Ask(NamedTuple):
    """A chat completion, or embeddings, as the client asked for it, checked.

    `body` is what it sent. `text_bytes` is the body's length without the content of inline images and `files`: no
    tokenizer makes more tokens of a text than it has bytes.
    `max_output_tokens` is None where the client set no limit. `tokens` came as numbers, so that they need no bound.
    `messages` counts the inputs of an embeddings request.
    `asked` is the request in the form of its surface, where that is not a chat completion: native lanes send it on, and
    answers repeat parts of it. `untranslated` is why it cannot be said as a chat completion, if it cannot: then it
    takes native lanes alone, and `body` is `asked`. `headers` are those of the client that a dialect sends on.
    `hosted` are the tools of `asked` that run at a provider; `body` is without them. `service_tier` is one that was
    asked for and has a price of its own, if anything is asked for.
    `follows` is the id of the kept response that it goes on from, whose items are in `asked` already.
    `turns` is the conversation in its order, where it came in another form than a chat completion's.
    `addresses` counts the parts that may name their content by its address; `brought` is who fetches it for providers
    that do not, once the routes are known.
    """

    body: JsonObject
    model: str
    stream: bool
    wants_usage: bool
    choices: int
    max_output_tokens: int | None
    text_bytes: int
    messages: int
    images: int
    files: "tuple[File, ...]" = ()
    surface: str = "chat"
    tokens: int = 0
    asked: JsonObject = _NOTHING
    user_id: str = ""
    headers: Mapping[str, str] = {}
    untranslated: Refusal | None = None
    hosted: "Hosted | None" = None
    service_tier: str = ""
    follows: str | None = None
    turns: "Turns" = ()
    addresses: int = 0
    brought: "Bringing | None" = None

    def known_on(self, route: "Route") -> "Ask":
        """The request as it goes on a route, with the files in it that were fetched for that so far."""
        return self if self.brought is None else self.brought.known_on(route.via)

    @property
    def has_output(self) -> bool:
        """Whether the model writes an answer; embeddings are none, and cost no output."""
        return self.surface != EMBEDDINGS

    @property
    def has_tools(self) -> bool:
        """Whether the model may call anything."""
        return bool(self.body.get("tools"))

    @property
    def has_files(self) -> bool:
        """Whether there is content that is neither words nor called an image."""
        return any(not file.called_image for file in self.files)


class Route(NamedTuple):
    """One way to a model, with the price version in force when the request came.

    `strategy` is by what it was ranked; `left_out` names the providers that were passed over for their open circuit.
    `counted_input_tokens` is the most that the request's input is by the provider's own count, where it was asked.
    """

    via: CatalogueRoute
    price: Price
    strategy: str = PRIORITY
    left_out: tuple[str, ...] = ()
    counted_input_tokens: int | None = None

    @property
    def model_id(self) -> str:
        """Our name for the model."""
        return self.via.model_id

    @property
    def provider(self) -> Provider:
        """Who answers on this way."""
        return self.via.provider

    @property
    def name(self) -> str:
        """What tells it from all others: `<provider>/<the provider's name for the model>`."""
        return f"{self.via.provider.id}/{self.via.upstream_model}"


class Way(NamedTuple):
    """A route, and what the held money covers on it: output tokens (for each choice), calls of hosted tools.

    `capped_by_balance`: there are fewer output tokens than the client may have because its account is tight.
    """

    route: Route
    output_tokens: int
    tool_calls: int = 0
    capped_by_balance: bool = False

    def chosen_tokens(self, ask: Ask) -> int | None:
        """The limit of output that the platform chose: the client set none, or a higher one than the money covers."""
        if self.capped_by_balance or (ask.max_output_tokens is None and ask.has_output):
            return self.output_tokens
        return None


class Bound(NamedTuple):
    """What a request can cost at the most, on the dearest of its routes, in nano-US-dollars.

    `at_least_nano_usd` is the same for the shortest answer worth having: less than this, and it is refused.
    `most_output_tokens` is how long an answer can be, for each choice.
    """

    at_most_nano_usd: NanoUsd
    at_least_nano_usd: NanoUsd
    most_output_tokens: int = 0


class Receipt(NamedTuple):
    """What one request came to. `outcome` and `status` as in the `ai_usage` event; latencies in milliseconds.

    `settle_by` is when all that follows must be over, on the monotonic clock. `returned_nano_usd` is what went back of
    the hold before the event: settling finds so much less. `max_tokens` is the limit of output that the platform
    chose; `ignored` is what the client sent and the provider did not get. `provider_ms` is what the provider took to
    begin, of the try that it answered: the rest until the first word is what the platform added. `team_id` is whose
    wallet pays, where that is not the user's. `failed` are the tries that gave no answer, in milliseconds of the
    request.
    """

    request_id: str
    user_id: str
    key_id: str
    occurred_at: str
    route: Route
    hold: Hold
    usage: Usage
    cost_nano_usd: NanoUsd
    outcome: str
    status: int
    attempts: int
    surface: str
    stream: bool
    latency_ms: int
    first_token_ms: int | None
    settle_by: float | None = None
    returned_nano_usd: NanoUsd = 0
    max_tokens: int | None = None
    capped_by_balance: bool = False
    ignored: tuple[str, ...] = ()
    provider_ms: int | None = None
    team_id: str | None = None
    failed: tuple["FailedTry", ...] = ()

    @property
    def charged_nano_usd(self) -> NanoUsd:
        """What the user pays: the cost, up to the hold."""
        return min(self.cost_nano_usd, self.hold.amount_nano_usd)

    @property
    def balance_nano_usd(self) -> NanoUsd | None:
        """What is available once this request is settled, as far as this request knows; None if it held nothing."""
        hold = self.hold
        if hold.available_after_nano_usd is None:
            return None
        return hold.available_after_nano_usd + hold.amount_nano_usd - self.charged_nano_usd

    def in_stream(self) -> JsonObject:
        """The receipt as it stands in the usage at a stream's end. Amounts in US dollars."""
        balance = self.balance_nano_usd
        return {
            "cost_usd": to_usd(self.charged_nano_usd),
            "hold_usd": to_usd(self.hold.amount_nano_usd),
            **({} if balance is None else {"balance_usd": to_usd(balance)}),
            "price_version": self.route.price.version,
            "request_id": self.request_id,
            "estimated": self.usage.estimated,
            **({"tool_calls": dict(self.usage.tools)} if self.usage.tools else {}),
            **({"charged_service_tier": self.usage.service_tier} if self.usage.service_tier else {}),
        }
