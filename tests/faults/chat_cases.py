"""One chat for each fault at each call to AWS, and for each way in which a provider fails."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from itertools import count

from aggregator.auth.caller import DEFAULT_SCOPES
from aggregator.auth.issue import issue
from aggregator.auth.model import Grant
from local.replay_usage import lost_events
from tests.faults.door import Door, Invoke, Reply, letting_in
from tests.faults.fault_proxy import Fault, FaultProxy
from tests.faults.injections import REFUSED, Inject, injections_for
from tests.faults.platform import (
    ADMIN,
    CREDIT_NANO_USD,
    FALLBACK_MODEL,
    MODEL,
    TIGHT_NANO_USD,
    JsonObject,
    Platform,
)
from tests.faults.rows import Happened
from tests.faults.waiting import wait_until
from tests.unit.auth.fakes import FakeTeams

AUTHORIZER = "AuthAuthorizerFunction"
_numbers = count()


@dataclass(frozen=True)
class Call:
    """A call to AWS on the path of a chat: who makes it, of which service, and whether in a warm environment.

    `holding` is what tells it from others of its action, `limits` are the key's, `headers` those of the request, and
    `credit` what its user has.
    """

    section: str
    service: str
    action: str
    by_authorizer: bool = False
    warm: bool = False
    bus_is_down: bool = False
    without: tuple[str, ...] = ()
    holding: str = ""
    limits: Mapping[str, int] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    credit: int = CREDIT_NANO_USD


RETURN = ":to_available"
"""What tells the return of a large hold's rest from other writes of the walk."""

LIMITS = {"concurrentRequests": 1, "dailyBudgetNanoUsd": CREDIT_NANO_USD}
IDEMPOTENT = {"Idempotency-Key": "once"}

CALLS = (
    Call("authorise: GetItem, the key", "dynamodb", "GetItem", by_authorizer=True),
    Call("authorise: GetSecretValue, the pepper", "secretsmanager", "GetSecretValue", by_authorizer=True),
    Call(
        "authorise: UpdateItem, when the key was last used",
        "dynamodb",
        "UpdateItem",
        by_authorizer=True,
        without=(REFUSED,),  # then the GetItem before it is refused as well
    ),
    Call("route: GetItem, the catalogue, in a new environment", "dynamodb", "GetItem"),
    Call(
        "route: GetSecretValue, the providers' keys, in a new environment", "secretsmanager", "GetSecretValue"
    ),
    Call(
        "route: PutItem, the claim of an Idempotency-Key",
        "dynamodb",
        "PutItem",
        warm=True,
        holding="leased_until",
        headers=IDEMPOTENT,
    ),
    Call(
        "route: UpdateItem, the limits of a key that has some",
        "dynamodb",
        "UpdateItem",
        warm=True,
        holding="SET expires_at",
        limits=LIMITS,
    ),
    Call("reserve: UpdateItem", "dynamodb", "UpdateItem", warm=True),
    Call(
        "emit: UpdateItem before it, the rest of a large hold",
        "dynamodb",
        "UpdateItem",
        warm=True,
        holding=RETURN,
        without=(REFUSED,),  # then nothing was held
        credit=TIGHT_NANO_USD,
    ),
    Call("emit: PutEvents", "events", "PutEvents", warm=True),
    Call("emit: SendMessage, while the bus answers 500", "sqs", "SendMessage", warm=True, bus_is_down=True),
    Call(
        "emit: UpdateItem, the place that a key's limits gave",
        "dynamodb",
        "UpdateItem",
        warm=True,
        holding="DELETE #p0",
        limits=LIMITS,
        without=(REFUSED,),  # then the limits were not to be had
    ),
    Call(
        "emit: PutItem, the answer for an Idempotency-Key",
        "dynamodb",
        "PutItem",
        warm=True,
        holding="answer_status",
        headers=IDEMPOTENT,
        without=(REFUSED,),  # then the claim was not to be had
    ),
)


@dataclass(frozen=True)
class Provider:
    """What a provider does, told to the stand-in.

    `leaves` is a client that reads one chunk and goes, `timeout_seconds` the function's time limit.
    """

    name: str
    directive: str
    stream: bool = False
    model: str = MODEL
    leaves: bool = False
    timeout_seconds: float | None = None


