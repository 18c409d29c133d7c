"""The walk of a chat completion: route -> reserve -> call -> emit."""

from collections.abc import Callable, MutableMapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, NamedTuple, Protocol

from aggregator.auth.caller import Caller
from aggregator.billing.model import Account, Hold
from aggregator.billing.reserve import OtherPlan, Wallets, Wish, reserve
from aggregator.errors import Refusal, status_of
from aggregator.proxy.admission import Admit
from aggregator.proxy.afterwards import settled_by
from aggregator.proxy.answer import headers_after, headers_before, relay
from aggregator.proxy.bound import bound_of, ways_of_all, ways_within
from aggregator.proxy.call import NOBODY, Keys, Upstream, Watch, call
from aggregator.proxy.exchange import Answer, CallFailed, Progress
from aggregator.proxy.limits import take as limits
from aggregator.proxy.limits.rules import Taken
from aggregator.proxy.limits.take import Counts
from aggregator.proxy.model import Ask, Bound, Receipt, Route, Way
from aggregator.proxy.tab import Tab
from aggregator.runtime.streaming import StreamingResponse

if TYPE_CHECKING:
    from aggregator.billing.plans.model import Plan
    from aggregator.proxy.answers.idempotency import Answers
    from aggregator.proxy.answers.kept_responses import KeptResponses
    from aggregator.proxy.answers.response_cache import CachedAnswers
    from aggregator.proxy.counted_input import Counted
    from aggregator.proxy.files.bringing import Fetch
    from aggregator.proxy.files.fetching import Fetched
    from aggregator.proxy.files.web_address import WebAddress
    from aggregator.proxy.tight import Tight


class Router(Protocol):
    """Who may call what, over which routes."""

    def __call__(self, caller: Caller, ask: Ask, visit: "Visit") -> Sequence[Route]:
        """See `route.routes_for` and `Switchboard.choose`."""
        ...


class Close(Protocol):
    """Ends a request's tab: see `_close`."""

    def __call__(
        self,
        route: Route,
        attempts: int,
        progress: Progress,
        *,
        outcome: str,
        status: int,
        answer: Answer | None = None,
    ) -> Receipt:
        """Emit what the request came to."""
        ...


def fetch_nothing(_address: "WebAddress", _most_bytes: int, _deadline: float) -> "Fetched":
    """Get no file: for walks without the web.

    Raises:
        NotFetched: always.
    """
    from aggregator.proxy.files.fetching import NotFetched  # noqa: PLC0415 (few requests name files so)

    raise NotFetched("nothing is fetched here")


class Collaborators(NamedTuple):
    """What a walk works with; all of it outlives one request. Stores that few requests need are made for the first.

    `counted` is what `counted_input.py` remembers of prompts. `plans` is which plan each wallet was on when it was last
    asked, for those that were on one; `read_plan` reads a plan by its stamp.
    `fetch` gets files that requests name by their address.
    """

    route: Router
    admit: Admit
    counts: Counts
    answers: Callable[[], "Answers"]
    wallets: Wallets
    upstream: Upstream
    keys: Keys
    emit: Callable[[Receipt], None]
    monotonic: Callable[[], float]
    sleep: Callable[[float], None]
    counted: "Counted"
    plans: "MutableMapping[str, Plan]"
    read_plan: "Callable[[str], Plan]"
    watch: Watch = NOBODY
    cached: Callable[[], "CachedAnswers"] | None = None
    kept: Callable[[], "KeptResponses"] | None = None
    fetch: "Fetch" = fetch_nothing


class Visit(NamedTuple):
    """One request at the door: its id, where it came from, when, until when, and the status that success has.

    `strategy` is by what it wants its routes ranked, where it asks for something else than the model says.
    `may_cap`: its output may be capped where the balance is short; else it is refused.
    """

    request_id: str
    source_ip: str
    now: datetime
    started_ms: float
    deadline: float
    ok_status: int
    strategy: str | None = None
    may_cap: bool = True


