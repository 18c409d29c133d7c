"""The proxy's neighbours for tests: routes, a provider that answers by script, wallets, keys and a clock."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import Any

from aggregator.auth.caller import Caller
from aggregator.billing.model import Account, Held, Hold
from aggregator.billing.plans.model import Plan
from aggregator.billing.price import Price
from aggregator.billing.store import Short
from aggregator.orchestrator.model import DatedPrice, Provider, Spoken
from aggregator.orchestrator.model import Route as CatalogueRoute
from aggregator.proxy.admission import admission
from aggregator.proxy.answers.store import AnswerStore
from aggregator.proxy.dialects.chat.from_client import read
from aggregator.proxy.exchange import UpstreamError, UpstreamRequest
from aggregator.proxy.files.bringing import Fetch
from aggregator.proxy.limits.store import LimitStore
from aggregator.proxy.model import Ask, Receipt, Route, Way
from aggregator.proxy.walk import Collaborators, Visit, fetch_nothing
from tests.fakes.memory_dynamodb import MemoryDynamoDb
from tests.fakes.memory_objects import MemoryObjects
from tests.unit.orchestrator.samples import catalogue

JsonObject = dict[str, Any]

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
REQUEST_ID = "019ab0ad6c00-c6af9ac6-7b61-11e6-9a41-93e8deadbeef"
CALLER = Caller(key_id="k1", user_id="ann")
NANO_A_TOKEN = Price(version="1", input=1_000_000, output=2_000_000)
"""One nano-dollar a token in, two out: costs can be counted on fingers."""


def body(**fields: Any) -> JsonObject:
    return {"model": "mini", "messages": [{"role": "user", "content": "hi"}]} | fields


def chat_event(content: JsonObject | str, resource: str = "/v1/chat/completions") -> JsonObject:
    return {
        "resource": resource,
        "httpMethod": "POST",
        "headers": {},
        "body": content if isinstance(content, str) else json.dumps(content),
        "requestContext": {
            "requestId": REQUEST_ID[13:],
            "requestTimeEpoch": int(REQUEST_ID[:12], 16),
            "identity": {"sourceIp": "192.0.2.1"},
            "authorizer": CALLER.to_context(),
        },
    }


def ask(**fields: Any) -> Ask:
    return read(chat_event(body(**fields)))


def provider(provider_id: str = "openai", **fields: Any) -> Provider:
    facts: JsonObject = {
        "id": provider_id,
        "name": provider_id.title(),
        "protocol": "openai",
        "base_url": f"https://api.{provider_id}.example/v1",
        "max_tokens_field": "max_tokens",
        "timeout_seconds": 600,
        "secret": provider_id,
    }
    dialects = fields.get("dialects", ())
    if not isinstance(dialects, Mapping):
        fields = fields | {"dialects": {name: Spoken(f"/{name}") for name in dialects}}
    return Provider(**(facts | fields))


def route(provider_id: str = "openai", price: Price = NANO_A_TOKEN, **fields: Any) -> Route:
    """A route of the model `mini`; `fields` are the catalogue's, or the provider's under `provider`."""
    facts: JsonObject = {
        "model_id": "mini",
        "upstream_model": f"{provider_id}-mini",
        "weight": 100,
        "order": 0,
        "max_input_tokens": 1_000,
        "max_output_tokens": 100,
        "max_image_tokens": 50,
        "capabilities": frozenset({"chat", "vision"}),
        "prices": (DatedPrice("1970-01-01T00:00:00.000Z", "", price),),
    }
    via = CatalogueRoute(**({"provider": provider(provider_id)} | facts | fields))
    return Route(via, price)


LARGE: JsonObject = {"max_input_tokens": 100_000, "max_output_tokens": 10_000}
"""Fields of a route whose bound many an account is tight for."""
AT_ANTHROPIC = route(
    "anthropic",
    provider=provider("anthropic", protocol="anthropic", dialects=("messages",), house=True),
    **LARGE,
)


def way(provider_id: str = "openai", output_tokens: int = 100, **fields: Any) -> Way:
    return Way(route(provider_id, **fields), output_tokens)


class Clock:
    """Time that passes only when somebody sleeps, or a test says so."""

    def __init__(self, seconds: float = 1_000.0) -> None:
        self.seconds = seconds
        self.slept: list[float] = []

    def monotonic(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.seconds += seconds


class ScriptedResponse:
    """An answer that arrives in `blocks`; an exception among them is raised in its turn."""

    def __init__(
        self,
        *blocks: bytes | Exception,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.status = status
        self.headers: Mapping[str, str] = headers or {}
        self.closed = False
        self.released = False
        self.hastened = False
        self._blocks = blocks

    def read(self) -> bytes:
        return b"".join(self.blocks())

    def read_error(self) -> bytes:
        try:
            return self.read()
        except UpstreamError:
            return b""

    def blocks(self) -> Iterator[bytes]:
        for block in self._blocks:
            if isinstance(block, Exception):
                raise block
            yield block

    def close(self) -> None:
        self.closed = True

    def hasten(self) -> None:
        self.hastened = True

    def release(self) -> None:
        self.released = True


class ScriptedUpstream:
    """Answers each call with the next of `script`; what is an exception is raised."""

    def __init__(self, *script: ScriptedResponse | Exception, steps: list[str] | None = None) -> None:
        self.requests: list[UpstreamRequest] = []
        self.deadlines: list[float] = []
        self._script = list(script)
        self._steps = steps if steps is not None else []

    def post(self, request: UpstreamRequest, deadline: float) -> ScriptedResponse:
        self._steps.append("call")
        self.requests.append(request)
        self.deadlines.append(deadline)
        answer = self._script.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    @property
    def left(self) -> int:
        """Answers nobody asked for."""
        return len(self._script)


def no_plan(stamp: str) -> Plan:
    """Read a plan where there is none."""
    raise LookupError(stamp)


class FakeWallets:
    """One wallet; `hold` takes from it or is short."""

    def __init__(self, available: int = 1_000_000, steps: list[str] | None = None) -> None:
        self.available = available
        self.held: list[int] = []
        self.returned: list[int] = []
        self.plan: str | None = None
        self.return_fails: Exception | None = None
        self.holds: dict[str, Held] = {}
        self._steps = steps if steps is not None else []

    def hold(
        self,
        user_id: str,
        amount_nano_usd: int,
        bucket: str,
        *,
        if_available: int | None = None,
        member: str | None = None,
        plan: str | None = None,
    ) -> int:
        self._steps.append("reserve")
        assert member is None
        assert bucket.isdecimal()
        if plan != self.plan:
            raise Short(Account(user_id, self.available, dict(self.holds), plan=self.plan))
        if max(amount_nano_usd, if_available or 0) > self.available:
            raise Short(Account(user_id, self.available, dict(self.holds), plan=self.plan))
        self.available -= amount_nano_usd
        self.held.append(amount_nano_usd)
        before = self.holds.get(bucket, Held(0, 0))
        self.holds[bucket] = Held(before.amount_nano_usd + amount_nano_usd, before.requests + 1)
        return self.available

    def account(self, user_id: str) -> Account:
        self._steps.append("look")
        return Account(user_id, self.available, dict(self.holds), plan=self.plan)

    def return_rest(self, user_id: str, hold: Hold, rest_nano_usd: int, *, ends: float | None = None) -> None:
        assert hold.amount_nano_usd in self.held
        assert (user_id, ends is None) == (CALLER.user_id, False)
        self._steps.append("return")
        self.returned.append(rest_nano_usd)
        if self.return_fails is not None:
            raise self.return_fails
        self.available += rest_nano_usd
        before = self.holds[hold.bucket]
        self.holds[hold.bucket] = Held(before.amount_nano_usd - rest_nano_usd, before.requests)

    def sweep(self, user_id: str, lapsed: Mapping[str, Held]) -> bool:
        raise AssertionError(f"nothing of {user_id} has lapsed: {lapsed}")


class FakeKeys:
    """Keys by provider; one for all others. An exception is raised."""

    def __init__(self, **keys: tuple[str, ...] | Exception) -> None:
        self._keys = keys

    def of(self, provider_id: str) -> tuple[str, ...]:
        found = self._keys.get(provider_id, ("key-1",))
        if isinstance(found, Exception):
            raise found
        return found


@dataclass
class World:
    """A walk's collaborators, which write down what happens to them in `steps`."""

    script: Sequence[ScriptedResponse | Exception] = ()
    routes: Sequence[Route] | Exception = ()
    available: int = 1_000_000
    keys: FakeKeys = field(default_factory=FakeKeys)
    clock: Clock = field(default_factory=Clock)
    steps: list[str] = field(default_factory=list)
    receipts: list[Receipt] = field(default_factory=list)
    fetch: Fetch = fetch_nothing
    plans: dict[str, Plan] = field(default_factory=dict)
    known_plans: dict[str, Plan] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.wallets = FakeWallets(self.available, self.steps)
        self.counts = LimitStore(MemoryDynamoDb(), "proxy")
        self.answers = AnswerStore(MemoryDynamoDb(), "proxy", cache(MemoryObjects))
        self.upstream = ScriptedUpstream(*self.script, steps=self.steps)

    def route(self, caller: Caller, ask: Ask, visit: Visit) -> Sequence[Route]:
        bare = caller if caller.plan is None else caller.plan.bare
        assert (bare, visit.source_ip, visit.now, ask.model) == (CALLER, "192.0.2.1", NOW, "mini")
        self.steps.append("route")
        if isinstance(self.routes, Exception):
            raise self.routes
        found = self.routes or [route()]
        plan = caller.plan
        return found if plan is None else [each._replace(price=plan.priced(each.price)) for each in found]

    def emit(self, receipt: Receipt) -> None:
        self.steps.append(f"emit {receipt.outcome}")
        self.receipts.append(receipt)

    def collaborators(self) -> Collaborators:
        return Collaborators(
            route=self.route,
            admit=admission(lambda _: catalogue()),
            counts=self.counts,
            answers=lambda: self.answers,
            wallets=self.wallets,
            upstream=self.upstream,
            keys=self.keys,
            emit=self.emit,
            monotonic=self.clock.monotonic,
            sleep=self.clock.sleep,
            counted={},
            plans=self.known_plans,
            read_plan=self.plans.__getitem__,
            fetch=self.fetch,
        )


def visit(clock: Clock, seconds: float = 60.0) -> Visit:
    return Visit(
        request_id=REQUEST_ID,
        source_ip="192.0.2.1",
        now=NOW,
        started_ms=clock.monotonic() * 1000,
        deadline=clock.monotonic() + seconds,
        ok_status=200,
    )


def completion(text: str = "hello", usage: JsonObject | None = None) -> bytes:
    """A plain answer as OpenAI gives it."""
    said: JsonObject = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": "openai-mini",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}],
    }
    return json.dumps(said | ({"usage": usage} if usage else {})).encode()


def chunk(text: str | None = None, finish: str | None = None, **fields: Any) -> bytes:
    """One event of a stream as OpenAI sends it."""
    delta = {} if text is None else {"content": text}
    said: JsonObject = {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "openai-mini",
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
    }
    return b"data: " + json.dumps(said | fields).encode() + b"\n\n"


def usage_event(prompt: int = 10, completion_: int = 5) -> bytes:
    return chunk(choices=[], usage=counted(prompt, completion_))


def counted(prompt: int, completion_: int, **fields: Any) -> JsonObject:
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion_,
        "total_tokens": prompt + completion_,
    } | fields


DONE = b"data: [DONE]\n\n"
