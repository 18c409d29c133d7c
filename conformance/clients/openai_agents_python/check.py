"""OpenAI's Agents SDK: Responses by default, chat completions if told so."""

import uuid
from typing import Any

import kit
import openai
from agents import (
    Agent,
    ModelSettings,
    OpenAIProvider,
    RunConfig,
    Runner,
    function_tool,
    set_tracing_disabled,
)
from pydantic import BaseModel

checks = kit.Checks("OpenAI Agents SDK (Python)", "openai-agents", "openai")
checks.absent("models", "embeddings")
set_tracing_disabled(disabled=True)


class City(BaseModel):
    name: str
    population: int


@function_tool
def get_weather(city: str) -> str:
    """Weather in a city."""
    assert city
    return kit.RESULTS["get_weather"]


@function_tool
def get_time(city: str) -> str:
    """Time in a city."""
    assert city
    return kit.RESULTS["get_time"]


def config(key: str = kit.API_KEY, base_url: str = kit.V1, *, use_responses: bool | None = None) -> RunConfig:
    return RunConfig(
        model_provider=OpenAIProvider(api_key=key, base_url=base_url, use_responses=use_responses)
    )


def agent(*tools: Any, **options: Any) -> Agent[Any]:
    settings = {"model": kit.MODEL, **options}
    return Agent(name="A", instructions="Be brief", tools=list(tools), **settings)


async def ask(key: str, model: str | None, text: str) -> str:
    run = await Runner.run(agent(model=model or kit.MODEL), text, run_config=config(key))
    return str(run.final_output)


async def stream_pieces(asked: str, run_config: RunConfig, *tools: Any) -> list[str]:
    run = Runner.run_streamed(agent(*tools), asked, run_config=run_config)
    return [
        event.data.delta
        async for event in run.stream_events()
        if event.type == "raw_response_event" and event.data.type == "response.output_text.delta"
    ]


@checks.check
async def plain() -> None:
    kit.answered((await Runner.run(agent(), kit.HELLO, run_config=config())).final_output)


@checks.check
async def streamed() -> str:
    return kit.pieces(await stream_pieces(kit.HELLO, config()))


@checks.check
async def tools() -> str:
    run = await Runner.run(agent(get_weather), "How is the weather?", run_config=config())
    return kit.used(run.final_output)


@checks.check
async def tools_streamed() -> str:
    found = await stream_pieces("Both, please", config(), get_weather, get_time)
    return kit.used("".join(found), "get_weather", "get_time")


@checks.check
async def parallel_tools() -> str:
    run = await Runner.run(agent(get_weather, get_time), "Both, in parallel, please", run_config=config())
    return kit.used(run.final_output, "get_weather", "get_time")


async def look(url: str) -> str:
    parts: Any = [{"type": "input_text", "text": "What is this?"}, {"type": "input_image", "image_url": url}]
    run = await Runner.run(agent(), [{"role": "user", "content": parts}], run_config=config())
    return kit.saw_image(run.final_output)


@checks.check
async def image_data() -> str:
    return await look(kit.DATA_URI)


@checks.check
async def image_url() -> str:
    return await look(kit.IMAGE_URL)


@checks.check
async def json_schema() -> str:
    run = await Runner.run(agent(output_type=City), "A city, please", run_config=config())
    assert isinstance(run.final_output, City)
    return "parsed"


@checks.check
async def responses() -> str:
    mark = kit.at()
    await Runner.run(agent(), kit.HELLO, run_config=config())
    assert [each["path"] for each in kit.exchanges_since(mark)] == ["/v1/responses"]
    mark = kit.at()
    chat = config(use_responses=False)
    kit.used((await Runner.run(agent(get_weather), "How is the weather?", run_config=chat)).final_output)
    kit.pieces(await stream_pieces(kit.HELLO, chat))
    assert {each["path"] for each in kit.exchanges_since(mark)} == {"/v1/chat/completions"}
    return "the whole row; chat completions as well"


@checks.check
async def idempotency() -> str:
    mark = kit.at()
    at = agent(model_settings=ModelSettings(extra_headers={"Idempotency-Key": uuid.uuid4().hex}))
    found = [(await Runner.run(at, kit.HELLO, run_config=config())).final_output for _ in range(2)]
    return kit.same(mark, *found)


@checks.check
async def cancel() -> str:
    mark = kit.at()
    run = Runner.run_streamed(agent(), kit.LONG, run_config=config())
    seen = 0
    async for event in run.stream_events():
        seen += event.type == "raw_response_event"
        if seen == 2 * kit.LEAST_PIECES:
            run.cancel()
    return kit.left(mark)


@checks.check
async def usage() -> str:
    mark = kit.at()
    first = await Runner.run(agent(get_weather), "How is the weather?", run_config=config())
    last = Runner.run_streamed(agent(), kit.HELLO, run_config=config())
    async for _ in last.stream_events():
        pass
    used = [each.context_wrapper.usage for each in (first, last)]
    return kit.counted(
        mark, sum(each.input_tokens for each in used), sum(each.output_tokens for each in used)
    )


@checks.check
async def proxy_path() -> str:
    mark = kit.at()
    for use_responses in (True, False):
        at = config(base_url=kit.PROXY, use_responses=use_responses)
        kit.answered((await Runner.run(agent(), kit.HELLO, run_config=at)).final_output)
        kit.pieces(await stream_pieces(kit.HELLO, at))
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
