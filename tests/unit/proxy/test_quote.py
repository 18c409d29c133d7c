"""A quote: what a request of any dialect would hold and may cost, on a copy of the account; nothing is held."""

import json
from collections.abc import Sequence
from typing import Any

import pytest

from aggregator.auth.caller import Caller
from aggregator.billing.grant_store import GrantStore
from aggregator.billing.model import Account, Held
from aggregator.billing.on_paper import Accounts
from aggregator.billing.transaction import Order, book
from aggregator.orchestrator.catalogue import Catalogue
from aggregator.proxy.admission import admission
from aggregator.proxy.model import Ask, Route
from aggregator.proxy.quote import Quoting, quoting
from aggregator.proxy.quoted import read_as, surfaces
from aggregator.runtime import clock
from aggregator.runtime.aws import JsonObject
from tests.fakes.chat_world import (
    AT_ANTHROPIC,
    LARGE,
    NOW,
    REQUEST_ID,
    Clock,
    FakeKeys,
    ScriptedResponse,
    ScriptedUpstream,
    chat_event,
    no_plan,
    provider,
    route,
)
from tests.fakes.memory_dynamodb import MemoryDynamoDb
from tests.unit.orchestrator.samples import catalogue


class FakeBooks:
    """One account, and how long answers were; what was asked is kept."""

    def __init__(self, account: Account, lengths: Sequence[int]) -> None:
        self._account = account
        self._lengths = list(lengths)
        self.asked: list[tuple[str, str, str]] = []

    def account(self, user_id: str) -> Account:
        assert user_id == "ann"
        return self._account

    def output_tokens(
        self, user_id: str, key_id: str, model: str, *, since: str, until: str, entries: int
    ) -> list[int]:
        assert (since, until, entries) == ("01a16dc83600", "01a20846fe01", 250)
        self.asked.append((user_id, key_id, model))
        return self._lengths


class Desk:
    """The handler over fakes."""

    def __init__(
        self,
        monkeypatch: pytest.MonkeyPatch,
        account: Account,
        *routes: Route,
        lengths: Sequence[int] = (),
        script: tuple[Any, ...] = (),
    ) -> None:
        monkeypatch.setattr(clock, "now", lambda: NOW)
        self.books = FakeBooks(account, lengths)
        self.upstream = ScriptedUpstream(*script)
        self.asks: list[Ask] = []
        self.routes = routes or (route(**LARGE),)
        self.catalogue = catalogue()
        do = Quoting(
            surfaces=surfaces(),
            catalogue=self._catalogue,
            route=self._route,
            read=read_as(self._nothing_kept, admission(lambda _: self.catalogue)),
            books=self.books,
            read_plan=no_plan,
            upstream=self.upstream,
            keys=FakeKeys(),
            monotonic=Clock().monotonic,
        )
        self._handler = quoting(lambda: do)

    def _catalogue(self) -> Catalogue:
        return self.catalogue

    def _route(self, caller: Caller, ask: Ask, source_ip: str) -> Sequence[Route]:
        assert (caller.user_id, source_ip) == ("ann", "192.0.2.1")
        self.asks.append(ask)
        return self.routes

    def _nothing_kept(self) -> Any:
        raise AssertionError("nothing is gone on from")

    def ask(
        self, body: JsonObject, path: str | None = None, headers: dict[str, str] | None = None
    ) -> tuple[int, JsonObject]:
        event = chat_event(body, "/v1/quote")
        event["queryStringParameters"] = None if path is None else {"for": path}
        event["headers"] = headers or {}
        answer = self._handler(event, None)
        said: JsonObject = json.loads(b"".join(answer.chunks))
        assert answer.headers["x-request-id"] == REQUEST_ID
        return answer.status, said


HELLO: JsonObject = {"model": "mini", "max_tokens": 8000, "messages": [{"role": "user", "content": "hi"}]}


