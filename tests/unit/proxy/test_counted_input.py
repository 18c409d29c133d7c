"""Where an account is tight the provider of the first route is asked how long the prompt is, once for each prefix."""

import json
from typing import Any

import pytest

from aggregator.errors import InsufficientQuota, ProviderUnavailable
from aggregator.orchestrator.model import Spoken
from aggregator.proxy.counted_input import Counted, InputCounter
from aggregator.proxy.dialects.messages.client import MESSAGES
from aggregator.proxy.dialects.responses.client import RESPONSES
from aggregator.proxy.exchange import UpstreamError
from aggregator.proxy.model import Ask, Route
from aggregator.proxy.walk import Collaborators, walk
from aggregator.runtime.aws import JsonObject
from aggregator.runtime.streaming import StreamingResponse
from tests.fakes.chat_world import (
    AT_ANTHROPIC,
    CALLER,
    LARGE,
    ScriptedResponse,
    World,
    ask,
    chat_event,
    completion,
    provider,
    route,
    visit,
)

AT_OPENAI = route(provider=provider(dialects=("responses",), house=True), **LARGE)
AT_GOOGLE = route("google", provider=provider("google", protocol="gemini"), **LARGE)
LONG = "word " * 8_000
"""40,000 bytes."""


def said_by_claude(text: str = "hello") -> ScriptedResponse:
    body = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "anthropic-mini",
        "content": [{"type": "text", "text": text}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": 8_000, "output_tokens": 5},
    }
    return ScriptedResponse(json.dumps(body).encode())


def counted(tokens: int, name: str = "input_tokens") -> ScriptedResponse:
    return ScriptedResponse(json.dumps({name: tokens}).encode())


def claude(*turns: Any, **fields: Any) -> Ask:
    messages = list(turns) or [{"role": "user", "content": LONG}]
    body: JsonObject = {"model": "mini", "max_tokens": 4000, "messages": messages}
    return MESSAGES.read(chat_event(body | fields))


class Served:
    """Requests of one function's environment, which remembers counts, each to an account of its own."""

    def __init__(self, *routes: Route) -> None:
        self.routes = routes
        self.counts: Counted = {}

    def __call__(self, asked: Ask, *script: Any, available: int = 50_000) -> tuple[World, StreamingResponse]:
        world = World(script, self.routes, available=available)
        do = world.collaborators()._replace(counted=self.counts)
        return world, walk(CALLER, asked, visit(world.clock), do)


def sent(world: World, n: int) -> JsonObject:
    body: JsonObject = json.loads(world.upstream.requests[n].body)
    return body


def test_the_body_that_goes_upstream_is_counted_and_its_count_with_a_margin_is_held_for() -> None:
    world, answer = Served(AT_ANTHROPIC)(claude(system="be short"), counted(8_010), said_by_claude())

    count, call = world.upstream.requests
    assert count.url == "https://api.anthropic.example/v1/messages/count_tokens"
    assert call.url == "https://api.anthropic.example/v1/messages"
    assert count.headers["x-api-key"] == call.headers["x-api-key"] == "key-1"
    assert sent(world, 0) == {name: sent(world, 1)[name] for name in ("model", "messages", "system")}
    # 8,010 and a twentieth and 64; 4,000 tokens of output at 2 each
    assert world.wallets.held == [8_010 + 401 + 64 + 8_000]
    assert "x-aggregator-capped" not in answer.headers
    assert sent(world, 1)["max_tokens"] == 4000


def test_it_is_asked_within_two_seconds_of_the_requests_own_time() -> None:
    world, _ = Served(AT_ANTHROPIC)(claude(), counted(8_010), said_by_claude())

    assert world.upstream.deadlines == [1_002.0, 1_060.0]
    assert world.upstream.requests[0].first_byte_seconds == 2.0


def test_a_rich_account_is_not_counted_for() -> None:
    world, _ = Served(AT_ANTHROPIC)(claude(), said_by_claude(), available=1_000_000)

    assert len(world.upstream.requests) == 1


def test_nor_is_a_prompt_that_costs_little_of_what_is_there() -> None:
    world, _ = Served(AT_ANTHROPIC)(
        claude({"role": "user", "content": "hi"}), said_by_claude(), available=10_000
    )

    assert len(world.upstream.requests) == 1
    assert world.wallets.held == [5_000]


