"""Responses in front of a provider that speaks Responses: what goes out is what came, and so is what comes back."""

import json
from typing import Any

import pytest
from openai.types.responses import Response, ResponseStreamEvent
from pydantic import TypeAdapter

from aggregator.errors import UnsupportedParameter
from aggregator.orchestrator.model import Provider
from aggregator.proxy.dialects import lanes
from aggregator.proxy.dialects.responses.client import RESPONSES
from aggregator.proxy.dialects.responses.native_request import check, encode
from aggregator.proxy.exchange import UpstreamError
from aggregator.proxy.walk import walk
from tests.fakes.chat_world import CALLER, ScriptedResponse, World, chat_event, provider, route, visit, way

JsonObject = dict[str, Any]

TOOL = {
    "type": "function",
    "name": "find",
    "parameters": {"type": "object", "properties": {}},
    "strict": False,
}


def openai() -> Provider:
    return provider("openai", dialects=frozenset({"responses"}), house=True)


def sent(*, user: str = "", output_tokens: int = 100, **fields: Any) -> JsonObject:
    ask = RESPONSES.read(chat_event({"model": "mini", "input": "hi"} | fields))._replace(user_id=user)
    via = way("openai", output_tokens, provider=openai(), capabilities=frozenset({"chat", "reasoning"}))
    request = encode(ask, via, "sk-1")
    assert request.url == "https://api.openai.example/v1/responses"
    body: JsonObject = json.loads(request.body)
    return body


def response(**fields: Any) -> JsonObject:
    said: JsonObject = {
        "id": "resp_1", "object": "response", "created_at": 1, "status": "completed", "model": "gpt", "error": None,
        "incomplete_details": None, "instructions": None, "metadata": {}, "parallel_tool_calls": True,
        "tool_choice": "auto", "tools": [], "temperature": 1.0, "top_p": 1.0,
        "output": [{"type": "message", "id": "msg_1", "role": "assistant", "status": "completed", "content": [
            {"type": "output_text", "text": "hello", "annotations": [], "logprobs": []}]}],
        "usage": {"input_tokens": 100, "input_tokens_details": {"cached_tokens": 90, "cache_write_tokens": 0},
                  "output_tokens": 5, "output_tokens_details": {"reasoning_tokens": 2}, "total_tokens": 105},
    }  # fmt: skip
    return said | fields


DELTA = {
    "type": "response.output_text.delta", "item_id": "msg_1", "output_index": 0, "content_index": 0,
    "delta": "hello", "logprobs": [], "sequence_number": 3,
}  # fmt: skip
CREATED = {
    "type": "response.created",
    "sequence_number": 0,
    "response": response(status="in_progress", output=[], usage=None),
}
COMPLETED: JsonObject = {"type": "response.completed", "sequence_number": 9, "response": response()}


def sse(*events: JsonObject) -> bytes:
    return b"".join(f"event: {each['type']}\ndata: {json.dumps(each)}\n\n".encode() for each in events)


def served(*blocks: bytes | Exception, **fields: Any) -> tuple[World, list[JsonObject]]:
    world = World([ScriptedResponse(*blocks)], [route("openai", provider=openai())])
    ask = RESPONSES.read(
        chat_event({"model": "mini", "input": "hi", "max_output_tokens": 100, "stream": True} | fields)
    )
    answer = walk(CALLER, ask, visit(world.clock), world.collaborators())
    events = b"".join(answer.chunks).decode().split("\n\n")[:-1]
    return world, [json.loads(event.partition("data: ")[2]) for event in events]