def test_a_rich_account_is_told_bound_hold_and_what_an_answer_would_cost(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    desk = Desk(monkeypatch, Account("ann", 1_000_000), lengths=[5, 100, 7, 20, 9_000])

    status, said = desk.ask(HELLO, "/v1/chat/completions")

    assert status == 200
    assert said == {
        "object": "quote",
        "for": "/v1/chat/completions",
        "model": "mini",
        "available_usd": "0.001",
        "held_usd": "0.00",
        "hold_usd": "0.00001615",
        "refused": None,
        "history": {"requests": 5, "output_tokens": {"median": 20, "p90": 9_000}},
        "routes": [
            {
                "provider": "openai",
                "price_version": "1",
                "input_tokens": 150,
                "input_counted": False,
                "bound_usd": "0.00001615",
                "taken": True,
                "max_tokens": 8_000,
                "capped": None,
                # 22 tokens for 86 bytes of body, and 20, or the 8,000 that there may be, at 2 each
                "expected_usd": {"median": "0.000000062", "p90": "0.000016022"},
            }
        ],
    }
    assert desk.books.asked == [("ann", "k1", "mini")]
    assert desk.upstream.requests == []


def test_a_tight_account_is_told_its_cap_by_the_rules_of_the_walk(monkeypatch: pytest.MonkeyPatch) -> None:
    account = Account("ann", 9_000, {"1795438800": Held(400, 1), "1795430000": Held(1_000, 1)})

    _, said = Desk(monkeypatch, account).ask(HELLO)

    assert (said["available_usd"], said["held_usd"], said["hold_usd"]) == (
        "0.00001", "0.0000004", "0.00000415",
    )  # fmt: skip
    (only,) = said["routes"]
    assert (only["max_tokens"], only["capped"], only["bound_usd"]) == (2_000, "balance", "0.00001615")
    assert (said["history"], only["expected_usd"]) == ({"requests": 0, "output_tokens": None}, None)


@pytest.mark.parametrize("header", [None, "refuse"])
def test_what_would_be_refused_is_a_quote_all_the_same(
    monkeypatch: pytest.MonkeyPatch, header: str | None
) -> None:
    headers = {} if header is None else {"X-Aggregator-Cap": header}
    account = Account("ann", 1_000 if header is None else 10_000)

    status, said = Desk(monkeypatch, account).ask(HELLO, headers=headers)

    assert (status, said["hold_usd"]) == (200, None)
    assert said["refused"]["message"].startswith("This request needs ")
    assert said["refused"]["balance"]["most_max_tokens"] == (425 if header is None else 4_925)
    assert [each["taken"] for each in said["routes"]] == [False]


def test_where_the_account_is_tight_the_prompt_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    long = HELLO | {"messages": [{"role": "user", "content": "word " * 8_000}], "max_tokens": 4_000}
    fallback = route(
        "other", provider=provider("other", protocol="anthropic", dialects=("messages",)), **LARGE
    )
    count = ScriptedResponse(b'{"input_tokens": 8000}')
    desk = Desk(monkeypatch, Account("ann", 50_000), AT_ANTHROPIC, fallback, script=(count,))

    _, said = desk.ask(long, "/v1/messages")

    assert [request.url for request in desk.upstream.requests] == [
        "https://api.anthropic.example/v1/messages/count_tokens"
    ]
    assert said["hold_usd"] == "0.000025"
    assert [(each["input_tokens"], each["input_counted"], each["taken"]) for each in said["routes"]] == [
        (8_464, True, True),
        (40_140, False, False),
    ]


INPUT: JsonObject = {"model": "mini", "input": "hi"}


@pytest.mark.parametrize(
    ("body", "headers", "path"),
    [
        (HELLO, {}, "/v1/chat/completions"),
        (HELLO | {"system": "be brief"}, {}, "/v1/messages"),
        (HELLO, {"anthropic-version": "2023-06-01"}, "/v1/messages"),
        (HELLO | {"tools": [{"name": "f", "input_schema": {"type": "object"}}]}, {}, "/v1/messages"),
        (INPUT, {}, "/v1/responses"),
        (INPUT | {"model": "embed"}, {}, "/v1/embeddings"),
    ],
)
def test_the_shape_says_which_dialect_it_is(
    monkeypatch: pytest.MonkeyPatch, body: JsonObject, headers: dict[str, str], path: str
) -> None:
    desk = Desk(monkeypatch, Account("ann", 1_000_000))

    status, said = desk.ask(body, headers=headers)

    assert (status, said["for"]) == (200, path)
    surface = {"/v1/chat/completions": "chat"}.get(path, path.removeprefix("/v1/"))
    assert [(ask.surface, ask.user_id) for ask in desk.asks] == [(surface, "ann")]


@pytest.mark.parametrize(
    ("body", "path", "headers", "param"),
    [
        (HELLO, "/v1/audio", {}, "for"),
        ({"model": "mini"}, None, {}, "messages"),
        (HELLO | {"max_tokens": 0}, "/v1/messages", {}, "max_tokens"),
        (HELLO, None, {"x-aggregator-cap": "never"}, "x-aggregator-cap"),
    ],
)
def test_what_its_own_path_would_refuse_is_refused_by_name(
    monkeypatch: pytest.MonkeyPatch, body: JsonObject, path: str | None, headers: dict[str, str], param: str
) -> None:
    status, said = Desk(monkeypatch, Account("ann", 1_000_000)).ask(body, path, headers)

    assert (status, said["error"]["param"]) == (400, param)


def test_a_keys_history_is_its_completed_requests_to_that_model() -> None:
    table = MemoryDynamoDb()
    store = GrantStore(table, "billing")
    book(
        store, Order("01a16f3dca00-c", "ann", "credit", 10**9, "x"), now_epoch_seconds=0, sleep=lambda _: None
    )
    usages = [
        ("k1", "mini", "completed", 7),
        ("k1", "mini", "provider_error", 0),
        ("k2", "mini", "completed", 8),
        ("k1", "other", "completed", 9),
        ("k1", "mini", "completed", 11),
    ]
    for n, (key_id, model, outcome, tokens) in enumerate(usages):
        usage = {"keyId": key_id, "model": model, "outcome": outcome, "outputTokens": tokens}
        item = {
            "pk": {"S": "ACCOUNT#ann"},
            "sk": {"S": f"ENTRY#01a16f3dca0{n}-r"},
            **_entry(f"01a16f3dca0{n}-r", usage),
        }
        table.items["ACCOUNT#ann", f"ENTRY#01a16f3dca0{n}-r"] = item

    found = Accounts(store).output_tokens(
        "ann", "k1", "mini", since="01a16f3dca00", until="01a16f3dca04-s", entries=250
    )

    assert sorted(found) == [7, 11]


def _entry(entry_id: str, usage: JsonObject) -> JsonObject:
    from aggregator.billing.entry import Entry, Posting  # noqa: PLC0415
    from aggregator.billing.entry_item import to_item  # noqa: PLC0415

    postings = (Posting("user:ann", -5), Posting("revenue", 5))
    return to_item(Entry(entry_id, "ann", "usage", "2026-11-23T12:00:00.000Z", postings, usage=usage))
