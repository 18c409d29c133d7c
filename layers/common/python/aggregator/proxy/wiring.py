"""Collaborators of the proxy: the only reader of its environment. Hot: neither boto3 nor pydantic nor Powertools.

Everything here outlives one request: connections, the catalogue, the providers' keys.
"""

import os
import time
from collections.abc import Sequence
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from aggregator.auth.caller import Caller
from aggregator.billing.store import BillingStore
from aggregator.orchestrator.read_catalogue import CatalogueReader
from aggregator.proxy.admission import admission
from aggregator.proxy.afterwards import ROUTES_SECONDS
from aggregator.proxy.dialects import lanes
from aggregator.proxy.emit import UsageBus
from aggregator.proxy.limits.store import LimitStore
from aggregator.proxy.model import Ask, Route
from aggregator.proxy.routing.breaker import Breaker
from aggregator.proxy.routing.latency import Latencies
from aggregator.proxy.routing.route import routes_for
from aggregator.proxy.routing.store import RouteStore
from aggregator.proxy.routing.switchboard import Switchboard
from aggregator.proxy.upstream.http import HttpUpstream
from aggregator.proxy.upstream.keys import ProviderKeys
from aggregator.proxy.walk import Collaborators, Visit
from aggregator.runtime import clock, log, streaming
from aggregator.runtime.signed_client import SignedClient

if TYPE_CHECKING:
    from aggregator.billing.plans.model import Plan
    from aggregator.orchestrator.catalogue import Catalogue
    from aggregator.proxy.answers.kept_store import KeptResponseStore
    from aggregator.proxy.answers.response_store import ResponseStore
    from aggregator.proxy.answers.store import AnswerStore
    from aggregator.proxy.files.fetching import Fetched
    from aggregator.proxy.files.web_address import WebAddress
    from aggregator.proxy.quote import Quoting
    from aggregator.runtime.signed_s3 import SignedS3

_KNOWN_AGAIN = frozenset({"PutEvents", "SendMessage"})
"""Settling knows an event again, so one that may have arrived is sent once more rather than lost."""


@cache
def catalogue() -> CatalogueReader:
    """The catalogue, for functions that need nothing else."""
    return CatalogueReader(_dynamodb(), os.environ["ORCHESTRATOR_TABLE"])


@cache
def collaborators() -> Collaborators:
    """All that a walk works with."""
    keys = _keys()
    shared = RouteStore(_dynamodb().within(ROUTES_SECONDS), os.environ["PROXY_TABLE"])
    switchboard = Switchboard(Breaker(shared, time.time), Latencies(shared, time.time))

    def route(caller: Caller, ask: Ask, visit: Visit) -> Sequence[Route]:
        current = catalogue().current(visit.now)
        routes = routes_for(
            caller, ask, catalogue=current, keys=keys, source_ip=visit.source_ip, now=visit.now
        )
        return switchboard.choose(routes, ask=ask, seed=visit.request_id, wanted=visit.strategy)

    return Collaborators(
        route=route,
        admit=admission(catalogue().current),
        counts=LimitStore(_dynamodb(), os.environ["PROXY_TABLE"]),
        answers=_answers,
        wallets=_billing(),
        upstream=_upstream(),
        keys=keys,
        emit=UsageBus(
            bus=_bus(),
            bus_name=os.environ["EVENT_BUS"],
            queue=SignedClient("sqs", repeatable_actions=_KNOWN_AGAIN),
            queue_url=os.environ["BILLING_USAGE_QUEUE_URL"],
        ).emit,
        monotonic=time.monotonic,
        sleep=time.sleep,
        counted={},
        plans={},
        read_plan=plan_of_stamp,
        watch=switchboard,
        cached=_cached,
        kept=_kept,
        fetch=_fetch,
    )


def warm() -> None:
    """While Lambda starts this environment, do what its first request would wait for: read, connect, import.

    A start has more CPU than a small function has afterwards. What fails here is said by the first request, which
    tries it again. Outside of our runtime (tests, emulators) nothing happens.
    """
    if not streaming.is_announced():
        return
    try:
        do = collaborators()
        catalogue().current(clock.now())
        do.keys.of("openai")
        lanes.warm()
        _bus().warm()
    except Exception as failed:
        log.warning("not_warmed", reason=type(failed).__name__)


@cache
def quoting() -> "Quoting":
    """All that a quote works with: it reads, and asks providers to count."""
    from aggregator.billing.on_paper import Accounts  # noqa: PLC0415 (walks quote nothing)
    from aggregator.proxy.quote import Quoting  # noqa: PLC0415
    from aggregator.proxy.quoted import ranked_routes, read_as, surfaces  # noqa: PLC0415

    keys = _keys()

    def current() -> "Catalogue":
        return catalogue().current(clock.now())

    return Quoting(
        surfaces=surfaces(),
        catalogue=current,
        route=ranked_routes(current, keys),
        read=read_as(_kept, admission(catalogue().current)),
        books=Accounts(_billing()),
        read_plan=plan_of_stamp,
        upstream=_upstream(),
        keys=keys,
        monotonic=time.monotonic,
    )


@lru_cache(maxsize=1_000)
def plan_of_stamp(stamp: str) -> "Plan":
    """A plan by its stamp, which never changes its meaning: read once."""
    from aggregator.billing.plans.store import PlanStore  # noqa: PLC0415 (most wallets are on no plan)

    return PlanStore(_dynamodb(), os.environ["BILLING_TABLE"]).of_stamp(stamp)


def _billing() -> BillingStore:
    return BillingStore(_dynamodb(), os.environ["BILLING_TABLE"])


def _upstream() -> HttpUpstream:
    return HttpUpstream(this_machine=_is_local())


def _is_local() -> bool:
    return os.environ["ENVIRONMENT"] == "local"


@cache
def _keys() -> ProviderKeys:
    return ProviderKeys(SignedClient("secretsmanager"), os.environ["PROVIDER_KEYS_SECRET"], time.monotonic)


@cache
def _bus() -> SignedClient:
    return SignedClient("events", repeatable_actions=_KNOWN_AGAIN)


@cache
def _answers() -> "AnswerStore":
    from aggregator.proxy.answers.store import AnswerStore  # noqa: PLC0415 (few requests have an Idempotency-Key)

    return AnswerStore(_dynamodb(), os.environ["PROXY_TABLE"], _objects)


@cache
def _cached() -> "ResponseStore":
    from aggregator.proxy.answers.response_store import ResponseStore  # noqa: PLC0415 (few requests ask for a cache)

    return ResponseStore(_dynamodb().within(ROUTES_SECONDS), os.environ["PROXY_TABLE"])


@cache
def _objects() -> "SignedS3":
    from aggregator.runtime.signed_s3 import SignedS3  # noqa: PLC0415 (few answers are too large for an item)

    return SignedS3(os.environ["ANSWERS_BUCKET"])


@cache
def _kept() -> "KeptResponseStore":
    from aggregator.proxy.answers.kept_store import KeptResponseStore  # noqa: PLC0415 (responses alone are kept)

    return KeptResponseStore(_dynamodb(), os.environ["PROXY_TABLE"])


def _fetch(address: "WebAddress", most_bytes: int, deadline: float) -> "Fetched":
    from aggregator.proxy.files.fetching import fetch  # noqa: PLC0415 (few requests name files by their address)

    return fetch(address, most_bytes=most_bytes, deadline=deadline, this_machine=_is_local())


@cache
def _dynamodb() -> SignedClient:
    return SignedClient("dynamodb")
