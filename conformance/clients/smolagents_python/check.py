"""smolagents' OpenAIModel, and an agent that calls tools."""

import gc
import json
import uuid
from typing import Any

import kit
import openai
from smolagents import OpenAIModel, ToolCallingAgent, tool

checks = kit.Checks("smolagents (Python)", "smolagents", "openai")
checks.absent("models", "embeddings", "responses")


@tool
def get_weather(city: str) -> str:
    """Weather in a city.

    Args:
        city: its name
    """
    assert city
    return kit.RESULTS["get_weather"]


@tool
def get_time(city: str) -> str:
    """Time in a city.

    Args:
        city: its name
    """
    assert city
    return kit.RESULTS["get_time"]


TOOLS = {"get_weather": get_weather, "get_time": get_time}


def model_of(
    key: str = kit.API_KEY, model: str = kit.MODEL, base: str = kit.V1, **options: Any
) -> OpenAIModel:
    return OpenAIModel(model_id=model, api_base=base, api_key=key, retry=False, **options)


def user(content: Any) -> Any:
    return [
        {
            "role": "user",
            "content": content if isinstance(content, list) else [{"type": "text", "text": content}],
        }
    ]


def ask(key: str, model: str | None, text: str) -> str:
    return str(model_of(key, model or kit.MODEL).generate(user(text)).content)


@checks.check
def plain() -> None:
    kit.answered(model_of().generate(user(kit.HELLO)).content)


@checks.check
def streamed() -> str:
    return kit.pieces([each.content for each in model_of().generate_stream(user(kit.HELLO)) if each.content])


def converse(text: str, *names: str, choice: Any = "auto") -> str:
    """The model's own calls, and the results as an agent's memory words them."""
    at = model_of()
    settings: Any = {"tools_to_call_from": [TOOLS[name] for name in names], "tool_choice": choice}
    said = at.generate(user(text), **settings)
    assert said.tool_calls is not None
    assert [call.function.name for call in said.tool_calls] == list(names), said
    results = []
    for call in said.tool_calls:
        arguments: Any = call.function.arguments
        given = json.loads(arguments) if isinstance(arguments, str) else arguments
        results.append(TOOLS[call.function.name](**given))
    answer = at.generate([*user(text), *user(" and ".join(results))])
    return kit.used(answer.content, *names)


@checks.check
def tools() -> str:
    words = converse("How is the weather?", "get_weather")
    asked = "[[standin finish=tool_calls]] final_answer"
    found = ToolCallingAgent(tools=[], model=model_of(), verbosity_level=0).run(asked, max_steps=1)
    assert found is not None
    return f"{words}; an agent's run"


@checks.check
def tools_streamed() -> str:
    settings: Any = {"tools_to_call_from": [get_weather], "tool_choice": "auto"}
    deltas = list(model_of().generate_stream(user("How is the weather?"), **settings))
    parts = [call.function for each in deltas for call in each.tool_calls or [] if call.function]
    arguments = "".join(str(part.arguments or "") for part in parts)
    assert [part.name for part in parts if part.name] == ["get_weather"]
    assert json.loads(arguments)["city"]
    return "a call of several pieces"


@checks.check
def parallel_tools() -> str:
    return converse("Both, in parallel, please", "get_weather", "get_time")


def look(url: str) -> str:
    parts = [{"type": "text", "text": "What is this?"}, {"type": "image_url", "image_url": {"url": url}}]
    return kit.saw_image(model_of().generate(user(parts)).content)


@checks.check
def image_data() -> str:
    return look(kit.DATA_URI)


@checks.check
def image_url() -> str:
    return look(kit.IMAGE_URL)


@checks.check
def json_schema() -> str:
    wanted: Any = {
        "type": "json_schema",
        "json_schema": {"name": "city", "schema": kit.WEATHER, "strict": True},
    }
    answer = model_of().generate(user("A city, please"), response_format=wanted)
    assert set(json.loads(str(answer.content))) == {"city"}
    return "parsed"


@checks.check
def idempotency() -> str:
    mark = kit.at()
    at = model_of(client_kwargs={"default_headers": {"Idempotency-Key": uuid.uuid4().hex}})
    return kit.same(mark, *(at.generate(user(kit.HELLO)).content for _ in range(2)))


@checks.check
def cancel() -> str:
    mark = kit.at()
    stream: Any = model_of().generate_stream(user(kit.LONG))
    for _ in range(kit.LEAST_PIECES):
        next(stream)
    stream.close()
    del stream
    gc.collect()
    return "at the next garbage collection: " + kit.left(mark)


@checks.check
def usage() -> str:
    mark = kit.at()
    first = model_of().generate(user(kit.HELLO)).token_usage
    last = [each.token_usage for each in model_of().generate_stream(user(kit.HELLO)) if each.token_usage][-1]
    assert first is not None
    return kit.counted(mark, first.input_tokens + last.input_tokens, first.output_tokens + last.output_tokens)


@checks.check
def proxy_path() -> str:
    mark = kit.at()
    at = model_of(base=kit.PROXY)
    kit.answered(at.generate(user(kit.HELLO)).content)
    kit.pieces([each.content for each in at.generate_stream(user(kit.HELLO)) if each.content])
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
