"""Anthropic's own SDK over the Messages API: the stand-in, which speaks OpenAI's protocol, answers."""

from collections.abc import Iterator
from typing import Any

import anthropic
import pytest
from anthropic import Anthropic

from local.standin import StandIn
from tests.integration.proxy.surface_server import SurfaceServer, last_request

TOOL: Any = {
    "name": "get_weather",
    "description": "Weather of a city",
    "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}
PNG: Any = {
    "type": "image",
    "source": {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="},
}


@pytest.fixture
def standin() -> Iterator[StandIn]:
    with StandIn() as running:
        yield running


@pytest.fixture
def server(standin: StandIn) -> Iterator[SurfaceServer]:
    with SurfaceServer(standin) as running:
        yield running


@pytest.fixture(params=["", "/proxy/anthropic"])
def client(server: SurfaceServer, request: pytest.FixtureRequest) -> Iterator[Anthropic]:
    with Anthropic(base_url=server.url + request.param, api_key="any", max_retries=0) as made:
        yield made


def hello(text: str = "say hello", **fields: Any) -> Any:
    return {"model": "mini", "max_tokens": 200, "messages": [{"role": "user", "content": text}]} | fields


def test_a_plain_message(client: Anthropic, server: SurfaceServer) -> None:
    message = client.messages.create(**hello(system="be brief"))

    (receipt,) = server.receipts
    assert message.content[0].type == "text"
    assert "say hello" in message.content[0].text
    assert (message.stop_reason, message.role) == ("end_turn", "assistant")
    assert (message.usage.input_tokens, message.usage.output_tokens) == (
        receipt.usage.input_tokens,
        receipt.usage.output_tokens,
    )
    assert message._request_id == receipt.request_id
    assert receipt.surface == "messages"


def test_a_streamed_message_adds_up(client: Anthropic, server: SurfaceServer) -> None:
    with client.messages.stream(**hello()) as stream:
        words = "".join(stream.text_stream)
        final = stream.get_final_message()

    assert "say hello" in words
    assert final.content[0].type == "text"
    assert final.content[0].text == words
    assert final.usage.input_tokens == server.receipts[0].usage.input_tokens
    assert final.usage.output_tokens == server.receipts[0].usage.output_tokens


def test_a_tool_is_called_and_its_result_is_answered(client: Anthropic) -> None:
    asked = hello("weather in Oslo?", tools=[TOOL])

    first = client.messages.create(**asked)
    call = first.content[-1]
    assert call.type == "tool_use"
    result = {"type": "tool_result", "tool_use_id": call.id, "content": "sunny"}
    asked["messages"] += [
        {"role": "assistant", "content": first.content},
        {"role": "user", "content": [result]},
    ]
    second = client.messages.create(**asked)

    assert (first.stop_reason, call.name) == ("tool_use", "get_weather")
    assert isinstance(call.input["city"], str)
    assert second.content[0].type == "text"
    assert "sunny" in second.content[0].text


def test_parallel_calls_stream_one_after_the_other(client: Anthropic) -> None:
    tools = [TOOL, TOOL | {"name": "get_time"}]

    with client.messages.stream(**hello("both please", tools=tools)) as stream:
        final = stream.get_final_message()

    assert [block.name for block in final.content if block.type == "tool_use"] == ["get_weather", "get_time"]
    assert final.stop_reason == "tool_use"


def test_one_call_at_a_time_if_asked(client: Anthropic) -> None:
    tools = [TOOL, TOOL | {"name": "get_time"}]
    choice = {"type": "auto", "disable_parallel_tool_use": True}

    message = client.messages.create(**hello("both please", tools=tools, tool_choice=choice))

    assert len([block for block in message.content if block.type == "tool_use"]) == 1


def test_thinking_is_shown_and_comes_back_in_peace(client: Anthropic, standin: StandIn) -> None:
    asked = hello("[[standin reasoning=12]] think", model="thinker", max_tokens=3_000)
    asked["thinking"] = {"type": "enabled", "budget_tokens": 2_048}

    first = client.messages.create(**asked)
    asked["messages"] += [
        {"role": "assistant", "content": first.content},
        {"role": "user", "content": "and now?"},
    ]
    client.messages.create(**asked)

    assert [block.type for block in first.content] == ["thinking", "text"]
    assert last_request(standin)["reasoning_effort"] == "low"
    assert last_request(standin)["messages"][1].keys() == {"role", "content"}


def test_a_streamed_thought_has_its_events(client: Anthropic) -> None:
    asked = hello("[[standin reasoning=12]] think", model="thinker", max_tokens=3_000)

    with client.messages.stream(**asked) as stream:
        thoughts = "".join(event.thinking for event in stream if event.type == "thinking")

    assert thoughts


def test_an_image_reaches_a_model_that_sees_and_is_refused_by_one_that_does_not(
    client: Anthropic, standin: StandIn
) -> None:
    turns = [{"role": "user", "content": [{"type": "text", "text": "what is it?"}, PNG]}]

    client.messages.create(**hello(messages=turns))
    with pytest.raises(anthropic.BadRequestError) as refused:
        client.messages.create(**hello(messages=turns, model="plain"))

    assert last_request(standin)["messages"][0]["content"][1]["type"] == "image_url"
    assert refused.value.type == "invalid_request_error"


def test_an_answer_that_hits_its_limit_says_so(client: Anthropic) -> None:
    message = client.messages.create(**hello("[[standin tokens=50]] hi", max_tokens=5))

    assert (message.stop_reason, message.usage.output_tokens) == ("max_tokens", 5)


def test_every_version_and_beta_is_read_alike(client: Anthropic) -> None:
    headers = {"anthropic-version": "2099-01-01", "anthropic-beta": "anything-2099-01-01"}

    message = client.messages.create(**hello(), extra_headers=headers)

    assert message.type == "message"


def test_tokens_are_counted_without_a_charge(server: SurfaceServer, standin: StandIn) -> None:
    with Anthropic(base_url=server.url, api_key="any") as client:
        count = client.messages.count_tokens(
            model="mini", messages=[{"role": "user", "content": "x" * 300}], system="brief"
        )

    assert 100 <= count.input_tokens <= 130
    assert server.receipts == []
    assert standin.requests == []


@pytest.mark.parametrize(
    ("fields", "error", "kind"),
    [
        ({"model": "minii"}, anthropic.NotFoundError, "not_found_error"),
        ({"max_tokens": 0}, anthropic.BadRequestError, "invalid_request_error"),
        ({"top_k": 3}, anthropic.BadRequestError, "invalid_request_error"),
        (
            {"messages": [{"role": "user", "content": "[[standin status=429 retry-after=9]] hi"}]},
            anthropic.RateLimitError,
            "rate_limit_error",
        ),
        (
            {"messages": [{"role": "user", "content": "[[standin status=500]] hi"}]},
            anthropic.InternalServerError,
            "api_error",
        ),
        (
            {"messages": [{"role": "user", "content": "[[standin status=503 retry-after=9]] hi"}]},
            anthropic.OverloadedError,
            "overloaded_error",
        ),
    ],
)
def test_errors_are_those_the_sdk_knows(
    client: Anthropic, fields: dict[str, Any], error: type[anthropic.APIStatusError], kind: str
) -> None:
    with pytest.raises(error) as refused:
        client.messages.create(**hello(), extra_body=fields)

    assert refused.value.type == kind
    assert refused.value.request_id


def test_too_little_money_is_a_billing_error(standin: StandIn) -> None:
    with (
        SurfaceServer(standin, available=10) as poor,
        Anthropic(base_url=poor.url, api_key="any", max_retries=0) as client,
        pytest.raises(anthropic.PaymentRequiredError) as refused,
    ):
        client.messages.create(**hello())

    assert refused.value.type == "billing_error"
    assert standin.requests == []


def test_a_failure_in_mid_stream_is_an_error_event(client: Anthropic, server: SurfaceServer) -> None:
    with (
        pytest.raises(anthropic.APIStatusError) as failed,
        client.messages.stream(**hello("[[standin cut=3]] hi")) as stream,
    ):
        stream.until_done()

    assert failed.value.type == "api_error"
    assert failed.value.api_message == "The provider ended the stream too early."
    assert failed.value.api_message in str(failed.value)
    assert isinstance(failed.value.body, dict)
    assert failed.value.body["request_id"] == failed.value.request_id
    assert server.receipts[0].outcome == "provider_cut"


@pytest.mark.promise("exact")
def test_a_client_that_leaves_a_stream_is_settled(client: Anthropic, server: SurfaceServer) -> None:
    with client.messages.stream(**hello("[[standin tokens=180 token-delay=20ms]] hi")) as stream:
        next(iter(stream.text_stream))

    receipt = server.wait_for_receipt()
    assert receipt.outcome == "client_gone"
    assert receipt.usage.estimated
