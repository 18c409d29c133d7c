"""Responses that are kept, from event to answer: what goes to the provider, what comes back, and who may go on."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from aggregator.auth.caller import Caller
from aggregator.proxy.admission import admission
from aggregator.proxy.answers.kept_responses import KEPT_SECONDS, KeptResponse
from aggregator.proxy.answers.store import AnswerStore
from aggregator.proxy.dialects.responses.client import RESPONSES
from aggregator.proxy.edge import serve
from aggregator.proxy.limits.store import LimitStore
from aggregator.proxy.walk import Collaborators
from aggregator.runtime.aws import AwsError
from tests.fakes.chat_world import (
    CALLER,
    DONE,
    NOW,
    Clock,
    FakeKeys,
    FakeWallets,
    ScriptedResponse,
    ScriptedUpstream,
    chat_event,
    chunk,
    completion,
    counted,
    provider,
    route,
    usage_event,
)
from tests.fakes.memory_dynamodb import MemoryDynamoDb
from tests.fakes.memory_objects import MemoryObjects
from tests.unit.orchestrator.samples import catalogue
from tests.unit.proxy.answers.idempotency_desk import read

JsonObject = dict[str, Any]

BOB = replace(CALLER, user_id="bob")


class Shelf:
    """Kept responses in memory; `broken` answers instead of keeping."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], KeptResponse] = {}
        self.broken: AwsError | None = None

    def keep(self, user_id: str, kept: KeptResponse, *, ends: float | None = None) -> None:
        assert ends is not None
        if self.broken is not None:
            raise self.broken
        self.kept[user_id, kept.id] = kept

    def read(self, user_id: str, response_id: str, now_epoch_seconds: float) -> KeptResponse | None:
        kept = self.kept.get((user_id, response_id))
        return kept if kept is not None and kept.expires_at > now_epoch_seconds else None

    def holder_of(self, user_id: str, item_id: str, now_epoch_seconds: float) -> str | None:
        del now_epoch_seconds
        return next(
            (
                response_id
                for (user, response_id), kept in self.kept.items()
                if user == user_id and any(item.get("id") == item_id for item in kept.output)
            ),
            None,
        )

    def delete(self, user_id: str, response_id: str) -> bool:
        return self.kept.pop((user_id, response_id), None) is not None


class Context:
    """A Lambda context with a minute left."""

    @staticmethod
    def get_remaining_time_in_millis() -> int:
        return 60_000


class Door:
    """The handler of Responses over fakes; with `dialects`, its provider speaks them."""

    def __init__(self, *script: ScriptedResponse, dialects: Mapping[str, str] | None = None) -> None:
        self.shelf = Shelf()
        self.upstream = ScriptedUpstream(*script)
        table, clock = MemoryDynamoDb(), Clock(100.0)
        way = route(provider=provider(dialects=frozenset(dialects or ())), max_input_tokens=2**40)
        collaborators = Collaborators(
            route=lambda *_: [way],
            admit=admission(lambda _: catalogue()),
            wallets=FakeWallets(10**15),
            upstream=self.upstream,
            keys=FakeKeys(),
            emit=lambda _: None,
            counts=LimitStore(table, "proxy"),
            answers=AnswerStore(table, "proxy", MemoryObjects()),
            monotonic=clock.monotonic,
            sleep=clock.sleep,
            kept=lambda: self.shelf,
        )
        self._handler = serve(RESPONSES, lambda: collaborators)

    def ask(self, said: Any, by: Caller = CALLER, **fields: Any) -> JsonObject:
        """The answer, or its error; of a stream the last event's response."""
        event = chat_event({"model": "mini", "input": said, **fields}, "/v1/responses")
        event["requestContext"]["authorizer"] = by.to_context()
        answer = read(self._handler(event, Context()))
        text = answer[2] if isinstance(answer, tuple) else answer
        if text.startswith(b"event:"):
            last = text.strip().rpartition(b"\n\n")[2].partition(b"data: ")[2]
            found: JsonObject = json.loads(last)["response"]
            return found
        whole: JsonObject = json.loads(text)
        return whole

    def sent(self, n: int = -1) -> list[tuple[str, Any]]:
        """What the provider got as the conversation."""
        return [
            (said["role"], said["content"]) for said in json.loads(self.upstream.requests[n].body)["messages"]
        ]


def hello() -> ScriptedResponse:
    return ScriptedResponse(completion("hello", counted(10, 5)))


def test_a_request_goes_on_from_the_response_that_it_names() -> None:
    door = Door(hello(), hello())
    first = door.ask("first question")

    second = door.ask("and then", previous_response_id=first["id"])

    assert (first["store"], first["previous_response_id"]) == (True, None)
    assert (second["store"], second["previous_response_id"]) == (True, first["id"])
    assert door.sent() == [("user", "first question"), ("assistant", "hello"), ("user", "and then")]
    assert "previous_response_id" not in json.loads(door.upstream.requests[1].body)


