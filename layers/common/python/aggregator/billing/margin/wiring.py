"""Collaborators of the comparison with providers' own costs."""

import json
import os
import time
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from functools import cache, partial

from aggregator.billing.focus.ledgers import LedgerStore
from aggregator.billing.margin.api import Margin, MarginQuery, ProviderDay
from aggregator.billing.margin.ask import getter
from aggregator.billing.margin.model import Comparison
from aggregator.billing.margin.owed import Owed, owed
from aggregator.billing.margin.providers import ADMIN_KEYS, costs
from aggregator.billing.margin.run import run
from aggregator.billing.margin.store import MarginStore
from aggregator.billing.money import to_nano_usd
from aggregator.billing.repricing import Prices
from aggregator.orchestrator.price_versions import price_versions
from aggregator.orchestrator.read_catalogue import CatalogueReader
from aggregator.runtime import clock
from aggregator.runtime.aws import AwsError
from aggregator.runtime.boto_client import BotoClient
from aggregator.runtime.signed_client import SignedClient


def compare_costs() -> list[Comparison]:
    """Compare now; nothing where no admin key is set."""
    get = getter()
    asked = {provider: partial(costs, provider, key, get) for provider, key in _admin_keys().items()}
    if not asked:
        return []
    now = clock.now()
    most = to_nano_usd(os.environ["LEAK_ALARM_USD"])
    return run(asked, partial(_owed, now), _store(), now, most_leaked_nano_usd=most)


def margin(query: MarginQuery) -> Margin:
    """What was compared in the last days."""
    first = clock.now().date() - timedelta(days=query.days)
    return Margin(data=[ProviderDay.of(each) for each in _store().since(first.isoformat())])


def _owed(now: datetime, providers: list[str], first: date, end: date) -> Owed:
    catalogue = _catalogue().current(now)
    names = {
        (model.id, route.provider.id): route.upstream_model
        for model in catalogue.models()
        for route in model.routes
    }
    return owed(
        LedgerStore(SignedClient("dynamodb"), os.environ["BILLING_TABLE"]),
        Prices(price_versions(catalogue)),
        lambda model, provider: names.get((model, provider), model),
        providers,
        first=first,
        end=end,
    )


def _admin_keys() -> Mapping[str, str]:
    """The admin keys that are set, by provider: a secret that is made by hand; without it all of this is off."""
    try:
        answer = BotoClient("secretsmanager").call(
            "GetSecretValue", {"SecretId": os.environ["PROVIDER_ADMIN_KEYS_SECRET"]}
        )
    except AwsError as refused:
        if refused.code != "ResourceNotFoundException":
            raise
        return {}
    said = json.loads(answer["SecretString"])
    return {name: str(said[name]).strip() for name in ADMIN_KEYS if said.get(name)}


@cache
def _store() -> MarginStore:
    return MarginStore(BotoClient("dynamodb"), os.environ["BILLING_TABLE"], time.time)


@cache
def _catalogue() -> CatalogueReader:
    return CatalogueReader(SignedClient("dynamodb"), os.environ["ORCHESTRATOR_TABLE"])
