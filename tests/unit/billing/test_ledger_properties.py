"""Any interleaving of reserve, return, settle, redeliver, lose, lapse, sweep, refund and crash keeps the money."""

import os
from contextlib import redirect_stdout
from dataclasses import dataclass
from io import StringIO

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, rule

from aggregator.billing.entry import UsageEnd
from aggregator.billing.entry_item import from_item
from aggregator.billing.grant_store import GrantStore
from aggregator.billing.keys import ENTRY_PREFIX
from aggregator.billing.model import CLOCK_SKEW_SECONDS, Hold
from aggregator.billing.price import Price, Usage
from aggregator.billing.reserve import reserve
from aggregator.billing.rest import return_rest
from aggregator.billing.settle import settle_account
from aggregator.billing.transaction import Order, book
from aggregator.errors import InsufficientQuota, InvalidRequest
from aggregator.runtime.aws import AwsError
from tests.fakes.memory_dynamodb import JsonObject, MemoryDynamoDb
from tests.unit.billing.oracle import Oracle

EXAMPLES = int(os.environ.get("LEDGER_EXAMPLES", "2000"))
ONE_NANO_A_TOKEN = Price(version="1", input=1_000_000, output=1_000_000)
USER = "u"


class CrashingAws:
    """DynamoDB that may be cut off: before a call is sent, after it is applied, or instead ("lost"): nobody knows."""

    def __init__(self, inner: MemoryDynamoDb) -> None:
        self.inner = inner
        self.crash: str | None = None

    def call(self, action: str, request: JsonObject) -> JsonObject:
        writes = action not in {"GetItem", "BatchGetItem"}
        crash, self.crash = (self.crash, None) if writes else (None, self.crash)
        if crash == "before":
            raise AwsError("Unreachable")
        if crash == "lost":
            raise AwsError("TimedOut")
        answer = self.inner.call(action, request)
        if crash == "after":
            raise AwsError("TimedOut")
        return answer


@dataclass(frozen=True)
class Running:
    request: str
    amount: int
    bucket: str