def walk(
    caller: Caller, ask: Ask, visit: Visit, do: Collaborators, before: Taken | None = None
) -> StreamingResponse:
    """Serve one chat completion; whatever happens after the hold, exactly one usage event is emitted.

    Where the wallet is on another plan than this environment knew, it begins anew, before anything is held; `before` is
    what it took of the limits until then.

    Raises:
        Refusal: the request was refused, or no provider answered; what was held is on its way back.
        AwsError: the accounts could not be reached; nothing was called, and a hold, if any, lapses.
    """
    sender, asked = caller, ask
    if do.plans:
        from aggregator.proxy.planned import known  # noqa: PLC0415 (most wallets are on no plan, and stay so)

        caller = known(caller, do.plans, visit.now)
    try:
        routes = do.route(caller, ask, visit)
        if ask.addresses:
            from aggregator.proxy.files.bringing import with_files  # noqa: PLC0415 (few requests name files so)

            ask, routes = with_files(ask, routes, do.fetch, visit.deadline, do.monotonic)
        bound = bound_of(ask, routes)
        taken = _take(caller, ask.known_on(routes[0]), bound, visit, do, before=before)
        wanted = _Wanted(ask, routes, bound, taken, visit=visit, do=do)
        hold = _reserve(caller, wanted)
    except OtherPlan as other:
        from aggregator.proxy.planned import learn  # noqa: PLC0415 (as above)

        learn(other.account, visit, do)
        return walk(sender, asked, visit, do, taken)
    except Refusal:
        if caller.plan is None:
            raise
        from aggregator.proxy.planned import has_changed  # noqa: PLC0415 (as above)

        if not has_changed(caller, visit, do):
            raise
        return walk(sender, asked, visit, do, before)
    ways = wanted.ways(hold)
    tab = Tab(visit.request_id, caller, ask, hold, visit.now, visit.started_ms, do.monotonic)
    close = partial(_close, tab=tab, taken=taken, deadline=visit.deadline, do=do)
    answer = _call(ask, ways, visit, do, close)
    finish = partial(_finish, ask=ask, answer=answer, status=visit.ok_status, close=close, watch=do.watch)
    headers = {**taken.headers, **headers_before(visit.request_id, ask, answer, hold)}
    if ask.stream:
        return _streamed(ask, answer, visit, headers, finish)
    body = next(answer.chunks)
    receipt = finish("completed")
    chunks = answer.lane.ending.whole(ask, body, receipt.usage)
    headers |= taken.headers_after(receipt.usage.tokens)
    headers |= headers_after(receipt) | {"Content-Type": "application/json"}
    return StreamingResponse(visit.ok_status, headers, chunks)


def _take(
    caller: Caller, ask: Ask, bound: Bound, visit: Visit, do: Collaborators, *, before: Taken | None
) -> Taken:
    """Count the request against its key's limits; no call for a key without."""
    if (taken := limits.of_no_limit(caller, visit.request_id, bound.at_most_nano_usd)) is not None:
        return taken
    seconds = visit.deadline - do.monotonic()
    demand = limits.demand_of(
        ask,
        bound,
        request_id=visit.request_id,
        now=visit.now,
        seconds=seconds,
        counted=limits.counted_in(before, caller),
    )
    return limits.take(do.counts, caller, demand)


class _Wanted:
    """What a request wants of its user's account; a tight one is looked at closer."""

    def __init__(
        self,
        ask: Ask,
        routes: Sequence[Route],
        bound: Bound,
        taken: Taken,
        *,
        visit: Visit,
        do: Collaborators,
    ) -> None:
        self.ask = ask
        self.routes = routes
        self.bound = bound
        self.taken = taken
        self.visit = visit
        self.do = do
        self.tight: Tight | None = None

    def of(self, account: Account) -> Wish:
        """What it wants of an account that is tight."""
        from aggregator.proxy.tight import Tight  # noqa: PLC0415 (a rich one needs none of it)

        self.tight = Tight(self.ask, self.routes, self.taken, may_cap=self.visit.may_cap, count=self._counted)
        return self.tight.wish(account, self.visit.now.timestamp())

    def _counted(self, route: Route, afresh: bool) -> Route:
        """A route whose provider was asked how long the input is."""
        from aggregator.proxy.counted_input import InputCounter  # noqa: PLC0415 (as above)

        do = self.do
        counter = InputCounter(do.upstream, do.keys, do.monotonic, do.counted)
        return counter.count(self.ask, route, self.visit.deadline, afresh=afresh)

    def ways(self, hold: Hold) -> list[Way]:
        """The ways that its hold pays for."""
        if self.tight is not None:
            return self.tight.ways(hold)
        if hold.amount_nano_usd >= self.bound.at_most_nano_usd:
            return ways_of_all(self.ask, self.routes, self.taken.reply_tokens)
        return ways_within(self.ask, self.routes, hold.amount_nano_usd, self.taken.reply_tokens)