def test_instructions_are_not_carried_over() -> None:
    door = Door(hello(), hello())
    first = door.ask("one", instructions="be brief")

    door.ask("two", previous_response_id=first["id"])

    assert door.sent(0)[0] == ("system", "be brief")
    assert [role for role, _ in door.sent()] == ["user", "assistant", "user"]


def test_a_stream_is_kept_as_a_whole_answer_is() -> None:
    door = Door(ScriptedResponse(chunk("hey", "stop"), usage_event(10, 5), DONE), hello())
    first = door.ask("one", stream=True)

    door.ask("two", previous_response_id=first["id"])

    assert first["store"] is True
    assert door.sent() == [("user", "one"), ("assistant", "hey"), ("user", "two")]


def test_a_stream_that_broke_off_is_not_kept() -> None:
    door = Door(ScriptedResponse(chunk("hey")))

    assert door.ask("one", stream=True)["status"] == "failed"
    assert door.shelf.kept == {}


def test_an_item_stands_for_itself_where_it_is_referred_to() -> None:
    door = Door(hello(), hello(), hello())
    first = door.ask("one")
    second = door.ask("two", previous_response_id=first["id"])

    door.ask([
        {"role": "user", "content": "one"},
        {"type": "item_reference", "id": first["output"][0]["id"]},
        {"role": "user", "content": "two"},
        {"id": second["output"][0]["id"]},
        {"role": "user", "content": "three"},
    ])  # fmt: skip

    assert door.sent() == [
        ("user", "one"), ("assistant", "hello"), ("user", "two"), ("assistant", "hello"), ("user", "three"),
    ]  # fmt: skip


def test_what_is_not_to_be_stored_is_not_kept() -> None:
    door = Door(hello())

    said = door.ask("one", store=False)

    assert said["store"] is False
    assert door.shelf.kept == {}
    assert door.ask("two", previous_response_id=said["id"])["error"]["code"] == "previous_response_not_found"


def test_a_response_is_kept_for_thirty_days(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aggregator.runtime.clock.now", lambda: NOW)
    door = Door(hello())

    door.ask("one")

    assert [kept.expires_at for kept in door.shelf.kept.values()] == [int(NOW.timestamp()) + KEPT_SECONDS]
    assert KEPT_SECONDS == 30 * 86_400


@pytest.mark.parametrize("fields", [{"previous_response_id": None}, {"input": None}])
def test_another_users_response_is_as_good_as_none(fields: JsonObject) -> None:
    door = Door(hello())
    first = door.ask("one")
    named = {
        "previous_response_id": {"said": "two", "previous_response_id": first["id"]},
        "input": {"said": [{"type": "item_reference", "id": first["output"][0]["id"]}]},
    }[next(iter(fields))]

    refused = door.ask(by=BOB, **named)["error"]

    assert refused["message"].endswith("not found.")
    assert (
        refused["param"]
        == {"previous_response_id": "previous_response_id", "input": "input.0.id"}[next(iter(fields))]
    )
    assert len(door.upstream.requests) == 1


def test_a_key_that_may_not_call_the_model_that_answered_does_not_go_on_from_it() -> None:
    door = Door(hello())
    first = door.ask("one")
    (user, kept_id), kept = next(iter(door.shelf.kept.items()))
    other = {"x-aggregator-provider": "openai", "x-aggregator-model": "gpt-4o"}
    door.shelf.kept[user, kept_id] = replace(kept, answered_by=other)

    refused = door.ask("two", by=replace(CALLER, allowed_models=("mini",)), previous_response_id=first["id"])

    assert refused["error"]["code"] == "model_not_allowed"


def test_an_answer_that_cannot_be_kept_says_so() -> None:
    door = Door(hello())
    door.shelf.broken = AwsError("TimedOut")

    said = door.ask("one")

    assert (said["store"], said["output"][0]["content"][0]["text"]) == (False, "hello")


def test_a_conversation_that_has_become_too_large_is_refused_before_any_call() -> None:
    door = Door(hello())
    first = door.ask("one")
    (user, kept_id), kept = next(iter(door.shelf.kept.items()))
    long = [{"type": "message", "role": "user", "content": "x" * (6 * 1024 * 1024)}]
    door.shelf.kept[user, kept_id] = replace(kept, input=long)

    refused = door.ask("two", previous_response_id=first["id"])["error"]

    assert (refused["code"], refused["param"]) == ("payload_too_large", "previous_response_id")
    assert len(door.upstream.requests) == 1


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"previous_response_id": 5}, "previous_response_id"),
        ({"previous_response_id": ""}, "previous_response_id"),
        ({"store": "yes"}, "store"),
        ({"input": [{"type": "item_reference"}]}, "input.0.id"),
    ],
)
def test_what_is_no_id_is_refused_by_name(fields: JsonObject, param: str) -> None:
    door = Door()

    refused = door.ask(**{"said": "one", **{"said" if k == "input" else k: v for k, v in fields.items()}})

    assert (refused["error"]["code"], refused["error"]["param"]) == ("invalid_request", param)
