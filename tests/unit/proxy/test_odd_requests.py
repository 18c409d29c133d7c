"""Whatever stands in a request, the answer is one, or a refusal that names what is wrong: never a 500."""

import json
from collections.abc import Iterator, Sequence
from random import Random
from typing import Any

import pytest

from aggregator.auth.caller import Caller
from aggregator.orchestrator.catalogue import Catalogue
from aggregator.orchestrator.merge import merged
from aggregator.proxy.dialects.chat.client import CHAT
from aggregator.proxy.dialects.embeddings.client import EMBEDDINGS
from aggregator.proxy.dialects.messages.client import MESSAGES
from aggregator.proxy.dialects.responses.client import RESPONSES
from aggregator.proxy.dialects.surface import Surface
from aggregator.proxy.edge import serve
from aggregator.proxy.exchange import UpstreamRequest
from aggregator.proxy.model import Ask, Route
from aggregator.proxy.routing.route import routes_for
from aggregator.proxy.walk import Visit
from aggregator.runtime.streaming import StreamingResponse
from tests.fakes.chat_world import (
    DONE,
    FakeWallets,
    ScriptedResponse,
    World,
    chat_event,
    chunk,
    completion,
    usage_event,
)
from tests.unit.proxy.dialects.native_world import PDF, PNG

pytestmark = pytest.mark.unjudged("what is odd in the provider's own dialect is the provider's to refuse")

JsonObject = dict[str, Any]

SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string", "enum": ["Rome"]}},
    "required": ["city"],
}
FUNCTION = {"name": "weather", "description": "of a city", "parameters": SCHEMA, "strict": True}
CALL = {"id": "c1", "type": "function", "function": {"name": "weather", "arguments": '{"city": "Rome"}'}}

