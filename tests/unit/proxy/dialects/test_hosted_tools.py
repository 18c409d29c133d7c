"""Tools that run at a provider: priced, capped, held for, counted and charged; or left out and told, or refused."""

import json
from typing import Any, Literal, get_args, get_origin, get_type_hints

import pytest
from anthropic.types.beta import BetaToolUnionParam
from openai.types.responses import ToolParam

from aggregator.billing.price import Price
from aggregator.errors import InsufficientQuota, InvalidRequest, UnsupportedParameter
from aggregator.orchestrator.model import Provider, Spoken
from aggregator.proxy.bound import bound_of, ways_within
from aggregator.proxy.dialects import lanes
from aggregator.proxy.dialects.hosted import offered
from aggregator.proxy.dialects.messages import hosted as messages_hosted
from aggregator.proxy.dialects.messages.client import MESSAGES
from aggregator.proxy.dialects.payable import payable
from aggregator.proxy.dialects.responses import hosted as responses_hosted
from aggregator.proxy.dialects.responses.client import RESPONSES
from aggregator.proxy.exchange import UpstreamError
from aggregator.proxy.model import Ask, Route, Way
from aggregator.proxy.walk import walk
from aggregator.runtime.streaming import StreamingResponse
from tests.fakes.chat_world import CALLER, ScriptedResponse, World, chat_event, provider, route, visit

JsonObject = dict[str, Any]

PRICE = Price(
    version="1",
    input=1_000_000,
    output=2_000_000,
    cached_input=100_000,
    tools=(
        ("code_interpreter", 700),
        ("code_interpreter_4g", 2_800),
        ("web_fetch", 0),
        ("web_search", 50),
        ("web_search_preview", 80),
    ),
)
"""A nano-dollar a token in, two out, a tenth from the cache; the window has a thousand tokens."""

SEARCH: JsonObject = {"type": "web_search"}
CLAUDES_SEARCH: JsonObject = {"type": "web_search_20250305", "name": "web_search"}
CLAUDES_FETCH: JsonObject = {"type": "web_fetch_20250910", "name": "web_fetch"}
FUNCTION: JsonObject = {"type": "function", "name": "f", "parameters": {"type": "object", "properties": {}}}
CLAUDES_FUNCTION: JsonObject = {"name": "f", "input_schema": {"type": "object", "properties": {}}}


def openai(**fields: Any) -> Provider:
    return provider("openai", **({"dialects": frozenset({"responses"}), "house": True} | fields))


def anthropic() -> Provider:
    return provider("anthropic", protocol="anthropic", dialects=frozenset({"messages"}), house=True)


def at_openai(price: Price = PRICE, **fields: Any) -> Route:
    return route("openai", provider=openai(), price=price, **fields)


def at_who_counts_nothing() -> Route:
    return route("openai", provider=openai(house=False), price=PRICE)


def at_anthropic(price: Price = PRICE) -> Route:
    return route("anthropic", provider=anthropic(), price=price)


def asked(**fields: Any) -> Ask:
    return RESPONSES.read(chat_event({"model": "mini", "input": "hi", "max_output_tokens": 100} | fields))


def said_to_claude(**fields: Any) -> Ask:
    body: JsonObject = {"model": "mini", "max_tokens": 100, "messages": [{"role": "user", "content": "hi"}]}
    return MESSAGES.read(chat_event(body | fields))


def served(
    ask: Ask, on: Route, *blocks: bytes | Exception, available: int = 1_000_000
) -> tuple[World, StreamingResponse, bytes]:
    world = World([ScriptedResponse(*blocks)], [on], available=available)
    answer = walk(CALLER, ask, visit(world.clock), world.collaborators())
    return world, answer, b"".join(answer.chunks)


def sent(world: World) -> JsonObject:
    body: JsonObject = json.loads(world.upstream.requests[0].body)
    return body


def sse(*events: JsonObject) -> list[bytes]:
    return [f"event: {each['type']}\ndata: {json.dumps(each)}\n\n".encode() for each in events]


def search_call(n: int, action: JsonObject | None) -> JsonObject:
    return {"type": "web_search_call", "id": f"ws_{n}", "status": "completed", "action": action}


