"""Turns that go on from kept responses, native and translated, plain and streamed; and what must not go wrong there."""

import json
from collections.abc import Callable

import pytest

from aggregator.proxy.answers.kept_responses import KeptResponse
from tests.fakes.chat_world import chunk, completion, route, usage_event
from tests.unit.proxy.answers.going_on_world import (
    CALL,
    FIRST,
    SECOND,
    THIRD,
    THOUGHT,
    JsonObject,
    Shelf,
    native,
    plain,
    said,
    streamed,
)

DONE = b"data: [DONE]\n\n"
QUESTION = {"type": "message", "role": "user", "content": "first question"}
AND_THEN = {"type": "message", "role": "user", "content": "and then"}
RESULT = {"type": "function_call_output", "call_id": "call_1", "output": "done"}
TOOLS = [{"type": "function", "name": "find", "parameters": {"type": "object", "properties": {}}}]


def refer(item_id: str) -> JsonObject:
    return {"type": "item_reference", "id": item_id}


def test_a_third_turn_has_the_first_two_by_one_read() -> None:
    shelf = Shelf()
    shelf.ask(plain(said("one", "msg_1"), response_id="resp_1"), input="first question")
    two = plain(said("two", "msg_2"), response_id="resp_2")
    shelf.ask(two, request_id=SECOND, input="and then", previous_response_id=f"resp_{FIRST}")
    before = len(shelf.aws.calls)

    third = shelf.ask(
        plain(said("three", "msg_3"), response_id="resp_3"),
        request_id=THIRD,
        input="last",
        previous_response_id=f"resp_{SECOND}",
    )

    last = {"type": "message", "role": "user", "content": "last"}
    assert third.sent["input"] == [QUESTION, said("one", "msg_1"), AND_THEN, said("two", "msg_2"), last]
    assert shelf.aws.calls[before:] == ["GetItem", "BatchWriteItem"]


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("by_item", [True, False])
def test_sealed_thoughts_and_calls_go_back_as_they_came(stream: bool, by_item: bool) -> None:
    shelf = Shelf()
    answer: Callable[..., bytes] = streamed if stream else plain
    first = shelf.ask(answer(THOUGHT, CALL), input="first question", tools=TOOLS, stream=stream)
    response = first.events[-1]["response"] if stream else first.body
    named = [refer(item["id"]) for item in response["output"]]
    how = (
        {"input": [QUESTION, *named, RESULT]}
        if by_item
        else {"input": [RESULT], "previous_response_id": response["id"]}
    )

    second = shelf.ask(
        answer(said("ok"), response_id="resp_2"), request_id=SECOND, tools=TOOLS, stream=stream, **how
    )

    assert second.sent["input"] == [QUESTION, THOUGHT, CALL, RESULT]
    assert second.sent["store"] is False
    assert "previous_response_id" not in second.sent


@pytest.mark.parametrize("stream", [True, False])
def test_behind_a_provider_of_another_dialect_it_is_the_same(stream: bool) -> None:
    shelf = Shelf([route()])
    blocks = [chunk("first answer", "stop"), usage_event(), DONE] if stream else [completion("first answer")]
    first = shelf.ask(*blocks, input="first question", stream=stream)
    response = first.events[-1]["response"] if stream else first.body

    second = shelf.ask(
        completion("ok"), request_id=SECOND, input="and then", previous_response_id=response["id"]
    )

    assert response["store"] is True
    assert second.sent["messages"] == [
        {"role": "user", "content": "first question"},
        {"role": "assistant", "content": "first answer"},
        {"role": "user", "content": "and then"},
    ]
    assert second.body["previous_response_id"] == f"resp_{FIRST}"


@pytest.mark.parametrize("stream", [True, False])
def test_an_answer_names_the_response_it_goes_on_from_in_every_event(stream: bool) -> None:
    shelf = Shelf()
    shelf.ask(plain(said("one")), input="first question")
    answer: Callable[..., bytes] = streamed if stream else plain

    second = shelf.ask(
        answer(said("two", "msg_2"), response_id="resp_2"),
        request_id=SECOND,
        input="and then",
        previous_response_id=f"resp_{FIRST}",
        stream=stream,
    )

    told = [each["response"] for each in second.events if "response" in each] if stream else [second.body]
    assert {(each["id"], each["previous_response_id"], each["store"]) for each in told} == {
        (f"resp_{SECOND}", f"resp_{FIRST}", True)
    }


