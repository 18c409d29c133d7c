"""Chats from the handler to the ledger in one process: the stand-in answers, and the money is right afterwards."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import pytest

from aggregator.billing.cost import cost_of
from aggregator.billing.entry import REVENUE, Entry
from aggregator.billing.entry_item import from_item
from aggregator.billing.grant_store import GrantStore
from aggregator.billing.keys import ENTRY_PREFIX
from aggregator.billing.price import Price, Usage
from aggregator.billing.settle_batch import settle_batch
from aggregator.billing.transaction import Order, book
from aggregator.proxy import counted_input
from aggregator.proxy.admission import admission
from aggregator.proxy.answers.store import AnswerStore
from aggregator.proxy.dialects.chat.client import CHAT
from aggregator.proxy.edge import serve
from aggregator.proxy.emit import UsageBus
from aggregator.proxy.limits.store import LimitStore
from aggregator.proxy.upstream.http import HttpUpstream
from aggregator.proxy.walk import Collaborators
from aggregator.runtime.aws import JsonObject
from aggregator.runtime.batch import Message
from aggregator.runtime.streaming import StreamingResponse
from local.standin import StandIn
from tests.fakes.chat_world import FakeKeys, body, chat_event, no_plan, provider, route
from tests.fakes.memory_dynamodb import MemoryDynamoDb
from tests.fakes.memory_objects import MemoryObjects
from tests.unit.orchestrator.samples import catalogue

CREDIT = 10_000_000_000
PRICE = Price(version="7", input=150_000_000, output=600_000_000, cached_input=75_000_000)


UNHURRIED_MS = 120_000
"""Two minutes for a request: a busy machine takes its time."""
HURRIED_MS = 11_500
"""A second and a half, and what is kept back for settling: for providers that never end."""


@dataclass(frozen=True)
class Context:
    remaining_ms: int

    def get_remaining_time_in_millis(self) -> int:
        return self.remaining_ms


@dataclass
class FakeBus:
    """Takes every event, and counts its calls with those of the table."""

    calls: list[str]
    events: list[JsonObject] = field(default_factory=list)

    def call(self, action: str, request: JsonObject) -> JsonObject:
        self.calls.append(action)
        self.events += [json.loads(entry["Detail"]) for entry in request["Entries"]]
        return {"FailedEntryCount": 0}


class Platform:
    """The chat function and the settling one, over one table and one bus."""

    def __init__(self, standin: StandIn) -> None:
        self.dynamodb = MemoryDynamoDb()
        self.bus = FakeBus(self.dynamodb.calls)
        self.store = GrantStore(self.dynamodb, "billing")
        self.upstream = HttpUpstream(this_machine=True)
        self.requests = 0
        self.over = route(
            price=PRICE,
            provider=provider(base_url=standin.base_url, timeout_seconds=60),
            max_input_tokens=10_000,
            max_output_tokens=1_000,
        )
        collaborators = Collaborators(
            route=lambda *_: [self.over],
            admit=admission(lambda _: catalogue()),
            counts=LimitStore(self.dynamodb, "proxy"),
            answers=cache(lambda: AnswerStore(self.dynamodb, "proxy", cache(MemoryObjects))),
            wallets=self.store,
            upstream=self.upstream,
            keys=FakeKeys(),
            emit=UsageBus(bus=self.bus, bus_name="b", queue=self.bus, queue_url="q").emit,
            monotonic=time.monotonic,
            sleep=lambda _: None,
            counted={},
            plans={},
            read_plan=no_plan,
        )
        self.handler = serve(CHAT, lambda: collaborators)

    def credit(self, amount: int) -> None:
        order = Order("c1", "ann", "credit", amount, "2026-11-23T12:00:00.000Z")
        book(self.store, order, now_epoch_seconds=0, sleep=lambda _: None)
        self.dynamodb.calls.clear()

    def chat(
        self, said: str, read: int | None = None, *, remaining_ms: int = UNHURRIED_MS, **fields: Any
    ) -> tuple[StreamingResponse, list[bytes]]:
        """One chat, of whose pieces the client reads `read`, or all."""
        self.requests += 1
        event = chat_event(body(messages=[{"role": "user", "content": said}], **fields))
        event["requestContext"]["requestId"] = f"request-{self.requests}"
        answer = self.handler(event, Context(remaining_ms))
        pieces = []
        for piece in answer.chunks:
            pieces.append(piece)
            if read is not None and len(pieces) == read:
                break
        answer.close()
        return answer, pieces

    def settle(self) -> set[str]:
        return settle_batch(
            self.store, [Message(str(n), event) for n, event in enumerate(self.bus.events)], lambda _: None
        )

    def entries(self) -> list[Entry]:
        return [
            from_item(stored)
            for (_, sk), stored in self.dynamodb.items.items()
            if sk.startswith(ENTRY_PREFIX)
        ]


@pytest.fixture
def platform() -> Iterator[Platform]:
    with StandIn() as standin:
        made = Platform(standin)
        made.credit(CREDIT)
        yield made
        made.upstream.close()


@pytest.mark.parametrize("stream", [False, True])
def test_a_chat_makes_two_calls_to_aws(platform: Platform, stream: bool) -> None:
    answer, pieces = platform.chat("hello", stream=stream)

    assert answer.status == 200
    assert b"hello" in b"".join(pieces)
    assert platform.dynamodb.calls == ["UpdateItem", "PutEvents"]


def test_a_tight_account_makes_three_writes_and_asks_its_provider_once_how_long_the_prompt_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(counted_input, "SECONDS", 60.0)  # a busy machine takes its time
    with StandIn() as standin:
        platform = Platform(standin)
        platform.over = route(
            "anthropic",
            price=PRICE,
            provider=provider(
                "anthropic",
                protocol="anthropic",
                dialects=("messages",),
                house=True,
                base_url=f"{standin.base_url.removesuffix('/v1')}/anthropic/v1",
                timeout_seconds=60,
            ),
            max_input_tokens=200_000,
            max_output_tokens=4_000,
        )
        platform.credit(8_000_000)
        asked = [platform.chat("word " * 8_000, max_tokens=4_000)[0] for _ in range(2)]
        platform.upstream.close()

    assert [answer.status for answer in asked] == [200, 200]
    assert platform.dynamodb.calls == ["UpdateItem", "UpdateItem", "UpdateItem", "PutEvents"] * 2
    assert [each["path"] for each in standin.requests] == [
        "/anthropic/v1/messages/count_tokens",
        "/anthropic/v1/messages",
        "/anthropic/v1/messages",
    ]
    # 8,006 tokens, a twentieth and 64 at 150 nano-dollars, and 4,000 of output at 600; then a whole reply, 2,000
    assert [
        event["hold"]["amountNanoUsd"] + event["hold"]["returnedNanoUsd"] for event in platform.bus.events
    ] == [
        3_670_650,
        2_470_650,
    ]


CHATS: list[tuple[str, dict[str, Any], str]] = [
    ("hello", {}, "completed"),
    ("[[standin cached=4]] a longer question about money", {}, "completed"),
    ("[[standin reasoning=20]] think", {"max_tokens": 200}, "completed"),
    ("[[standin tokens=40]] talk", {"n": 2}, "completed"),
    ("[[standin no-usage]] who counts?", {}, "completed"),
    ("[[standin over-cap tokens=300]] talk", {"max_tokens": 5}, "completed"),
    ("hello", {"stream": True}, "completed"),
    ("hello", {"stream": True, "stream_options": {"include_usage": True}}, "completed"),
    ("[[standin usage-every-chunk]] count", {"stream": True}, "completed"),
    ("[[standin usage-last-choice]] count", {"stream": True}, "completed"),
    ("[[standin no-usage]] who counts?", {"stream": True}, "completed"),
    ("[[standin crlf heartbeat slow-loris=60]] in pieces", {"stream": True}, "completed"),
    ("[[standin no-done]] open end", {"stream": True}, "completed"),
    ("[[standin cut=4]] the line breaks", {"stream": True}, "provider_cut"),
    ("[[standin close=4]] the line ends", {"stream": True}, "provider_cut"),
    ("[[standin error-in-stream=4]] an error comes", {"stream": True}, "provider_cut"),
    ("[[standin hang-after=3]] silence", {"stream": True}, "deadline"),
    ("[[standin status=500]] hi", {}, "provider_error"),
    ("[[standin status=500 times=1 id=once]] hi", {}, "completed"),
    ("[[standin status=400]] hi", {"stream": True}, "provider_error"),
    ("[[standin html]] hi", {}, "provider_error"),
    ("[[standin garbage]] hi", {}, "provider_error"),
    ("[[standin error-in-200]] hi", {"stream": True}, "provider_error"),
    ("[[standin empty]] hi", {}, "provider_error"),
    ("[[standin cut-plain]] hi", {}, "provider_error"),
    ("[[standin hang]] hi", {}, "provider_error"),
]


def test_after_any_chats_the_ledger_adds_up_to_usage_times_price(platform: Platform) -> None:
    for said, fields, outcome in CHATS:
        platform.chat(said, **fields, remaining_ms=HURRIED_MS if " hang" in said else UNHURRIED_MS)
        assert platform.bus.events[-1]["outcome"] == outcome, said
    platform.chat("[[standin hang-after=3]] a client leaves what has no end", stream=True, read=1)
    aws_calls = list(platform.dynamodb.calls)
    failed = platform.settle()
    again = platform.settle()

    events, entries = platform.bus.events, platform.entries()
    usages = [entry for entry in entries if entry.kind == "usage"]
    account = platform.store.account("ann")
    spent = sum(cost_of(Usage.from_json(event["usage"]), PRICE) for event in events)
    lost = sum(max(0, event["costNanoUsd"] - event["hold"]["amountNanoUsd"]) for event in events)
    assert aws_calls == ["UpdateItem", "PutEvents"] * (len(CHATS) + 1)
    assert events[-1]["outcome"] == "client_gone"
    assert failed == again == set()
    assert len(usages) == len(CHATS) + 1
    assert spent == sum(event["costNanoUsd"] for event in events) > lost > 0
    assert sum(p.amount_nano_usd for e in usages for p in e.postings if p.account == REVENUE) == spent
    assert account.available_nano_usd == CREDIT - spent + lost
    assert account.total_nano_usd == sum(entry.amount_nano_usd for entry in entries)
    assert sum(held.amount_nano_usd for held in account.holds.values()) == 0


def test_the_charge_is_the_providers_count_to_the_token(platform: Platform) -> None:
    answer, pieces = platform.chat("[[standin tokens=40 cached=4]] hello")
    platform.settle()

    counted = json.loads(pieces[0])["usage"]
    assert counted["completion_tokens"] == 40
    assert counted["prompt_tokens_details"]["cached_tokens"] == 4
    nano = (counted["prompt_tokens"] - 4) * 150 + 4 * 75 + 40 * 600
    assert platform.store.account("ann").available_nano_usd == CREDIT - nano
    assert answer.headers["x-aggregator-cost-usd"] == f"0.{nano:09d}".rstrip("0")


def test_who_cannot_pay_is_refused_and_nothing_is_called(platform: Platform) -> None:
    order = Order("d1", "ann", "debit", CREDIT - 1_000, "2026-11-23T12:00:00.000Z")
    book(platform.store, order, now_epoch_seconds=0, sleep=lambda _: None)
    platform.dynamodb.calls.clear()

    answer, pieces = platform.chat("hello")

    assert (answer.status, json.loads(pieces[0])["error"]["code"]) == (402, "insufficient_quota")
    assert platform.dynamodb.calls == ["UpdateItem"]
    assert platform.store.account("ann").total_nano_usd == 1_000