WHOLE: dict[str, JsonObject] = {
    "chat": {
        "model": "mini",
        "messages": [
            {"role": "system", "content": "be kind"},
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "what is this?", "cache_control": {"type": "ephemeral"}},
                    {"type": "image_url", "image_url": {"url": PNG, "detail": "auto"}},
                    {"type": "file", "file": {"filename": "a.pdf", "file_data": PDF}},
                ],
            },
            {"role": "assistant", "content": None, "tool_calls": [CALL]},
            {"role": "tool", "tool_call_id": "c1", "content": [{"type": "text", "text": '{"sun": 1.5}'}]},
        ],
        "tools": [{"type": "function", "function": FUNCTION}],
        "tool_choice": {"type": "function", "function": {"name": "weather"}},
        "response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": SCHEMA}},
        "max_tokens": 20,
        "stop": ["a"],
        "temperature": 0.5,
        "top_p": 0.5,
        "n": 1,
        "stream": False,
        "stream_options": {"include_usage": True},
        "metadata": {"a": "b"},
        "reasoning_effort": "low",
        "user": "ann",
    },
    "responses": {
        "model": "mini",
        "instructions": "be kind",
        "input": [
            {
                "role": "user",
                "content": [
                    {"type": "input_text", "text": "what is this?"},
                    {"type": "input_image", "image_url": PNG, "detail": "auto"},
                    {"type": "input_file", "filename": "a.pdf", "file_data": PDF},
                ],
            },
            {"type": "reasoning", "id": "r", "summary": [{"type": "summary_text", "text": "so"}]},
            {"type": "function_call", "call_id": "c1", "name": "weather", "arguments": '{"city": "Rome"}'},
            {"type": "function_call_output", "call_id": "c1", "output": "sun"},
        ],
        "tools": [
            {"type": "function", **FUNCTION},
            {
                "type": "namespace",
                "name": "more",
                "description": "of it",
                "tools": [{"type": "function", **FUNCTION, "name": "wind"}],
            },
        ],
        "tool_choice": {
            "type": "allowed_tools",
            "mode": "auto",
            "tools": [{"type": "function", "name": "weather"}],
        },
        "text": {"format": {"type": "json_schema", "name": "x", "schema": SCHEMA}, "verbosity": "low"},
        "reasoning": {"effort": "low", "summary": "auto"},
        "include": ["reasoning.encrypted_content"],
        "max_output_tokens": 20,
        "metadata": {"a": "b"},
        "stream": False,
    },
    "messages": {
        "model": "mini",
        "max_tokens": 20,
        "system": [{"type": "text", "text": "be kind", "cache_control": {"type": "ephemeral"}}],
        "messages": [
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "what is this?"},
                    {
                        "type": "image",
                        "source": {
                            "type": "base64",
                            "media_type": "image/png",
                            "data": PNG.rpartition(",")[2],
                        },
                    },
                    {
                        "type": "document",
                        "title": "a",
                        "source": {
                            "type": "base64",
                            "media_type": "application/pdf",
                            "data": PDF.rpartition(",")[2],
                        },
                    },
                ],
            },
            {
                "role": "assistant",
                "content": [
                    {"type": "thinking", "thinking": "so", "signature": "c2ln"},
                    {"type": "tool_use", "id": "c1", "name": "weather", "input": {"city": "Rome"}},
                ],
            },
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "c1", "content": "sun"}]},
        ],
        "tools": [{"name": "weather", "description": "of a city", "input_schema": SCHEMA}],
        "tool_choice": {"type": "auto", "disable_parallel_tool_use": True},
        "output_config": {"format": {"type": "json_schema", "schema": SCHEMA}},
        "stop_sequences": ["a"],
        "metadata": {"user_id": "ann"},
        "temperature": 0.5,
        "top_k": 5,
        "stream": False,
    },
    "embeddings": {
        "model": "vectors",
        "input": ["hello", "world"],
        "dimensions": 2,
        "encoding_format": "base64",
        "user": "ann",
    },
}
SURFACES = {surface.name: surface for surface in (CHAT, RESPONSES, MESSAGES, EMBEDDINGS)}
MODELS = {
    "openai": "gpt-5.4",
    "anthropic": "claude-opus-5-5",
    "gemini": "gemini-3.8-flash",
    "bedrock": "anthropic.claude-opus-5-5-v1:0",
}
ANSWERS: dict[str, JsonObject] = {
    "anthropic": {
        "id": "m",
        "type": "message",
        "role": "assistant",
        "content": [{"type": "text", "text": "hi"}],
        "stop_reason": "end_turn",
        "usage": {"input_tokens": 1, "output_tokens": 1},
    },
    "gemini": {
        "candidates": [{"content": {"role": "model", "parts": [{"text": "hi"}]}, "finishReason": "STOP"}],
        "usageMetadata": {"promptTokenCount": 1, "candidatesTokenCount": 1, "totalTokenCount": 2},
    },
    "bedrock": {
        "output": {"message": {"role": "assistant", "content": [{"text": "hi"}]}},
        "stopReason": "end_turn",
        "usage": {"inputTokens": 1, "outputTokens": 1, "totalTokens": 2},
    },
}
VECTORS = {"data": [{"embedding": [0.5, 1.5], "index": 0}], "usage": {"prompt_tokens": 1, "total_tokens": 1}}

# What a provider does not take of the whole requests: without it, it takes them.
NOT_TAKEN: dict[tuple[str, str], tuple[str, ...]] = {
    ("chat", "anthropic"): ("tool_choice", "temperature", "top_p"),
    ("chat", "bedrock"): (
        "tools.0.function.strict",
        "temperature",
        "top_p",
        "response_format",
        "tool_choice",
    ),
    ("responses", "anthropic"): ("text.verbosity", "tool_choice"),
    ("responses", "gemini"): ("text.verbosity", "tool_choice"),
    ("responses", "bedrock"): ("text", "tools.0.strict", "tools.1.tools.0.strict", "tool_choice"),
    ("messages", "openai"): ("top_k",),
    ("messages", "anthropic"): ("temperature", "top_k"),
    ("messages", "gemini"): ("tool_choice",),
    ("messages", "bedrock"): ("output_config", "temperature", "top_k", "tool_choice"),
}

DEEP = "deep below"
ODD: list[Any] = [
    None, True, False, 0, -1, 10**30, 0.5, "", "x", "\ud800", "data:image/png;base64,", [], [None], [[]], ["x"], {},
    {"type": "text"}, {"type": []}, {"x": None}, {"text": 5}, DEEP,
]  # fmt: skip


class Context:
    """A Lambda context with a minute left."""

    @staticmethod
    def get_remaining_time_in_millis() -> int:
        return 60_000


