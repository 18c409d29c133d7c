"""Kept responses through the whole stack, as OpenAI's own SDK uses them: made, gone on from, read, listed, deleted."""

import json
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import openai
import pytest
from openai import OpenAI
from openai.types.responses import Response, ResponseFunctionToolCall

from tests.e2e.conftest import NewUser
from tests.e2e.stack import Stack

MODELS = ["gpt-5.1", "claude-opus-4-6", "gemini-3-flash-preview", "nova-pro"]
TOOL: Any = {
    "type": "function",
    "name": "get_weather",
    "description": "Weather of a city",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    "strict": False,
}

Upstream = Callable[[str], list[str]]


@pytest.fixture(scope="module")
def client(stack: Stack, new_user: NewUser) -> Iterator[OpenAI]:
    user = new_user("5000.00")  # enough for all holds at once, however late they are settled
    with OpenAI(base_url=f"{stack.base_url}/v1", api_key=user.key, max_retries=0) as made:
        yield made


@pytest.fixture
def upstream(stack: Stack) -> Upstream:
    """The bodies that reached providers and hold a word."""

    def holding(word: str) -> list[str]:
        return [json.dumps(each["body"]) for each in stack.asked(word)]

    return holding


def words() -> tuple[str, str]:
    """Two that nobody else says."""
    return f"alpha{uuid.uuid4().hex}", f"beta{uuid.uuid4().hex}"


def made(client: OpenAI, stream: bool, **asked: Any) -> Response:
    """A response, plain or the whole that its stream tells at last."""
    if not stream:
        response: Response = client.responses.create(**asked)
        return response
    with client.responses.stream(**asked) as events:
        return events.get_final_response()


def stored(response: Response) -> bool:
    return bool(response.model_dump()["store"])


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("model", MODELS)
def test_the_next_turn_has_the_first_whoever_answers(
    client: OpenAI, upstream: Upstream, model: str, stream: bool
) -> None:
    first_word, second_word = words()
    first = made(client, stream, model=model, input=f"say {first_word}", instructions="Be brief.", store=True)

    second = made(client, stream, model=model, input=f"and {second_word}", previous_response_id=first.id)

    (body,) = upstream(second_word)
    assert stored(first)
    assert second.previous_response_id == first.id
    assert body.count(first_word) == 2  # the question, and the stand-in's answer, which repeats it
    assert body.index(first_word) < body.index(second_word)
    assert "Be brief." not in body


def test_a_conversation_goes_over_to_other_providers(client: OpenAI, upstream: Upstream) -> None:
    word, last_word = words()
    previous = None
    for n, model in enumerate([*MODELS, MODELS[0]]):
        asked = f"turn {n} {word}" if n < len(MODELS) else last_word
        previous = client.responses.create(model=model, input=asked, previous_response_id=previous).id

    (body,) = upstream(last_word)
    assert [f"turn {n} {word}" in body for n in range(len(MODELS))] == [True] * len(MODELS)


@pytest.mark.parametrize("by_item", [False, True])
@pytest.mark.parametrize("model", MODELS)
def test_a_call_is_answered_without_being_sent_again(
    client: OpenAI, upstream: Upstream, model: str, by_item: bool
) -> None:
    word, result = words()
    first = client.responses.create(model=model, input=f"weather of {word}", tools=[TOOL])
    (call,) = [item for item in first.output if isinstance(item, ResponseFunctionToolCall)]
    output: Any = {"type": "function_call_output", "call_id": call.call_id, "output": f"sunny {result}"}
    named: list[Any] = [{"type": "item_reference", "id": item.id} for item in first.output]

    second = (
        client.responses.create(
            model=model,
            tools=[TOOL],
            input=[{"role": "user", "content": f"weather of {word}"}, *named, output],
        )
        if by_item
        else client.responses.create(model=model, tools=[TOOL], input=[output], previous_response_id=first.id)
    )

    (body,) = upstream(result)
    assert f"sunny {result}" in second.output_text
    assert body.index(word) < body.index("get_weather", body.index(word)) < body.index(result)


def test_a_response_is_read_listed_and_deleted(client: OpenAI) -> None:
    first = client.responses.create(model="gpt-5.1", input="one")
    second = client.responses.create(
        model="gpt-5.1", input=[{"role": "user", "content": "two"}], previous_response_id=first.id
    )

    read = client.responses.retrieve(second.id)
    forwards = list(client.responses.input_items.list(second.id, order="asc", limit=1))
    backwards = client.responses.input_items.list(second.id)
    client.responses.delete(second.id)

    assert read == second
    assert [item.type for item in forwards] == ["message"] * 3
    texts = [item.content[0].text for item in forwards]  # type: ignore[union-attr,index]
    assert (texts[0], texts[2]) == ("one", "two")
    assert [item.id for item in backwards.data] == [item.id for item in reversed(forwards)]
    assert len({item.id for item in forwards}) == 3
    with pytest.raises(openai.NotFoundError) as gone:
        client.responses.retrieve(second.id)
    assert gone.value.body == {
        "message": f"Response with id '{second.id}' not found.",
        "type": "invalid_request_error",
        "param": None,
        "code": "not_found",
        "request_id": gone.value.request_id,
    }
    with pytest.raises(openai.NotFoundError):
        client.responses.delete(second.id)
    with pytest.raises(openai.NotFoundError) as gone:
        client.responses.create(model="gpt-5.1", input="more", previous_response_id=second.id)
    assert (gone.value.code, gone.value.param) == ("previous_response_not_found", "previous_response_id")
    assert client.responses.retrieve(first.id) == first


def test_another_users_response_is_not_there(client: OpenAI, stack: Stack, new_user: NewUser) -> None:
    mine = client.responses.create(model="gpt-5.1", input="a secret", store=True)
    reference: Any = {"type": "item_reference", "id": mine.output[0].id}

    with OpenAI(base_url=f"{stack.base_url}/v1", api_key=new_user("5000.00").key, max_retries=0) as other:
        for attempt in (
            lambda: other.responses.retrieve(mine.id),
            lambda: other.responses.input_items.list(mine.id),
            lambda: other.responses.delete(mine.id),
            lambda: other.responses.create(model="gpt-5.1", input="x", previous_response_id=mine.id),
            lambda: other.responses.create(model="gpt-5.1", input=[reference]),
        ):
            with pytest.raises(openai.NotFoundError) as refused:
                attempt()
            assert "a secret" not in refused.value.response.text

    assert client.responses.retrieve(mine.id) == mine


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("model", MODELS)
def test_what_is_not_to_be_stored_is_not_there(client: OpenAI, model: str, stream: bool) -> None:
    response = made(client, stream, model=model, input="hello", store=False)

    assert not stored(response)
    with pytest.raises(openai.NotFoundError):
        client.responses.retrieve(response.id)
