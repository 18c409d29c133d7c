"""Where the orchestrator's collaborators come from: the only reader of its environment."""

import os
from functools import cache
from typing import Any

from aggregator.auth.caller import Caller
from aggregator.orchestrator import operator_view
from aggregator.orchestrator.announce import CatalogueAnnouncer
from aggregator.orchestrator.catalogue import Catalogue
from aggregator.orchestrator.change_catalogue import Changed, Edit, Order, change_catalogue
from aggregator.orchestrator.load_catalogue import load_catalogue, packaged
from aggregator.orchestrator.read_catalogue import CatalogueReader
from aggregator.orchestrator.store import CatalogueStore
from aggregator.runtime import clock
from aggregator.runtime.aws import Aws
from aggregator.runtime.boto_client import BotoClient

JsonObject = dict[str, Any]


@cache
def dynamodb() -> Aws:
    """The client for the orchestrator's table."""
    return BotoClient("dynamodb")


@cache
def reader() -> CatalogueReader:
    """The catalogue in memory, kept for the life of the environment."""
    return CatalogueReader(dynamodb(), os.environ["ORCHESTRATOR_TABLE"])


def catalogue() -> Catalogue:
    """What is live, at most 30 seconds old."""
    return reader().current(clock.now())


def store() -> CatalogueStore:
    """The orchestrator's table."""
    return CatalogueStore(dynamodb(), os.environ["ORCHESTRATOR_TABLE"])


@cache
def announcer() -> CatalogueAnnouncer:
    """The platform's bus; it may hold up an answer for a second or two, not longer."""
    bus = BotoClient("events", read_timeout_seconds=2, attempts=2)
    return CatalogueAnnouncer(bus, os.environ["EVENT_BUS"])


def change(edit: Edit, order: Order) -> Changed:
    """See `change_catalogue.change_catalogue`."""
    return change_catalogue(edit, order, store=store(), announcer=announcer())


def live(by: Caller) -> Changed:
    """See `operator_view.live`."""
    return operator_view.live(by, store())


def is_local() -> bool:
    """Whether this is a developer's machine, where a provider may run beside us."""
    return os.environ["ENVIRONMENT"] == "local"


def load(request: JsonObject) -> JsonObject:
    """Load the packaged data file; `overrides` and `by` of the request are optional."""
    loaded = load_catalogue(
        store(),
        packaged(),
        overrides=request.get("overrides"),
        region=os.environ["AWS_REGION"],
        by=str(request.get("by", "file")),
        now=clock.now(),
    )
    return loaded.to_json()