@pytest.mark.unpublished("a_field_of_tomorrow")
def test_what_the_client_says_goes_out_under_the_provider_s_name_and_nothing_is_stored_there() -> None:
    said: JsonObject = {
        "instructions": "be brief",
        "input": [
            {"role": "developer", "content": "d"},
            {"role": "user", "content": [{"type": "input_text", "text": "ø"}]},
            {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "SEALED"},
            {"type": "function_call", "call_id": "c1", "name": "find", "arguments": "{}"},
            {"type": "function_call_output", "call_id": "c1", "output": []},
        ],
        "tools": [TOOL, {"type": "custom", "name": "apply_patch", "format": {"type": "text"}}],
        "reasoning": {"effort": "xhigh", "context": "all_turns"},
        "prompt_cache_options": {"mode": "explicit"},
        "store": False,
        "a_field_of_tomorrow": [1],
    }

    assert sent(**said) == {"model": "openai-mini", "max_output_tokens": 100} | said


def test_who_counts_on_the_store_gets_its_reasoning_sealed_instead() -> None:
    body = sent(input=[
        {"role": "user", "content": "hi"},
        {"type": "reasoning", "id": "rs_1", "summary": []},
        {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "a"}]},
        {"role": "user", "content": "and"},
    ])  # fmt: skip

    assert body["store"] is False
    assert body["include"] == ["reasoning.encrypted_content"]
    assert [item.get("type", "message") for item in body["input"]] == ["message", "message", "message"]


def test_a_cache_key_is_apart_for_each_user() -> None:
    ann, bob = (sent(user=user, prompt_cache_key="k", store=False) for user in ("ann", "bob"))

    assert ann["prompt_cache_key"] != bob["prompt_cache_key"]
    assert {len(ann["prompt_cache_key"]), len(ann["safety_identifier"])} == {32}
    assert sent(user="ann", safety_identifier="theirs")["safety_identifier"] == "theirs"


@pytest.mark.parametrize(("fields", "param"), [
    ({"previous_response_id": "resp_1"}, "previous_response_id"),
    ({"conversation": "conv_1"}, "conversation"),
    ({"prompt": {"id": "p"}}, "prompt"),
    ({"background": True}, "background"),
    ({"service_tier": "turbo"}, "service_tier"),
    ({"moderation": {"model": "m"}}, "moderation"),
    ({"tools": [{"type": "file_search", "vector_store_ids": ["vs_1"]}]}, "tools.0.vector_store_ids"),
    ({"tools": [TOOL, {"type": "code_interpreter", "container": "cntr_1"}]}, "tools.1.container"),
    (
        {"tools": [{"type": "code_interpreter", "container": {"type": "auto", "file_ids": ["file_1"]}}]},
        "tools.0.container.file_ids",
    ),
])  # fmt: skip
def test_what_cannot_be_honoured_is_refused_by_name_before_money_is_held(
    fields: JsonObject, param: str
) -> None:
    ask = RESPONSES.read(chat_event({"model": "mini", "input": "hi"} | fields))

    with pytest.raises(UnsupportedParameter) as refused:
        check(ask, way("openai", provider=openai()).route.via)

    assert refused.value.param == param


def test_a_declared_web_search_is_left_out_and_told() -> None:
    ask = RESPONSES.read(
        chat_event({"model": "mini", "input": "hi", "tools": [TOOL, {"type": "web_search"}]})
    )

    request = encode(ask, way("openai", provider=openai()), None)

    assert (json.loads(request.body)["tools"], request.ignored) == ([TOOL], ("tools.web_search",))


def test_a_stream_passes_as_it_came_with_the_receipt_in_its_last_usage() -> None:
    world, events = served(sse(CREATED, DELTA, COMPLETED))

    assert events[:2] == [CREATED, DELTA]
    assert events[2]["response"]["output"] == COMPLETED["response"]["output"]
    assert events[2]["response"]["usage"] == response()["usage"] | {
        "cost_usd": "0.00000011", "hold_usd": "0.000000406", "balance_usd": "0.00099989", "price_version": "1",
        "request_id": world.receipts[0].request_id, "estimated": False,
    }  # fmt: skip
    assert len(events) == 3
    for event in events:
        TypeAdapter(ResponseStreamEvent).validate_python(event)


