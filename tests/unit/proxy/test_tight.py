"""A tight account: a share of it is held, and the answer is capped to that; who can pay the least is served."""

import json
from typing import Any

import pytest

from aggregator.auth.caller import Caller
from aggregator.billing.model import Held
from aggregator.billing.price import Price
from aggregator.errors import InsufficientQuota, ProviderFailed
from aggregator.proxy.dialects.messages.client import MESSAGES
from aggregator.proxy.dialects.responses.client import RESPONSES
from aggregator.proxy.model import Ask, Route
from aggregator.proxy.walk import walk
from aggregator.runtime.aws import JsonObject
from aggregator.runtime.streaming import StreamingResponse
from tests.fakes.chat_world import (
    CALLER,
    LARGE,
    ScriptedResponse,
    World,
    ask,
    chat_event,
    completion,
    counted,
    provider,
    route,
    visit,
)

LATER = "1795438800"
"""The bucket of the other requests' holds: the one that these go into."""


def large(provider_id: str = "openai", price: Price | None = None, **fields: Any) -> Route:
    given = {} if price is None else {"price": price}
    return route(provider_id, **given, **LARGE, **fields)


def served(
    asked: Ask,
    available: int,
    *routes: Route,
    held: int = 0,
    may_cap: bool = True,
    caller: Caller = CALLER,
    script: tuple[ScriptedResponse, ...] = (),
) -> tuple[World, StreamingResponse]:
    answers = script or (ScriptedResponse(completion("hello", counted(10, 5))),)
    world = World(answers, routes or [large()], available=available)
    if held:
        world.wallets.holds[LATER] = Held(held, 1)
    answer = walk(caller, asked, visit(world.clock)._replace(may_cap=may_cap), world.collaborators())
    return world, answer


def sent(world: World) -> JsonObject:
    body: JsonObject = json.loads(world.upstream.requests[-1].body)
    return body


def told(answer: StreamingResponse) -> tuple[str | None, str | None]:
    return answer.headers.get("x-aggregator-max-tokens"), answer.headers.get("x-aggregator-capped")


# "hi" with max_tokens 8000 is 86 bytes of body: at most 150 tokens in, and 8,000 out at 2 each.
BOUND = 150 + 16_000


def test_a_rich_account_holds_the_bound_in_one_write_and_is_told_no_cap() -> None:
    world, answer = served(ask(max_tokens=8000), 4 * BOUND)

    assert world.steps == ["route", "reserve", "call", "return", "emit completed"]
    assert world.wallets.held == [16_150]
    assert (sent(world)["max_tokens"], told(answer)) == (8000, (None, None))


def test_a_tight_account_holds_half_of_what_is_there_and_the_answer_is_capped_to_it() -> None:
    world, answer = served(ask(max_tokens=8000), 10_000)

    assert world.steps == ["route", "reserve", "reserve", "call", "return", "emit completed"]
    assert world.wallets.held == [5_000]
    assert (sent(world)["max_tokens"], told(answer)) == (2_425, ("2425", "balance"))


def test_beside_other_requests_it_holds_a_quarter() -> None:
    world, answer = served(ask(max_tokens=8000), 20_000, held=1)

    assert world.wallets.held == [5_000]
    assert (sent(world)["max_tokens"], told(answer)) == (2_425, ("2425", "balance"))


def test_what_fits_into_the_share_is_not_capped() -> None:
    world, answer = served(ask(max_tokens=8000), 2 * BOUND)

    assert world.wallets.held == [16_150]
    assert (sent(world)["max_tokens"], told(answer)) == (8000, (None, None))


@pytest.mark.promise("served")
@pytest.mark.parametrize(
    ("available", "tokens"), [(1_174, 512), (1_176, 513), (4_150, 2_000), (16_600, 2_000), (16_602, 2_000)]
)
def test_a_whole_reply_is_held_whatever_the_share_and_a_shorter_one_where_that_is_all(
    available: int, tokens: int
) -> None:
    world, answer = served(ask(max_tokens=8000), available, held=5_000)

    assert world.wallets.held == [150 + 2 * tokens]
    assert (sent(world)["max_tokens"], told(answer)) == (tokens, (str(tokens), "balance"))


def test_who_asks_for_less_than_that_needs_no_more() -> None:
    world, answer = served(ask(max_tokens=100), 349, held=5_000)

    assert world.wallets.held == [149 + 2 * 100]
    assert (sent(world)["max_tokens"], told(answer)) == (100, (None, None))


