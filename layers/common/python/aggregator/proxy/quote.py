"""POST /v1/quote: what a request would hold and may cost, before it is made. Nothing is held, and nobody answers.

The body is the request itself, as it would be sent. Which dialect it is in says `for`, the path that it would be sent
to; without it, its shape does:

| the body has                                                             | is taken for           |
|--------------------------------------------------------------------------|------------------------|
| `messages`, and a mark of Messages: `system`, `stop_sequences`,          | `/v1/messages`         |
| `thinking`, tools with `input_schema`, or the header `anthropic-version` |                        |
| `messages`                                                               | `/v1/chat/completions` |
| `input`, for a model without output                                      | `/v1/embeddings`       |
| `input`                                                                  | `/v1/responses`        |

What would be held is found by the very rules of the walk, on a copy of the account (`billing/on_paper.py`): where that
is tight, the provider of the first route is asked how long the prompt is, which is free. What is only pointed at is not
fetched, so it counts as the most that it can be. The key's limits are not asked. Standard library only.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Protocol

from aggregator.auth.caller import Caller
from aggregator.billing.cost import cost_of
from aggregator.billing.model import Account
from aggregator.billing.money import to_usd
from aggregator.billing.on_paper import PaperWallets
from aggregator.billing.plans.model import Plan
from aggregator.billing.plans.on_plan import on_plan
from aggregator.billing.price import Usage
from aggregator.billing.reserve import Wish, reserve
from aggregator.errors import InsufficientQuota, InvalidRequest
from aggregator.orchestrator.catalogue import Catalogue
from aggregator.proxy.admission import admitted
from aggregator.proxy.body import body_of
from aggregator.proxy.bound import bound_of, calls_on_route, cost_on, input_bound, most_output, ways_within
from aggregator.proxy.call import Keys, Upstream
from aggregator.proxy.counted_input import SECONDS, Counted, InputCounter
from aggregator.proxy.dialects.surface import Surface
from aggregator.proxy.edge import guarded, may_cap, plain_answer
from aggregator.proxy.limits.rules import Taken
from aggregator.proxy.limits.take import tokens_of
from aggregator.proxy.model import Ask, JsonObject, Route, Way
from aggregator.proxy.tight import Tight
from aggregator.runtime import clock
from aggregator.runtime.clock import iso
from aggregator.runtime.request import Event, header_of, source_ip_of
from aggregator.runtime.streaming import StreamingResponse

FOR = "for"
HISTORY_DAYS = 30
HISTORY_ENTRIES = 250
"""How far back, and how many entries of the ledger, a key's history is looked for: one read."""

_MESSAGES_ALONE = frozenset({"stop_sequences", "system", "thinking"})


class Books(Protocol):
    """What a quote reads of billing."""

    def account(self, user_id: str) -> Account:
        """See `Accounts.account`."""
        ...

    def output_tokens(
        self, user_id: str, key_id: str, model: str, *, since: str, until: str, entries: int
    ) -> list[int]:
        """See `Accounts.output_tokens`."""
        ...


@dataclass(frozen=True, slots=True)
class Quoting:
    """What a quote works with; all of it outlives one request. `read` reads a body as a surface does."""

    surfaces: Mapping[str, Callable[[], Surface]]
    catalogue: Callable[[], Catalogue]
    route: Callable[[Caller, Ask, str], Sequence[Route]]
    read: Callable[[Surface, Event, Caller], Ask]
    books: Books
    read_plan: Callable[[str], Plan]
    upstream: Upstream
    keys: Keys
    monotonic: Callable[[], float]
    counted: Counted = field(default_factory=dict)


def quoting(collaborators: Callable[[], Quoting]) -> Callable[[Any, Any], StreamingResponse]:
    """Lambda handler of the route."""

    def answer(event: Event, _context: Any, request_id: str) -> StreamingResponse:
        do = collaborators()
        caller = Caller.from_event(event)
        may_be_capped = may_cap(event, caller)
        account = do.books.account(caller.wallet_id)
        if account.plan is not None:
            caller = on_plan(caller, do.read_plan(account.plan), iso(clock.now()))
        path = _path_of(event, do, caller)
        surface = do.surfaces[path]()
        ask = do.read(surface, event, caller)
        routes = do.route(caller, ask, source_ip_of(event))
        body = _Quote(caller, ask, routes, may_be_capped, do).told(path, account, request_id)
        return plain_answer(body, request_id)

    return guarded(_ANY, answer)


def _read_by_nobody(_event: Event) -> Ask:
    raise AssertionError("a quote reads a request by the surface that it is for")


_ANY = Surface("quote", _read_by_nobody)


def _path_of(event: Event, do: Quoting, caller: Caller) -> str:
    """The path that the request would be sent to.

    Raises:
        InvalidRequest: it names none that there is, or has the shape of none.
        ModelNotFound: it has the shape of two, and there is no such model.
    """
    said = (event.get("queryStringParameters") or {}).get(FOR)
    if said is not None:
        if said not in do.surfaces:
            raise InvalidRequest(f"{FOR}: must be one of {', '.join(do.surfaces)}", param=FOR)
        return str(said)
    body = body_of(event)
    if "messages" in body:
        return "/v1/messages" if _is_messages(event, body) else "/v1/chat/completions"
    if "input" not in body:
        raise InvalidRequest("messages: Field required", param="messages")
    model = body.get("model")
    if not isinstance(model, str):
        return "/v1/responses"
    found = admitted(caller, model, catalogue=do.catalogue(), source_ip=source_ip_of(event), now=clock.now())
    return "/v1/responses" if found.model.max_output_tokens else "/v1/embeddings"


