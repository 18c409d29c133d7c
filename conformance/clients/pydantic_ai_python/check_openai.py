"""Pydantic AI's OpenAIChatModel, OpenAIResponsesModel and OpenAI embeddings."""

from typing import Any

import kit
from agents import City, add_checks, get_weather
from pydantic_ai import Agent, Embedder, NativeOutput
from pydantic_ai.embeddings.openai import OpenAIEmbeddingModel
from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel
from pydantic_ai.providers.openai import OpenAIProvider

checks = kit.Checks("Pydantic AI, OpenAI (Python)", "pydantic-ai-slim", "openai")
checks.absent("models")


def model_of(
    key: str = kit.API_KEY, model: str | None = None, base_url: str = kit.V1, kind: Any = OpenAIChatModel
) -> Any:
    return kind(model or kit.MODEL, provider=OpenAIProvider(base_url=base_url, api_key=key))


add_checks(checks, model_of, kit.PROXY)


@checks.check
async def embeddings() -> str:
    provider = OpenAIProvider(base_url=kit.V1, api_key=kit.API_KEY)
    embedder = Embedder(OpenAIEmbeddingModel(kit.EMBEDDING_MODEL, provider=provider))
    found = await embedder.embed_documents(["one", "two"])
    return kit.vectors([list(each) for each in found.embeddings])


@checks.check
async def responses() -> str:
    at = model_of(kind=OpenAIResponsesModel)
    kit.used((await Agent(at, tools=[get_weather]).run("How is the weather?")).output)
    async with Agent(at).run_stream(kit.HELLO) as run:
        words = kit.pieces([piece async for piece in run.stream_text(delta=True, debounce_by=None)])
    found = (await Agent(at, output_type=NativeOutput(City)).run("A city")).output
    assert isinstance(found, City)
    return f"tools, {words}, schema"


if __name__ == "__main__":
    checks.run()
