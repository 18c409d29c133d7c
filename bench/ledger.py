"""What an account costs as its ledger grows: calls, and kilobytes read, by what is asked of it. In memory."""

from datetime import timedelta

from aggregator.billing.books_store import BooksStore
from aggregator.billing.entry import settlement_of
from aggregator.billing.entry_item import to_item
from aggregator.billing.grant_store import GrantStore
from aggregator.billing.reconcile import all_entries
from aggregator.billing.settle_batch import settle_batch, usage_end_of
from aggregator.billing.transaction import Order, book
from aggregator.contracts.ai_usage import AiUsage
from aggregator.runtime.batch import Message
from aggregator.runtime.clock import iso
from bench.events import USER
from bench.life import MORNING, ai_usage, quietly
from bench.units import MeteredDynamoDb

_HELD = 9_852_000
_PAGE = 50


def ledger_costs(entries: int) -> dict[str, float]:
    """Calls and kilobytes of a hold, a settled batch of ten, a balance, and a page of the statement."""
    ledger = filled(entries)
    store = GrantStore(ledger, "billing")
    costs = {}
    usages = [ai_usage(number, USER) for number in range(10)]
    for usage in usages:
        store.hold(USER, _HELD, usage["hold"]["bucket"])
    costs["hold: calls"] = ledger.take()["calls"] / 10
    with quietly():
        settle_batch(store, [Message(usage["requestId"], usage) for usage in usages], lambda _: None)
    spent = ledger.take()
    costs |= {"settle ten: calls": spent["calls"], "settle ten: KB read": spent["bytes_read"] / 1024}
    store.account(USER)
    spent = ledger.take()
    costs |= {"balance: calls": spent["calls"], "balance: KB read": spent["bytes_read"] / 1024}
    store.entries(USER, "0", "~", limit=_PAGE)
    costs["a page of the statement: KB read"] = ledger.take()["bytes_read"] / 1024
    return {name: float(cost) for name, cost in costs.items()}


def reconcile_costs(entries: int) -> dict[str, float]:
    """Kilobytes that the daily check of one account reads."""
    ledger = filled(entries)
    sum(1 for _ in all_entries(BooksStore(ledger, "billing"), USER))
    return {"reconcile: KB read": ledger.take()["bytes_read"] / 1024}


def filled(entries: int) -> MeteredDynamoDb:
    """A funded account with `entries` ledger entries of yesterday."""
    ledger = MeteredDynamoDb()
    store = GrantStore(ledger, "billing")
    book(store, Order("c", USER, "credit", 10**14, iso(MORNING)), now_epoch_seconds=0, sleep=lambda _: None)
    long_ago = MORNING - timedelta(days=1)
    (entry,) = settlement_of(
        [usage_end_of(AiUsage.model_validate(ai_usage(0, USER, long_ago)))], None
    ).entries
    template = to_item(entry)
    for number in range(entries):
        item = template | {"sk": {"S": f"ENTRY#{number:012x}-c6af9ac6-7b61-11e6-9a41-93e8deadbeef"}}
        ledger.engine.items[item["pk"]["S"], item["sk"]["S"]] = item
    ledger.take()
    return ledger
