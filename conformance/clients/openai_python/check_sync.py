"""openai, the synchronous client."""

import json
import uuid
from typing import Any

import kit
import openai
from openai import OpenAI
from pydantic import BaseModel

checks = kit.Checks("openai (Python)", "openai")


class City(BaseModel):
    name: str
    population: int


def client(key: str = kit.API_KEY, base_url: str = kit.V1, **options: Any) -> OpenAI:
    return OpenAI(base_url=base_url, api_key=key, **options)


def user(content: Any) -> Any:
    return [{"role": "user", "content": content}]


def ask(key: str, model: str | None, text: str) -> str:
    answer = client(key).chat.completions.create(model=model or kit.MODEL, messages=user(text))
    return str(answer.choices[0].message.content)


@checks.check
def plain() -> None:
    answer = client().chat.completions.create(model=kit.MODEL, messages=user(kit.HELLO))

    kit.answered(answer.choices[0].message.content)
    assert answer.usage is not None
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens
    assert answer._request_id


def stream_pieces(at: OpenAI) -> list[str]:
    stream = at.chat.completions.create(model=kit.MODEL, messages=user(kit.HELLO), stream=True)
    return [chunk.choices[0].delta.content for chunk in stream if chunk.choices[0].delta.content]


@checks.check
def streamed() -> str:
    return kit.pieces(stream_pieces(client()))


def results_of(calls: Any) -> list[Any]:
    for call in calls:
        assert isinstance(json.loads(call.function.arguments)["city"], str)
    return [
        {"role": "tool", "tool_call_id": call.id, "content": kit.RESULTS[call.function.name]}
        for call in calls
    ]


def converse(text: str, *names: str) -> str:
    tools: Any = [kit.tool(name) for name in names]
    asked = user(text)
    first = client().chat.completions.create(model=kit.MODEL, messages=asked, tools=tools)
    said = first.choices[0].message
    assert first.choices[0].finish_reason == "tool_calls"
    assert said.tool_calls is not None
    assert [call.function.name for call in said.tool_calls] == list(names)
    asked += [said, *results_of(said.tool_calls)]
    answer = client().chat.completions.create(model=kit.MODEL, messages=asked, tools=tools)
    return kit.used(answer.choices[0].message.content, *names)


@checks.check
def tools() -> str:
    return converse("How is the weather?", "get_weather")


@checks.check
def parallel_tools() -> str:
    return converse("Both, in parallel, please", "get_weather", "get_time")


@checks.check
def tools_streamed() -> str:
    tools: Any = [kit.tool("get_weather")]
    asked = user("How is the weather?")
    with client().chat.completions.stream(model=kit.MODEL, messages=asked, tools=tools) as stream:
        said = stream.get_final_completion().choices[0].message
    asked += [said, *results_of(said.tool_calls)]
    answer = client().chat.completions.create(model=kit.MODEL, messages=asked, tools=tools)
    return kit.used(answer.choices[0].message.content)


def look(url: str) -> str:
    parts = [{"type": "text", "text": "What is this?"}, {"type": "image_url", "image_url": {"url": url}}]
    answer = client().chat.completions.create(model=kit.MODEL, messages=user(parts))
    return kit.saw_image(answer.choices[0].message.content)


@checks.check
def image_data() -> str:
    return look(kit.DATA_URI)


@checks.check
def image_url() -> str:
    return look(kit.IMAGE_URL)


@checks.check
def json_schema() -> str:
    answer = client().chat.completions.parse(
        model=kit.MODEL, messages=user("A city, please"), response_format=City
    )
    assert isinstance(answer.choices[0].message.parsed, City)
    return "parsed"


@checks.check
def embeddings() -> str:
    found = client().embeddings.create(model=kit.EMBEDDING_MODEL, input=["one", "two"])
    return kit.vectors([each.embedding for each in found.data])


@checks.check
def responses() -> str:
    api = client().responses
    kit.answered(api.create(model=kit.MODEL, input=kit.HELLO).output_text)
    kinds: list[str] = []
    with api.stream(model=kit.MODEL, input=kit.HELLO) as stream:
        kinds += [event.type for event in stream]
        kit.answered(stream.get_final_response().output_text)
    assert kinds[0] == "response.created"
    assert kinds[-1] == "response.completed"
    tool: Any = {"type": "function", "name": "get_weather", "parameters": kit.WEATHER, "strict": True}
    first = api.create(model=kit.MODEL, input="How is the weather?", tools=[tool])
    call: Any = next(item for item in first.output if item.type == "function_call")
    result = {"type": "function_call_output", "call_id": call.call_id, "output": kit.RESULTS[call.name]}
    asked: Any = [*user("How is the weather?"), *first.output, result]
    kit.used(api.create(model=kit.MODEL, input=asked, tools=[tool]).output_text)
    assert isinstance(api.parse(model=kit.MODEL, input="A city", text_format=City).output_parsed, City)
    return f"plain, {len(kinds)} events, tools, schema"


@checks.check
def models() -> str:
    found = {model.id for model in client().models.list()}
    assert kit.MODEL in found
    assert client().models.retrieve(kit.MODEL).id == kit.MODEL
    return f"{len(found)} listed, 1 read"


@checks.check
def idempotency() -> str:
    mark = kit.at()
    headers = {"Idempotency-Key": uuid.uuid4().hex}
    first, second = (
        client().chat.completions.create(model=kit.MODEL, messages=user(kit.HELLO), extra_headers=headers)
        for _ in range(2)
    )
    return kit.same(mark, first.id, second.id)


@checks.check
def cancel() -> str:
    mark = kit.at()
    stream = client().chat.completions.create(model=kit.MODEL, messages=user(kit.LONG), stream=True)
    for _ in range(kit.LEAST_PIECES):
        next(stream)
    stream.close()
    return kit.left(mark)


@checks.check
def usage() -> str:
    mark = kit.at()
    api = client().chat.completions
    first = api.create(model=kit.MODEL, messages=user(kit.HELLO)).usage
    stream = api.create(
        model=kit.MODEL, messages=user(kit.HELLO), stream=True, stream_options={"include_usage": True}
    )
    last = [chunk.usage for chunk in stream if chunk.usage][-1]
    assert first is not None
    assert last is not None
    return kit.counted(
        mark, first.prompt_tokens + last.prompt_tokens, first.completion_tokens + last.completion_tokens
    )


@checks.check
def proxy_path() -> str:
    mark = kit.at()
    at = client(base_url=kit.PROXY)
    kit.answered(
        at.chat.completions.create(model=kit.MODEL, messages=user(kit.HELLO)).choices[0].message.content
    )
    kit.pieces(stream_pieces(at))
    kit.vectors(
        [each.embedding for each in at.embeddings.create(model=kit.EMBEDDING_MODEL, input=["a", "b"]).data]
    )
    kit.answered(at.responses.create(model=kit.MODEL, input=kit.HELLO).output_text)
    assert at.models.retrieve(kit.MODEL).id == kit.MODEL
    return kit.created(mark)


checks.faults(
    ask,
    {
        "wrong_key": openai.AuthenticationError,
        "no_money": openai.APIStatusError,
        "no_model": openai.NotFoundError,
        "rate_limit": openai.RateLimitError,
        "provider_fault": openai.InternalServerError,
    },
)
checks.retry(ask)

if __name__ == "__main__":
    checks.run()
