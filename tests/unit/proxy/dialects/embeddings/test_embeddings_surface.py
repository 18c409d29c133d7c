"""Embeddings: read, bound, routed, called and settled; vectors in the encoding that was asked for."""

import base64
import json
import struct
from typing import Any

import pytest
from openai.types import CreateEmbeddingResponse

from aggregator.auth.caller import Caller
from aggregator.billing.price import Price, Usage
from aggregator.errors import InvalidRequest, ModelNotFound, ProviderFailed, Refusal, UnsupportedParameter
from aggregator.orchestrator.catalogue import Catalogue
from aggregator.proxy.bound import bound_of, input_bound
from aggregator.proxy.dialects.embeddings import native
from aggregator.proxy.dialects.embeddings.client import EMBEDDINGS
from aggregator.proxy.dialects.embeddings.native import whole
from aggregator.proxy.exchange import Progress
from aggregator.proxy.model import Ask
from aggregator.proxy.routing.route import routes_for
from tests.fakes.chat_world import NOW, FakeKeys, ScriptedResponse, World, chat_event, route
from tests.fakes.chat_world import ask as chat_ask
from tests.unit.proxy.dialects.surface_world import sent, served

JsonObject = dict[str, Any]

ASKED: JsonObject = {"model": "mini", "input": "hello"}
FREE_OUTPUT = Price(version="1", input=1_000_000, output=0)
ROUTE = route(price=FREE_OUTPUT, max_output_tokens=0, capabilities=frozenset({"embeddings"}))
VECTOR = [0.25, -1.5]
BASE64 = base64.b64encode(struct.pack("<2f", *VECTOR)).decode()


def read(**fields: Any) -> Ask:
    return EMBEDDINGS.read(chat_event(ASKED | fields))


def answer(embedding: Any = VECTOR, **fields: Any) -> bytes:
    said: JsonObject = {
        "object": "list",
        "data": [{"object": "embedding", "index": 0, "embedding": embedding}],
        "model": "openai-mini",
        "usage": {"prompt_tokens": 3, "total_tokens": 3},
    }
    return json.dumps(said | fields).encode()


def world(*bodies: bytes) -> World:
    return World([ScriptedResponse(body) for body in bodies], routes=[ROUTE])


def embedded(asked: JsonObject, body: bytes) -> Any:
    """The vector that a client gets."""
    said = json.loads(b"".join(served(EMBEDDINGS, world(body), ASKED | asked).chunks))
    return said["data"][0]["embedding"]


def test_a_request_goes_out_under_the_providers_name_for_the_model_and_is_charged_by_its_input() -> None:
    there = world(answer())

    response = served(EMBEDDINGS, there, ASKED | {"dimensions": 2, "encoding_format": "float", "user": "ann"})

    body = b"".join(response.chunks)
    assert CreateEmbeddingResponse.model_validate_json(body).data[0].embedding == VECTOR
    assert there.upstream.requests[0].url == "https://api.openai.example/v1/embeddings"
    assert there.upstream.requests[0].headers["Authorization"] == "Bearer key-1"
    assert sent(there) == {
        "model": "openai-mini",
        "input": "hello",
        "dimensions": 2,
        "encoding_format": "float",
        "user": "ann",
    }
    assert there.steps == ["route", "reserve", "call", "emit completed"]
    assert (there.receipts[0].surface, there.receipts[0].cost_nano_usd) == ("embeddings", 3)
    assert there.receipts[0].usage.output_tokens == 0
    assert response.headers["x-aggregator-cost-usd"] == "0.000000003"