def code_call(n: int, container: str) -> JsonObject:
    return {
        "type": "code_interpreter_call",
        "id": f"ci_{n}",
        "container_id": container,
        "code": "1",
        "outputs": [],
    }


MESSAGE = {
    "type": "message", "id": "msg_1", "role": "assistant", "status": "completed",
    "content": [{"type": "output_text", "text": "hello", "annotations": []}],
}  # fmt: skip
ITEMS = [
    search_call(1, {"type": "search", "query": "a"}),
    search_call(2, {"type": "open_page", "url": "https://example.com"}),
    search_call(3, {"type": "find_in_page", "pattern": "a"}),
    search_call(4, {"type": "search", "query": "b"}),
    search_call(5, {}),
    code_call(1, "cntr_1"),
    code_call(2, "cntr_1"),
    MESSAGE,
]


def response(items: list[JsonObject], input_tokens: int = 300, **fields: Any) -> JsonObject:
    usage = {"input_tokens": input_tokens, "output_tokens": 5, "total_tokens": input_tokens + 5}
    return {
        "id": "resp_1",
        "object": "response",
        "status": "completed",
        "output": items,
        "usage": usage,
    } | fields


def message(used: JsonObject | None, blocks: list[JsonObject] | None = None) -> bytes:
    usage = {"input_tokens": 300, "output_tokens": 5, "server_tool_use": used}
    content = [*(blocks or []), {"type": "text", "text": "hello"}]
    said = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "content": content,
        "stop_reason": "end_turn",
    }
    return json.dumps(said | {"usage": usage}).encode()


@pytest.mark.promise("exact")
def test_a_search_goes_out_under_our_cap_and_what_was_called_is_charged() -> None:
    world, answer, body = served(
        asked(tools=[FUNCTION, SEARCH]), at_openai(), json.dumps(response(ITEMS)).encode()
    )

    assert (sent(world)["tools"], sent(world)["max_tool_calls"]) == ([FUNCTION, SEARCH], 5)
    # the window, 5 x a tenth of it read again, 5 searches, 100 tokens out at 2
    assert world.wallets.held == [1_000 + 500 + 250 + 200]
    assert world.receipts[0].usage.tools == (("web_search", 2),)
    assert world.receipts[0].cost_nano_usd == 300 + 10 + 100
    assert answer.headers["x-aggregator-max-tool-calls"] == "5"
    assert answer.headers["x-aggregator-tool-calls"] == "web_search=2"
    assert answer.headers["x-aggregator-cost-usd"] == "0.00000041"
    assert "x-aggregator-ignored" not in answer.headers
    assert json.loads(body)["output"] == ITEMS


@pytest.mark.parametrize(("said", "sent_on", "told", "held"), [
    (2, 2, None, 1_000 + 200 + 100 + 200),
    (5, 5, None, 1_950),
    (1_000, 50, "50", 1_000 + 5_000 + 2_500 + 200),
])  # fmt: skip
def test_the_clients_own_cap_stays_but_for_one_that_nobody_could_pay(
    said: int, sent_on: int, told: str | None, held: int
) -> None:
    ask = asked(tools=[SEARCH], max_tool_calls=said)
    world, answer, _ = served(ask, at_openai(), json.dumps(response([MESSAGE])).encode())

    assert (sent(world)["max_tool_calls"], world.wallets.held) == (sent_on, [held])
    assert answer.headers.get("x-aggregator-max-tool-calls") == told


def test_a_container_is_paid_once_and_whatever_its_size_costs() -> None:
    tool = {"type": "code_interpreter", "container": {"type": "auto", "memory_limit": "4g"}}
    world, _, _ = served(asked(tools=[tool]), at_openai(), json.dumps(response(ITEMS)).encode())

    assert world.wallets.held == [1_000 + 500 + 2_800 + 200]
    assert world.receipts[0].usage.tools == (("code_interpreter_4g", 1),)
    assert world.receipts[0].cost_nano_usd == 310 + 2_800


