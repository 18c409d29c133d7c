"""instructor, over the openai client: everything is an object of a schema."""

import uuid
from collections.abc import Iterable
from typing import Any

import instructor
import kit
from instructor.core.exceptions import InstructorRetryException
from openai import OpenAI
from pydantic import BaseModel

checks = kit.Checks("instructor (Python)", "instructor", "openai")
checks.absent("tools", "tools_streamed", "embeddings", "models")
checks.absent("cancel", why="reads a stream to its end before it gives anything of it")


class City(BaseModel):
    name: str
    population: int


class Weather(BaseModel):
    city: str


class Time(BaseModel):
    city: str


def client(key: str = kit.API_KEY, base_url: str = kit.V1, mode: Any = instructor.Mode.TOOLS) -> Any:
    return instructor.from_openai(OpenAI(base_url=base_url, api_key=key), mode=mode)


def user(content: Any) -> Any:
    return [{"role": "user", "content": content}]


def ask(key: str, model: str | None, text: str) -> str:
    answer, whole = client(key).chat.completions.create_with_completion(
        model=model or kit.MODEL, messages=user(text), response_model=City, max_retries=1
    )
    assert isinstance(answer, City), whole
    return kit.HELLO


def city(at: Any, **options: Any) -> City:
    found = at.chat.completions.create(
        model=kit.MODEL, messages=user("A city, please"), response_model=City, **options
    )
    assert isinstance(found, City)
    return found


@checks.check
def plain() -> str:
    city(client())
    return "an object"


@checks.check
def streamed() -> str:
    found = list(
        client().chat.completions.create_partial(
            model=kit.MODEL, messages=user("A city, please"), response_model=City
        )
    )
    assert len(found) > 1 and City.model_validate(found[-1].model_dump())
    return f"an object in {len(found)} steps"


@checks.check
def parallel_tools() -> str:
    at = client(mode=instructor.Mode.PARALLEL_TOOLS)
    found = list(
        at.chat.completions.create(
            model=kit.MODEL,
            messages=user("Both, in parallel, please"),
            response_model=Iterable[Weather | Time],
        )
    )
    assert [type(each) for each in found] == [Weather, Time], found
    return "2 objects of one answer"


def look(source: Any) -> str:
    found = client(mode=instructor.Mode.JSON_SCHEMA).chat.completions.create_with_completion(
        model=kit.MODEL, messages=user(["What is this?", source]), response_model=City
    )
    assert found[1].usage.prompt_tokens > 85, found[1].usage  # an image's tokens
    return "the image arrived"


@checks.check
def image_data() -> str:
    return look(instructor.Image.from_base64(kit.DATA_URI))


@checks.check
def image_url() -> str:
    return look(instructor.Image.from_url(kit.IMAGE_URL))


@checks.check
def json_schema() -> str:
    modes = (instructor.Mode.JSON_SCHEMA, instructor.Mode.TOOLS_STRICT, instructor.Mode.TOOLS)
    for mode in modes:
        city(client(mode=mode))
    return f"{len(modes)} modes"


@checks.check
def responses() -> str:
    at = instructor.from_openai(
        OpenAI(base_url=kit.V1, api_key=kit.API_KEY), mode=instructor.Mode.RESPONSES_TOOLS
    )
    assert isinstance(at.responses.create(model=kit.MODEL, input="A city", response_model=City), City)
    return "an object"


@checks.check
def idempotency() -> str:
    mark = kit.at()
    headers = {"Idempotency-Key": uuid.uuid4().hex}
    return kit.same(mark, *(city(client(), extra_headers=headers).model_dump() for _ in range(2)))


@checks.check
def usage() -> str:
    mark = kit.at()
    _, whole = client().chat.completions.create_with_completion(
        model=kit.MODEL, messages=user("A city, please"), response_model=City
    )
    return kit.counted(mark, whole.usage.prompt_tokens, whole.usage.completion_tokens)


@checks.check
def proxy_path() -> str:
    mark = kit.at()
    city(client(base_url=kit.PROXY))
    return kit.created(mark)


checks.faults(
    ask,
    dict.fromkeys(
        ("wrong_key", "no_money", "no_model", "rate_limit", "provider_fault"), InstructorRetryException
    ),
)
checks.retry(ask)

if __name__ == "__main__":
    checks.run()
