"""Calls of the real store on a table in memory: as they are, without one of their conditions, or with a lost answer."""

import re
from collections.abc import Sequence
from contextlib import redirect_stdout
from io import StringIO
from typing import Any

from aggregator.billing.entry import Settlement, UsageEnd, settlement_of
from aggregator.billing.model import Account, Held, Hold, has_lapsed
from aggregator.billing.price import Usage
from aggregator.billing.rest import return_rest
from aggregator.billing.store import BillingStore, Short, Stale
from aggregator.billing.transaction import Order, entry_of
from aggregator.runtime.aws import TIMED_OUT, Aws, AwsError
from tests.fakes.memory_dynamodb import MemoryDynamoDb
from tests.model.world import ONE_A_TOKEN, USER, JsonObject, account_as, as_seen

DONE, ANSWER_LOST, NOT_DONE = "", "; its answer is lost", "; it is not done, and nobody knows"
"""What may become of a write that is sent once."""

SUSPENDED = "suspended"
DONE_TWICE = "; it is sent once more"
COUNT_THAT_STAYS = "a count that stays"
_COUNT_LEAVES = re.compile(r", #holds\d+ = #holds\d+ - :holds\d+")

Ended = tuple[int, str, int, int]
"""A request that has ended: its number, bucket, what its event says is held, and what it cost."""

CLAUSES = {
    "available": r"available >=",
    "amount": r"#hold\d+ >=",
    "count": r"#holds\d+ >=",
    "amount as seen": r"#hold\d+ =",
    "count as seen": r"#holds\d+ =",
    "new": r"attribute_not_exists\(pk",
    "state": r"attribute_not_exists\(suspended",
    "member": r"attribute_not_exists\(#member",
    "order": r"attribute_not_exists\(#version",
}


def _write_of(expression: str) -> str:
    if "#version" in expression:
        return "suspend"
    if "REMOVE" in expression:
        return "sweep"
    return "reserve" if "available = available" in expression else "return"


class Weakened:
    """DynamoDB that forgets one clause of one write: `without` is the write, a colon, and how the clause begins."""

    def __init__(self, inner: MemoryDynamoDb, without: str) -> None:
        self._inner = inner
        self._write, _, self._clause = without.partition(": ")

    def call(self, action: str, request: JsonObject) -> JsonObject:
        """Drop the clause that the variant is without, then carry out the call."""
        if action == "UpdateItem":
            write = _write_of(request["UpdateExpression"])
            if write == "return" and self._write == COUNT_THAT_STAYS:
                request = request | {"UpdateExpression": _COUNT_LEAVES.sub("", request["UpdateExpression"])}
            request = self._weakened(write, request)
        if action == "TransactWriteItems":
            debits = any("ENTRY#d" in str(one) for one in request["TransactItems"])
            write = "debit" if debits else "settle"
            request = {
                "TransactItems": [
                    {
                        kind: self._weakened("entry" if kind == "Put" else write, each)
                        for kind, each in one.items()
                    }
                    for one in request["TransactItems"]
                ]
            }
        return self._inner.call(action, request)

    def _weakened(self, write: str, request: JsonObject) -> JsonObject:
        named = {write, "swept"} if "REMOVE" in request.get("UpdateExpression", "") else {write}
        if self._write not in named or "ConditionExpression" not in request:
            return request
        return without_clause(request, CLAUSES[self._clause])


def without_clause(request: JsonObject, clause: str) -> JsonObject:
    """A write whose condition lacks a clause; `clause` is how that begins."""
    clauses = request["ConditionExpression"].split(" AND ")
    kept = [each for each in clauses if not re.match(clause, each)]
    rest = {name: value for name, value in request.items() if name != "ConditionExpression"}
    return rest | ({"ConditionExpression": " AND ".join(kept)} if kept else {})