def test_a_preview_of_search_has_its_own_price() -> None:
    ask = asked(tools=[{"type": "web_search_preview_2025_03_11"}])
    world, _, _ = served(ask, at_openai(), json.dumps(response(ITEMS)).encode())

    assert world.wallets.held == [1_000 + 500 + 400 + 200]
    assert world.receipts[0].usage.tools == (("web_search_preview", 2),)


def test_of_two_tools_that_are_counted_as_one_the_dearer_is_held_for_and_charged() -> None:
    ask = asked(tools=[SEARCH, {"type": "web_search_preview"}])
    world, _, _ = served(ask, at_openai(), json.dumps(response(ITEMS)).encode())

    assert world.wallets.held == [1_000 + 500 + 400 + 200]
    assert world.receipts[0].usage.tools == (("web_search_preview", 2),)


def test_a_service_tier_that_nobody_asked_for_is_not_charged() -> None:
    dear = Price(version="1", input=9_000_000, output=9_000_000)
    price = PRICE._replace(service_tiers=(("priority", dear),))
    answer = json.dumps(response(ITEMS, service_tier="priority")).encode()
    world, _, _ = served(asked(tools=[SEARCH]), at_openai(price), answer)

    assert world.receipts[0].cost_nano_usd == 300 + 10 + 100


def stream_of(*items: JsonObject, end: bool = True) -> list[bytes]:
    events: list[JsonObject] = [{"type": "response.created", "response": {}}]
    events += [{"type": "response.output_item.done", "item": item} for item in items]
    events.append({"type": "response.output_text.delta", "delta": "hello"})
    return sse(*events, *([{"type": "response.completed", "response": response(list(items))}] if end else []))


def test_a_stream_is_charged_for_its_calls_and_says_so_in_the_receipt() -> None:
    ask = asked(tools=[SEARCH, {"type": "code_interpreter", "container": {"type": "auto"}}], stream=True)
    world, _, body = served(ask, at_openai(), *stream_of(*ITEMS))

    receipt = json.loads(body.rpartition(b"data: ")[2])["response"]["usage"]
    assert world.receipts[0].usage.tools == (("code_interpreter", 1), ("web_search", 2))
    assert (receipt["tool_calls"], receipt["cost_usd"]) == (
        {"code_interpreter": 1, "web_search": 2}, "0.00000111",
    )  # fmt: skip


@pytest.mark.promise("exact")
def test_a_stream_that_breaks_is_charged_for_the_calls_that_came_and_for_what_they_found() -> None:
    ask = asked(tools=[SEARCH], stream=True)
    on = at_openai(max_input_tokens=20_000)
    world, _, _ = served(ask, on, *stream_of(*ITEMS[:4], end=False), UpstreamError("gone"))

    usage = world.receipts[0].usage
    assert (world.receipts[0].outcome, usage.estimated) == ("provider_cut", True)
    assert usage.tools == (("web_search", 2),)
    assert (usage.input_tokens, usage.output_tokens) == (2 * 8_000 + 5, 2)
    assert world.receipts[0].cost_nano_usd == 16_005 + 4 + 100


def test_a_search_has_begun_an_answer_so_it_is_charged_though_no_word_came() -> None:
    item = search_call(1, {"type": "search", "query": "a"})
    events: list[JsonObject] = [
        {"type": "response.created", "response": {}},
        {"type": "response.output_item.added", "item": item | {"status": "in_progress"}},
        {"type": "response.output_item.done", "item": item},
    ]
    world, _, _ = served(
        asked(tools=[SEARCH], stream=True), at_openai(), *sse(*events), UpstreamError("gone")
    )
    claudes = claudes_stream(FOUND, used=None)[:-1]
    ask = said_to_claude(tools=[CLAUDES_SEARCH], stream=True)
    at_claude, _, _ = served(ask, at_anthropic(), *claudes, UpstreamError("gone"))

    assert [each.receipts[0].outcome for each in (world, at_claude)] == ["provider_cut", "provider_cut"]
    assert [each.receipts[0].usage.tools for each in (world, at_claude)] == [(("web_search", 1),)] * 2
    assert [each.receipts[0].charged_nano_usd > 50 for each in (world, at_claude)] == [True, True]


