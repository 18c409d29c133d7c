"""DSPy: LM, Predict, ReActV2 and Embedder, on its own HTTP engine."""

import json
import uuid
from typing import Any

import dspy
import kit
from pydantic import BaseModel

checks = kit.Checks("DSPy (Python)", "dspy")
checks.absent("models", "tools_streamed")
checks.absent("cancel", why="a program's stream runs in a task of its own, and has no way out")
dspy.configure_cache(enable_disk_cache=False, enable_memory_cache=False)


class City(BaseModel):
    name: str
    population: int


def get_weather(city: str) -> str:
    """Weather in a city."""
    assert city
    return kit.RESULTS["get_weather"]


def lm(key: str = kit.API_KEY, model: str = kit.MODEL, base: str = kit.V1, **options: Any) -> dspy.LM:
    settings = {"cache": False, "num_retries": 2, **options}
    return dspy.LM(f"openai/{model}", api_key=key, api_base=base, **settings)


def ask(key: str, model: str | None, text: str) -> str:
    return str(lm(key, model or kit.MODEL)(text)[0])


@checks.check
def plain() -> str:
    kit.answered(lm()(kit.HELLO)[0])
    with dspy.context(lm=lm(), adapter=dspy.JSONAdapter()):
        assert dspy.Predict("question -> answer")(question=kit.HELLO).answer
    return "LM and Predict"


async def stream_pieces(at: dspy.LM, text: str) -> list[str]:
    found: list[str] = []
    with dspy.context(lm=at, adapter=dspy.JSONAdapter()):
        stream = dspy.streamify(dspy.Predict("question -> answer"))(question=text)
        async for chunk in stream:
            choices = getattr(chunk, "choices", None)
            if choices and choices[0].delta.content:
                found.append(choices[0].delta.content)
    return found


@checks.check
async def streamed() -> str:
    found = await stream_pieces(lm(), kit.HELLO)
    assert len(found) > 1 and set(json.loads("".join(found))) == {"answer"}, found
    return f"{len(found)} pieces of an object"


def converse(text: str, *names: str) -> str:
    tools = [kit.tool(name) for name in names]
    asked: list[Any] = [{"role": "user", "content": text}]
    calls = lm()(messages=asked, tools=tools)[0]["tool_calls"]
    assert [call["function"]["name"] for call in calls] == list(names), calls
    results = [
        {"role": "tool", "tool_call_id": call["id"], "content": kit.RESULTS[call["function"]["name"]]}
        for call in calls
        if json.loads(call["function"]["arguments"])["city"]
    ]
    asked += [{"role": "assistant", "content": None, "tool_calls": calls}, *results]
    return kit.used(lm()(messages=asked)[0], *names)


@checks.check
def tools() -> str:
    words = converse("How is the weather?", "get_weather")
    adapter = dspy.ChatAdapter(use_native_function_calling=True)
    with dspy.context(lm=lm(), adapter=adapter):
        found = dspy.ReActV2("question -> answer", tools=[get_weather], max_iters=2)(question="The weather?")
    assert found.answer and kit.RESULTS["get_weather"] in str(found.history), found
    return f"{words}; ReActV2"


@checks.check
def parallel_tools() -> str:
    return converse("Both, in parallel, please", "get_weather", "get_time")


def look(url: str) -> str:
    class Seen(dspy.Signature):
        image: dspy.Image = dspy.InputField()
        answer: str = dspy.OutputField()

    at = lm()
    with dspy.context(lm=at, adapter=dspy.JSONAdapter()):
        assert dspy.Predict(Seen)(image=dspy.Image(url)).answer
    plain = lm()
    plain(messages=[{"role": "user", "content": "What is this?"}])
    more = at.history[-1]["usage"]["prompt_tokens"] - plain.history[-1]["usage"]["prompt_tokens"]
    assert more > 85, more  # an image's tokens
    return "the image arrived"


@checks.check
def image_data() -> str:
    return look(kit.DATA_URI)


@checks.check
def image_url() -> str:
    return look(kit.IMAGE_URL)


@checks.check
def json_schema() -> str:
    class Asked(dspy.Signature):
        question: str = dspy.InputField()
        city: City = dspy.OutputField()

    with dspy.context(lm=lm(), adapter=dspy.JSONAdapter()):
        assert isinstance(dspy.Predict(Asked)(question="A city, please").city, City)
    return "parsed"


@checks.check
def embeddings() -> str:
    at = dspy.Embedder(f"openai/{kit.EMBEDDING_MODEL}", api_key=kit.API_KEY, api_base=kit.V1, caching=False)
    return kit.vectors([[float(number) for number in each] for each in at(["one", "two"])])


@checks.check
def responses() -> str:
    found: Any = lm(model_type="responses")(kit.HELLO)[0]
    kit.answered(found if isinstance(found, str) else found["text"])
    return "plain"


@checks.check
def idempotency() -> str:
    mark = kit.at()
    at = lm(extra_headers={"Idempotency-Key": uuid.uuid4().hex})
    return kit.same(mark, *(at(kit.HELLO)[0] for _ in range(2)))


@checks.check
def usage() -> str:
    mark = kit.at()
    at = lm()
    at(kit.HELLO)
    at(kit.HELLO)
    used = [each["usage"] for each in at.history]
    return kit.counted(
        mark, sum(each["prompt_tokens"] for each in used), sum(each["completion_tokens"] for each in used)
    )


@checks.check
async def proxy_path() -> str:
    mark = kit.at()
    at = lm(base=kit.PROXY)
    kit.answered(at(kit.HELLO)[0])
    assert len(await stream_pieces(at, kit.HELLO)) > 1
    return kit.created(mark)


checks.faults(
    ask,
    {
        "wrong_key": dspy.LMAuthError,
        "no_money": dspy.LMBillingError,
        "no_model": dspy.LMError,
        "rate_limit": dspy.LMRateLimitError,
        "provider_fault": dspy.LMServerError,
    },
)
checks.retry(ask)

if __name__ == "__main__":
    checks.run()