class Answering:
    """A provider of any protocol that answers whatever can be written as JSON."""

    def __init__(self, protocol: str, surface: str) -> None:
        self._protocol = protocol
        self._surface = surface

    def post(self, request: UpstreamRequest, deadline: float) -> ScriptedResponse:
        assert deadline
        asked = json.loads(request.body, parse_constant=_no_constant)
        if self._surface == "embeddings":
            return ScriptedResponse(json.dumps(VECTORS).encode())
        if self._protocol != "openai":
            if "stream" in request.url.lower() or asked.get("stream"):
                return ScriptedResponse(b'{"error": {"message": "no"}}', status=400)
            return ScriptedResponse(json.dumps(ANSWERS[self._protocol]).encode())
        if asked.get("stream"):
            return ScriptedResponse(chunk("hi", "stop"), usage_event(), DONE)
        return ScriptedResponse(completion("hi"))


def _no_constant(name: str) -> None:
    raise AssertionError(f"{name} went upstream")


def catalogue_of(protocol: str) -> Catalogue:
    """The model `mini` of a provider that speaks `protocol`."""
    at = {
        "id": "there",
        "protocol": protocol,
        "baseUrl": "https://bedrock-runtime.eu-west-1.amazonaws.com",
        "maxTokensField": "max_tokens",
        "timeoutSeconds": 600,
    }
    price = {
        "version": "1",
        "effectiveAt": "1970-01-01T00:00:00.000Z",
        "input": 1_000_000,
        "output": 2_000_000,
    }
    mini = {
        "id": "mini",
        "contextWindow": 100_000,
        "maxInputTokens": 100_000,
        "maxOutputTokens": 100,
        "maxImageTokens": 50,
        "capabilities": ["chat", "vision"],
        "prices": [price],
        "routes": [{"provider": "there", "upstreamModel": MODELS[protocol], "weight": 1, "order": 0}],
    }
    vectors = {**mini, "id": "vectors", "capabilities": ["embeddings"], "maxOutputTokens": 0}
    entries = {"providers": [at], "models": [mini, vectors], "aliases": {}}
    return Catalogue(merged(entries, None, None, region="eu-west-1"), version=1)


CATALOGUES = {protocol: catalogue_of(protocol) for protocol in MODELS}


def answered(surface: Surface, protocol: str, text: str) -> StreamingResponse:
    world = World()

    def route(caller: Caller, ask: Ask, visit: Visit) -> Sequence[Route]:
        return routes_for(
            caller,
            ask,
            catalogue=CATALOGUES[protocol],
            keys=world.keys,
            source_ip=visit.source_ip,
            now=visit.now,
        )

    do = world.collaborators()._replace(
        route=route,
        wallets=FakeWallets(10**15),
        upstream=Answering(protocol, surface.name),
    )
    answer = serve(surface, lambda: do)(chat_event(text), Context())
    return StreamingResponse(answer.status, answer.headers, [b"".join(answer.chunks)])


