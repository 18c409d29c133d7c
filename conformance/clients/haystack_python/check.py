"""Haystack: OpenAIChatGenerator, OpenAIResponsesChatGenerator and OpenAIDocumentEmbedder."""

import gc
import uuid
from contextlib import suppress
from typing import Any

import kit
import openai
from haystack import Document
from haystack.components.embedders import OpenAIDocumentEmbedder
from haystack.components.generators.chat import OpenAIChatGenerator, OpenAIResponsesChatGenerator
from haystack.dataclasses import ChatMessage, ImageContent
from haystack.tools import Tool
from haystack.utils import Secret
from pydantic import BaseModel

checks = kit.Checks("Haystack (Python)", "haystack-ai", "openai")
checks.absent("models")
checks.absent("image_url", why="fetches the image itself and sends it inline")


class City(BaseModel):
    name: str
    population: int


def tool_of(name: str) -> Tool:
    return Tool(
        name=name, description=name, parameters=kit.WEATHER, function=lambda city: city and kit.RESULTS[name]
    )


def chat(
    key: str = kit.API_KEY,
    model: str = kit.MODEL,
    base: str = kit.V1,
    kind: Any = OpenAIChatGenerator,
    **options: Any,
) -> Any:
    return kind(api_key=Secret.from_token(key), model=model, api_base_url=base, max_retries=2, **options)


def reply(at: Any, *messages: ChatMessage, **options: Any) -> ChatMessage:
    found: ChatMessage = at.run(messages=list(messages), **options)["replies"][0]
    return found


def ask(key: str, model: str | None, text: str) -> str:
    return str(reply(chat(key, model or kit.MODEL), ChatMessage.from_user(text)).text)


@checks.check
def plain() -> None:
    kit.answered(reply(chat(), ChatMessage.from_user(kit.HELLO)).text)


def stream_pieces(at: Any) -> list[str]:
    found: list[str] = []
    reply(at, ChatMessage.from_user(kit.HELLO), streaming_callback=lambda chunk: found.append(chunk.content))
    return [each for each in found if each]


@checks.check
def streamed() -> str:
    return kit.pieces(stream_pieces(chat()))


def converse(text: str, *names: str, at: Any = None, **options: Any) -> str:
    tools = [tool_of(name) for name in names]
    at = at or chat()
    asked = ChatMessage.from_user(text)
    said = reply(at, asked, tools=tools, **options)
    assert [call.tool_name for call in said.tool_calls] == list(names), said
    results = [
        ChatMessage.from_tool(kit.RESULTS[call.tool_name], origin=call)
        for call in said.tool_calls
        if call.arguments["city"]
    ]
    return kit.used(reply(at, asked, said, *results, tools=tools).text, *names)


@checks.check
def tools() -> str:
    return converse("How is the weather?", "get_weather")


@checks.check
def tools_streamed() -> str:
    return converse("Both, please", "get_weather", "get_time", streaming_callback=lambda _: None)


@checks.check
def parallel_tools() -> str:
    return converse("Both, in parallel, please", "get_weather", "get_time")


@checks.check
def image_data() -> str:
    image = ImageContent(base64_image=kit.PIXEL, mime_type="image/png")
    asked = ChatMessage.from_user(content_parts=["What is this?", image])
    return kit.saw_image(reply(chat(), asked).text)


@checks.check
def json_schema() -> str:
    at = chat(generation_kwargs={"response_format": City})
    City.model_validate_json(str(reply(at, ChatMessage.from_user("A city, please")).text))
    return "parsed"


@checks.check
def embeddings() -> str:
    at = OpenAIDocumentEmbedder(
        api_key=Secret.from_token(kit.API_KEY),
        model=kit.EMBEDDING_MODEL,
        api_base_url=kit.V1,
        progress_bar=False,
    )
    found = at.run([Document(content=text) for text in ("one", "two")])["documents"]
    return kit.vectors([each.embedding for each in found])


@checks.check
def responses() -> str:
    at = chat(kind=OpenAIResponsesChatGenerator)
    kit.answered(reply(at, ChatMessage.from_user(kit.HELLO)).text)
    words = kit.pieces(stream_pieces(at))
    return f"plain, {words}, tools: " + converse("How is the weather?", "get_weather", at=at)


@checks.check
def idempotency() -> str:
    mark = kit.at()
    at = chat(generation_kwargs={"extra_headers": {"Idempotency-Key": uuid.uuid4().hex}})
    return kit.same(mark, *(reply(at, ChatMessage.from_user(kit.HELLO)).text for _ in range(2)))


class EnoughError(Exception):
    """What the callback raises to leave the stream."""


@checks.check
def cancel() -> str:
    mark = kit.at()
    found: list[Any] = []

    def leave(chunk: Any) -> None:
        found.append(chunk)
        if len(found) == kit.LEAST_PIECES:
            raise EnoughError

    with suppress(EnoughError):
        reply(chat(), ChatMessage.from_user(kit.LONG), streaming_callback=leave)
    gc.collect()
    return "at the next garbage collection: " + kit.left(mark)


@checks.check
def usage() -> str:
    mark = kit.at()
    first = reply(chat(), ChatMessage.from_user(kit.HELLO)).meta["usage"]
    options = {
        "generation_kwargs": {"stream_options": {"include_usage": True}},
        "streaming_callback": lambda _: None,
    }
    last = reply(chat(), ChatMessage.from_user(kit.HELLO), **options).meta["usage"]
    used = (first, last)
    return kit.counted(
        mark, sum(each["prompt_tokens"] for each in used), sum(each["completion_tokens"] for each in used)
    )


@checks.check
def proxy_path() -> str:
    mark = kit.at()
    at = chat(base=kit.PROXY)
    kit.answered(reply(at, ChatMessage.from_user(kit.HELLO)).text)
    kit.pieces(stream_pieces(at))
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
