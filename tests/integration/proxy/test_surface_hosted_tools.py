"""Tools that run at a provider, asked for with the SDKs of their houses: priced, capped, charged and on the receipt."""

from collections.abc import Iterator
from typing import Any

import pytest
from anthropic import Anthropic
from openai import BadRequestError, OpenAI

from local.standin import StandIn
from tests.integration.proxy.surface_server import SurfaceServer, last_request

SEARCH: Any = {"type": "web_search"}
CLAUDES_SEARCH: Any = {"type": "web_search_20250305", "name": "web_search"}
FUNCTION: Any = {
    "type": "function",
    "name": "get_weather",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    "strict": False,
}


@pytest.fixture
def standin() -> Iterator[StandIn]:
    with StandIn() as running:
        yield running


@pytest.fixture
def server(standin: StandIn) -> Iterator[SurfaceServer]:
    with SurfaceServer(standin) as running:
        yield running


@pytest.fixture
def gpt(server: SurfaceServer) -> Iterator[OpenAI]:
    with OpenAI(base_url=f"{server.url}/v1", api_key="any", max_retries=0) as made:
        yield made


@pytest.fixture
def claude(server: SurfaceServer) -> Iterator[Anthropic]:
    with Anthropic(base_url=server.url, api_key="any", max_retries=0) as made:
        yield made


def test_a_search_of_openais(gpt: OpenAI, server: SurfaceServer, standin: StandIn) -> None:
    answer = gpt.responses.with_raw_response.create(
        model="searcher", input="[[standin searches=2]] hi", tools=[SEARCH], max_output_tokens=100
    )

    response, (receipt,) = answer.parse(), server.receipts
    assert [item.type for item in response.output] == ["web_search_call", "web_search_call", "message"]
    assert last_request(standin)["max_tool_calls"] == 5
    assert answer.headers["x-aggregator-max-tool-calls"] == "5"
    assert answer.headers["x-aggregator-tool-calls"] == "web_search=2"
    # the window, 5 times a tenth of it again, 5 searches, 100 tokens out
    assert receipt.hold.amount_nano_usd == 100_000 + 50_000 + 5_000 + 200
    usage = response.usage
    assert usage is not None
    read = usage.input_tokens - usage.input_tokens_details.cached_tokens
    again = -(-usage.input_tokens_details.cached_tokens // 10)
    assert receipt.cost_nano_usd == read + again + 2 * usage.output_tokens + 2 * 1_000


def test_a_search_of_openais_in_a_stream(gpt: OpenAI, server: SurfaceServer) -> None:
    with gpt.responses.stream(model="searcher", input="search this", tools=[SEARCH]) as stream:
        kinds = [event.type for event in stream]
        response = stream.get_final_response()

    assert {"response.web_search_call.in_progress", "response.web_search_call.completed"} <= set(kinds)
    assert response.usage is not None
    assert response.usage.model_extra is not None
    assert response.usage.model_extra["tool_calls"] == {"web_search": 1}
    assert server.receipts[0].usage.tools == (("web_search", 1),)


def test_a_second_turn_takes_the_search_and_the_code_of_the_first_along(
    gpt: OpenAI, server: SurfaceServer, standin: StandIn
) -> None:
    tools: Any = [SEARCH, {"type": "code_interpreter", "container": {"type": "auto"}}]
    first = gpt.responses.create(model="searcher", input="search, and run code", tools=tools, store=False)
    turn: Any = [{"role": "user", "content": "search, and run code"}]
    turn += [item.model_dump(exclude_none=True) for item in first.output]

    gpt.responses.create(
        model="searcher", input=[*turn, {"role": "user", "content": "thanks"}], tools=tools, store=False
    )

    assert [receipt.usage.tools for receipt in server.receipts] == [
        (("code_interpreter", 1), ("web_search", 1)), (),
    ]  # fmt: skip
    sent = last_request(standin)["input"]
    assert [item.get("type") for item in sent[1:3]] == ["web_search_call", "message"]
    assert "print('it works')" in sent[2]["content"][0]["text"]


def test_a_search_of_claudes_plain_and_streamed_and_in_the_next_turn(
    claude: Anthropic, server: SurfaceServer, standin: StandIn
) -> None:
    asked: Any = {"model": "searcher", "max_tokens": 100, "tools": [CLAUDES_SEARCH]}
    hello: Any = [{"role": "user", "content": "search this"}]

    whole = claude.messages.create(**asked, messages=hello)
    with claude.messages.stream(**asked, messages=hello) as stream:
        streamed = stream.get_final_message()
    said: Any = [block.model_dump(exclude_none=True) for block in whole.content]
    claude.messages.create(
        **asked, messages=[*hello, {"role": "assistant", "content": said}, {"role": "user", "content": "ok"}]
    )

    assert [block.type for block in whole.content] == ["server_tool_use", "web_search_tool_result", "text"]
    assert streamed.usage.server_tool_use == whole.usage.server_tool_use
    assert [receipt.usage.tools for receipt in server.receipts] == [
        (("web_search", 1),), (("web_search", 1),), (),
    ]  # fmt: skip
    assert last_request(standin)["messages"][1]["content"] == said
    assert last_request(standin)["tools"] == [CLAUDES_SEARCH | {"max_uses": 5}]


def test_where_nothing_has_a_price_a_declared_tool_is_left_out_and_a_demanded_one_refused(
    gpt: OpenAI,
) -> None:
    answer = gpt.responses.with_raw_response.create(model="mini", input="search", tools=[FUNCTION, SEARCH])

    assert answer.headers["x-aggregator-ignored"] == "tools.web_search"
    with pytest.raises(BadRequestError) as refused:
        gpt.responses.create(model="mini", input="hi", tools=[SEARCH], tool_choice="required")
    assert (refused.value.param, refused.value.code) == ("tools", "unsupported_parameter")


def test_file_search_is_refused_by_its_vector_stores(gpt: OpenAI) -> None:
    tool: Any = {"type": "file_search", "vector_store_ids": ["vs_1"]}

    for model in ("searcher", "mini"):
        with pytest.raises(BadRequestError) as refused:
            gpt.responses.create(model=model, input="hi", tools=[tool])
        assert refused.value.param == "tools.0.vector_store_ids"


def test_a_service_tier_is_charged_at_its_rates_and_told(gpt: OpenAI, server: SurfaceServer) -> None:
    asked: Any = {"model": "searcher", "service_tier": "flex"}
    response = gpt.responses.with_raw_response.create(**asked, input="hi")
    chat = gpt.chat.completions.with_raw_response.create(
        **asked, messages=[{"role": "user", "content": "hi"}]
    )

    for answer, receipt in zip((response, chat), server.receipts, strict=True):
        assert answer.headers["x-aggregator-service-tier"] == "flex"
        assert receipt.cost_nano_usd == -(-receipt.usage.input_tokens // 2) + receipt.usage.output_tokens
    with pytest.raises(BadRequestError) as refused:
        gpt.responses.create(model="searcher", input="hi", service_tier="priority")
    assert refused.value.param == "service_tier"
