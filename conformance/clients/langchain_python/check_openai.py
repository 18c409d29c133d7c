"""LangChain's ChatOpenAI and OpenAIEmbeddings."""

import uuid
from typing import Any

import kit
import openai
from langchain_core.messages import HumanMessage, ToolMessage
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI, OpenAIEmbeddings
from pydantic import BaseModel

checks = kit.Checks("LangChain, OpenAI (Python)", "langchain-openai", "langchain-core", "openai")
checks.absent("models")


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
    key: str = kit.API_KEY, model: str = kit.MODEL, base_url: str = kit.V1, **options: Any
) -> ChatOpenAI:
    return ChatOpenAI(base_url=base_url, api_key=key, model=model, **options)  # type: ignore[arg-type]


def ask(key: str, model: str | None, text: str) -> str:
    return str(chat(key, model or kit.MODEL).invoke(text).content)


@checks.check
def plain() -> None:
    kit.answered(chat().invoke(kit.HELLO).content)


@checks.check
async def streamed() -> str:
    found = [str(chunk.content) for chunk in chat().stream(kit.HELLO) if chunk.content]
    later = [str(chunk.content) async for chunk in chat().astream(kit.HELLO) if chunk.content]
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
    answer = at.invoke([*asked, said, *results_of(said)])
    return kit.used(answer.content, *names)


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
    return kit.saw_image(chat().invoke([HumanMessage(parts)]).content)


@checks.check
def image_data() -> str:
    return look({"type": "image", "base64": kit.PIXEL, "mime_type": "image/png"})


@checks.check
def image_url() -> str:
    return look({"type": "image", "url": kit.IMAGE_URL})


@checks.check
def json_schema() -> str:
    for method in ("json_schema", "function_calling"):
        found = chat().with_structured_output(City, method=method).invoke("A city, please")  # type: ignore[arg-type]
        assert isinstance(found, City), found
    return "by schema and by tool"


@checks.check
def embeddings() -> str:
    at = OpenAIEmbeddings(
        base_url=kit.V1, api_key=kit.API_KEY, model=kit.EMBEDDING_MODEL, check_embedding_ctx_length=False
    )  # type: ignore[call-arg, arg-type]
    return kit.vectors(at.embed_documents(["one", "two"]))


@checks.check
def responses() -> str:
    at = chat(use_responses_api=True)
    kit.answered(at.invoke(kit.HELLO).text)
    words = kit.pieces([chunk.text for chunk in at.stream(kit.HELLO) if chunk.text])
    bound = at.bind_tools([get_weather])
    asked: list[Any] = [HumanMessage("How is the weather?")]
    said: Any = bound.invoke(asked)
    kit.used(bound.invoke([*asked, said, *results_of(said)]).text)
    assert isinstance(at.with_structured_output(City).invoke("A city"), City)
    return f"plain, {words}, tools, schema"


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
    for chunk in chat(stream_usage=True).stream(kit.HELLO):
        last = chunk if last is None else last + chunk
    used = [each.usage_metadata for each in (first, last)]
    return kit.counted(
        mark, sum(each["input_tokens"] for each in used), sum(each["output_tokens"] for each in used)
    )


@checks.check
def proxy_path() -> str:
    mark = kit.at()
    at = chat(base_url=kit.PROXY)
    kit.answered(at.invoke(kit.HELLO).content)
    kit.pieces([str(chunk.content) for chunk in at.stream(kit.HELLO)])
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
