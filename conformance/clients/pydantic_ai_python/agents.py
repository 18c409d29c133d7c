"""Pydantic AI's checks, for any of its models."""

import uuid
from base64 import b64decode
from collections.abc import Callable
from typing import Any

import kit
from pydantic import BaseModel
from pydantic_ai import (
    Agent,
    BinaryContent,
    ImageUrl,
    ModelHTTPError,
    NativeOutput,
    ToolOutput,
)


class City(BaseModel):
    """A city."""

    name: str
    population: int


def get_weather(city: str) -> str:
    """Weather in a city."""
    assert city
    return kit.RESULTS["get_weather"]


def get_time(city: str) -> str:
    """Time in a city."""
    assert city
    return kit.RESULTS["get_time"]


def add_checks(  # noqa: C901 (one function a check)
    checks: kit.Checks, model_of: Callable[..., Any], proxy: str, one_route: str | None = None
) -> None:
    """`model_of(key, model, base_url)` makes a model; `proxy` is the other base URL."""

    async def ask(key: str, model: str | None, text: str) -> str:
        return str((await Agent(model_of(key=key, model=model)).run(text)).output)

    async def stream_pieces(model: Any) -> list[str]:
        async with Agent(model).run_stream(kit.HELLO) as run:
            return [piece async for piece in run.stream_text(delta=True, debounce_by=None)]

    def agent(*tools: Any, **options: Any) -> Agent[None, Any]:
        return Agent(model_of(), tools=list(tools), **options)

    @checks.check
    async def plain() -> None:
        kit.answered((await agent(instructions="Be brief").run(kit.HELLO)).output)

    @checks.check
    async def streamed() -> str:
        return kit.pieces(await stream_pieces(model_of()))

    @checks.check
    async def tools() -> str:
        return kit.used((await agent(get_weather).run("How is the weather?")).output)

    @checks.check
    async def tools_streamed() -> str:
        async with agent(get_weather, get_time).run_stream("Both, please") as run:
            return kit.used(await run.get_output(), "get_weather", "get_time")

    @checks.check
    async def parallel_tools() -> str:
        answer = await agent(get_weather, get_time).run("Both, in parallel, please")
        return kit.used(answer.output, "get_weather", "get_time")

    @checks.check
    async def image_data() -> str:
        image = BinaryContent(b64decode(kit.PIXEL), media_type="image/png")
        return kit.saw_image((await agent().run(["What is this?", image])).output)

    @checks.check
    async def image_url() -> str:
        return kit.saw_image((await agent().run(["What is this?", ImageUrl(kit.IMAGE_URL)])).output)

    @checks.check
    async def json_schema() -> str:
        for kind in (NativeOutput(City), ToolOutput(City)):
            found = (await agent(output_type=kind).run("A city, please")).output
            assert isinstance(found, City), found
        return "by schema and by tool"

    @checks.check
    async def idempotency() -> str:
        mark = kit.at()
        settings: Any = {"extra_headers": {"Idempotency-Key": uuid.uuid4().hex}}
        at = agent(model_settings=settings)
        return kit.same(mark, *[(await at.run(kit.HELLO)).output for _ in range(2)])

    @checks.check
    async def cancel() -> str:
        mark = kit.at()
        seen = 0
        async with agent().run_stream(kit.LONG) as run:
            async for _ in run.stream_text(delta=True, debounce_by=None):
                seen += 1
                if seen == kit.LEAST_PIECES:
                    break
        return kit.left(mark)

    @checks.check
    async def usage() -> str:
        mark = kit.at()
        first = (await agent(get_weather).run("How is the weather?")).usage
        async with agent().run_stream(kit.HELLO) as run:
            await run.get_output()
            last = run.usage
        return kit.counted(
            mark, first.input_tokens + last.input_tokens, first.output_tokens + last.output_tokens
        )

    @checks.check
    async def proxy_path() -> str:
        mark = kit.at()
        at = model_of(base_url=proxy)
        kit.answered((await Agent(at).run(kit.HELLO)).output)
        kit.pieces(await stream_pieces(at))
        return kit.created(mark)

    checks.faults(ask, dict.fromkeys(kit.FAULTS, ModelHTTPError))
    checks.retry(ask, one_route)