@pytest.mark.parametrize(
    "failure",
    [
        UpstreamError("TimeoutError", timed_out=True),
        UpstreamError("RemoteDisconnected"),
        ScriptedResponse(b"{}", status=429),
        ScriptedResponse(b"{}", status=404),
        ScriptedResponse(b"no JSON"),
        ScriptedResponse(b"[]"),
    ],
)
def test_who_does_not_count_keeps_the_bytes_and_is_left_alone_for_a_while(failure: Any) -> None:
    serve = Served(AT_ANTHROPIC)

    first, _ = serve(claude(), failure, said_by_claude())
    again, _ = serve(claude(), said_by_claude())

    assert first.wallets.held == [40_076 + 64 + 2 * 2_000]
    assert again.wallets.held == first.wallets.held
    assert len(again.upstream.requests) == 1


@pytest.mark.parametrize(
    "answer",
    [
        ScriptedResponse(b"{}", status=400),
        ScriptedResponse(b"{}", status=413),
        ScriptedResponse(b'{"input_tokens": "9"}'),
    ],
)
def test_a_prompt_that_is_not_counted_does_not_speak_for_others(answer: ScriptedResponse) -> None:
    serve = Served(AT_ANTHROPIC)

    serve(claude(), answer, said_by_claude())
    again, _ = serve(claude(), counted(8_000), said_by_claude())

    assert len(again.upstream.requests) == 2


def test_after_a_while_who_failed_is_asked_again() -> None:
    serve = Served(AT_ANTHROPIC)
    serve(claude(), ScriptedResponse(b"{}", status=529), said_by_claude())
    ((name, (bound, until)),) = serve.counts.items()

    assert (name, bound, until) == (b"rests anthropic", 0, 1_030.0)


FIRST = {"role": "user", "content": [{"type": "text", "text": LONG, "cache_control": {"type": "ephemeral"}}]}
ANSWER = {"role": "assistant", "content": [{"type": "text", "text": "hello"}]}
NEXT = {"role": "user", "content": [{"type": "text", "text": "and?", "cache_control": {"type": "ephemeral"}}]}
UNMARKED = {"role": "user", "content": [{"type": "text", "text": LONG}]}


@pytest.mark.parametrize("unmarked", [UNMARKED, {"role": "user", "content": LONG}])
def test_the_next_turn_is_bounded_by_the_last_ones_count_and_the_bytes_of_what_is_new(
    unmarked: JsonObject,
) -> None:
    serve = Served(AT_ANTHROPIC)
    serve(claude(FIRST), counted(8_000), said_by_claude())

    world, _ = serve(claude(unmarked, ANSWER, NEXT), said_by_claude())

    assert len(world.upstream.requests) == 1
    # counted 8,000, a twentieth, 64; new are 63 and 57 bytes as JSON, and 16 for each turn
    assert world.wallets.held == [8_000 + 400 + 64 + 63 + 57 + 32 + 8_000]


def test_what_is_known_of_a_prefix_never_refuses_what_a_count_lets_pass() -> None:
    serve = Served(AT_ANTHROPIC)
    serve(claude(FIRST), counted(8_000), said_by_claude())
    least = 8_020 + 401 + 64 + 1_024

    world, _ = serve(claude(UNMARKED, ANSWER, NEXT), counted(8_020), said_by_claude(), available=least)

    assert len(world.upstream.requests) == 2
    assert world.wallets.held == [least]


def test_who_is_refused_is_counted_once() -> None:
    counts = [counted(8_000), counted(8_000)]
    world = World(counts, [AT_ANTHROPIC], available=9_000)

    with pytest.raises(InsufficientQuota):
        walk(CALLER, claude(), visit(world.clock), world.collaborators())

    assert len(world.upstream.requests) == 1


@pytest.mark.parametrize(
    "asked",
    [
        claude(UNMARKED, ANSWER, NEXT, system="another"),
        claude(UNMARKED, ANSWER, {"role": "user", "content": "x" * 2_100}),  # too much is new
        claude(UNMARKED, {"role": "user", "content": "of the same role"}),
        claude({"role": "user", "content": LONG + "!"}, ANSWER, NEXT),
        claude(UNMARKED, ANSWER, NEXT, tools=[{"name": "f", "input_schema": {"type": "object"}}]),
    ],
)
def test_another_prompt_is_counted_anew(asked: Ask) -> None:
    serve = Served(AT_ANTHROPIC)
    serve(claude(UNMARKED), counted(8_000), said_by_claude())

    world, _ = serve(asked, counted(8_100), said_by_claude())

    assert len(world.upstream.requests) == 2


KEEPS_ALL = {"edits": [{"type": "clear_thinking_20251015", "keep": "all"}]}
CLEARS = {"edits": [{"type": "clear_tool_uses_20250919"}]}


