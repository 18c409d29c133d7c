"""The OpenAI SDK takes the stand-in for the real thing."""

import json
from collections.abc import Iterator
from typing import Any, Literal

import openai
import pytest
from pydantic import BaseModel

from local.standin import StandIn

WEATHER: Any = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}


class Step(BaseModel):
    explanation: str
    minutes: int


class Plan(BaseModel):
    title: str
    level: Literal["easy", "hard"]
    steps: list[Step]
    note: str | None


@pytest.fixture
def client(standin: StandIn) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=standin.base_url, api_key="sk-any", max_retries=0) as client:
        yield client


def test_a_plain_chat(client: openai.OpenAI) -> None:
    answer = client.chat.completions.create(
        model="gpt-4o-mini", messages=[{"role": "user", "content": "hello"}]
    )

    assert answer.choices[0].message.content == 'You said "hello", and this is my answer: everything works.'
    assert answer.usage is not None
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens) == (7, 15)


def test_a_streamed_chat(client: openai.OpenAI) -> None:
    text, usages = "", []

    for chunk in client.chat.completions.create(
        model="gpt-4o-mini",
        messages=[{"role": "user", "content": "hello"}],
        stream=True,
        stream_options={"include_usage": True},
    ):
        text += (chunk.choices[0].delta.content or "") if chunk.choices else ""
        usages += [chunk.usage.total_tokens] if chunk.usage else []

    assert text == 'You said "hello", and this is my answer: everything works.'
    assert usages == [22]


def test_a_tool_is_called_and_its_result_used(client: openai.OpenAI) -> None:
    messages: list[Any] = [{"role": "user", "content": "How warm is it in Oslo?"}]

    asked = client.chat.completions.create(model="gpt-4o-mini", messages=messages, tools=[WEATHER])
    calls = asked.choices[0].message.tool_calls or []
    assert calls[0].type == "function"
    messages += [
        asked.choices[0].message,
        {"role": "tool", "tool_call_id": calls[0].id, "content": "21 degrees"},
    ]
    answered = client.chat.completions.create(model="gpt-4o-mini", messages=messages, tools=[WEATHER])

    assert asked.choices[0].finish_reason == "tool_calls"
    assert json.loads(calls[0].function.arguments) == {"city": "city"}
    assert answered.choices[0].message.content == "The tool get_weather answered: 21 degrees."
    assert answered.choices[0].finish_reason == "stop"


def test_a_streamed_tool_call_is_put_together(client: openai.OpenAI) -> None:
    with client.chat.completions.stream(
        model="gpt-4o-mini", messages=[{"role": "user", "content": "go"}], tools=[WEATHER]
    ) as stream:
        final = stream.get_final_completion()

    calls = final.choices[0].message.tool_calls or []
    assert [(call.function.name, call.function.arguments) for call in calls] == [
        ("get_weather", '{"city":"city"}')
    ]


def test_a_pydantic_model_is_parsed(client: openai.OpenAI) -> None:
    parsed = client.chat.completions.parse(
        model="gpt-4o-mini", messages=[{"role": "user", "content": "plan"}], response_format=Plan
    )

    assert parsed.choices[0].message.parsed == Plan(
        title="title", level="easy", steps=[Step(explanation="explanation", minutes=7)], note="note"
    )


def test_embeddings_come_as_floats(client: openai.OpenAI) -> None:
    made = client.embeddings.create(model="text-embedding-3-small", input=["a", "b"], dimensions=8)

    assert [len(entry.embedding) for entry in made.data] == [8, 8]
    assert all(isinstance(value, float) for value in made.data[0].embedding)


def test_models_are_listed(client: openai.OpenAI) -> None:
    assert "gpt-4o-mini" in [model.id for model in client.models.list()]


@pytest.mark.parametrize(
    ("model", "error"),
    [
        ("standin-400", openai.BadRequestError),
        ("standin-refuse-key", openai.AuthenticationError),
        ("standin-429", openai.RateLimitError),
        ("standin-html", openai.InternalServerError),
        ("standin-hang", openai.APITimeoutError),
    ],
)
def test_faults_are_the_errors_that_the_sdk_knows(
    client: openai.OpenAI, model: str, error: type[openai.OpenAIError]
) -> None:
    seconds = 0.5 if error is openai.APITimeoutError else 60

    with pytest.raises(error):
        client.chat.completions.create(
            model=model, messages=[{"role": "user", "content": "hi"}], timeout=seconds
        )


def test_the_sdk_retries_a_fault_that_passes(standin: StandIn) -> None:
    text = "[[standin status=500 retry-after-ms=1 times=2]] hi"
    with openai.OpenAI(base_url=standin.base_url, api_key="sk-any", max_retries=2) as client:
        answer = client.chat.completions.create(model="m", messages=[{"role": "user", "content": text}])

    assert answer.choices[0].finish_reason == "stop"
    assert len(standin.requests) == 3


def test_an_error_in_a_stream_is_raised(client: openai.OpenAI) -> None:
    stream = client.chat.completions.create(
        model="standin-error-in-stream=2", messages=[{"role": "user", "content": "hi"}], stream=True
    )
    received: list[object] = []

    with pytest.raises(openai.APIError, match="in the middle of its answer"):
        received.extend(stream)

    assert len(received) == 2
