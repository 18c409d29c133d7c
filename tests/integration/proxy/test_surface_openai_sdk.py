"""OpenAI's own SDK over the Responses API and embeddings: the stand-in answers, and the money is counted."""

from collections.abc import Iterator
from typing import Any

import openai
import pytest
from openai import OpenAI
from openai.types.responses import ResponseFunctionToolCall
from pydantic import BaseModel

from local.standin import StandIn
from tests.integration.proxy.surface_server import SurfaceServer, last_request

TOOL: Any = {
    "type": "function",
    "name": "get_weather",
    "description": "Weather of a city",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    "strict": False,
}
PNG = "data:image/png;base64,iVBORw0KGgo="


class Answer(BaseModel):
    city: str
    degrees: int


@pytest.fixture
def standin() -> Iterator[StandIn]:
    with StandIn() as running:
        yield running


@pytest.fixture
def server(standin: StandIn) -> Iterator[SurfaceServer]:
    with SurfaceServer(standin) as running:
        yield running


@pytest.fixture(params=["/v1", "/proxy/openai"])
def client(server: SurfaceServer, request: pytest.FixtureRequest) -> Iterator[OpenAI]:
    with OpenAI(base_url=server.url + request.param, api_key="any", max_retries=0) as made:
        yield made


def test_a_plain_response(client: OpenAI, server: SurfaceServer) -> None:
    response = client.responses.create(model="mini", input="say hello", instructions="be brief")

    (receipt,) = server.receipts
    assert "say hello" in response.output_text
    assert (response.status, response.store) == ("completed", False)  # type: ignore[attr-defined]
    assert response.usage is not None
    assert (receipt.usage.input_tokens, receipt.usage.output_tokens) == (
        response.usage.input_tokens,
        response.usage.output_tokens,
    )
    assert (receipt.surface, receipt.outcome, receipt.status) == ("responses", "completed", 200)


def test_a_streamed_response_adds_up(client: OpenAI, server: SurfaceServer) -> None:
    with client.responses.stream(model="mini", input="say hello") as stream:
        words = "".join(event.delta for event in stream if event.type == "response.output_text.delta")
        final = stream.get_final_response()

    assert words == final.output_text
    assert "say hello" in words
    assert final.usage is not None
    assert final.usage.total_tokens == final.usage.input_tokens + final.usage.output_tokens > 0
    assert server.receipts[0].stream


def test_a_tool_is_called_and_its_output_is_answered(client: OpenAI) -> None:
    items: list[Any] = [{"role": "user", "content": "weather in Oslo?"}]

    first = client.responses.create(model="mini", input=items, tools=[TOOL])
    (call,) = (item for item in first.output if isinstance(item, ResponseFunctionToolCall))
    items += [*first.output, {"type": "function_call_output", "call_id": call.call_id, "output": "sunny"}]
    second = client.responses.create(model="mini", input=items, tools=[TOOL])

    assert call.name == "get_weather"
    assert "sunny" in second.output_text


def test_a_streamed_call_is_whole_at_its_end(client: OpenAI) -> None:
    with client.responses.stream(model="mini", input="weather in Oslo?", tools=[TOOL]) as stream:
        events = list(stream)
        final = stream.get_final_response()

    (call,) = (item for item in final.output if item.type == "function_call")
    pieces = [event.delta for event in events if event.type == "response.function_call_arguments.delta"]
    assert "".join(pieces) == call.arguments


def test_a_schema_is_filled_and_parsed(client: OpenAI) -> None:
    response = client.responses.parse(model="mini", input="weather in Oslo?", text_format=Answer)

    assert isinstance(response.output_parsed, Answer)


def test_reasoning_is_shown_and_counted(client: OpenAI) -> None:
    response = client.responses.create(
        model="thinker", input="[[standin reasoning=12]] think", reasoning={"effort": "low"}
    )

    assert response.output[0].type == "reasoning"
    assert response.output[0].summary[0].text
    assert response.usage is not None
    assert response.usage.output_tokens_details.reasoning_tokens == 12


def test_an_image_reaches_a_model_that_sees(client: OpenAI, standin: StandIn) -> None:
    content: Any = [
        {"type": "input_text", "text": "what is it?"},
        {"type": "input_image", "image_url": PNG, "detail": "auto"},
    ]

    client.responses.create(model="mini", input=[{"role": "user", "content": content}])

    assert last_request(standin)["messages"][0]["content"][1]["image_url"]["url"] == PNG