PROVIDERS = (
    Provider("500, once", "status=500 times=1 id={id}"),
    Provider("500, for ever", "status=500"),
    Provider("500, for ever, and there is another route", "status=500 on=openai", model=FALLBACK_MODEL),
    Provider("500, for ever, on both routes", "status=500", model=FALLBACK_MODEL),
    Provider("429, Retry-After: 1, once", "status=429 retry-after=1 times=1 id={id}"),
    Provider("429, Retry-After: 30", "status=429 retry-after=30"),
    Provider("400", "status=400"),
    Provider("401, with our key in its message", "refuse-key"),
    Provider("no answer within its time", "hang"),
    Provider("no answer within its time, and there is another route", "hang on=openai", model=FALLBACK_MODEL),
    Provider("HTML", "html"),
    Provider("200 that is no JSON", "garbage"),
    Provider("200 with an error in it", "error-in-200"),
    Provider("200 without choices", "empty"),
    Provider("half a body", "cut-plain"),
    Provider("no usage", "no-usage"),
    Provider("more output than the cap", "over-cap tokens=300"),
    Provider("stream: undisturbed", "tokens=5", stream=True),
    Provider("stream: no usage", "no-usage", stream=True),
    Provider("stream: 500 before it begins", "status=500", stream=True),
    Provider("stream: reset", "cut=4", stream=True),
    Provider("stream: closed before its end", "close=4", stream=True),
    Provider("stream: an error in it", "error-in-stream=4", stream=True),
    Provider("stream: silence until our time is over", "hang-after=3", stream=True, timeout_seconds=13),
    Provider("stream: the client leaves", "token-delay=100ms", stream=True, leaves=True),
)
PROVIDER_SECTION = "call: the provider"


def cases(platform: Platform) -> Iterator[Callable[[], Happened]]:
    """All of them, each to be run whenever there is time."""
    for call in CALLS:
        for name, inject in injections_for(call.action).items():
            if name not in call.without:
                yield partial(_disturbed, platform, call, name, inject)
    for provider in PROVIDERS:
        yield partial(_provided, platform, provider)


def _disturbed(platform: Platform, call: Call, name: str, inject: Inject) -> Happened:
    user_id = platform.new_user(call.credit)
    with ExitStack() as opened:
        proxy = opened.enter_context(FaultProxy(platform.emulator.url, only=call.holding))
        proxies = {call.service: proxy}
        if call.bus_is_down:
            proxies["events"] = opened.enter_context(FaultProxy(platform.emulator.url))
            proxies["events"].on("PutEvents", Fault.FAILED)
        if call.by_authorizer:
            token, door = _with_key(platform, user_id, opened, proxy)
        else:
            invoke = letting_in(call.limits)
            token, door = user_id, opened.enter_context(Door(platform, proxies, new_name(), invoke=invoke))
        if call.warm:
            door.chat(platform.new_user(), "warm up")
        proxy.calls.clear()
        inject(proxy, call.action)
        reply = door.chat(token, headers=call.headers)
        tries = proxy.calls.count(call.action)
        said = door.log.read_text(encoding="utf-8") if door.log.exists() else ""
        lost = list(lost_events(said.splitlines()))
        at_once = platform.account(user_id)
        return Happened(call.section, name, user_id, reply, at_once, tries, lost, credit_nano_usd=call.credit)


def _provided(platform: Platform, provider: Provider) -> Happened:
    user_id = platform.new_user()
    text = f"[[standin {provider.directive.format(id=user_id)}]] hello"
    with (
        FaultProxy(platform.emulator.url) as bus,
        Door(platform, {"events": bus}, new_name(), timeout_seconds=provider.timeout_seconds) as door,
    ):
        if provider.leaves:
            reply = _left_early(door, user_id, text)
        else:
            reply = door.chat(user_id, text, model=provider.model, stream=provider.stream)
        at_once = platform.account(user_id)
        wait_until(lambda: bus.carried_out == ["PutEvents"])
    return Happened(PROVIDER_SECTION, provider.name, user_id, reply, at_once)


def _left_early(door: Door, user_id: str, text: str) -> Reply:
    answer = door.begin(user_id, text, stream=True)
    block = next(answer.stream(1))
    answer.close()
    return Reply(answer.status, answer.headers, block)


def _with_key(platform: Platform, user_id: str, opened: ExitStack, proxy: FaultProxy) -> tuple[str, Door]:
    """A user's real key, and a door whose authorizer reaches AWS through `proxy`."""
    issued = issue(
        user_id,
        Grant("test", DEFAULT_SCOPES),
        by=ADMIN,
        now=datetime.now(UTC),
        keys=platform.keys,
        pepper=platform.pepper,
        announcer=_Silent(),
        models=lambda _: None,
        environment="local",
        teams=FakeTeams(),
    )
    return issued.plain.text, opened.enter_context(
        Door(platform, {}, new_name(), invoke=opened.enter_context(_authorizer(platform, proxy)))
    )


@contextmanager
def _authorizer(platform: Platform, proxy: FaultProxy) -> Iterator[Invoke]:
    ways = {"dynamodb": proxy, "secretsmanager": proxy}
    with platform.running(AUTHORIZER, "auth/authorizer", ways, log=new_name()) as processes:

        def invoke(_: str, event: JsonObject) -> JsonObject:
            said: JsonObject = processes.call(event)
            return said

        yield invoke


class _Silent:
    """Announces nothing."""

    def announce(self, change: object) -> None:
        """See `Announcer.announce`."""


def new_name() -> str:
    """Name of a log that nobody else writes."""
    return f"case-{next(_numbers)}"
