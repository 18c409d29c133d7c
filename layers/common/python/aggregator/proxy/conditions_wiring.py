"""Collaborators of what operators ask of the ways to providers: off the hot path."""

import os
import time
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from aggregator.proxy import conditions
from aggregator.proxy.routing.store import RouteStore
from aggregator.proxy.upstream.keys import ProviderKeys
from aggregator.runtime.signed_client import SignedClient


def conditions_of(providers: Iterable[Mapping[str, Any]]) -> dict[str, conditions.Condition]:
    """See `conditions.conditions`."""
    return conditions.conditions(providers, _circuits(), _keys())


@cache
def _circuits() -> RouteStore:
    return RouteStore(SignedClient("dynamodb"), os.environ["PROXY_TABLE"])


@cache
def _keys() -> ProviderKeys:
    return ProviderKeys(SignedClient("secretsmanager"), os.environ["PROVIDER_KEYS_SECRET"], time.monotonic)