def test_what_another_provider_sealed_is_not_sent_to_one_that_cannot_read_it() -> None:
    shelf = Shelf()
    foreign = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "agg1.W10="}

    sent = shelf.ask(plain(said("ok")), input=[QUESTION, foreign, AND_THEN]).sent

    assert sent["input"] == [QUESTION, AND_THEN]


def test_a_conversation_goes_over_from_one_provider_to_another() -> None:
    shelf = Shelf([route()])
    shelf.ask(completion("first answer"), input="first question")
    shelf.routes = [native()]

    second = shelf.ask(
        plain(said("ok")), request_id=SECOND, input="and then", previous_response_id=f"resp_{FIRST}"
    )

    assert [each.get("content") for each in second.sent["input"]] == [
        "first question",
        [{"type": "output_text", "text": "first answer", "annotations": [], "logprobs": []}],
        "and then",
    ]


def test_the_whole_conversation_is_bounded_and_held_for() -> None:
    shelf = Shelf([native(max_input_tokens=10**6)])
    shelf.ask(plain(said("y" * 20_000)), input="x" * 30_000)
    shelf.ask(plain(said("ok"), response_id="resp_2"), request_id=SECOND, input="and then")
    (alone,) = shelf.held

    shelf.ask(plain(said("ok"), response_id="resp_3"), request_id=THIRD, input="and then",
              previous_response_id=f"resp_{FIRST}")  # fmt: skip

    (whole,) = shelf.held
    assert 50_000 < whole - alone < 51_000


def test_an_answer_is_kept_before_its_client_is_told_that_it_is_complete() -> None:
    shelf = Shelf()
    answer, _ = shelf.begun(streamed(said("one")), input="first question", stream=True)

    seen = [(b"response.completed" in each, list(shelf.aws.calls)) for each in answer.chunks]

    assert seen[-1] == (True, ["BatchWriteItem"])
    assert seen[0] == (False, [])


def test_a_stream_whose_client_leaves_is_not_kept() -> None:
    shelf = Shelf()
    answer, world = shelf.begun(streamed(said("one")), input="first question", stream=True)

    next(iter(answer.chunks))
    answer.close()

    assert shelf.aws.calls == []
    assert [receipt.outcome for receipt in world.receipts] == ["client_gone"]


@pytest.mark.parametrize("stream", [True, False])
def test_an_answer_that_was_paid_for_is_given_whatever_becomes_of_its_keeping(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], stream: bool
) -> None:
    shelf = Shelf()

    def break_down(_user_id: str, _kept: KeptResponse, *, ends: float | None = None) -> None:
        raise ValueError(f"a defect, {ends}")

    monkeypatch.setattr(shelf.store, "keep", break_down)
    answer: Callable[..., bytes] = streamed if stream else plain

    answered = shelf.ask(answer(said("one")), input="first question", stream=stream)

    response = answered.events[-1]["response"] if stream else answered.body
    assert (answered.status, response["store"]) == (200, False)
    logged = capsys.readouterr().out
    assert '"code":"ValueError"' in logged
    assert "first question" not in logged


@pytest.mark.parametrize("name", ["\ud800", "resp_1#PART#01", "resp_\x00", "x" * 5_000])
def test_a_name_that_nothing_can_have_is_not_looked_for(name: str) -> None:
    shelf = Shelf()

    by_response = shelf.ask(input="and then", previous_response_id=name)
    by_item = shelf.ask(input=[refer(name)])

    assert [by_response.error[:3], by_item.error[:3]] == [
        (404, "previous_response_not_found", "previous_response_id"),
        (404, "not_found", "input.0.id"),
    ]
    assert len(by_response.text) < 500
    assert shelf.aws.calls == []
    assert shelf.held == []