@pytest.mark.parametrize(
    ("given", "messages", "tokens"),
    [
        ("hello", 1, 0),
        (["hello", "you"], 2, 0),
        ([1, 2, 3], 1, 6),
        ([[1, 2, 3], [4]], 2, 10),
    ],
)
def test_inputs_are_texts_or_tokens_one_or_many(given: Any, messages: int, tokens: int) -> None:
    ask = read(input=given)

    assert (ask.messages, ask.tokens) == (messages, tokens)
    assert ask.body["input"] == given
    assert bool(ask.text_bytes) is (tokens == 0)


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"model": None}, "model"),
        ({"input": None}, "input"),
        ({"input": ""}, "input"),
        ({"input": []}, "input"),
        ({"input": 7}, "input"),
        ({"input": ["a", ""]}, "input.1"),
        ({"input": ["a", 1]}, "input.1"),
        ({"input": [1, "a"]}, "input.1"),
        ({"input": [1.5]}, "input.0"),
        ({"input": [-1]}, "input.0"),
        ({"input": [[1], []]}, "input.1"),
        ({"input": [[1], [True]]}, "input.1.0"),
        ({"input": ["a"] * 2049}, "input"),
        ({"dimensions": 0}, "dimensions"),
        ({"dimensions": "2"}, "dimensions"),
        ({"encoding_format": "hex"}, "encoding_format"),
        ({"user": 1}, "user"),
    ],
)
def test_a_wrong_field_is_refused_by_its_path(fields: JsonObject, param: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        read(**fields)

    assert refused.value.param == param


def test_a_model_takes_its_most_of_each_input() -> None:
    ask = read(input=["a" * 900, "b" * 900])

    assert input_bound(ask, ROUTE) == 1_881
    assert input_bound(read(input=["a" * 5_000]), ROUTE) == 1_000


def test_the_bound_covers_the_input_alone() -> None:
    bound = bound_of(read(input=[1] * 100), [ROUTE])

    assert bound.at_most_nano_usd == bound.at_least_nano_usd == 100 + 3 + 64


def test_numbers_become_base64_where_that_was_asked_for() -> None:
    assert embedded({"encoding_format": "base64"}, answer(VECTOR)) == BASE64


def test_what_came_as_base64_stays_as_it_came() -> None:
    assert embedded({"encoding_format": "base64"}, answer(BASE64)) == BASE64


def test_numbers_stay_numbers_where_nothing_was_asked_for() -> None:
    assert embedded({}, answer(VECTOR)) == VECTOR


def test_what_is_no_vector_stays_as_it_came() -> None:
    assert embedded({"encoding_format": "base64"}, answer(["x"])) == ["x"]


def test_without_a_count_of_the_provider_ours_is_charged_and_flagged() -> None:
    there = world(answer(usage=None))

    body = b"".join(served(EMBEDDINGS, there, ASKED | {"input": "x" * 37}).chunks)

    assert there.receipts[0].usage.estimated
    assert (there.receipts[0].usage.input_tokens, there.receipts[0].usage.output_tokens) == (10, 0)
    assert json.loads(body)["usage"]["estimated"] is True


def test_tokens_that_came_as_numbers_are_counted_as_they_came() -> None:
    there = world(answer(usage=None))

    served(EMBEDDINGS, there, ASKED | {"input": [5] * 40})

    assert there.receipts[0].usage.input_tokens == 43


@pytest.mark.parametrize("body", [b"<html>", b"[]", b'{"error":{"message":"no"}}', b'{"data":[]}'])
def test_an_answer_without_vectors_is_the_providers_failure(body: bytes) -> None:
    with pytest.raises(ProviderFailed):
        native.decode(body, Progress())


def catalogue(capabilities: list[str], protocol: str = "openai") -> Catalogue:
    model: JsonObject = {
        "id": "mini",
        "contextWindow": 1_000,
        "maxInputTokens": 1_000,
        "capabilities": capabilities,
        "prices": [{"version": "1", "effectiveAt": "1970-01-01T00:00:00.000Z", "input": 1, "output": 0}],
        "routes": [{"provider": "p", "upstreamModel": "u", "weight": 1, "order": 0}],
    }
    if "chat" in capabilities:
        model["maxOutputTokens"] = 100
    host: JsonObject = {
        "id": "p",
        "protocol": protocol,
        "baseUrl": "https://p.example",
        "maxTokensField": "max_tokens",
        "timeoutSeconds": 60,
        "unsupported": ["user"],
    }
    return Catalogue({"providers": {"p": host}, "models": {"mini": model}, "aliases": {}}, 1)


def routed(ask: Ask, found: Catalogue) -> list[str]:
    """Providers that are tried."""
    caller = Caller(key_id="k1", user_id="ann")
    routes = routes_for(caller, ask, catalogue=found, keys=FakeKeys(), source_ip="192.0.2.1", now=NOW)
    return [each.provider.id for each in routes]


def test_a_model_for_embeddings_is_routed() -> None:
    assert routed(read(), catalogue(["embeddings"])) == ["p"]


@pytest.mark.parametrize(
    ("ask", "found", "refusal"),
    [
        (read(), catalogue(["chat"]), ModelNotFound),
        (read(), catalogue(["embeddings"], protocol="anthropic"), ModelNotFound),
        (read(user="ann"), catalogue(["embeddings"]), UnsupportedParameter),
        (chat_ask(), catalogue(["embeddings"]), ModelNotFound),
    ],
)
def test_what_a_model_cannot_do_is_refused(ask: Ask, found: Catalogue, refusal: type[Refusal]) -> None:
    with pytest.raises(refusal):
        routed(ask, found)


def test_other_encodings_leave_the_answer_untouched() -> None:
    given = answer()

    assert list(whole(read(), given, Usage(input_tokens=3))) == [given]
