"""Settling and publishing, off the path, with each fault at each of their calls: delivered again until all is done."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial

from aggregator.billing.entry_item import to_item
from aggregator.billing.reconcile import all_entries
from aggregator.billing.settle import settle_account
from aggregator.runtime import item
from local.function_processes import FunctionProcesses
from local.runtime_api import FunctionFailedError
from tests.faults.chat_cases import new_name
from tests.faults.fault_proxy import FaultProxy
from tests.faults.injections import REFUSED, Inject, injections_for
from tests.faults.platform import JsonObject, Platform
from tests.faults.usage import body_of, end_of, usage_event

SETTLING = ("BillingSettleUsageFunction", "billing/settle_usage")
PUBLISHING = ("BillingPublishTransactionsFunction", "billing/publish_transactions")
EVENTS = 3
MOST_DELIVERIES = 5
LONG_AGO = 1_700_000_000.0


@dataclass(frozen=True)
class Call:
    """A call of one of the two functions. Where `alone`, no other call comes before it at the same service."""

    section: str
    service: str
    action: str
    alone: bool = False


TRANSACT = Call("settle: TransactWriteItems, the entries", "dynamodb", "TransactWriteItems", alone=True)
BATCH_GET = Call("settle: BatchGetItem, when some entries are there already", "dynamodb", "BatchGetItem")
GET = Call("settle: GetItem, the account, when some entries are there already", "dynamodb", "GetItem")
SWEEP = Call("settle: UpdateItem, buckets that are over and empty go", "dynamodb", "UpdateItem")
PUBLISH = Call("publish: PutEvents, new entries", "events", "PutEvents", alone=True)


@dataclass(frozen=True)
class Delivered:
    """What became of one batch of three: which came again after the first delivery, and how many deliveries it took."""

    section: str
    name: str
    user_id: str
    again: int
    tries: int
    deliveries: int

    @property
    def first(self) -> str:
        """The first delivery, in the words of the table."""
        return {0: "done", EVENTS: "all comes again"}.get(self.again, f"{self.again} of {EVENTS} come again")


def lanes(platform: Platform) -> Iterator[Callable[[], list[Delivered]]]:
    """All of them, in lanes to be run whenever there is time; a lane has one process, as a warm function has."""
    for call in (TRANSACT, BATCH_GET, GET, SWEEP, PUBLISH):
        injections = dict(injections_for(call.action))
        refused = {REFUSED: injections.pop(REFUSED)}
        yield partial(_lane, platform, call, injections)
        if call.alone:  # where not, an earlier call would be refused
            yield partial(_lane, platform, call, refused)


def _lane(platform: Platform, call: Call, injections: Mapping[str, Inject]) -> list[Delivered]:
    delivered = []
    function = PUBLISHING if call is PUBLISH else SETTLING
    with FaultProxy(platform.emulator.url) as proxy, ExitStack() as opened:
        processes = opened.enter_context(platform.running(*function, {call.service: proxy}, log=new_name()))
        for name, inject in injections.items():
            user_id = platform.new_user()
            records = _entries(platform, user_id) if call is PUBLISH else _usage(platform, user_id, call)
            proxy.calls.clear()
            inject(proxy, call.action)
            again = _deliver(processes, records)
            tries = proxy.calls.count(call.action)
            proxy.heal()
            if name == REFUSED:
                processes = opened.enter_context(platform.running(*function, {}, log=new_name()))
            waiting, deliveries = again, 1
            while waiting and deliveries < MOST_DELIVERIES:
                waiting, deliveries = _deliver(processes, waiting), deliveries + 1
            delivered.append(Delivered(call.section, name, user_id, len(again), tries, deliveries))
    return delivered


def _usage(platform: Platform, user_id: str, call: Call) -> dict[str, JsonObject]:
    """Three requests to settle, as the queue delivers them, and the account as the call needs it."""
    if call is SWEEP:
        old = usage_event(platform.store, user_id, f"0-{user_id}", now=LONG_AGO)
        settle_account(platform.store, [end_of(old)], lambda _: None)
    events = [usage_event(platform.store, user_id, f"{n}-{user_id}") for n in range(1, 1 + EVENTS)]
    if call in {BATCH_GET, GET}:
        settle_account(platform.store, [end_of(events[0])], lambda _: None)
    return {f"m{n}": {"messageId": f"m{n}", "body": body_of(event)} for n, event in enumerate(events)}


def _entries(platform: Platform, user_id: str) -> dict[str, JsonObject]:
    """Three new entries, as the table's stream delivers them."""
    events = [usage_event(platform.store, user_id, f"{n}-{user_id}") for n in range(1, EVENTS)]
    settle_account(platform.store, [end_of(event) for event in events], lambda _: None)
    return {
        str(n): {
            "eventName": "INSERT",
            "dynamodb": {
                "Keys": item.item({"pk": f"ACCOUNT#{user_id}", "sk": f"ENTRY#{entry.id}"}),
                "NewImage": to_item(entry),
                "SequenceNumber": str(n),
            },
        }
        for n, entry in enumerate(all_entries(platform.books, user_id))
    }


def _deliver(processes: FunctionProcesses, records: Mapping[str, JsonObject]) -> dict[str, JsonObject]:
    """Hand records to a function; return those that are to come again.

    A stream is read in order: all from the first failed one on comes again.
    """
    try:
        answer = processes.call({"Records": list(records.values())})
    except FunctionFailedError:
        return dict(records)
    failed = {each["itemIdentifier"] for each in answer["batchItemFailures"]}
    if not any("eventName" in record for record in records.values()):
        return {key: record for key, record in records.items() if key in failed}
    first = min(map(int, failed), default=len(records))
    return {key: record for key, record in records.items() if int(key) >= first}