def _is_messages(event: Event, body: JsonObject) -> bool:
    tools = body.get("tools")
    return (
        not _MESSAGES_ALONE.isdisjoint(body)
        or header_of(event, "anthropic-version") is not None
        or any(
            isinstance(tool, dict) and "input_schema" in tool
            for tool in (tools if isinstance(tools, list) else ())
        )
    )


class _Quote:
    """One request, quoted."""

    def __init__(self, caller: Caller, ask: Ask, routes: Sequence[Route], may_cap: bool, do: Quoting) -> None:
        self._caller = caller
        self._ask = ask
        self._routes = list(routes)
        self._may_cap = may_cap
        self._do = do
        self._now = clock.now()
        self._tight: Tight | None = None

    def told(self, path: str, account: Account, request_id: str) -> JsonObject:
        """The answer's body."""
        refused: InsufficientQuota | None = None
        ways: dict[str, Way] = {}
        hold = None
        try:
            hold, covered = self._held(account, request_id)
            ways = {way.route.name: way for way in covered}
        except InsufficientQuota as short:
            refused = short
        routes = self._routes if self._tight is None else list(self._tight.routes)
        history = sorted(self._history())
        epoch = self._now.timestamp()
        return {
            "object": "quote",
            "for": path,
            "model": routes[0].model_id,
            "available_usd": to_usd(account.spendable(epoch)),
            "held_usd": to_usd(account.held(epoch)),
            "hold_usd": None if hold is None else to_usd(hold),
            "refused": None if refused is None else {"message": refused.message, **refused.details},
            "history": {
                "requests": len(history),
                "output_tokens": _both(history, lambda tokens: tokens),
            },
            "routes": [self._of_route(route, ways.get(route.name), history) for route in routes],
        }

    def _held(self, account: Account, request_id: str) -> tuple[int, list[Way]]:
        bound = bound_of(self._ask, self._routes)
        taken = Taken(self._caller.key_id, request_id, bound.at_most_nano_usd)
        epoch = self._now.timestamp()

        def if_tight(account: Account) -> Wish:
            self._tight = Tight(self._ask, self._routes, taken, may_cap=self._may_cap, count=self._counted)
            return self._tight.wish(account, epoch)

        hold = reserve(
            PaperWallets(account, epoch),
            self._caller.wallet_id,
            at_most_nano_usd=bound.at_most_nano_usd,
            at_least_nano_usd=bound.at_least_nano_usd,
            now_epoch_seconds=epoch,
            if_tight=if_tight,
            member=None if self._caller.team is None else self._caller.user_id,
            plan=account.plan,
        )
        if self._tight is not None:
            return hold.amount_nano_usd, self._tight.ways(hold)
        return hold.amount_nano_usd, ways_within(self._ask, self._routes, hold.amount_nano_usd)

    def _counted(self, route: Route, afresh: bool) -> Route:
        do = self._do
        counter = InputCounter(do.upstream, do.keys, do.monotonic, do.counted)
        return counter.count(self._ask, route, do.monotonic() + SECONDS, afresh=afresh)

    def _history(self) -> list[int]:
        since = self._now - timedelta(days=HISTORY_DAYS)
        return self._do.books.output_tokens(
            self._caller.wallet_id,
            self._caller.key_id,
            self._routes[0].model_id,
            since=f"{int(since.timestamp() * 1000):012x}",
            until=f"{int(self._now.timestamp() * 1000) + 1:012x}",
            entries=HISTORY_ENTRIES,
        )

    def _of_route(self, route: Route, way: Way | None, history: Sequence[int]) -> JsonObject:
        """What the request would be on a route; one that the hold does not cover would not be taken."""
        most = most_output(self._ask, route)
        return {
            "provider": route.provider.id,
            "price_version": route.price.version,
            "input_tokens": input_bound(self._ask, route),
            "input_counted": route.counted_input_tokens is not None,
            "bound_usd": to_usd(cost_on(self._ask, route, most, calls_on_route(self._ask, route)[1])),
            "taken": way is not None,
            "max_tokens": None if way is None else way.output_tokens,
            "capped": "balance" if way is not None and way.capped_by_balance else None,
            "expected_usd": _both(history, lambda tokens: to_usd(self._expected(route, way, tokens))),
        }

    def _expected(self, route: Route, way: Way | None, output_tokens: int) -> int:
        """The cost of an answer of so many tokens in all, at list rates of input: what a cache saves is not known."""
        most = (most_output(self._ask, route) if way is None else way.output_tokens) * self._ask.choices
        asked = self._ask.known_on(route)
        rough = tokens_of(asked) - (asked.max_output_tokens or 0) * asked.choices
        usage = Usage(
            input_tokens=min(rough, input_bound(self._ask, route)),
            output_tokens=min(output_tokens, most),
            images=asked.images,
        )
        return cost_of(usage, route.price)


def _both(history: Sequence[int], told: Callable[[int], Any]) -> JsonObject | None:
    """Of the median and the 90th percentile by nearest rank; None of no history."""
    if not history:
        return None
    return {
        name: told(history[-(-len(history) * percent // 100) - 1])
        for name, percent in (("median", 50), ("p90", 90))
    }