def _reserve(caller: Caller, wanted: _Wanted) -> Hold:
    """Hold no more than the budgets cover; what the limits gave goes back if nothing can be held."""
    do = wanted.do
    try:
        return reserve(
            do.wallets,
            caller.wallet_id,
            at_most_nano_usd=wanted.taken.at_most_nano_usd,
            at_least_nano_usd=wanted.bound.at_least_nano_usd,
            now_epoch_seconds=wanted.visit.now.timestamp(),
            if_tight=wanted.of,
            member=None if caller.team is None else caller.user_id,
            plan=None if caller.plan is None else caller.plan.stamp,
        )
    except BaseException:
        limits.give_back(do.counts, wanted.taken, used_tokens=0)
        raise


def _call(ask: Ask, ways: Sequence[Way], visit: Visit, do: Collaborators, close: Close) -> Answer:
    """Get an answer that begins, or close the tab over none."""
    try:
        return call(
            ask,
            ways,
            upstream=do.upstream,
            keys=do.keys,
            watch=do.watch,
            deadline=visit.deadline,
            monotonic=do.monotonic,
            sleep=do.sleep,
            request_id=visit.request_id,
        )
    except CallFailed as failed:
        status = status_of(failed.refusal)
        nothing = Progress()
        nothing.failed = failed.failed
        close(failed.route, failed.attempts, nothing, outcome="provider_error", status=status)
        raise failed.refusal from failed
    except Exception as defect:
        status = status_of(defect) if isinstance(defect, Refusal) else 500
        close(ways[0].route, 0, Progress(), outcome="cancelled", status=status)
        raise


def _close(
    route: Route,
    attempts: int,
    progress: Progress,
    *,
    outcome: str,
    status: int,
    answer: Answer | None = None,
    tab: Tab,
    taken: Taken,
    deadline: float,
    do: Collaborators,
) -> Receipt:
    """Return a large hold's rest, say what the request came to, give its limits' rest back; once in every exit."""
    settle_by = settled_by(deadline, do.monotonic())
    receipt = tab.close(
        route, attempts, progress, outcome=outcome, status=status, answer=answer, settle_by=settle_by
    )
    if returned := tab.return_rest(do.wallets, receipt, settle_by):
        receipt = receipt._replace(returned_nano_usd=returned)
    do.emit(receipt)
    limits.give_back(
        do.counts,
        taken,
        receipt.charged_nano_usd,
        used_tokens=receipt.usage.tokens,
        now=tab.now + timedelta(milliseconds=receipt.latency_ms),
        ends=settle_by,
    )
    return receipt


def _finish(outcome: str, *, ask: Ask, answer: Answer, status: int, close: Close, watch: Watch) -> Receipt:
    """Close the tab; a stream that its provider broke off counts against the route, which had begun to answer."""
    receipt = close(
        answer.route, answer.attempts, answer.progress, outcome=outcome, status=status, answer=answer
    )
    if outcome == "provider_cut":
        watch.failed(answer.route, ask, (receipt.latency_ms - (receipt.first_token_ms or 0)) / 1_000)
    return receipt


def _streamed(
    ask: Ask, answer: Answer, visit: Visit, headers: dict[str, str], finish: Callable[[str], Receipt]
) -> StreamingResponse:
    chunks = relay(ask, answer, visit.request_id, finish)
    next(chunks)
    headers |= {"Content-Type": "text/event-stream; charset=utf-8", "X-Accel-Buffering": "no"}
    return StreamingResponse(visit.ok_status, headers, chunks)
