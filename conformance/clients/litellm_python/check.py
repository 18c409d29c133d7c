"""litellm, as a library: `openai/...` for chat and embeddings, `anthropic/...` for messages."""

import asyncio
import json
import uuid
from typing import Any

import kit
import litellm
from pydantic import BaseModel

checks = kit.Checks("litellm (Python)", "litellm", "openai")
checks.absent("models")
litellm.suppress_debug_info = True


class City(BaseModel):
    name: str
    population: int


def user(content: Any) -> Any:
    return [{"role": "user", "content": content}]


def complete(messages: Any, model: str = kit.MODEL, base: str = kit.V1, **options: Any) -> Any:
    settings = {"api_key": kit.API_KEY, "num_retries": 0, **options}
    return litellm.completion(model=f"openai/{model}", messages=messages, api_base=base, **settings)


def ask(key: str, model: str | None, text: str) -> str:
    answer = complete(user(text), model or kit.MODEL, api_key=key, num_retries=None, max_retries=2)
    return str(answer.choices[0].message.content)


@checks.check
def plain() -> str:
    kit.answered(complete(user(kit.HELLO)).choices[0].message.content)
    claude = litellm.completion(
        model=f"anthropic/{kit.CLAUDE_MODEL}",
        messages=user(kit.HELLO),
        api_base=kit.BASE_URL,
        api_key=kit.API_KEY,
        max_tokens=200,
    )
    kit.answered(claude.choices[0].message.content)
    return "as openai/..., and as anthropic/..."


@checks.check
def streamed() -> str:
    chunks = complete(user(kit.HELLO), stream=True)
    return kit.pieces([piece for chunk in chunks if (piece := chunk.choices[0].delta.content)])


def converse(text: str, *names: str, stream: bool = False) -> str:
    tools = [kit.tool(name) for name in names]
    asked = user(text)
    first = complete(asked, tools=tools, stream=stream)
    if stream:
        first = litellm.stream_chunk_builder(list(first))
    said = first.choices[0].message
    assert [call.function.name for call in said.tool_calls] == list(names), said
    for call in said.tool_calls:
        assert json.loads(call.function.arguments)["city"]
    asked += [said.model_dump()]
    asked += [
        {"role": "tool", "tool_call_id": call.id, "content": kit.RESULTS[call.function.name]}
        for call in said.tool_calls
    ]
    return kit.used(complete(asked, tools=tools).choices[0].message.content, *names)


@checks.check
def tools() -> str:
    return converse("How is the weather?", "get_weather")


@checks.check
def tools_streamed() -> str:
    return converse("Both, please", "get_weather", "get_time", stream=True)


@checks.check
def parallel_tools() -> str:
    return converse("Both, in parallel, please", "get_weather", "get_time")


def look(url: str) -> str:
    parts = [{"type": "text", "text": "What is this?"}, {"type": "image_url", "image_url": {"url": url}}]
    return kit.saw_image(complete(user(parts)).choices[0].message.content)


@checks.check
def image_data() -> str:
    return look(kit.DATA_URI)


@checks.check
def image_url() -> str:
    return look(kit.IMAGE_URL)


@checks.check
def json_schema() -> str:
    answer = complete(user("A city, please"), response_format=City)
    City.model_validate_json(answer.choices[0].message.content)
    return "parsed"


@checks.check
def embeddings() -> str:
    found = litellm.embedding(
        model=f"openai/{kit.EMBEDDING_MODEL}", input=["one", "two"], api_base=kit.V1, api_key=kit.API_KEY
    )
    return kit.vectors([each["embedding"] for each in found.data])


@checks.check
def responses() -> str:
    settings: Any = {"model": f"openai/{kit.MODEL}", "api_base": kit.V1, "api_key": kit.API_KEY}
    answer: Any = litellm.responses(input=kit.HELLO, **settings)
    kit.answered(answer.output[0].content[0].text)
    stream: Any = litellm.responses(input=kit.HELLO, stream=True, **settings)
    kinds = [str(getattr(event.type, "value", event.type)) for event in stream]
    assert kinds[0] == "response.created" and kinds[-1] == "response.completed", kinds
    return f"plain, {len(kinds)} events"


@checks.check
def idempotency() -> str:
    mark = kit.at()
    headers = {"Idempotency-Key": uuid.uuid4().hex}
    found = [complete(user(kit.HELLO), extra_headers=headers).choices[0].message.content for _ in range(2)]
    return kit.same(mark, *found)


@checks.check
async def cancel() -> str:
    mark = kit.at()
    stream: Any = await litellm.acompletion(
        model=f"openai/{kit.MODEL}",
        messages=user(kit.LONG),
        api_base=kit.V1,
        api_key=kit.API_KEY,
        stream=True,
    )
    for _ in range(kit.LEAST_PIECES):
        await anext(stream)
    await stream.aclose()
    return await asyncio.to_thread(kit.left, mark)  # it hangs up in the background


@checks.check
def usage() -> str:
    mark = kit.at()
    first = complete(user(kit.HELLO)).usage
    chunks = complete(user(kit.HELLO), stream=True, stream_options={"include_usage": True})
    last = [usage for chunk in chunks if (usage := getattr(chunk, "usage", None))][-1]
    return kit.counted(
        mark, first.prompt_tokens + last.prompt_tokens, first.completion_tokens + last.completion_tokens
    )


@checks.check
def proxy_path() -> str:
    mark = kit.at()
    kit.answered(complete(user(kit.HELLO), base=kit.PROXY).choices[0].message.content)
    chunks = complete(user(kit.HELLO), base=kit.PROXY, stream=True)
    kit.pieces([piece for chunk in chunks if (piece := chunk.choices[0].delta.content)])
    return kit.created(mark)


checks.faults(
    ask,
    {
        "wrong_key": litellm.AuthenticationError,
        "no_money": litellm.APIError,
        "no_model": litellm.NotFoundError,
        "rate_limit": litellm.RateLimitError,
        "provider_fault": litellm.BadGatewayError,
    },
)
checks.retry(ask)

if __name__ == "__main__":
    checks.run()
