"""The same request gets the same answer again, for nothing; and nobody else gets it."""

import json
from datetime import timedelta
from typing import Any

import pytest

from aggregator.auth.caller import Caller
from aggregator.proxy.admission import admission
from aggregator.proxy.answers.response_store import ResponseStore
from aggregator.proxy.dialects.chat.client import CHAT
from aggregator.proxy.edge import serve
from aggregator.proxy.model import Route
from aggregator.runtime import clock
from aggregator.runtime.aws import UNREACHABLE, AwsError, JsonObject
from aggregator.runtime.streaming import StreamingResponse
from tests.fakes.chat_world import (
    CALLER,
    DONE,
    NOW,
    ScriptedResponse,
    World,
    body,
    chat_event,
    chunk,
    completion,
    counted,
    route,
    usage_event,
)
from tests.fakes.memory_dynamodb import MemoryDynamoDb
from tests.unit.orchestrator.samples import catalogue, data

STREAM = (chunk("hel"), chunk("lo"), chunk(finish="stop"), usage_event(), DONE)
STREAMED = body(stream=True, stream_options={"include_usage": True})
HOUR = {"x-aggregator-cache": "3600"}


class Table(MemoryDynamoDb):
    """The proxy's table, which can be down."""

    down = False

    def call(self, action: str, request: JsonObject) -> JsonObject:
        if self.down:
            raise AwsError(UNREACHABLE)
        return super().call(action, request)


class Context:
    """A Lambda context with a minute left."""

    @staticmethod
    def get_remaining_time_in_millis() -> int:
        return 60_000


