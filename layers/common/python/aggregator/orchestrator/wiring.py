"""Where the orchestrator's collaborators come from: the only reader of its environment."""

import os
from functools import cache
from typing import Any

from aggregator.orchestrator.load_catalogue import load_catalogue, packaged
from aggregator.orchestrator.model import Catalogue
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


def load(request: JsonObject) -> JsonObject:
    """Load the packaged data file; `overrides` and `by` of the request are optional."""
    loaded = load_catalogue(
        CatalogueStore(dynamodb(), os.environ["ORCHESTRATOR_TABLE"]),
        packaged(),
        overrides=request.get("overrides"),
        region=os.environ["AWS_REGION"],
        by=str(request.get("by", "file")),
        now=clock.now(),
    )
    return loaded.to_json()