def test_claude_is_told_a_cap_for_each_tool_and_what_it_counted_is_charged() -> None:
    tools = [CLAUDES_FUNCTION, CLAUDES_SEARCH, CLAUDES_FETCH | {"max_uses": 2}]
    used = {"web_search_requests": 3, "web_fetch_requests": 1}
    world, answer, _ = served(said_to_claude(tools=tools), at_anthropic(), message(used))

    assert sent(world)["tools"] == [CLAUDES_FUNCTION, CLAUDES_SEARCH | {"max_uses": 5}, tools[2]]
    # 5 searches and 2 pages: 7 times a tenth of the window, and fetching is free
    assert world.wallets.held == [1_000 + 700 + 250 + 200]
    assert world.receipts[0].usage.tools == (("web_fetch", 1), ("web_search", 3))
    assert world.receipts[0].cost_nano_usd == 310 + 150
    assert answer.headers["x-aggregator-max-tool-calls"] == "5"
    assert answer.headers["x-aggregator-tool-calls"] == "web_fetch=1, web_search=3"


def test_claudes_own_cap_goes_out_as_it_came() -> None:
    tools = [CLAUDES_SEARCH | {"max_uses": 8}]
    world, answer, _ = served(said_to_claude(tools=tools), at_anthropic(), message(None))

    assert (sent(world)["tools"], world.wallets.held) == (tools, [1_000 + 800 + 400 + 200])
    assert "x-aggregator-max-tool-calls" not in answer.headers
    assert world.receipts[0].usage.tools == ()


FOUND: JsonObject = {
    "type": "web_search_tool_result",
    "tool_use_id": "srvtoolu_1",
    "content": [{"title": "a"}],
}
NOT_FOUND = FOUND | {"content": {"type": "web_search_tool_result_error", "error_code": "max_uses_exceeded"}}


def claudes_stream(*blocks: JsonObject, used: int | None) -> list[bytes]:
    started = {"input_tokens": 20, "output_tokens": 1, "server_tool_use": {"web_search_requests": 0}}
    events: list[JsonObject] = [{"type": "message_start", "message": {"id": "msg_1", "usage": started}}]
    events += [{"type": "content_block_start", "index": 0, "content_block": block} for block in blocks]
    events.append(
        {"type": "content_block_delta", "index": 1, "delta": {"type": "text_delta", "text": "hello"}}
    )
    if used is not None:
        counted = {"input_tokens": 300, "output_tokens": 5, "server_tool_use": {"web_search_requests": used}}
        events += [{"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": counted}]
        events += [{"type": "message_stop"}]
    return sse(*events)


def test_claudes_last_count_is_charged_in_a_stream() -> None:
    ask = said_to_claude(tools=[CLAUDES_SEARCH], stream=True)
    world, _, body = served(ask, at_anthropic(), *claudes_stream(FOUND, NOT_FOUND, FOUND, used=1))

    receipt = json.loads(body.split(b"event: message_delta\ndata: ")[1].split(b"\n")[0])["usage"]
    assert world.receipts[0].usage.tools == (("web_search", 1),)
    assert (receipt["tool_calls"], receipt["cost_usd"]) == ({"web_search": 1}, "0.00000036")


@pytest.mark.promise("exact")
def test_where_claudes_stream_breaks_results_are_counted_and_errors_are_not() -> None:
    ask = said_to_claude(tools=[CLAUDES_SEARCH], stream=True)
    stream = claudes_stream(FOUND, NOT_FOUND, FOUND, used=None)
    world, _, _ = served(ask, at_anthropic(), *stream, UpstreamError("gone"))

    usage = world.receipts[0].usage
    assert (usage.tools, usage.input_tokens, usage.estimated) == ((("web_search", 2),), 16_020, True)
    assert world.receipts[0].charged_nano_usd == 1_950


def without_price(*names: str) -> Price:
    return Price(
        version="1",
        input=1_000_000,
        output=2_000_000,
        tools=tuple(each for each in PRICE.tools if each[0] not in names),
    )