def test_it_is_refused_only_if_the_least_is_not_there_and_told_what_would_pass() -> None:
    with pytest.raises(InsufficientQuota) as refused:
        served(ask(max_tokens=8000), 1_173, held=5_000)

    assert refused.value.message == (
        "This request needs 0.000001174 USD at the least, and 0.000001173 USD are available. "
        "Running requests hold 0.000005 USD, of which the last is back by 2026-11-23T13:01:00Z. "
        "Add credit, shorten the prompt, or lower max_tokens to 511."
    )
    assert refused.value.details == {
        "balance": {
            "needed_usd": "0.000001174",
            "available_usd": "0.000001173",
            "held_usd": "0.000005",
            "held_until": "2026-11-23T13:01:00Z",
            "most_max_tokens": 511,
        }
    }


@pytest.mark.promise("served")
def test_the_largest_limit_that_is_told_passes() -> None:
    # Its own body is one byte shorter, and its bound one less.
    world, answer = served(ask(max_tokens=511), 1_173, held=5_000)

    assert world.wallets.held == [149 + 2 * 511]
    assert told(answer) == (None, None)


def test_where_not_even_the_prompt_is_paid_for_no_limit_would_pass() -> None:
    with pytest.raises(InsufficientQuota) as refused:
        served(ask(max_tokens=8000), 151)

    assert refused.value.details["balance"]["most_max_tokens"] is None
    assert refused.value.message.endswith("Add credit or shorten the prompt.")


def test_whoever_wants_no_cap_is_refused_instead() -> None:
    with pytest.raises(InsufficientQuota) as refused:
        served(ask(max_tokens=8000), 16_149, may_cap=False)

    assert refused.value.details["balance"]["needed_usd"] == "0.00001615"
    assert refused.value.details["balance"]["most_max_tokens"] == 7_999


def test_or_served_whole_if_that_is_all_that_is_there() -> None:
    world, answer = served(ask(max_tokens=8000), 16_150, may_cap=False, held=5)

    assert world.wallets.held == [16_150]
    assert (sent(world)["max_tokens"], told(answer)) == (8000, (None, None))


def test_without_a_limit_whoever_wants_no_cap_has_to_pay_for_the_longest_answer() -> None:
    with pytest.raises(InsufficientQuota) as refused:
        served(ask(), 10_000, may_cap=False)

    assert refused.value.details["balance"]["needed_usd"] == "0.00002013"


def test_without_a_limit_the_cap_is_told_as_the_balances() -> None:
    world, answer = served(ask(), 10_000)

    assert world.wallets.held == [5_000]
    assert (sent(world)["max_tokens"], told(answer)) == (2_435, ("2435", "balance"))


def test_without_a_limit_less_than_a_few_hundred_tokens_will_do() -> None:
    world, answer = served(ask(), 130 + 2 * 16)

    assert world.wallets.held == [162]
    assert (sent(world)["max_tokens"], told(answer)) == (16, ("16", "balance"))


def test_each_of_several_choices_gets_its_part() -> None:
    world, answer = served(ask(max_tokens=4000, n=2), 20_000)

    assert world.wallets.held == [10_000]
    assert (sent(world)["max_tokens"], told(answer)) == (2_460, ("2460", "balance"))


DEAR = Price(version="1", input=100_000_000, output=2_000_000)


def test_a_route_that_the_hold_does_not_cover_is_not_taken() -> None:
    failing = ScriptedResponse(status=500)
    world = World([failing] * 4, [large(), large("dear", DEAR)], available=10_000)

    with pytest.raises(ProviderFailed):
        walk(CALLER, ask(max_tokens=8000), visit(world.clock), world.collaborators())

    assert [request.url for request in world.upstream.requests] == [
        "https://api.openai.example/v1/chat/completions"
    ] * 2


def test_the_first_route_that_can_be_paid_for_is_taken() -> None:
    world, answer = served(ask(max_tokens=8000), 10_000, large("dear", DEAR), large())

    assert answer.headers["x-aggregator-provider"] == "openai"
    assert world.wallets.held == [5_000]
    assert world.receipts[0].attempts == 1


def test_a_budget_is_never_held_over_and_its_cap_is_not_called_the_balances() -> None:
    limited = CALLER._replace(limits={"dailyBudgetNanoUsd": 3_000})
    world = World([ScriptedResponse(completion("hello", counted(10, 5)))], [large()], available=10_000)
    world.route = lambda *_: [large()]  # type: ignore[method-assign]

    answer = walk(limited, ask(), visit(world.clock), world.collaborators())

    assert world.wallets.held == [3_000]
    assert told(answer) == ("1435", None)


def claude(**fields: Any) -> Ask:
    body: JsonObject = {"model": "mini", "max_tokens": 8000, "messages": [{"role": "user", "content": "hi"}]}
    return MESSAGES.read(chat_event(body | fields))


def said_by_claude() -> ScriptedResponse:
    body = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "anthropic-mini",
        "content": [{"type": "text", "text": "hello"}],
        "stop_reason": "max_tokens",
        "stop_sequence": None,
        "usage": {"input_tokens": 10, "output_tokens": 5},
    }
    return ScriptedResponse(json.dumps(body).encode())