class Door:
    """The chat route with a cache, over a provider that answers each call with the next of a script."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *script: ScriptedResponse) -> None:
        self.table = Table()
        self.world = World(script)
        self.now = NOW
        self.catalogue = catalogue()
        monkeypatch.setattr(clock, "now", lambda: self.now)
        collaborators = self.world.collaborators()._replace(
            route=lambda *_: self._routes(),
            admit=admission(lambda _: self.catalogue),
            cached=lambda: ResponseStore(self.table, "proxy"),
        )
        self.handler = serve(CHAT, lambda: collaborators)

    def _routes(self) -> list[Route]:
        self.world.steps.append("route")
        return [route()]

    def ask(
        self,
        content: JsonObject | None = None,
        caller: Caller = CALLER,
        resource: str = "/v1/chat/completions",
        headers: dict[str, str] | None = None,
    ) -> tuple[StreamingResponse, bytes]:
        event = chat_event(content or body(), resource)
        event["requestContext"]["authorizer"] = caller.to_context()
        event["headers"] = HOUR if headers is None else headers
        answer = self.handler(event, Context())
        return answer, b"".join(answer.chunks)

    def text(
        self,
        content: JsonObject | None = None,
        caller: Caller = CALLER,
        headers: dict[str, str] | None = None,
    ) -> str:
        """What the answer says."""
        _, said = self.ask(content, caller, headers=headers)
        return str(json.loads(said)["choices"][0]["message"]["content"])

    def code(self, caller: Caller = CALLER) -> str:
        """Why the request is refused."""
        _, said = self.ask(caller=caller)
        return str(json.loads(said)["error"]["code"])


def plain(text: str) -> ScriptedResponse:
    return ScriptedResponse(completion(text, counted(10, 5)))


@pytest.fixture
def door(monkeypatch: pytest.MonkeyPatch) -> Door:
    return Door(monkeypatch, plain("first"), plain("second"), plain("third"))


def test_a_repetition_gets_the_answer_without_a_hold_a_call_or_an_event(door: Door) -> None:
    first, said = door.ask()
    steps = list(door.world.steps)
    door.now += timedelta(seconds=12)

    again, said_again = door.ask()

    assert said == said_again
    assert (first.headers["x-aggregator-cache"], again.headers["x-aggregator-cache"]) == ("miss", "hit")
    assert steps == ["route", "reserve", "call", "emit completed"]
    assert door.world.steps == steps
    assert {
        name: again.headers[name] for name in ("Age", "x-aggregator-cost-usd", "x-aggregator-provider")
    } == {
        "Age": "12",
        "x-aggregator-cost-usd": "0.00",
        "x-aggregator-provider": "openai",
    }
    assert "x-aggregator-hold-usd" not in again.headers


def test_a_hit_costs_one_read_and_a_miss_a_write_more(door: Door) -> None:
    door.ask()
    of_miss = list(door.table.calls)
    door.ask()

    assert of_miss == ["GetItem", "PutItem"]
    assert door.table.calls == ["GetItem", "PutItem", "GetItem"]


def test_who_does_not_ask_for_it_gets_a_fresh_answer_and_pays_no_read(door: Door) -> None:
    answers = [door.ask(headers={}) for _ in range(2)]

    assert [json.loads(said)["choices"][0]["message"]["content"] for _, said in answers] == [
        "first",
        "second",
    ]
    assert ["x-aggregator-cache" in answer.headers for answer, _ in answers] == [False, False]
    assert door.table.calls == []


def test_an_answer_is_as_old_as_the_request_takes_it_and_no_older(door: Door) -> None:
    door.ask()
    door.now += timedelta(seconds=60)

    older_than_a_minute = door.text(headers={"x-aggregator-cache": "60"})
    fresh_enough = door.text(headers={"x-aggregator-cache": "61"})

    assert (older_than_a_minute, fresh_enough) == ("second", "second")


def test_an_answer_is_gone_after_the_time_it_was_kept_for(door: Door) -> None:
    door.ask(headers={"x-aggregator-cache": "60"})

    (stored,) = door.table.items.values()

    assert stored["expires_at"] == {"N": str(int(NOW.timestamp()) + 60)}


def test_the_order_of_the_fields_does_not_matter_and_all_else_does(door: Door) -> None:
    asked = body(temperature=1)
    door.ask(asked)

    turned = door.text(dict(reversed(asked.items())))
    other = door.text(body(temperature=0))

    assert (turned, other) == ("first", "second")


def test_one_users_answer_is_never_anothers(door: Door) -> None:
    door.ask()

    theirs = door.text(caller=CALLER._replace(user_id="bob"))

    assert theirs == "second"


def test_another_key_of_the_user_gets_it_if_it_may_call_the_model(door: Door) -> None:
    door.ask()

    served = door.text(caller=CALLER._replace(key_id="k2"))
    refused = door.code(caller=CALLER._replace(key_id="k3", allowed_models=("gpt-*",)))

    assert (served, refused) == ("first", "model_not_allowed")


def test_an_answer_of_a_model_that_the_name_stood_for_before_is_not_for_a_key_that_may_not_call_it(
    door: Door,
) -> None:
    first = door.text(body(model="cheap"))
    door.catalogue = catalogue({**data(), "aliases": {"cheap": "oss-20b"}})

    only_new, _ = door.ask(body(model="cheap"), CALLER._replace(allowed_models=("oss-20b",)))

    assert (only_new.status, door.text(body(model="cheap"))) == (403, first)


def test_a_name_that_stands_for_another_model_to_this_key_is_another_request(door: Door) -> None:
    door.ask()

    with_alias = door.text(caller=CALLER._replace(aliases={"mini": "groq/oss-20b"}))

    assert with_alias == "second"


@pytest.mark.parametrize(
    ("limits", "code"),
    [
        ({"scopes": ("models:read",)}, "missing_scope"),
        ({"expires_at": NOW}, "invalid_api_key"),
        ({"allowed_ips": ("198.51.100.0/24",)}, "ip_not_allowed"),
    ],
)
def test_who_may_not_call_gets_nothing_from_the_cache_either(
    door: Door, limits: dict[str, Any], code: str
) -> None:
    door.ask()

    assert door.code(caller=CALLER._replace(**limits)) == code


def test_a_key_can_ask_for_it_once_and_for_all_and_a_request_can_refuse(door: Door) -> None:
    caller = CALLER._replace(cache_seconds=60)

    first = door.ask(caller=caller, headers={})[0].headers["x-aggregator-cache"]
    again = door.ask(caller=caller, headers={})[0].headers["x-aggregator-cache"]
    fresh = door.ask(caller=caller, headers={"x-aggregator-cache": "0"})[0].headers

    assert (first, again) == ("miss", "hit")
    assert "x-aggregator-cache" not in fresh


@pytest.mark.parametrize("value", ["-1", "3601", "an hour", "1.5", "", "1e3", "99999", "\u0661"])
def test_what_is_no_number_of_seconds_is_refused_by_name(door: Door, value: str) -> None:
    answer, said = door.ask(headers={"X-Aggregator-Cache": value})

    assert (answer.status, json.loads(said)["error"]["param"]) == (400, "x-aggregator-cache")


def test_a_hit_has_the_status_of_its_own_path(door: Door) -> None:
    statuses = [
        door.ask(resource=path)[0].status
        for path in ("/v1/chat/completions", "/proxy/openai/chat/completions")
    ]

    assert statuses == [200, 201]
    assert door.world.upstream.left == 2


def test_a_stream_comes_again_as_a_stream_whose_receipt_says_nothing_was_charged(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    door = Door(monkeypatch, ScriptedResponse(*STREAM))
    first, said = door.ask(STREAMED)

    again = door.handler(chat_event_of(STREAMED), Context())
    events = list(again.chunks)

    receipt = json.loads(events[-2].removeprefix(b"data: "))["usage"]
    assert first.headers["x-aggregator-cache"] == "miss"
    assert again.headers["Content-Type"] == "text/event-stream; charset=utf-8"
    assert events[:-2] == [each + b"\n\n" for each in said.split(b"\n\n")[: len(events) - 2]]
    assert events[-1] == DONE
    assert (receipt["cost_usd"], receipt["hold_usd"], receipt["completion_tokens"]) == ("0.00", "0.00", 5)
    assert "balance_usd" not in receipt


def chat_event_of(content: JsonObject) -> JsonObject:
    return chat_event(content) | {"headers": HOUR}


def test_a_stream_that_was_cut_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    door = Door(monkeypatch, ScriptedResponse(chunk("hel")), ScriptedResponse(*STREAM))

    door.ask(STREAMED)
    again, said = door.ask(STREAMED)

    assert again.headers["x-aggregator-cache"] == "miss"
    assert said.endswith(DONE)


def test_a_client_that_leaves_in_mid_stream_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    door = Door(monkeypatch, ScriptedResponse(*STREAM))
    answer = door.handler(chat_event_of(STREAMED), Context())
    next(iter(answer.chunks))

    answer.close()

    assert door.table.items == {}
    assert [receipt.outcome for receipt in door.world.receipts] == ["client_gone"]


def test_an_error_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    door = Door(monkeypatch, ScriptedResponse(b"{}", status=400), plain("second"))

    refused, _ = door.ask()

    assert refused.status == 400
    assert door.text() == "second"


def test_an_answer_that_no_item_holds_is_given_and_not_kept(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aggregator.proxy.answers.response_cache.LARGEST_BODY_BYTES", 50)

    assert (door.text(), door.text()) == ("first", "second")
    assert door.table.items == {}


def test_a_table_that_is_down_is_a_miss(door: Door) -> None:
    door.table.down = True

    assert (door.text(), door.text()) == ("first", "second")


def test_a_word_about_costs_in_an_answer_stays_as_it_was_said(monkeypatch: pytest.MonkeyPatch) -> None:
    text = '"cost_usd": 5'
    door = Door(monkeypatch, ScriptedResponse(chunk(text), chunk(finish="stop"), usage_event(), DONE))
    _, said = door.ask(body(stream=True))

    _, again = door.ask(body(stream=True))

    assert said == again


def test_what_a_short_balance_cut_off_is_not_kept(door: Door) -> None:
    door.world.wallets.available = 200  # two thirds of the bound

    first = door.ask()[0].headers
    door.world.wallets.available = 200
    again = door.ask()[0].headers

    assert first["x-aggregator-capped"] == "balance"
    assert [headers["x-aggregator-cache"] for headers in (first, again)] == ["miss", "miss"]