def carry_out(store: BillingStore, action: str, *arguments: Any) -> Any:
    match action, arguments:
        case "hold", (amount, bucket, member):
            return _hold(store, amount, bucket, member)
        case "say", (suspended, version, member):
            (store.suspend if suspended else store.resume)(USER, version, member=member)
        case "sweep", (seen,):
            store.sweep(USER, {bucket: Held(amount, count) for bucket, amount, count in seen})
        case "return", (bucket, held, kept, fate):
            return _return(store, Hold(held, bucket, available_after_nano_usd=0), kept, fate)
        case "settle", (ends, account, now, swept_at):
            return _settle(store, ends, account and account_as(account), now, swept_at)
        case "debit", (amount, swept):
            order = Order("d", USER, "debit", amount, "t")
            buckets = {bucket: Held(held, count) for bucket, held, count in swept}
            try:
                store.book(entry_of(order), swept=buckets)
            except Stale:
                return "stale"
        case "look", (left,):
            return {n for n in left if store.booked_entries(USER, [f"r{n}"])}
        case "read", ():
            read = store.account(USER)
            return read.available_nano_usd, as_seen(read.holds)
    return None


def _hold(store: BillingStore, amount: int, bucket: str, member: str | None) -> Any:
    """Why it is refused, or the account as it was seen; nothing where it is held."""
    try:
        store.hold(USER, amount, bucket, member=member)
    except Short as short:
        seen = short.account
        is_suspended = seen.suspended if member is None else member in seen.suspended_members
        return SUSPENDED if is_suspended else (seen.available_nano_usd, as_seen(seen.holds))
    return None


def _settle(
    store: BillingStore, ends: Sequence[Ended], account: Account | None, now: int, swept_at: int
) -> str | tuple[int, str | None]:
    """Whether the plan was stale, or how many were late, and what is wrong with it."""
    plan = settlement_of([_end(*each) for each in ends], account, swept_at)
    try:
        store.settle(plan)
    except Stale:
        return "stale"
    if account is None:
        return plan.late, None
    return plan.late, _too_late(plan, ends, now) or _lost_beside(plan, account, now)


def _return(store: BillingStore, hold: Hold, kept: int, fate: str) -> int:
    """What the event must say has come back, whatever becomes of the write and of its answer."""
    with redirect_stdout(StringIO()):  # what it logs
        return return_rest(Fated(store, fate), USER, hold, kept, request_id="r", ends=None)


class Fated(BillingStore):
    """The store, one write of which has a fate: its answer is lost, before or after it was carried out."""

    def __init__(self, store: BillingStore, fate: str) -> None:
        super().__init__(_Lossy(store._aws, fate), store._table)


class _Lossy:
    def __init__(self, inner: Aws, fate: str) -> None:
        self._inner = inner
        self._fate = fate

    def call(self, action: str, request: JsonObject) -> JsonObject:
        if self._fate == NOT_DONE:
            raise AwsError(TIMED_OUT)
        answer = self._inner.call(action, request)
        if self._fate == DONE_TWICE:
            self._inner.call(action, request)
        if self._fate == ANSWER_LOST:
            raise AwsError(TIMED_OUT)
        return answer


def _too_late(plan: Settlement, ends: Sequence[Ended], now: int) -> str | None:
    """What is wrong with a plan that finds usage late though none of its buckets has lapsed: nobody may sweep them."""
    if plan.late and not any(has_lapsed(bucket, now) for _, bucket, *_ in ends):
        return f"{plan.late} late in buckets that have not lapsed"
    return None


def _lost_beside(plan: Settlement, seen: Account, now: int) -> str | None:
    """What is wrong with a plan that books late usage as lost though its user can spend money, by what it had read."""
    runs = {bucket: held for bucket, held in seen.holds.items() if bucket not in seen.lapsed(now)}
    running = sum(held.amount_nano_usd for held in runs.values())
    running -= sum(held.amount_nano_usd for bucket, held in plan.released.items() if bucket in runs)
    spendable = seen.total_nano_usd + sum(entry.amount_nano_usd for entry in plan.entries) - running
    if plan.late == len(plan.entries) and plan.loss_nano_usd and spendable:
        return f"{plan.loss_nano_usd} booked as lost beside {spendable} that can be spent"
    return None


def _end(n: int, bucket: str, held: int, cost: int) -> UsageEnd:
    return UsageEnd(
        request_id=f"r{n}",
        user_id=USER,
        occurred_at="t",
        held_nano_usd=held,
        bucket=bucket,
        usage=Usage(output_tokens=cost),
        price=ONE_A_TOKEN,
        details={},
    )