@pytest.mark.parametrize(("management", "counts"), [(KEEPS_ALL, 0), (CLEARS, 1)])
def test_a_context_that_is_edited_as_it_grows_is_counted_each_time(
    management: JsonObject, counts: int
) -> None:
    serve = Served(AT_ANTHROPIC)
    first, _ = serve(claude(UNMARKED, context_management=management), counted(8_000), said_by_claude())

    script = [counted(8_020)] * counts
    world, _ = serve(claude(UNMARKED, ANSWER, NEXT, context_management=management), *script, said_by_claude())

    assert sent(first, 0)["context_management"] == management
    assert len(world.upstream.requests) == counts + 1


def test_another_models_count_is_not_taken() -> None:
    serve = Served(AT_ANTHROPIC)
    serve(claude(UNMARKED), counted(8_000), said_by_claude())
    serve.routes = (AT_ANTHROPIC._replace(via=AT_ANTHROPIC.via._replace(upstream_model="other")),)

    world, _ = serve(claude(UNMARKED), counted(9_000), said_by_claude())

    assert len(world.upstream.requests) == 2


def test_what_a_mark_of_a_cache_hides_elsewhere_is_part_of_the_prompt() -> None:
    call = {"type": "tool_use", "id": "a", "name": "f", "input": {}}
    hidden = {**call, "input": {"cache_control": "x" * 1_000}}
    result = {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "a", "content": "ok"}]}
    tools = [{"name": "f", "input_schema": {"type": "object"}}]
    serve = Served(AT_ANTHROPIC)
    serve(
        claude(UNMARKED, {"role": "assistant", "content": [call]}, result, tools=tools),
        counted(8_000),
        said_by_claude(),
    )

    world, _ = serve(
        claude(UNMARKED, {"role": "assistant", "content": [hidden]}, result, tools=tools),
        counted(8_500),
        said_by_claude(),
    )

    assert len(world.upstream.requests) == 2


def test_thinking_of_earlier_turns_is_added_by_its_bytes() -> None:
    thought = {"type": "thinking", "thinking": "let me see", "signature": "s" * 300}
    turns = (UNMARKED, {"role": "assistant", "content": [thought, {"type": "text", "text": "hello"}]}, NEXT)

    world, _ = Served(AT_ANTHROPIC)(claude(*turns), counted(8_000), said_by_claude())

    assert world.wallets.held == [8_000 + 400 + 64 + 358 + 8_000]


def test_what_is_only_pointed_at_is_not_counted() -> None:
    image = {"type": "image", "source": {"type": "url", "url": "https://example.com/a.png"}}
    turn = {"role": "user", "content": [image, {"type": "text", "text": LONG}]}

    world, _ = Served(AT_ANTHROPIC)(claude(turn), said_by_claude())

    assert len(world.upstream.requests) == 1


