"""openai, the asynchronous client."""

import asyncio
import json
import uuid
from typing import Any

import kit
import openai
from openai import AsyncOpenAI
from pydantic import BaseModel

checks = kit.Checks("openai (Python, async)", "openai")


class City(BaseModel):
    name: str
    population: int


def client(key: str = kit.API_KEY, base_url: str = kit.V1, **options: Any) -> AsyncOpenAI:
    return AsyncOpenAI(base_url=base_url, api_key=key, **options)


def user(content: Any) -> Any:
    return [{"role": "user", "content": content}]


async def ask(key: str, model: str | None, text: str) -> str:
    answer = await client(key).chat.completions.create(model=model or kit.MODEL, messages=user(text))
    return str(answer.choices[0].message.content)


@checks.check
async def plain() -> str:
    """Twenty at once, over one client's connections."""
    chats = client().chat.completions
    answers = await asyncio.gather(
        *(chats.create(model=kit.MODEL, messages=user(f"{kit.HELLO} {n}")) for n in range(20))
    )

    for n, answer in enumerate(answers):
        kit.answered(answer.choices[0].message.content, f'{kit.HELLO} {n}"')
    return "20 at once"


async def stream_pieces(at: AsyncOpenAI) -> list[str]:
    stream = await at.chat.completions.create(model=kit.MODEL, messages=user(kit.HELLO), stream=True)
    return [chunk.choices[0].delta.content async for chunk in stream if chunk.choices[0].delta.content]


@checks.check
async def streamed() -> str:
    return kit.pieces(await stream_pieces(client()))


def results_of(calls: Any) -> list[Any]:
    for call in calls:
        assert isinstance(json.loads(call.function.arguments)["city"], str)
    return [
        {"role": "tool", "tool_call_id": call.id, "content": kit.RESULTS[call.function.name]}
        for call in calls
    ]


async def converse(text: str, *names: str) -> str:
    tools: Any = [kit.tool(name) for name in names]
    asked = user(text)
    first = await client().chat.completions.create(model=kit.MODEL, messages=asked, tools=tools)
    said: Any = first.choices[0].message
    assert [call.function.name for call in said.tool_calls] == list(names)
    asked += [said, *results_of(said.tool_calls)]
    answer = await client().chat.completions.create(model=kit.MODEL, messages=asked, tools=tools)
    return kit.used(answer.choices[0].message.content, *names)


@checks.check
async def tools() -> str:
    return await converse("How is the weather?", "get_weather")


@checks.check
async def parallel_tools() -> str:
    return await converse("Both, in parallel, please", "get_weather", "get_time")


@checks.check
async def tools_streamed() -> str:
    names = ("get_weather", "get_time")
    tools: Any = [kit.tool(name) for name in names]
    asked = user("Both, please")
    async with client().chat.completions.stream(model=kit.MODEL, messages=asked, tools=tools) as stream:
        said: Any = (await stream.get_final_completion()).choices[0].message
    assert [call.function.name for call in said.tool_calls] == list(names)
    asked += [said, *results_of(said.tool_calls)]
    answer = await client().chat.completions.create(model=kit.MODEL, messages=asked, tools=tools)
    return kit.used(answer.choices[0].message.content, *names)


async def look(url: str) -> str:
    parts = [{"type": "text", "text": "What is this?"}, {"type": "image_url", "image_url": {"url": url}}]
    answer = await client().chat.completions.create(model=kit.MODEL, messages=user(parts))
    return kit.saw_image(answer.choices[0].message.content)


@checks.check
async def image_data() -> str:
    return await look(kit.DATA_URI)


@checks.check
async def image_url() -> str:
    return await look(kit.IMAGE_URL)


@checks.check
async def json_schema() -> str:
    """Streamed, and parsed as it comes."""
    kinds: set[str] = set()
    asked = user("A city, please")
    async with client().chat.completions.stream(
        model=kit.MODEL, messages=asked, response_format=City
    ) as stream:
        async for event in stream:
            kinds.add(event.type)
        said = (await stream.get_final_completion()).choices[0].message
    assert "content.done" in kinds
    assert isinstance(said.parsed, City)
    return "streamed and parsed"


@checks.check
async def embeddings() -> str:
    found = await client().embeddings.create(
        model=kit.EMBEDDING_MODEL, input=["one", "two"], encoding_format="float"
    )
    return kit.vectors([each.embedding for each in found.data]) + ", asked for as numbers"


@checks.check
async def responses() -> str:
    api = client().responses
    tool: Any = {"type": "function", "name": "get_weather", "parameters": kit.WEATHER, "strict": True}
    asked = user("How is the weather?")
    async with api.stream(model=kit.MODEL, input=asked, tools=[tool], store=False) as stream:
        kinds = [event.type async for event in stream]
        first = await stream.get_final_response()
    assert "response.function_call_arguments.done" in kinds
    call: Any = next(item for item in first.output if item.type == "function_call")
    result = {"type": "function_call_output", "call_id": call.call_id, "output": kit.RESULTS[call.name]}
    answer = await api.create(model=kit.MODEL, input=[*asked, *first.output, result], tools=[tool])
    kit.used(answer.output_text)
    return f"plain, {len(kinds)} events with a call"


@checks.check
async def models() -> str:
    found = [model.id async for model in client().models.list()]
    assert kit.MODEL in found
    assert (await client().models.retrieve(kit.MODEL)).id == kit.MODEL
    return f"{len(found)} listed, 1 read"


@checks.check
async def idempotency() -> str:
    """A stream, repeated."""
    mark = kit.at()
    headers = {"Idempotency-Key": uuid.uuid4().hex}
    found = []
    for _ in range(2):
        stream = await client().chat.completions.create(
            model=kit.MODEL, messages=user(kit.HELLO), stream=True, extra_headers=headers
        )
        found.append([(chunk.id, chunk.choices) async for chunk in stream])
    return "a stream: " + kit.same(mark, *found)


@checks.check
async def cancel() -> str:
    mark = kit.at()
    stream = await client().chat.completions.create(model=kit.MODEL, messages=user(kit.LONG), stream=True)
    for _ in range(kit.LEAST_PIECES):
        await anext(stream)
    await stream.close()
    return kit.left(mark)


@checks.check
async def usage() -> str:
    mark = kit.at()
    api = client().chat.completions
    text = f"[[standin cached=4 reasoning=7]] {kit.HELLO}"
    first = (await api.create(model=kit.MODEL, messages=user(text))).usage
    stream = await api.create(
        model=kit.MODEL, messages=user(text), stream=True, stream_options={"include_usage": True}
    )
    last = [chunk.usage async for chunk in stream if chunk.usage][-1]
    assert first is not None and last is not None
    for usage in (first, last):
        assert usage.prompt_tokens_details is not None and usage.prompt_tokens_details.cached_tokens == 4
        assert usage.completion_tokens_details is not None
        assert usage.completion_tokens_details.reasoning_tokens == (7 if kit.TELLS_THOUGHTS else 0)
    return kit.counted(
        mark, first.prompt_tokens + last.prompt_tokens, first.completion_tokens + last.completion_tokens
    )


@checks.check
async def proxy_path() -> str:
    mark = kit.at()
    at = client(base_url=kit.PROXY)
    answer = await at.chat.completions.create(model=kit.MODEL, messages=user(kit.HELLO))
    kit.answered(answer.choices[0].message.content)
    kit.pieces(await stream_pieces(at))
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