AT_ANTHROPIC = large(
    "anthropic", provider=provider("anthropic", protocol="anthropic", dialects=("messages",))
)


def test_messages_go_out_with_the_cap_and_say_that_they_ended_at_it() -> None:
    world, answer = served(claude(), 10_000, AT_ANTHROPIC, script=(said_by_claude(),))

    assert (sent(world)["max_tokens"], told(answer)) == (2_429, ("2429", "balance"))
    assert json.loads(b"".join(answer.chunks))["stop_reason"] == "max_tokens"


def test_what_the_model_thinks_with_is_never_cut() -> None:
    thinking = {"type": "enabled", "budget_tokens": 4000}
    asked = claude(thinking=thinking)

    world, answer = served(asked, 194 + 2 * 4_512, AT_ANTHROPIC, held=1, script=(said_by_claude(),))

    assert sent(world)["thinking"] == thinking
    assert (sent(world)["max_tokens"], told(answer)) == (4_512, ("4512", "balance"))
    with pytest.raises(InsufficientQuota):
        served(asked, 9_000, AT_ANTHROPIC)


@pytest.mark.parametrize("thinking", ["x", [1], 5, True])
def test_what_a_chat_holds_under_that_name_and_is_none_asks_for_no_thinking(thinking: Any) -> None:
    world, answer = served(ask(max_tokens=8000, thinking=thinking), 10_000)

    assert (answer.status, told(answer)[1]) == (200, "balance")
    assert world.wallets.held == [5_000]


def test_no_limit_under_the_budget_of_thinking_would_pass() -> None:
    asked = claude(thinking={"type": "enabled", "budget_tokens": 4000})

    with pytest.raises(InsufficientQuota) as refused:
        served(asked, 7_000, AT_ANTHROPIC)

    assert refused.value.details["balance"]["most_max_tokens"] is None


def test_where_an_effort_is_asked_for_there_is_room_to_think() -> None:
    world, answer = served(ask(max_tokens=8000, reasoning_effort="low"), 178 + 2 * 1_536, held=1)

    assert (sent(world)["max_tokens"], told(answer)) == (1_536, ("1536", "balance"))


def test_responses_go_out_with_the_cap() -> None:
    body: JsonObject = {"model": "mini", "input": "hi", "max_output_tokens": 8000}
    response: JsonObject = {
        "id": "resp_1",
        "object": "response",
        "status": "incomplete",
        "output": [],
        "usage": None,
    }
    on = large(provider=provider(dialects=("responses",)))

    world, answer = served(
        RESPONSES.read(chat_event(body)),
        10_000,
        on,
        script=(ScriptedResponse(json.dumps(response).encode()),),
    )

    assert world.wallets.held == [5_000]
    assert told(answer) == (str(sent(world)["max_output_tokens"]), "balance")
    assert sent(world)["max_output_tokens"] == 2_423


GEMINI_SAYS: JsonObject = {
    "candidates": [{"content": {"parts": [{"text": "hello"}]}, "finishReason": "MAX_TOKENS"}],
    "usageMetadata": {"promptTokenCount": 10, "candidatesTokenCount": 5},
}
CONVERSE_SAYS: JsonObject = {
    "output": {"message": {"role": "assistant", "content": [{"text": "hello"}]}},
    "stopReason": "max_tokens",
    "usage": {"inputTokens": 10, "outputTokens": 5, "totalTokens": 15},
}


@pytest.mark.parametrize(
    ("protocol", "says", "place"),
    [
        ("gemini", GEMINI_SAYS, ("generationConfig", "maxOutputTokens")),
        ("bedrock", CONVERSE_SAYS, ("inferenceConfig", "maxTokens")),
    ],
)
def test_a_translated_request_goes_out_with_the_cap_and_ends_in_the_clients_words(
    protocol: str, says: JsonObject, place: tuple[str, str]
) -> None:
    on = large("other", provider=provider("other", protocol=protocol))

    world, answer = served(
        ask(max_tokens=8000), 10_000, on, script=(ScriptedResponse(json.dumps(says).encode()),)
    )

    assert sent(world)[place[0]][place[1]] == 2_425
    assert told(answer) == ("2425", "balance")
    assert json.loads(b"".join(answer.chunks))["choices"][0]["finish_reason"] == "length"


def test_a_budget_of_thinking_in_a_chat_stays_below_the_cap() -> None:
    on = AT_ANTHROPIC._replace(via=AT_ANTHROPIC.via._replace(upstream_model="claude-sonnet-4-5-20250929"))

    world, answer = served(
        ask(max_tokens=8000, reasoning_effort="high"), 4_000, on, held=1, script=(said_by_claude(),)
    )

    assert told(answer) == ("1911", "balance")
    assert sent(world)["max_tokens"] == 1_911
    assert sent(world)["thinking"] == {"type": "enabled", "budget_tokens": 1_433}
