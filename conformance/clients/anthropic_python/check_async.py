"""anthropic, the asynchronous client, on its beta endpoints too."""

from typing import Any

import anthropic
import kit
from anthropic import AsyncAnthropic

checks = kit.Checks("anthropic (Python, async)", "anthropic")
checks.absent("embeddings", "responses")


def client(key: str = kit.API_KEY, base_url: str = kit.BASE_URL) -> AsyncAnthropic:
    return AsyncAnthropic(base_url=base_url, api_key=key)


def user(content: Any) -> Any:
    return [{"role": "user", "content": content}]


async def ask(key: str, model: str | None, text: str) -> str:
    answer: Any = await client(key).messages.create(
        model=model or kit.CLAUDE_MODEL, max_tokens=200, messages=user(text)
    )
    return str(answer.content[0].text)


@checks.check
async def plain() -> str:
    """The same under the path of betas, and with any model."""
    for api in (client().messages, client().beta.messages):
        for model in (kit.CLAUDE_MODEL, kit.MODEL):
            answer: Any = await api.create(model=model, max_tokens=200, messages=user(kit.HELLO))
            kit.answered(answer.content[0].text)
    return "messages and beta.messages, Claude and GPT"


async def stream_pieces(at: AsyncAnthropic) -> list[str]:
    found = []
    events = await at.messages.create(
        model=kit.CLAUDE_MODEL, max_tokens=200, messages=user(kit.HELLO), stream=True
    )
    kinds = []
    async for event in events:
        kinds.append(event.type)
        if event.type == "content_block_delta" and event.delta.type == "text_delta":
            found.append(event.delta.text)
    assert [kinds[0], kinds[-2], kinds[-1]] == ["message_start", "message_delta", "message_stop"], kinds
    return found


@checks.check
async def streamed() -> str:
    return kit.pieces(await stream_pieces(client()))


def claude_tool(name: str) -> dict[str, Any]:
    return {"name": name, "description": name, "input_schema": kit.WEATHER}


async def converse(text: str, *names: str, stream: bool = False) -> str:
    tools: Any = [claude_tool(name) for name in names]
    asked = user(text)
    settings: Any = {"model": kit.CLAUDE_MODEL, "max_tokens": 200, "tools": tools}
    said: Any
    if stream:
        async with client().messages.stream(messages=asked, **settings) as events:
            said = await events.get_final_message()
    else:
        said = await client().messages.create(messages=asked, **settings)
    results = [
        {"type": "tool_result", "tool_use_id": block.id, "content": kit.RESULTS[block.name]}
        for block in said.content
        if block.type == "tool_use" and isinstance(block.input["city"], str)
    ]
    assert len(results) == len(names), said
    asked += [{"role": "assistant", "content": said.content}, *user(results)]
    answer: Any = await client().messages.create(messages=asked, **settings)
    return kit.used(answer.content[0].text, *names)


@checks.check
async def tools() -> str:
    return await converse("How is the weather?", "get_weather")


@checks.check
async def tools_streamed() -> str:
    return await converse("How is the weather?", "get_weather", stream=True)


@checks.check
async def parallel_tools() -> str:
    return await converse("Both, in parallel, please", "get_weather", "get_time")


async def look(source: dict[str, str]) -> str:
    content = [{"type": "text", "text": "What is this?"}, {"type": "image", "source": source}]
    answer: Any = await client().messages.create(
        model=kit.CLAUDE_MODEL, max_tokens=200, messages=user(content)
    )
    return kit.saw_image(answer.content[0].text)


@checks.check
async def image_data() -> str:
    return await look({"type": "base64", "media_type": "image/png", "data": kit.PIXEL})


@checks.check
async def image_url() -> str:
    return await look({"type": "url", "url": kit.IMAGE_URL})


@checks.check
async def json_schema() -> str:
    """A tool that must be called, as was usual before there was an output format."""
    tool: Any = claude_tool("get_weather")
    choice: Any = {"type": "tool", "name": "get_weather"}
    answer: Any = await client().messages.create(
        model=kit.CLAUDE_MODEL, max_tokens=200, messages=user("Go"), tools=[tool], tool_choice=choice
    )
    (called,) = (block for block in answer.content if block.type == "tool_use")
    assert set(called.input) == {"city"}
    return "by a tool that must be called"


@checks.check
async def models() -> str:
    found = [model.id async for model in client().models.list()]
    assert kit.CLAUDE_MODEL in found
    return f"{len(found)} listed"


@checks.check
async def idempotency() -> str:
    mark = kit.at()
    found = []
    for _ in range(2):
        stream: Any = await client().messages.create(
            model=kit.CLAUDE_MODEL,
            max_tokens=200,
            messages=user(kit.HELLO),
            stream=True,
            extra_headers={"Idempotency-Key": f"again-{mark}"},
        )
        found.append([event.model_dump() async for event in stream])
    return "a stream: " + kit.same(mark, *found)


@checks.check
async def cancel() -> str:
    mark = kit.at()
    stream = await client().messages.create(
        model=kit.CLAUDE_MODEL, max_tokens=1000, messages=user(kit.LONG), stream=True
    )
    for _ in range(kit.LEAST_PIECES):
        await anext(stream)
    await stream.close()
    return kit.left(mark)


@checks.check
async def usage() -> str:
    """With thoughts, which are part of the output."""
    mark = kit.at()
    thinking: Any = {"type": "enabled", "budget_tokens": 1024}
    settings: Any = {"model": kit.CLAUDE_MODEL, "max_tokens": 2048, "thinking": thinking}
    first = await client().messages.create(messages=user(kit.HELLO), **settings)
    async with client().messages.stream(messages=user(kit.HELLO), **settings) as stream:
        last = await stream.get_final_message()
    used = (first.usage, last.usage)
    return kit.counted(
        mark, sum(each.input_tokens for each in used), sum(each.output_tokens for each in used)
    )


@checks.check
async def proxy_path() -> str:
    mark = kit.at()
    at = client(base_url=kit.ANTHROPIC_PROXY)
    kit.pieces(await stream_pieces(at))
    return kit.created(mark)


checks.faults(
    ask,
    {
        "wrong_key": anthropic.AuthenticationError,
        "no_money": anthropic.PaymentRequiredError,
        "no_model": anthropic.NotFoundError,
        "rate_limit": anthropic.RateLimitError,
        "provider_fault": anthropic.InternalServerError,
    },
)
checks.retry(ask, kit.ONE_ROUTE)

if __name__ == "__main__":
    checks.run()