def test_an_answer_that_hits_its_limit_is_incomplete(client: OpenAI) -> None:
    response = client.responses.create(model="mini", input="[[standin tokens=50]] hi", max_output_tokens=5)

    assert response.status == "incomplete"
    assert response.incomplete_details is not None
    assert response.incomplete_details.reason == "max_output_tokens"


def test_what_is_not_offered_is_refused_by_name(client: OpenAI, standin: StandIn) -> None:
    with pytest.raises(openai.BadRequestError) as refused:
        client.responses.create(model="mini", input="hi", previous_response_id="resp_1")

    assert (refused.value.code, refused.value.param) == ("unsupported_parameter", "previous_response_id")
    assert standin.requests == []


def test_a_model_that_is_not_there_is_not_found(client: OpenAI) -> None:
    with pytest.raises(openai.NotFoundError) as refused:
        client.responses.create(model="minii", input="hi")

    assert refused.value.code == "model_not_found"


@pytest.mark.promise("exact")
def test_a_client_that_leaves_a_stream_is_settled(client: OpenAI, server: SurfaceServer) -> None:
    asked = "[[standin tokens=500 token-delay=20ms]] hi"

    stream = client.responses.create(model="mini", input=asked, stream=True)
    for event in stream:
        if event.type == "response.output_text.delta":
            break
    stream.close()

    receipt = server.wait_for_receipt()
    assert receipt.outcome == "client_gone"
    assert receipt.usage.estimated


def test_a_provider_that_breaks_off_a_response_is_raised_with_its_message(
    client: OpenAI, server: SurfaceServer
) -> None:
    stream = client.responses.create(model="mini", input="[[standin cut=3]] hi", stream=True)

    with pytest.raises(openai.APIError, match=r"^The provider ended the stream too early\.$") as failed:
        list(stream)

    assert failed.value.code == "provider_error"
    assert server.receipts[0].outcome == "provider_cut"


def test_a_provider_that_breaks_off_a_response_in_its_own_dialect_is_raised_too(client: OpenAI) -> None:
    stream = client.responses.create(model="searcher", input="[[standin cut=3]] hi", stream=True)

    with pytest.raises(openai.APIError, match=r"^The provider ended the stream too early\.$") as failed:
        list(stream)

    assert failed.value.code == "provider_error"


def test_a_provider_that_breaks_off_a_chat_is_raised_with_its_message(client: OpenAI) -> None:
    asked: Any = [{"role": "user", "content": "[[standin cut=3]] hi"}]
    stream = client.chat.completions.create(model="mini", messages=asked, stream=True)

    with pytest.raises(openai.APIError) as failed:
        list(stream)

    assert str(failed.value) == "The provider ended the stream too early."
    assert failed.value.code == "provider_error"


@pytest.mark.parametrize("given", ["hello", ["hello", "you"], [5, 6, 7], [[5], [6, 7]]])
def test_embeddings_come_back_as_numbers(client: OpenAI, server: SurfaceServer, given: Any) -> None:
    answer = client.embeddings.create(model="vectors", input=given, dimensions=4)

    inputs = len(given) if isinstance(given[0], list) or given == ["hello", "you"] else 1
    assert [len(each.embedding) for each in answer.data] == [4] * inputs
    (receipt,) = server.receipts
    assert receipt.usage.input_tokens == answer.usage.prompt_tokens > 0
    assert receipt.usage.output_tokens == 0
    assert receipt.hold.amount_nano_usd >= receipt.cost_nano_usd > 0


def test_embeddings_are_the_same_in_either_encoding(client: OpenAI, standin: StandIn) -> None:
    unasked = client.embeddings.create(model="vectors", input="hello", dimensions=8)
    encoding = last_request(standin)["encoding_format"]

    floats = client.embeddings.create(model="vectors", input="hello", dimensions=8, encoding_format="float")

    assert encoding == "base64"
    assert floats.data[0].embedding == pytest.approx(unasked.data[0].embedding)


def test_a_chat_model_embeds_nothing_and_vectors_do_not_chat(client: OpenAI) -> None:
    with pytest.raises(openai.NotFoundError):
        client.embeddings.create(model="mini", input="hello")
    with pytest.raises(openai.NotFoundError):
        client.responses.create(model="vectors", input="hello")