def test_what_is_declared_and_has_no_price_is_left_out_and_told() -> None:
    tools = [
        FUNCTION,
        SEARCH,
        {"type": "image_generation"},
        {"type": "mcp", "server_url": "https://x.example"},
    ]
    on = at_openai(without_price("web_search"))
    world, answer, _ = served(asked(tools=tools), on, json.dumps(response([MESSAGE])).encode())

    assert (sent(world)["tools"], "max_tool_calls" in sent(world)) == ([FUNCTION], False)
    assert answer.headers["x-aggregator-ignored"] == "tools.web_search, tools.image_generation, tools.mcp"
    assert world.wallets.held == [1_000 + 200]
    assert "x-aggregator-max-tool-calls" not in answer.headers


def test_one_without_a_price_is_left_out_beside_one_with() -> None:
    allowed = {"type": "allowed_tools", "mode": "auto", "tools": [SEARCH, {"type": "image_generation"}]}
    ask = asked(tools=[SEARCH, {"type": "image_generation"}], tool_choice=allowed)
    world, answer, _ = served(ask, at_openai(), json.dumps(response([MESSAGE])).encode())

    assert (sent(world)["tools"], sent(world)["tool_choice"]) == ([SEARCH], allowed | {"tools": [SEARCH]})
    assert answer.headers["x-aggregator-ignored"] == "tools.image_generation"


def test_where_money_is_short_fewer_calls_are_made_and_a_tool_is_left_out_before_the_answer() -> None:
    ask = asked(tools=[FUNCTION, SEARCH])
    on = at_who_counts_nothing()

    def way(held: int) -> Way:
        return ways_within(ask, [on], held)[0]

    assert [way(held).tool_calls for held in (1_950, 1_949, 1_350, 1_349)] == [5, 4, 1, 0]
    assert [way(held).output_tokens for held in (1_950, 1_949, 1_350, 1_349)] == [100, 100, 100, 100]
    world, answer, _ = served(ask, on, json.dumps(response([MESSAGE])).encode(), available=1_349)
    assert (sent(world)["tools"], answer.headers["x-aggregator-ignored"]) == ([FUNCTION], "tools.web_search")


@pytest.mark.parametrize(
    ("available", "held", "calls"), [(7_800, 1_950, 5), (1_950, 1_350, 1), (1_949, 1_200, None)]
)
def test_an_account_that_cannot_cover_a_declared_tool_keeps_its_money_free_for_other_requests(
    available: int, held: int, calls: int | None
) -> None:
    answer = json.dumps(response([MESSAGE])).encode()
    world, _, _ = served(
        asked(tools=[FUNCTION, SEARCH]), at_who_counts_nothing(), answer, available=available
    )

    assert (world.wallets.held, sent(world).get("max_tool_calls")) == ([held], calls)


def test_where_money_is_short_claude_is_told_a_lower_cap() -> None:
    tools = [CLAUDES_SEARCH | {"max_uses": 8}, CLAUDES_FETCH | {"max_uses": 1}]
    ask = said_to_claude(tools=tools, tool_choice={"type": "any"})
    world, answer, _ = served(ask, at_anthropic(), message(None), available=2 * (1_000 + 400 + 150 + 200))

    assert [tool["max_uses"] for tool in sent(world)["tools"]] == [3, 1]
    assert answer.headers["x-aggregator-max-tool-calls"] == "3"


def test_what_is_demanded_is_paid_for_or_refused() -> None:
    ask = asked(tools=[SEARCH], tool_choice="required")

    bound = bound_of(ask, [at_openai()])
    assert (bound.at_least_nano_usd, bound.at_most_nano_usd) == (1_000 + 100 + 50 + 200, 1_950)
    with pytest.raises(InsufficientQuota):
        served(ask, at_openai(), available=1_349)
    world, answer, _ = served(ask, at_openai(), json.dumps(response([MESSAGE])).encode(), available=1_350)
    assert (sent(world)["max_tool_calls"], answer.headers["x-aggregator-max-tool-calls"]) == (1, "1")