def places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place within a value."""
    for name, each in value.items() if isinstance(value, dict) else enumerate(value):
        yield (*at, name)
        if isinstance(each, dict | list):
            yield from places(each, (*at, name))


def replaced(body: JsonObject, place: tuple[Any, ...], value: Any) -> JsonObject:
    changed: JsonObject = json.loads(json.dumps(body))
    holder: Any = changed
    for name in place[:-1]:
        holder = holder[name]
    holder[place[-1]] = value
    return changed


def whole(surface: str, protocol: str) -> JsonObject:
    """A request that uses all that the surface has and the provider takes."""
    body: JsonObject = json.loads(json.dumps(WHOLE[surface]))
    for place in NOT_TAKEN.get((surface, protocol), ()):
        *within, last = steps(place)
        holder: Any = body
        for name in within:
            holder = holder[name]
        del holder[last]
    return body


def steps(place: str) -> tuple[Any, ...]:
    return tuple(int(name) if name.isdecimal() else name for name in place.split("."))


def written(body: JsonObject, levels: int = 0) -> str:
    return json.dumps(body).replace(f'"{DEEP}"', '{"a":[' * (levels // 2) + "]}" * (levels // 2))


def odd_requests(surface: str, protocol: str, seed: int) -> Iterator[tuple[tuple[Any, ...], Any, str]]:
    """Each place of a whole request replaced by a few odd values, by chance, and always by something deep."""
    chance = Random(seed)
    body = whole(surface, protocol)
    for place in places(body):
        for value in [*chance.sample(ODD[:-1], 5), DEEP]:
            yield place, value, written(replaced(body, place, value), chance.choice([60, 100, 980, 9_000]))


@pytest.mark.parametrize("protocol", MODELS)
@pytest.mark.parametrize("surface", ["chat", "responses", "messages"])
def test_no_odd_value_in_any_place_is_a_fault_of_ours(surface: str, protocol: str) -> None:
    served = 0
    for place, value, text in odd_requests(surface, protocol, seed=9):
        answer = answered(SURFACES[surface], protocol, text)

        assert answer.status in range(200, 500), (place, value, b"".join(answer.chunks))
        served += answer.status == 200

    assert answered(SURFACES[surface], protocol, json.dumps(whole(surface, protocol))).status == 200
    assert served > 50


def test_no_odd_value_in_embeddings_is_a_fault_of_ours() -> None:
    for place, value, text in odd_requests("embeddings", "openai", seed=9):
        answer = answered(EMBEDDINGS, "openai", text)

        assert answer.status in range(200, 500), (place, value, b"".join(answer.chunks))


@pytest.mark.parametrize("surface", SURFACES)
@pytest.mark.parametrize("levels", [200, 980, 50_000])
def test_a_request_that_is_nested_too_deep_is_refused_by_its_field(surface: str, levels: int) -> None:
    for field in WHOLE[surface]:
        text = written(replaced(WHOLE[surface], (field,), DEEP), levels)

        answer = answered(SURFACES[surface], "openai", text)

        said = json.loads(b"".join(answer.chunks))["error"]
        assert answer.status == 400
        assert said["message"].startswith(f"{field}: is nested more than 128 levels deep")


@pytest.mark.parametrize(
    ("surface", "place"),
    [
        ("chat", "temperature"),
        ("chat", "messages.2.tool_calls.0.index"),
        ("chat", "tools.0.function.parameters.maximum"),
        ("responses", "temperature"),
        ("responses", "text.format.schema.minimum"),
        ("messages", "top_k"),
        ("messages", "messages.1.content.1.input.city"),
        ("embeddings", "dimensions"),
    ],
)
@pytest.mark.parametrize("number", ["1e999", "-1e999"])
def test_a_number_that_is_not_finite_is_refused_by_its_place(surface: str, place: str, number: str) -> None:
    text = json.dumps(replaced(WHOLE[surface], steps(place), "NUMBER")).replace('"NUMBER"', number)

    answer = answered(SURFACES[surface], "openai", text)

    assert answer.status == 400
    assert json.loads(b"".join(answer.chunks))["error"]["message"] == f"{place}: must be a finite number"


@pytest.mark.parametrize("protocol", ["anthropic", "gemini", "bedrock"])
@pytest.mark.parametrize("arguments", ['{"a": 1e999}', '{"a":' * 980 + "1" + "}" * 980])
def test_arguments_of_a_call_that_cannot_go_on_are_refused_by_their_place(
    protocol: str, arguments: str
) -> None:
    place = "messages.2.tool_calls.0.function.arguments"

    answer = answered(CHAT, protocol, json.dumps(replaced(whole("chat", protocol), steps(place), arguments)))

    assert answer.status == 400
    assert json.loads(b"".join(answer.chunks))["error"]["param"] == place


def test_a_namespace_without_tools_is_refused_by_name() -> None:
    for tool in ({"type": "namespace", "name": "more"}, {"type": "namespace", "name": "more", "tools": None}):
        answer = answered(RESPONSES, "openai", json.dumps(WHOLE["responses"] | {"tools": [tool]}))

        assert answer.status == 400
        assert json.loads(b"".join(answer.chunks))["error"]["param"] == "tools.0.tools"


def test_a_namespace_of_nothing_asks_for_nothing() -> None:
    tool = {"type": "namespace", "name": "more", "tools": []}

    answer = answered(RESPONSES, "openai", json.dumps({"model": "mini", "input": "hi", "tools": [tool]}))

    assert answer.status == 200