def test_what_the_provider_counted_is_charged() -> None:
    world, _ = served(sse(CREATED, DELTA, COMPLETED))

    usage = world.receipts[0].usage
    assert (usage.input_tokens, usage.cached_input_tokens, usage.output_tokens, usage.reasoning_tokens) == (
        100, 90, 5, 2,
    )  # fmt: skip


def test_a_stream_that_breaks_says_so_to_who_raises_and_to_who_reads_names() -> None:
    world, events = served(sse(CREATED, DELTA), UpstreamError("gone"))

    last, begun = 3, "resp_1"
    assert [(each["type"], each["sequence_number"]) for each in events[-2:]] == [
        ("error", last + 1),
        ("response.failed", last + 2),
    ]
    assert events[-2]["error"]["message"] == "The provider ended the stream too early."
    assert events[-2]["error"]["code"] == events[-2]["code"] == "provider_error"
    assert events[-1]["response"]["id"] == begun
    assert events[-1]["response"]["status"] == "failed"
    assert events[-1]["response"]["error"]["code"] == "server_error"
    assert world.receipts[0].outcome == "provider_cut"


def test_a_response_that_failed_before_a_word_is_charged_nothing_and_the_next_route_answers() -> None:
    failed = sse(
        CREATED, {"type": "response.failed", "sequence_number": 1, "response": response(status="failed")}
    )
    world = World(
        [
            ScriptedResponse(failed),
            ScriptedResponse(failed),
            ScriptedResponse(sse(CREATED, DELTA, COMPLETED)),
        ],
        [route("openai", provider=openai()), route("azure", provider=openai()._replace(id="azure"))],
    )
    ask = RESPONSES.read(chat_event({"model": "mini", "input": "hi", "max_output_tokens": 9, "stream": True}))

    answer = walk(CALLER, ask, visit(world.clock), world.collaborators())
    b"".join(answer.chunks)

    assert answer.headers["x-aggregator-provider"] == "azure"
    assert [receipt.outcome for receipt in world.receipts] == ["completed"]


def test_a_plain_answer_passes_byte_for_byte() -> None:
    said = json.dumps(response(of_tomorrow=1.0), indent=2).encode()
    world = World([ScriptedResponse(said)], [route("openai", provider=openai())])
    ask = RESPONSES.read(chat_event({"model": "mini", "input": "hi"}))

    answer = walk(CALLER, ask, visit(world.clock), world.collaborators())

    assert b"".join(answer.chunks) == said
    Response.model_validate_json(said)


@pytest.mark.parametrize(("surface", "tools", "native", "over"), [
    ("responses", [], True, False),
    ("chat", [], False, False),
    ("chat", [{"type": "function", "function": {"name": "f"}}], False, True),
])  # fmt: skip
def test_which_lane_a_request_takes(surface: str, tools: list[JsonObject], native: bool, over: bool) -> None:
    from tests.fakes.chat_world import ask as chat_ask  # noqa: PLC0415

    via = route(
        "openai", provider=openai(), capabilities=frozenset({"chat", "tools", "toolsOverResponses"})
    ).via
    ask = RESPONSES.read(chat_event({"model": "mini", "input": "hi"})) if surface == "responses" else (
        chat_ask(tools=tools) if tools else chat_ask()
    )  # fmt: skip

    assert lanes.is_native(ask, via) == native
    assert lanes.takes_responses(ask, via) == over


def test_a_tool_that_gives_nothing_back_is_no_error_on_a_translated_lane_either() -> None:
    said = [
        {"role": "user", "content": "hi"},
        {"type": "function_call", "call_id": "c1", "name": "find", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "c1", "output": []},
    ]

    ask = RESPONSES.read(chat_event({"model": "mini", "input": said}))

    assert ask.body["messages"][-1] == {"role": "tool", "tool_call_id": "c1", "content": ""}