@pytest.mark.parametrize(("ask", "on"), [
    (asked(tools=[SEARCH], tool_choice="required"), at_openai(without_price("web_search"))),
    (asked(tools=[FUNCTION, SEARCH], tool_choice={"type": "web_search"}), at_openai(without_price("web_search"))),
    (asked(tools=[FUNCTION, SEARCH], tool_choice={"type": "web_search_preview"}), at_openai(Price("1", 1, 1))),
    (
        asked(tools=[FUNCTION, SEARCH], tool_choice={"type": "allowed_tools", "mode": "required", "tools": [SEARCH]}),
        at_openai(Price("1", 1, 1)),
    ),
    (asked(tools=[{"type": "image_generation"}], tool_choice={"type": "image_generation"}), at_openai()),
    (
        asked(tools=[{"type": "mcp", "server_label": "a"}], tool_choice={"type": "mcp", "server_label": "a"}),
        at_openai(),
    ),
    (
        asked(tools=[{"type": "shell", "environment": {"type": "container_auto"}}], tool_choice="required"),
        at_openai(),
    ),
    (
        asked(tools=[{"type": "code_interpreter", "container": {"memory_limit": "9g"}}], tool_choice="required"),
        at_openai(),
    ),
    (said_to_claude(tools=[CLAUDES_SEARCH], tool_choice={"type": "any"}), at_anthropic(Price("1", 1, 1))),
    (
        said_to_claude(tools=[CLAUDES_FUNCTION, CLAUDES_SEARCH], tool_choice={"type": "tool", "name": "web_search"}),
        at_anthropic(without_price("web_search")),
    ),
    (
        said_to_claude(
            tools=[{"type": "code_execution_20250825", "name": "code_execution"}],
            tool_choice={"type": "tool", "name": "code_execution"},
        ),
        at_anthropic(),
    ),
])  # fmt: skip
def test_what_is_demanded_and_has_no_price_is_refused_by_name(ask: Ask, on: Route) -> None:
    with pytest.raises(UnsupportedParameter) as refused:
        payable(ask, [on])

    assert ask.hosted is not None
    assert (refused.value.param, refused.value.message) == (
        "tools", f"tools: '{ask.hosted.tools[0].kind}' is not offered here",
    )  # fmt: skip


def test_a_model_that_its_provider_has_in_another_dialect_offers_none() -> None:
    ask = asked(tools=[SEARCH])
    spoken = {"responses": Spoken("/responses", models=("gpt-*",))}

    def offers(upstream_model: str) -> int:
        on = route("openai", provider=openai(dialects=spoken), price=PRICE, upstream_model=upstream_model)
        return len(offered(ask, on))

    assert (offers("gpt-5"), offers("o3")) == (1, 0)


def test_a_demand_goes_to_the_route_that_has_a_price_for_it() -> None:
    ask = asked(tools=[SEARCH], tool_choice="required")
    without, having = at_openai(without_price("web_search")), at_openai()

    assert payable(ask, [without, having]) == [having]


@pytest.mark.parametrize("ask", [
    asked(tools=[FUNCTION, SEARCH]),
    said_to_claude(tools=[CLAUDES_FUNCTION, CLAUDES_SEARCH]),
])  # fmt: skip
def test_on_a_translated_lane_what_is_declared_is_left_out_and_told(ask: Ask) -> None:
    on = route("groq", price=PRICE)
    answer = json.dumps(
        {"id": "1", "choices": [{"index": 0, "message": {"content": "hi"}, "finish_reason": "stop"}]}
    )
    world, said, _ = served(ask, on, answer.encode())

    assert [tool["function"]["name"] for tool in sent(world)["tools"]] == ["f"]
    assert said.headers["x-aggregator-ignored"] in ("tools.web_search", "tools.web_search_20250305")
    assert world.wallets.held[0] < 1_950


@pytest.mark.parametrize("read", [
    lambda: asked(tools=[SEARCH], max_tool_calls="2"),
    lambda: asked(tools=[SEARCH], max_tool_calls=0),
    lambda: said_to_claude(tools=[CLAUDES_SEARCH | {"max_uses": 1.5}]),
])  # fmt: skip
def test_a_cap_that_is_no_number_is_refused_by_its_place(read: Any) -> None:
    with pytest.raises(InvalidRequest) as refused:
        read()

    assert refused.value.param in ("max_tool_calls", "tools.0.max_uses")


