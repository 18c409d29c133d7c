"""anthropic, the synchronous client."""

from typing import Any

import anthropic
import kit
from anthropic import Anthropic
from pydantic import BaseModel

checks = kit.Checks("anthropic (Python)", "anthropic")
checks.absent("embeddings", "responses")


class City(BaseModel):
    name: str
    population: int


def client(key: str = kit.API_KEY, base_url: str = kit.BASE_URL) -> Anthropic:
    return Anthropic(base_url=base_url, api_key=key)


def user(content: Any) -> Any:
    return [{"role": "user", "content": content}]


def ask(key: str, model: str | None, text: str) -> str:
    answer: Any = client(key).messages.create(
        model=model or kit.CLAUDE_MODEL, max_tokens=200, messages=user(text)
    )
    return str(answer.content[0].text)


@checks.check
def plain() -> str:
    """With the key as a Bearer token, and as x-api-key."""
    older = Anthropic(
        base_url=kit.BASE_URL, auth_token="", default_headers={"Authorization": "", "x-api-key": kit.API_KEY}
    )
    for at in (client(), Anthropic(base_url=kit.BASE_URL, auth_token=kit.API_KEY), older):
        answer: Any = at.messages.create(
            model=kit.CLAUDE_MODEL, max_tokens=200, system="Be brief", messages=user(kit.HELLO)
        )
        kit.answered(answer.content[0].text)
        assert answer.stop_reason == "end_turn" and answer._request_id
    return "with api_key, auth_token and x-api-key"


def stream_pieces(at: Anthropic) -> list[str]:
    with at.messages.stream(model=kit.CLAUDE_MODEL, max_tokens=200, messages=user(kit.HELLO)) as stream:
        found = list(stream.text_stream)
        assert stream.get_final_message().stop_reason == "end_turn"
    return found


@checks.check
def streamed() -> str:
    return kit.pieces(stream_pieces(client()))


def claude_tool(name: str) -> dict[str, Any]:
    return {"name": name, "description": name, "input_schema": kit.WEATHER}


def results_of(blocks: Any) -> list[dict[str, Any]]:
    return [
        {"type": "tool_result", "tool_use_id": block.id, "content": kit.RESULTS[block.name]}
        for block in blocks
        if block.type == "tool_use" and isinstance(block.input["city"], str)
    ]


def converse(text: str, *names: str) -> str:
    tools: Any = [claude_tool(name) for name in names]
    asked = user(text)
    said: Any = client().messages.create(model=kit.CLAUDE_MODEL, max_tokens=200, messages=asked, tools=tools)
    assert said.stop_reason == "tool_use"
    return answer_to(asked, said, tools, *names)


def answer_to(asked: Any, said: Any, tools: Any, *names: str) -> str:
    results = results_of(said.content)
    assert len(results) == len(names), said
    asked += [{"role": "assistant", "content": said.content}, *user(results)]
    answer: Any = client().messages.create(
        model=kit.CLAUDE_MODEL, max_tokens=200, messages=asked, tools=tools
    )
    return kit.used(answer.content[0].text, *names)


@checks.check
def tools() -> str:
    return converse("How is the weather?", "get_weather")


@checks.check
def parallel_tools() -> str:
    return converse("Both, in parallel, please", "get_weather", "get_time")


@checks.check
def tools_streamed() -> str:
    names = ("get_weather", "get_time")
    tools: Any = [claude_tool(name) for name in names]
    asked = user("Both, please")
    with client().messages.stream(
        model=kit.CLAUDE_MODEL, max_tokens=200, messages=asked, tools=tools
    ) as stream:
        said = stream.get_final_message()
    return answer_to(asked, said, tools, *names)


def look(source: dict[str, str]) -> str:
    content = [{"type": "text", "text": "What is this?"}, {"type": "image", "source": source}]
    answer: Any = client().messages.create(model=kit.CLAUDE_MODEL, max_tokens=200, messages=user(content))
    return kit.saw_image(answer.content[0].text)


@checks.check
def image_data() -> str:
    return look({"type": "base64", "media_type": "image/png", "data": kit.PIXEL})


@checks.check
def image_url() -> str:
    return look({"type": "url", "url": kit.IMAGE_URL})


@checks.check
def json_schema() -> str:
    answer = client().messages.parse(
        model=kit.CLAUDE_MODEL, max_tokens=200, messages=user("A city, please"), output_format=City
    )
    assert isinstance(answer.parsed_output, City)
    return "parsed"


@checks.check
def models() -> str:
    found = list(client().models.list(limit=1000))
    known = {model.id: model for model in found}
    claude = known[kit.CLAUDE_MODEL]
    assert claude.type == "model" and claude.display_name and claude.created_at, claude
    assert client().models.retrieve(claude.id).display_name == claude.display_name
    return f"{len(found)} listed, 1 read"


@checks.check
def idempotency() -> str:
    mark = kit.at()
    first, second = (
        client().messages.create(
            model=kit.CLAUDE_MODEL,
            max_tokens=200,
            messages=user(kit.HELLO),
            extra_headers={"Idempotency-Key": f"again-{mark}"},
        )
        for _ in range(2)
    )
    return kit.same(mark, first.id, second.id)


@checks.check
def cancel() -> str:
    mark = kit.at()
    with client().messages.stream(model=kit.CLAUDE_MODEL, max_tokens=1000, messages=user(kit.LONG)) as stream:
        for _, _ in zip(range(kit.LEAST_PIECES), stream.text_stream, strict=False):
            pass
    return kit.left(mark)


@checks.check
def usage() -> str:
    mark = kit.at()
    text = f"[[standin cached=4]] {kit.HELLO}"
    api = client().messages
    first = api.create(model=kit.CLAUDE_MODEL, max_tokens=200, messages=user(text)).usage
    with api.stream(model=kit.CLAUDE_MODEL, max_tokens=200, messages=user(text)) as stream:
        last = stream.get_final_message().usage
    counted = api.count_tokens(model=kit.CLAUDE_MODEL, messages=user(kit.HELLO)).input_tokens
    assert counted > 0
    for each in (first, last):
        assert each.cache_read_input_tokens == 4 and each.cache_creation_input_tokens == 0
    read = sum(each.input_tokens + (each.cache_read_input_tokens or 0) for each in (first, last))
    return kit.counted(mark, read, first.output_tokens + last.output_tokens) + ", count_tokens is free"


@checks.check
def proxy_path() -> str:
    mark = kit.at()
    at = client(base_url=kit.ANTHROPIC_PROXY)
    kit.pieces(stream_pieces(at))
    answer: Any = at.messages.create(model=kit.CLAUDE_MODEL, max_tokens=200, messages=user(kit.HELLO))
    kit.answered(answer.content[0].text)
    assert at.messages.count_tokens(model=kit.CLAUDE_MODEL, messages=user(kit.HELLO)).input_tokens > 0
    return kit.created(mark)


checks.faults(
    ask,
    {
        "wrong_key": anthropic.AuthenticationError,
        "no_money": anthropic.PaymentRequiredError,
        "no_model": anthropic.NotFoundError,
        "rate_limit": anthropic.RateLimitError,
        "provider_fault": anthropic.InternalServerError,
    },
)
checks.retry(ask, kit.ONE_ROUTE)

if __name__ == "__main__":
    checks.run()
