"""Responses that are kept, from event to answer: what goes to the provider, what comes back, and who may go on."""

from dataclasses import replace

import pytest

from aggregator.proxy.answers.kept_responses import KEPT_SECONDS, KeptResponse
from aggregator.runtime.aws import AwsError
from tests.fakes.chat_world import CALLER, DONE, NOW, chunk, completion, counted, route, usage_event
from tests.unit.proxy.answers.going_on_world import FIRST, SECOND, THIRD, Answered, JsonObject, Shelf

BOB = CALLER._replace(user_id="bob")
HELLO = completion("hello", counted(10, 5))
FIRST_ID, SECOND_ID = f"resp_{FIRST}", f"resp_{SECOND}"
AFTER_FIRST = {"request_id": SECOND, "previous_response_id": FIRST_ID}


@pytest.fixture
def shelf() -> Shelf:
    """A provider of chat completions, so that every answer is a response of ours."""
    return Shelf([route()])


def sent(answered: Answered) -> list[tuple[str, object]]:
    """What the provider got as the conversation."""
    return [(said["role"], said["content"]) for said in answered.sent["messages"]]


def kept(shelf: Shelf, response_id: str = FIRST_ID) -> KeptResponse:
    found = shelf.store.read(CALLER.user_id, response_id, 0)
    assert found is not None
    return found


def test_a_request_goes_on_from_the_response_that_it_names(shelf: Shelf) -> None:
    first = shelf.ask(HELLO, input="first question").body

    second = shelf.ask(HELLO, input="and then", **AFTER_FIRST)

    assert (first["id"], first["store"], first["previous_response_id"]) == (FIRST_ID, True, None)
    assert (second.body["store"], second.body["previous_response_id"]) == (True, FIRST_ID)
    assert sent(second) == [("user", "first question"), ("assistant", "hello"), ("user", "and then")]
    assert "previous_response_id" not in second.sent


def test_instructions_are_not_carried_over(shelf: Shelf) -> None:
    first = shelf.ask(HELLO, input="one", instructions="be brief")

    second = shelf.ask(HELLO, input="two", **AFTER_FIRST)

    assert sent(first)[0] == ("system", "be brief")
    assert [role for role, _ in sent(second)] == ["user", "assistant", "user"]


def test_a_stream_is_kept_as_a_whole_answer_is(shelf: Shelf) -> None:
    streamed = shelf.ask(chunk("hey", "stop"), usage_event(10, 5), DONE, input="one", stream=True)

    second = shelf.ask(HELLO, input="two", **AFTER_FIRST)

    assert streamed.events[-1]["response"]["store"] is True
    assert sent(second) == [("user", "one"), ("assistant", "hey"), ("user", "two")]


def test_a_stream_that_broke_off_is_not_kept(shelf: Shelf) -> None:
    broken = shelf.ask(chunk("hey"), input="one", stream=True)

    assert broken.events[-1]["response"]["status"] == "failed"
    assert shelf.items == []


def test_an_item_stands_for_itself_where_it_is_referred_to(shelf: Shelf) -> None:
    first = shelf.ask(HELLO, input="one").body
    second = shelf.ask(completion("hi", counted(10, 5)), input="two", **AFTER_FIRST).body

    third = shelf.ask(HELLO, request_id=THIRD, input=[
        {"role": "user", "content": "one"},
        {"type": "item_reference", "id": first["output"][0]["id"]},
        {"role": "user", "content": "two"},
        {"id": second["output"][0]["id"]},
        {"role": "user", "content": "three"},
    ])  # fmt: skip

    assert sent(third) == [
        ("user", "one"), ("assistant", "hello"), ("user", "two"), ("assistant", "hi"), ("user", "three"),
    ]  # fmt: skip


def test_what_is_not_to_be_stored_is_not_kept(shelf: Shelf) -> None:
    said = shelf.ask(HELLO, input="one", store=False).body

    assert said["store"] is False
    assert shelf.items == []
    assert shelf.ask(input="two", **AFTER_FIRST).error[1] == "previous_response_not_found"


def test_a_response_is_kept_for_thirty_days(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aggregator.runtime.clock.now", lambda: NOW)

    shelf.ask(HELLO, input="one")

    assert kept(shelf).expires_at == int(NOW.timestamp()) + KEPT_SECONDS
    assert KEPT_SECONDS == 30 * 86_400


@pytest.mark.parametrize("by_item", [True, False])
def test_another_users_response_is_as_good_as_none(shelf: Shelf, *, by_item: bool) -> None:
    item_id = shelf.ask(HELLO, input="one").body["output"][0]["id"]
    named: JsonObject = {"input": "two", "previous_response_id": FIRST_ID}
    if by_item:
        named = {"input": [{"type": "item_reference", "id": item_id}]}

    refused = shelf.ask(request_id=SECOND, caller=BOB, **named)

    status, _, param, message = refused.error
    assert (status, param) == (404, "input.0.id" if by_item else "previous_response_id")
    assert message.endswith("not found.")
    assert refused.sent == {}


def test_a_key_that_may_not_call_the_model_that_answered_does_not_go_on_from_it(shelf: Shelf) -> None:
    shelf.ask(HELLO, input="one")
    other = {"x-aggregator-provider": "openai", "x-aggregator-model": "gpt-4o"}
    shelf.store.keep(CALLER.user_id, replace(kept(shelf), answered_by=other))

    refused = shelf.ask(input="two", caller=CALLER._replace(allowed_models=("mini",)), **AFTER_FIRST)

    assert refused.error[1] == "model_not_allowed"


def test_an_answer_that_cannot_be_kept_says_so(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    def keep(*_: object, **__: object) -> None:
        raise AwsError("TimedOut")

    monkeypatch.setattr(shelf.store, "keep", keep)

    said = shelf.ask(HELLO, input="one").body

    assert (said["store"], said["output"][0]["content"][0]["text"]) == (False, "hello")


def test_a_conversation_that_has_become_too_large_is_refused_before_any_call(shelf: Shelf) -> None:
    shelf.ask(HELLO, input="one")
    long = [{"type": "message", "role": "user", "content": "x" * (6 * 1024 * 1024)}]
    shelf.store.keep(CALLER.user_id, replace(kept(shelf), input=long))

    refused = shelf.ask(input="two", **AFTER_FIRST)

    assert refused.error[1:3] == ("payload_too_large", "previous_response_id")
    assert refused.sent == {}


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"previous_response_id": 5}, "previous_response_id"),
        ({"previous_response_id": ""}, "previous_response_id"),
        ({"store": "yes"}, "store"),
        ({"input": [{"type": "item_reference"}]}, "input.0.id"),
    ],
)
def test_what_is_no_id_is_refused_by_name(shelf: Shelf, fields: JsonObject, param: str) -> None:
    refused = shelf.ask(**{"input": "one", **fields})

    assert refused.error[1:3] == ("invalid_request", param)