@pytest.mark.promise("books")
class LedgerMachine(RuleBasedStateMachine):
    running = Bundle("running")
    events = Bundle("events")

    @initialize()
    def start(self) -> None:
        self.dynamodb = MemoryDynamoDb()
        self.aws = CrashingAws(self.dynamodb)
        self.store = GrantStore(self.aws, "billing")
        self.oracle = Oracle()
        self.now = 1_763_900_000
        self.requests = 0

    @rule(amount=st.integers(1, 1_000))
    def credit(self, amount: int) -> None:
        self.oracle.credit(amount)

        book(self.store, self.order("credit", amount), now_epoch_seconds=self.now, sleep=lambda _: None)

    @rule(kind=st.sampled_from(["debit", "adjustment"]), amount=st.integers(1, 600))
    def take(self, kind: str, amount: int) -> None:
        order = self.order(kind, amount if kind == "debit" else -amount)
        wanted = self.oracle.take(amount, self.now - CLOCK_SKEW_SECONDS)
        try:
            book(self.store, order, now_epoch_seconds=self.now, sleep=lambda _: None)
        except InsufficientQuota:
            assert not wanted
        else:
            assert wanted

    @rule(target=running, most=st.integers(1, 400), least=st.integers(1, 400))
    def reserve(self, most: int, least: int) -> object:
        least = min(most, least)
        request = self.next_id()
        deadline = -(-(self.now + 3600) // 300) * 300
        wanted = self.oracle.reserve(request, most, least, deadline, self.now - CLOCK_SKEW_SECONDS)
        try:
            hold = reserve(
                self.store,
                USER,
                at_most_nano_usd=most,
                at_least_nano_usd=least,
                now_epoch_seconds=self.now,
            )
        except InsufficientQuota:
            assert wanted is None
            return Running(request, 0, "gone")
        assert hold.amount_nano_usd == wanted
        assert hold.available_after_nano_usd == self.oracle.available
        return Running(request, hold.amount_nano_usd, hold.bucket)

    @rule(amount=st.integers(1, 400), when=st.sampled_from(["before", "after"]))
    def reserve_and_crash(self, amount: int, when: str) -> None:
        request = self.next_id()
        deadline = -(-(self.now + 3600) // 300) * 300
        if 4 * amount > self.oracle.available:
            return  # a tight account is written to more than once: the model checker cuts those off
        if when == "after":
            self.oracle.reserve(request, amount, amount, deadline, 0)
        self.aws.crash = when
        try:
            reserve(
                self.store,
                USER,
                at_most_nano_usd=amount,
                at_least_nano_usd=amount,
                now_epoch_seconds=self.now,
            )
        except AwsError:
            return
        raise AssertionError("the crash was not felt")

    @rule(
        target=events,
        ended=consumes(running),
        used=st.integers(0, 500),
        fate=st.sampled_from(["small", "large", "before", "after", "lost"]),
    )
    def end(self, ended: Running, used: int, fate: str) -> object:
        """A small hold waits for its settling; a large one's rest comes back, whatever becomes of that write."""
        back = 0
        if fate != "small" and ended.amount:
            hold = Hold(ended.amount, ended.bucket, available_after_nano_usd=0)
            charged = min(used, ended.amount)
            self.aws.crash = None if fate == "large" else fate
            with redirect_stdout(StringIO()):  # what it logs
                back = return_rest(self.store, USER, hold, charged, request_id="r", ends=None)
            self.aws.crash = None
            if fate != "before":
                self.oracle.give_back(ended.request, charged, lost=fate == "lost")
        return UsageEnd(
            request_id=ended.request,
            user_id=USER,
            occurred_at="2026-11-23T06:00:00.000Z",
            held_nano_usd=ended.amount - back,
            bucket=ended.bucket,
            usage=Usage(output_tokens=used),
            price=ONE_NANO_A_TOKEN,
            details={},
        )

    @rule(
        batch=st.lists(events, min_size=1, max_size=6),
        crash=st.sampled_from([None, None, "before", "after"]),
    )
    def deliver(self, batch: list[UsageEnd], crash: str | None) -> None:
        batch = list({end.request_id: end for end in batch if end.bucket != "gone"}.values())
        if not batch:
            return
        self.aws.crash = crash
        late = [
            end.request_id for end in batch if end.held_nano_usd and not self.oracle.knows(end.request_id)
        ]
        try:
            done = settle_account(self.store, batch, lambda _: None, self.now)
            assert crash is not None or done.late == len(late)
        except AwsError as felt:
            if crash is None:
                raise
            if felt.code == "Unreachable":
                return
        finally:
            self.aws.crash = None
        self.oracle.settle(
            {end.request_id: end.cost_nano_usd for end in batch}, self.now - CLOCK_SKEW_SECONDS
        )

    @rule(seconds=st.sampled_from([1, 299, 3000, 4000]))
    def wait(self, seconds: int) -> None:
        self.now += seconds

    @rule(end=events, amount=st.integers(1, 500))
    def refund(self, end: UsageEnd, amount: int) -> None:
        if end.request_id not in self.oracle.charged:
            return
        charged = self.oracle.charged[end.request_id]
        refunded = getattr(self, "refunded", {})
        before = refunded.get(end.request_id, 0)
        order = self.order("refund", amount, refers_to=end.request_id)
        try:
            book(self.store, order, now_epoch_seconds=self.now, sleep=lambda _: None)
        except InvalidRequest:
            assert before + amount > charged
        else:
            assert before + amount <= charged
            self.refunded = {**refunded, end.request_id: before + amount}
            self.oracle.credit(amount)

    @invariant()
    def the_ledger_and_the_oracle_agree(self) -> None:
        if not hasattr(self, "store"):
            return
        account = self.store.account(USER)
        entries = [
            from_item(item) for (_, sk), item in self.dynamodb.items.items() if sk.startswith(ENTRY_PREFIX)
        ]
        assert account.available_nano_usd == self.oracle.available >= 0
        assert account.total_nano_usd == self.oracle.postings
        assert account.total_nano_usd == sum(entry.amount_nano_usd for entry in entries)
        assert -sum(_posted(entry, "platform_loss") for entry in entries) == self.oracle.loss
        charged = {entry.id: -entry.amount_nano_usd for entry in entries if entry.kind == "usage"}
        assert charged == self.oracle.charged

    def order(self, kind: str, amount: int, refers_to: str | None = None) -> Order:
        return Order(
            id=self.next_id(),
            user_id=USER,
            kind=kind,  # type: ignore[arg-type]
            amount_nano_usd=amount,
            occurred_at="2026-11-23T06:00:00.000Z",
            refers_to=refers_to,
        )

    def next_id(self) -> str:
        self.requests += 1
        return f"r{self.requests:04d}"


def _posted(entry: object, account: str) -> int:
    postings = entry.postings  # type: ignore[attr-defined]
    return sum(posting.amount_nano_usd for posting in postings if posting.account == account)


TestLedger = LedgerMachine.TestCase
TestLedger.settings = settings(max_examples=EXAMPLES, stateful_step_count=30, deadline=None)