def test_a_picture_in_the_prompt_is_counted_each_time() -> None:
    source = {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="}
    turn = {"role": "user", "content": [{"type": "image", "source": source}, {"type": "text", "text": LONG}]}
    serve = Served(AT_ANTHROPIC)

    worlds = [serve(claude(turn), counted(8_000), said_by_claude())[0] for _ in range(2)]

    assert [len(world.upstream.requests) for world in worlds] == [2, 2]


@pytest.mark.unpublished("of_tomorrow")
def test_a_field_that_is_not_known_here_may_bring_tokens_and_is_not_counted() -> None:
    world, _ = Served(AT_ANTHROPIC)(claude(of_tomorrow={"skills": 5}), said_by_claude())

    assert len(world.upstream.requests) == 1


def test_who_speaks_messages_beside_its_house_is_not_asked() -> None:
    other = provider("deepseek", dialects={"messages": Spoken("/messages")})

    world, _ = Served(route("deepseek", provider=other, **LARGE))(claude(), said_by_claude())

    assert len(world.upstream.requests) == 1


def test_each_route_keeps_its_own_bound() -> None:
    fallback = route(
        "other", provider=provider("other", protocol="anthropic", dialects=("messages",)), **LARGE
    )
    # Half of 50,000 covers the counted route, and not the 40,140 tokens that bytes bound on the other.
    failing = [ScriptedResponse(status=529), ScriptedResponse(status=529)]

    with pytest.raises(ProviderUnavailable):
        Served(AT_ANTHROPIC, fallback)(claude(), counted(8_000), *failing, said_by_claude())


def test_a_chat_to_claude_and_to_gemini_is_counted_as_it_goes_out() -> None:
    asked = ask(messages=[{"role": "user", "content": LONG}], max_tokens=4000)
    gemini = {
        "candidates": [{"content": {"parts": [{"text": "hello"}]}, "finishReason": "STOP"}],
        "usageMetadata": {"promptTokenCount": 8_000, "candidatesTokenCount": 5},
    }

    to_claude, _ = Served(AT_ANTHROPIC)(asked, counted(8_000), said_by_claude())
    to_gemini, _ = Served(AT_GOOGLE)(
        asked, counted(8_000, "totalTokens"), ScriptedResponse(json.dumps(gemini).encode())
    )

    assert to_claude.wallets.held == to_gemini.wallets.held == [8_000 + 400 + 64 + 8_000]
    count = to_gemini.upstream.requests[0]
    assert count.url == "https://api.google.example/v1/models/google-mini:countTokens"
    assert sent(to_gemini, 0) == {
        "generateContentRequest": {"model": "models/google-mini", **sent(to_gemini, 1)}
    }


def test_responses_are_counted_exactly() -> None:
    body: JsonObject = {"model": "mini", "input": LONG, "max_output_tokens": 4000, "instructions": "short"}
    response: JsonObject = {
        "id": "r",
        "object": "response",
        "status": "completed",
        "output": [],
        "usage": None,
    }

    world, _ = Served(AT_OPENAI)(
        RESPONSES.read(chat_event(body)), counted(8_002), ScriptedResponse(json.dumps(response).encode())
    )

    assert world.upstream.requests[0].url == "https://api.openai.example/v1/responses/input_tokens"
    assert sent(world, 0) == {"model": "openai-mini", "input": LONG, "instructions": "short"}
    assert world.wallets.held == [8_002 + 8_000]


def test_a_chat_at_openai_keeps_its_bytes_for_its_counter_counts_responses() -> None:
    asked = ask(messages=[{"role": "user", "content": LONG}], max_tokens=4000)

    world, _ = Served(AT_OPENAI)(asked, ScriptedResponse(completion("hello")))

    assert len(world.upstream.requests) == 1


SEARCH = {"type": "web_search_20250305", "name": "web_search"}
FUNCTION = {"name": "f", "input_schema": {"type": "object"}}
SEARCHES = AT_ANTHROPIC._replace(price=AT_ANTHROPIC.price._replace(tools=(("web_search", 50),)))


def test_a_search_that_is_only_declared_is_left_out_of_the_count_as_of_the_request() -> None:
    asked = claude(tools=[FUNCTION, SEARCH])

    world, _ = Served(SEARCHES)(asked, counted(8_000), said_by_claude())

    assert [tool["name"] for tool in sent(world, 0)["tools"]] == ["f"]
    assert sent(world, 0)["tools"] == sent(world, 1)["tools"]
    assert world.wallets.held == [8_000 + 400 + 64 + 8_000]


def test_where_the_hold_covers_a_search_its_window_is_held_for_and_not_the_count() -> None:
    asked = claude(tools=[FUNCTION, SEARCH])

    world, _ = Served(SEARCHES)(asked, counted(8_000), said_by_claude(), available=700_000)

    # Half of what is there covers the window, and once more for each of two calls, and the answer.
    assert [tool["name"] for tool in sent(world, 1)["tools"]] == ["f", "web_search"]
    assert sent(world, 1)["tools"][1]["max_uses"] == 2
    assert world.wallets.held == [350_000]


def test_a_search_that_is_demanded_is_not_counted() -> None:
    asked = claude(tools=[SEARCH], tool_choice={"type": "any"})

    world, _ = Served(SEARCHES)(asked, said_by_claude(), available=700_000)

    assert len(world.upstream.requests) == 1


def test_a_count_over_the_bytes_is_not_taken() -> None:
    world, _ = Served(AT_ANTHROPIC)(claude(), counted(90_000), said_by_claude())

    assert world.wallets.held == [40_076 + 64 + 2 * 2_000]


def test_a_refusal_after_a_count_names_what_the_count_says() -> None:
    with pytest.raises(InsufficientQuota) as refused:
        Served(AT_ANTHROPIC)(claude(), counted(8_000), available=9_000)

    assert refused.value.details["balance"]["needed_usd"] == "0.000009488"
    assert refused.value.details["balance"]["most_max_tokens"] == 268


def test_what_is_remembered_is_bounded() -> None:
    world = World()
    do: Collaborators = world.collaborators()
    counter = InputCounter(do.upstream, do.keys, do.monotonic, do.counted)

    for n in range(1_100):
        counter._remember(f"{n}".encode(), n, 60.0)

    assert len(do.counted) == 1_024
    assert next(iter(do.counted)) == b"76"
