"""LlamaIndex: OpenAILike, OpenAIEmbedding and OpenAIResponses."""

import gc
import uuid
from base64 import b64decode
from typing import Any

import kit
import openai
from llama_index.core.llms import ChatMessage, ImageBlock, TextBlock
from llama_index.core.tools import FunctionTool
from llama_index.embeddings.openai import OpenAIEmbedding
from llama_index.llms.openai import OpenAIResponses
from llama_index.llms.openai_like import OpenAILike
from pydantic import BaseModel

checks = kit.Checks(
    "LlamaIndex (Python)", "llama-index-llms-openai-like", "llama-index-embeddings-openai", "openai"
)
checks.absent("models")


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


TOOLS = {tool.__name__: FunctionTool.from_defaults(tool) for tool in (get_weather, get_time)}


def chat(key: str = kit.API_KEY, model: str = kit.MODEL, base: str = kit.V1, **options: Any) -> OpenAILike:
    settings = {"is_chat_model": True, "is_function_calling_model": True, "max_retries": 2, **options}
    return OpenAILike(model=model, api_base=base, api_key=key, **settings)


def user(text: str) -> ChatMessage:
    return ChatMessage(role="user", content=text)


def ask(key: str, model: str | None, text: str) -> str:
    return str(chat(key, model or kit.MODEL).chat([user(text)]).message.content)


@checks.check
def plain() -> None:
    kit.answered(chat().chat([user(kit.HELLO)]).message.content)


@checks.check
def streamed() -> str:
    return kit.pieces([each.delta for each in chat().stream_chat([user(kit.HELLO)]) if each.delta])


def converse(text: str, *names: str, stream: bool = False) -> str:
    at = chat()
    settings: Any = {"tools": [TOOLS[name] for name in names], "allow_parallel_tool_calls": True}
    if stream:
        said = list(at.stream_chat_with_tools(user_msg=text, **settings))[-1]
    else:
        said = at.chat_with_tools(user_msg=text, **settings)
    calls = at.get_tool_calls_from_response(said)
    assert [call.tool_name for call in calls] == list(names), said
    results = [
        ChatMessage(
            role="tool",
            content=str(TOOLS[call.tool_name](**call.tool_kwargs)),
            additional_kwargs={"tool_call_id": call.tool_id},
        )
        for call in calls
    ]
    history = [user(text), said.message, *results]
    answer = at.chat_with_tools(chat_history=history, **settings)
    return kit.used(answer.message.content, *names)


@checks.check
def tools() -> str:
    return converse("How is the weather?", "get_weather")


@checks.check
def tools_streamed() -> str:
    return converse("Both, please", "get_weather", "get_time", stream=True)


@checks.check
def parallel_tools() -> str:
    return converse("Both, in parallel, please", "get_weather", "get_time")


def look(image: ImageBlock) -> str:
    message = ChatMessage(role="user", blocks=[TextBlock(text="What is this?"), image])
    return kit.saw_image(chat().chat([message]).message.content)


@checks.check
def image_data() -> str:
    return look(ImageBlock(image=b64decode(kit.PIXEL), image_mimetype="image/png"))


@checks.check
def image_url() -> str:
    return look(ImageBlock(url=kit.IMAGE_URL))


@checks.check
def json_schema() -> str:
    for options in ({"should_use_structured_outputs": True}, {}):
        found = chat(**options).as_structured_llm(City).chat([user("A city, please")]).raw
        assert isinstance(found, City), found
    return "by schema and by tool"


@checks.check
def embeddings() -> str:
    at = OpenAIEmbedding(model_name=kit.EMBEDDING_MODEL, api_base=kit.V1, api_key=kit.API_KEY)
    return kit.vectors(at.get_text_embedding_batch(["one", "two"]))


@checks.check
def responses() -> str:
    at = OpenAIResponses(model=kit.MODEL, api_base=kit.V1, api_key=kit.API_KEY)
    kit.answered(at.chat([user(kit.HELLO)]).message.content)
    words = kit.pieces([each.delta for each in at.stream_chat([user(kit.HELLO)]) if each.delta])
    said = at.chat_with_tools(tools=[TOOLS["get_weather"]], user_msg="How is the weather?")
    assert [call.tool_name for call in at.get_tool_calls_from_response(said)] == ["get_weather"]
    return f"plain, {words}, a call"


@checks.check
def idempotency() -> str:
    mark = kit.at()
    at = chat(default_headers={"Idempotency-Key": uuid.uuid4().hex})
    return kit.same(mark, *(at.chat([user(kit.HELLO)]).message.content for _ in range(2)))


@checks.check
def cancel() -> str:
    mark = kit.at()
    stream: Any = chat().stream_chat([user(kit.LONG)])
    for _ in range(kit.LEAST_PIECES):
        next(stream)
    stream.close()
    del stream
    gc.collect()
    return "at the next garbage collection: " + kit.left(mark)


@checks.check
def usage() -> str:
    mark = kit.at()
    first: Any = chat().chat([user(kit.HELLO)]).raw
    options = {"stream_options": {"include_usage": True}}
    last: Any = list(chat().stream_chat([user(kit.HELLO)], **options))[-1].raw
    used = [each.usage for each in (first, last)]
    return kit.counted(
        mark, sum(each.prompt_tokens for each in used), sum(each.completion_tokens for each in used)
    )


@checks.check
def proxy_path() -> str:
    mark = kit.at()
    at = chat(base=kit.PROXY)
    kit.answered(at.chat([user(kit.HELLO)]).message.content)
    kit.pieces([each.delta for each in at.stream_chat([user(kit.HELLO)]) if each.delta])
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