def test_items_of_more_than_32_responses_are_refused_before_they_are_read() -> None:
    shelf = Shelf()
    for n in range(33):
        shelf.ask(
            plain(said("one", f"msg_{n}")), request_id=f"01a21f24a6{n:02}-first", input="first question"
        )
    named = [refer(f"msg_{n}") for n in range(33)]
    before = len(shelf.aws.calls)

    refused = shelf.ask(request_id=THIRD, input=named)

    reads = len(shelf.aws.calls) - before
    taken = shelf.ask(plain(said("ok"), response_id="resp_ok"), request_id=THIRD, input=named[1:])
    assert refused.error == (400, "invalid_request", "input", "input: names items of more than 32 responses")
    assert reads <= 64
    assert len(taken.sent["input"]) == 32


def test_an_answer_given_again_has_the_id_of_the_first_and_is_kept_once() -> None:
    shelf = Shelf()
    again = {"headers": {"Idempotency-Key": "k"}, "input": "first question"}
    first = shelf.ask(plain(said("one")), **again)

    second = shelf.ask(request_id=SECOND, **again)

    assert json.loads(second.text) == first.body
    assert second.headers["x-aggregator-replayed"] == "true"
    assert shelf.aws.calls == ["BatchWriteItem"]


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("before", [{}, {"store": False}])
def test_an_answer_of_the_cache_can_be_gone_on_from_though_its_first_was_not_kept_or_deleted(
    stream: bool, before: JsonObject
) -> None:
    shelf = Shelf()
    answer: Callable[..., bytes] = streamed if stream else plain
    cached = {"headers": {"x-aggregator-cache": "60"}, "input": "first question", "stream": stream}
    shelf.ask(answer(said("one")), **cached, **before)
    shelf.store.delete("ann", f"resp_{FIRST}")

    again = shelf.ask(request_id=SECOND, **cached)
    third = shelf.ask(
        plain(said("ok"), response_id="resp_3"),
        request_id=THIRD,
        input="and then",
        previous_response_id=f"resp_{SECOND}",
    )

    response = again.events[-1]["response"] if stream else again.body
    own = (f"resp_{SECOND}", True)
    assert (again.headers["x-aggregator-cache"], response["id"], response["store"]) == ("hit", *own)
    assert third.sent["input"] == [QUESTION, said("one"), AND_THEN]


@pytest.mark.parametrize("stream", [True, False])
def test_who_wants_nothing_stored_gets_the_providers_bytes_and_no_call_more(stream: bool) -> None:
    shelf = Shelf()
    answer = streamed(said("one")) if stream else plain(said("one"))

    answered = shelf.ask(answer, input="first question", store=False, stream=stream)

    given, came = answered.text.split("\n\n"), answer.decode().split("\n\n")
    assert given[:-2] == came[:-2] if stream else given == came  # a stream's last event has the receipt
    assert shelf.aws.calls == []


@pytest.mark.parametrize("stream", [True, False])
def test_a_provider_that_repeats_an_id_costs_nobody_an_earlier_response(stream: bool) -> None:
    shelf = Shelf()
    answer: Callable[..., bytes] = streamed if stream else plain

    for request_id, words in ((FIRST, "one"), (SECOND, "two")):
        shelf.ask(
            answer(said(words), response_id="resp_1"), request_id=request_id, input=words, stream=stream
        )

    kept = [shelf.store.read("ann", f"resp_{each}", 0) for each in (FIRST, SECOND)]
    assert [each and each.output[0]["content"][0]["text"] for each in kept] == ["one", "two"]
    assert shelf.store.read("ann", "resp_1", 0) is None


def test_a_stream_that_breaks_off_names_one_response_from_its_beginning_to_its_failure() -> None:
    shelf = Shelf()
    begun = streamed(said("one")).split(b"event: response.completed")[0]

    answered = shelf.ask(begun, input="first question", stream=True)

    told = [each["response"] for each in answered.events if "response" in each]
    assert {each["id"] for each in told} == {f"resp_{FIRST}"}
    assert [each["store"] for each in told] == [True, False]
    assert shelf.aws.calls == []
