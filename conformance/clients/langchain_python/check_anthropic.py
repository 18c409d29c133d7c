"""LangChain's ChatAnthropic."""

import uuid
from typing import Any

import anthropic
import kit
from langchain_anthropic import ChatAnthropic
from langchain_core.messages import HumanMessage, ToolMessage
from langchain_core.tools import tool
from pydantic import BaseModel

checks = kit.Checks("LangChain, Anthropic (Python)", "langchain-anthropic", "langchain-core", "anthropic")
checks.absent("models", "embeddings", "responses")


class City(BaseModel):
    """A city."""

    name: str
    population: int


@tool
def get_weather(city: str) -> str:
    """Weather in a city."""
    assert city
    return kit.RESULTS["get_weather"]


@tool
def get_time(city: str) -> str:
    """Time in a city."""
    assert city
    return kit.RESULTS["get_time"]


TOOLS: dict[str, Any] = {"get_weather": get_weather, "get_time": get_time}


def chat(
    key: str = kit.API_KEY, model: str = kit.CLAUDE_MODEL, base_url: str = kit.BASE_URL, **options: Any
) -> ChatAnthropic:
    settings = {"max_tokens": 1000, **options}
    return ChatAnthropic(base_url=base_url, api_key=key, model=model, **settings)  # type: ignore[arg-type]


def ask(key: str, model: str | None, text: str) -> str:
    return str(chat(key, model or kit.CLAUDE_MODEL).invoke(text).content)


@checks.check
def plain() -> None:
    kit.answered(chat().invoke(kit.HELLO).content)


@checks.check
async def streamed() -> str:
    found = [chunk.text for chunk in chat().stream(kit.HELLO) if chunk.text]
    later = [chunk.text async for chunk in chat().astream(kit.HELLO) if chunk.text]
    assert found == later
    return kit.pieces(found)


def results_of(said: Any) -> list[ToolMessage]:
    return [TOOLS[call["name"]].invoke(call) for call in said.tool_calls]


def converse(text: str, *names: str, stream: bool = False) -> str:
    at = chat().bind_tools([TOOLS[name] for name in names])
    asked: list[Any] = [HumanMessage(text)]
    said: Any = None
    if stream:
        for chunk in at.stream(asked):
            said = chunk if said is None else said + chunk
    else:
        said = at.invoke(asked)
    assert [call["name"] for call in said.tool_calls] == list(names), said
    return kit.used(at.invoke([*asked, said, *results_of(said)]).text, *names)


@checks.check
def tools() -> str:
    return converse("How is the weather?", "get_weather")


@checks.check
def tools_streamed() -> str:
    return converse("Both, please", "get_weather", "get_time", stream=True)


@checks.check
def parallel_tools() -> str:
    return converse("Both, in parallel, please", "get_weather", "get_time")


def look(part: dict[str, Any]) -> str:
    parts: Any = [{"type": "text", "text": "What is this?"}, part]
    return kit.saw_image(chat().invoke([HumanMessage(parts)]).text)


@checks.check
def image_data() -> str:
    return look({"type": "image", "base64": kit.PIXEL, "mime_type": "image/png"})


@checks.check
def image_url() -> str:
    return look({"type": "image", "url": kit.IMAGE_URL})


@checks.check
def json_schema() -> str:
    for method in ("function_calling", "json_schema"):
        found = chat().with_structured_output(City, method=method).invoke("A city, please")  # type: ignore[arg-type]
        assert isinstance(found, City), found
    return "by tool and by schema"


@checks.check
def idempotency() -> str:
    mark = kit.at()
    at = chat(default_headers={"Idempotency-Key": uuid.uuid4().hex})
    return kit.same(mark, *(at.invoke(kit.HELLO).content for _ in range(2)))


@checks.check
def cancel() -> str:
    mark = kit.at()
    stream: Any = chat().stream(kit.LONG)
    for _ in range(kit.LEAST_PIECES):
        next(stream)
    stream.close()
    return kit.left(mark)


@checks.check
def usage() -> str:
    mark = kit.at()
    first: Any = chat().invoke(kit.HELLO)
    last: Any = None
    for chunk in chat().stream(kit.HELLO):
        last = chunk if last is None else last + chunk
    used = [each.usage_metadata for each in (first, last)]
    return kit.counted(
        mark, sum(each["input_tokens"] for each in used), sum(each["output_tokens"] for each in used)
    )


@checks.check
def proxy_path() -> str:
    mark = kit.at()
    at = chat(base_url=kit.ANTHROPIC_PROXY)
    kit.answered(at.invoke(kit.HELLO).content)
    kit.pieces([chunk.text for chunk in at.stream(kit.HELLO)])
    return kit.created(mark)


checks.faults(
    ask,
    {
        "wrong_key": anthropic.AuthenticationError,
        "no_money": anthropic.APIStatusError,
        "no_model": anthropic.NotFoundError,
        "rate_limit": anthropic.RateLimitError,
        "provider_fault": anthropic.InternalServerError,
    },
)
checks.retry(ask, kit.ONE_ROUTE)

if __name__ == "__main__":
    checks.run()
