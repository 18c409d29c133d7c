"""What the ledgers say that we owe providers: each request at the catalogue's price, without any markup."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import UTC, date, datetime, time
from typing import Protocol

from aggregator.billing.cost import PER
from aggregator.billing.entry import Entry
from aggregator.billing.focus.charges import day_of
from aggregator.billing.focus.meters import CALLS, metered
from aggregator.billing.margin.model import OTHER, ByModel, named
from aggregator.billing.price import Usage
from aggregator.billing.repricing import Prices

Owed = Mapping[tuple[str, str], ByModel]
"""By day and provider, by model."""


class Ledgers(Protocol):
    """Ledgers, as `focus.bill` reads them."""

    def wallets(self, after: str | None) -> Iterable[str]:
        """See `LedgerStore.wallets`."""
        ...

    def read(
        self, wallet_id: str, first_id: str, last_id: str, after: str | None
    ) -> tuple[list[Entry], str | None]:
        """See `LedgerStore.read`."""
        ...


def owed(
    ledgers: Ledgers,
    prices: Prices,
    upstream: Callable[[str, str], str],
    providers: Collection[str],
    *,
    first: date,
    end: date,
) -> Owed:
    """Add up every request of every wallet to these providers, from `first` up to `end`, itself not included.

    `upstream` names what a model is called at a provider. Calls of a provider's tools are of no model, as on its bill.
    """
    sums: defaultdict[tuple[str, str], defaultdict[str, int]] = defaultdict(lambda: defaultdict(int))
    ids = _id_at(first), _id_at(end)
    for wallet_id in ledgers.wallets(None):
        after: str | None = None
        while True:
            entries, after = ledgers.read(wallet_id, *ids, after)
            for entry in entries:
                said = entry.usage
                if said is None or said["provider"] not in providers:
                    continue
                key = day_of(entry.id, entry.occurred_at[:10]), said["provider"]
                model = named(upstream(said["model"], said["provider"]))
                for name, millionths in _costs(entry, prices):
                    sums[key][OTHER if name else model] += millionths
            if after is None:
                break
    return {
        key: {model: -(-amount // PER) for model, amount in by_model.items()}
        for key, by_model in sums.items()
    }


def _costs(entry: Entry, prices: Prices) -> Iterable[tuple[bool, int]]:
    """Whether each part is of no model, and what it costs; without a known price, what it was charged."""
    said = entry.usage or {}
    listed = prices.of(said["model"], said["provider"], said["priceVersion"].partition("@")[0])
    if listed is None:
        yield False, int(said["chargedNanoUsd"]) * PER
        return
    for each in metered(Usage.from_json(said), listed, listed):
        yield each.meter.unit == CALLS, each.list_millionths


def _id_at(day: date) -> str:
    return f"{int(datetime.combine(day, time(), UTC).timestamp() * 1000):012x}"