def test_results_of_earlier_turns_go_back_to_their_house() -> None:
    found = FOUND | {
        "content": [{"type": "web_search_result", "encrypted_content": "Eo8", "title": "t", "url": "u"}]
    }
    used = {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {"query": "a"}}
    turns = [{"role": "user", "content": "hi"}, {"role": "assistant", "content": [used, found]}]
    ask = said_to_claude(messages=[*turns, {"role": "user", "content": "and?"}], tools=[CLAUDES_SEARCH])
    world, _, _ = served(ask, at_anthropic(), message(None))

    assert sent(world)["messages"][:2] == turns
    items = [ITEMS[0], {"role": "user", "content": "and?"}]
    world, _, _ = served(
        asked(input=items, tools=[SEARCH]), at_openai(), json.dumps(response([MESSAGE])).encode()
    )
    assert sent(world)["input"] == items


def test_a_container_of_an_earlier_turn_is_not_opened_again() -> None:
    ran = code_call(1, "cntr_1") | {"code": "print(2)", "outputs": [{"type": "logs", "logs": "2"}]}
    ask = asked(input=[{"role": "user", "content": "hi"}, ran], tools=[SEARCH])
    world, _, _ = served(ask, at_openai(), json.dumps(response([MESSAGE])).encode())

    assert "cntr_1" not in json.dumps(sent(world))
    assert sent(world)["input"][1] == {
        "type": "message",
        "role": "assistant",
        "content": [
            {
                "type": "output_text",
                "text": "I ran this code:\n\n```python\nprint(2)\n```\n\nIt said:\n\n```\n2\n```",
            }
        ],
    }


def types_in(union: Any) -> set[str]:
    """The types of a union of tools, as an SDK has them."""

    def literals(hint: Any) -> set[str]:
        if get_origin(hint) is Literal:
            return set(get_args(hint))
        return set().union(*(literals(each) for each in get_args(hint)))

    return set().union(*(literals(get_type_hints(tool).get("type")) for tool in get_args(union)))


@pytest.mark.parametrize(("union", "is_known", "some"), [
    (ToolParam, responses_hosted.is_known, {"web_search", "function", "mcp", "apply_patch"}),
    (BetaToolUnionParam, messages_hosted.is_known, {"web_search_20250305", "bash_20250124", "advisor_20260301"}),
])  # fmt: skip
def test_of_every_tool_of_the_sdks_it_is_known_where_it_runs(
    union: Any, is_known: Any, some: set[str]
) -> None:
    kinds = types_in(union)

    assert some <= kinds
    assert [kind for kind in sorted(kinds) if not is_known({"type": kind})] == []


def test_a_tool_that_nobody_knows_passes_to_the_house_alone() -> None:
    for ask, at in (
        (asked(tools=[FUNCTION, {"type": "crystal_ball"}]), openai()),
        (said_to_claude(tools=[CLAUDES_FUNCTION, {"type": "crystal_ball_2027"}]), anthropic()),
    ):
        lanes.check(ask, route(at.id, provider=at).via)
        with pytest.raises(UnsupportedParameter) as refused:
            lanes.check(ask, route("other", provider=at._replace(id="other", house=False)).via)
        assert refused.value.param == "tools.1.type"


def test_xais_own_tools_have_no_price_so_they_are_left_out_and_told() -> None:
    on = route("xai", provider=openai(house=False), price=PRICE)
    ask = asked(tools=[FUNCTION, {"type": "x_search"}, {"type": "code_execution"}])
    world, answer, _ = served(ask, on, json.dumps(response([MESSAGE])).encode())

    assert sent(world)["tools"] == [FUNCTION]
    assert answer.headers["x-aggregator-ignored"] == "tools.x_search, tools.code_execution"


def test_who_has_no_such_tools_pays_for_none_of_this() -> None:
    ask = asked(tools=[FUNCTION])
    world, answer, _ = served(ask, at_openai(), json.dumps(response(ITEMS)).encode())

    assert ask.hosted is None
    assert world.receipts[0].usage.tools == ()
    assert not {"x-aggregator-tool-calls", "x-aggregator-max-tool-calls"} & answer.headers.keys()
