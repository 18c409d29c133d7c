"""Service tiers: taken where they have rates of their own, held for at the dearest, charged as the provider says."""

import json
from typing import Any

import pytest

from aggregator.billing.price import Price
from aggregator.errors import UnsupportedParameter
from aggregator.proxy.dialects.chat.client import CHAT
from aggregator.proxy.dialects.messages.client import MESSAGES
from aggregator.proxy.dialects.payable import payable
from aggregator.proxy.dialects.responses.client import RESPONSES
from aggregator.proxy.exchange import UpstreamError
from aggregator.proxy.model import Ask, Receipt, Route
from aggregator.proxy.walk import walk
from tests.fakes.chat_world import (
    CALLER,
    DONE,
    ScriptedResponse,
    World,
    chat_event,
    chunk,
    counted,
    provider,
    route,
    visit,
)

JsonObject = dict[str, Any]

PRICE = Price(
    version="1",
    input=1_000_000,
    output=2_000_000,
    service_tiers=(
        ("flex", Price(version="1", input=500_000, output=1_000_000)),
        ("priority", Price(version="1", input=3_000_000, output=6_000_000)),
    ),
)
TAKEN = {"service_tier": ["auto", "default", "flex", "priority", "fast"]}


def chat(tier: str | None, **fields: Any) -> Ask:
    said = {"model": "mini", "messages": [{"role": "user", "content": "hi"}], "max_tokens": 100}
    return CHAT.read(chat_event(said | {"service_tier": tier} | fields))


def responses(tier: str | None, **fields: Any) -> Ask:
    said = {"model": "mini", "input": "hi", "max_output_tokens": 100, "service_tier": tier}
    return RESPONSES.read(chat_event(said | fields))


def on(price: Price = PRICE, *dialects: str, **fields: Any) -> Route:
    return route(
        "openai",
        price=price,
        provider=provider("openai", only_values=TAKEN, dialects=frozenset(dialects), house=True),
        max_input_tokens=100,
        **fields,
    )


def completion(tier: str | None) -> bytes:
    choice = {"index": 0, "message": {"content": "hi"}, "finish_reason": "stop"}
    return json.dumps(
        {"id": "1", "choices": [choice], "usage": counted(10, 5), "service_tier": tier}
    ).encode()


def response(tier: str | None) -> JsonObject:
    usage = {"input_tokens": 10, "output_tokens": 5, "total_tokens": 15}
    message = {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "hi"}]}
    said = {"id": "resp_1", "object": "response", "status": "completed", "output": [message], "usage": usage}
    return said | {"service_tier": tier}


def served(ask: Ask, at: Route, *blocks: bytes | Exception) -> tuple[World, dict[str, str], Receipt]:
    world = World([ScriptedResponse(*blocks)], [at])
    answer = walk(CALLER, ask, visit(world.clock), world.collaborators())
    b"".join(answer.chunks)
    return world, dict(answer.headers), world.receipts[0]


@pytest.mark.promise("bound")
@pytest.mark.parametrize(("asked", "said", "held", "cost", "told"), [
    ("flex", "flex", 300, 10, "flex"),
    ("flex", "default", 300, 20, None),
    ("flex", None, 300, 10, "flex"),
    ("flex", "auto", 300, 10, "flex"),
    ("priority", "priority", 900, 60, "priority"),
    ("priority", "fast", 900, 60, "priority"),
    ("fast", "priority", 900, 60, "priority"),
    ("priority", "default", 900, 20, None),
    ("priority", "ultrafast", 900, 20, None),
    ("flex", "priority", 300, 60, "priority"),
    ("default", "priority", 300, 20, None),
    (None, "priority", 300, 20, None),
])  # fmt: skip
def test_the_tier_that_the_provider_says_is_charged_and_the_dearest_is_held(
    asked: str | None, said: str | None, held: int, cost: int, told: str | None
) -> None:
    """100 tokens in at the most and 100 out; 10 and 5 are counted."""
    for ask, at, answer in (
        (chat(asked), on(), completion(said)),
        (responses(asked), on(PRICE, "responses"), json.dumps(response(said)).encode()),
        (
            chat(asked),
            on(PRICE, "responses", capabilities=frozenset({"chat", "onlyResponses"})),
            json.dumps(response(said)).encode(),
        ),
    ):
        world, headers, receipt = served(ask, at, answer)

        assert json.loads(world.upstream.requests[0].body).get("service_tier") == asked
        assert (world.wallets.held, receipt.cost_nano_usd) == ([held], cost)
        assert headers.get("x-aggregator-service-tier") == told


@pytest.mark.promise("bound")
def test_a_tier_dearer_than_what_was_asked_for_is_never_charged_above_the_hold() -> None:
    _, _, receipt = served(chat("flex", max_tokens=1), on(), completion("priority"))

    assert (receipt.cost_nano_usd, receipt.hold.amount_nano_usd, receipt.charged_nano_usd) == (60, 102, 60)
    big = json.dumps(json.loads(completion("priority")) | {"usage": counted(90, 1)}).encode()
    _, _, receipt = served(chat("flex", max_tokens=1), on(), big)
    assert (receipt.cost_nano_usd, receipt.charged_nano_usd) == (276, 102)


def test_streams_say_their_tier_at_the_end() -> None:
    stream = [
        chunk("hi"),
        chunk(None, "stop"),
        chunk(choices=[], usage=counted(10, 5), service_tier="flex"),
        DONE,
    ]
    _, _, chatted = served(chat("flex", stream=True), on(), *stream)
    done = json.dumps({"type": "response.completed", "response": response("flex")})
    event = f"event: response.completed\ndata: {done}\n\n".encode()
    words = b'event: a\ndata: {"type": "response.output_text.delta", "delta": "hi"}\n\n'
    _, _, responded = served(responses("flex", stream=True), on(PRICE, "responses"), words, event)
    translated = on(PRICE, "responses", capabilities=frozenset({"chat", "onlyResponses"}))
    _, _, over = served(chat("flex", stream=True), translated, words, event)

    assert [each.cost_nano_usd for each in (chatted, responded, over)] == [10, 10, 10]
    assert [each.usage.service_tier for each in (chatted, responded, over)] == ["flex", "flex", "flex"]


def test_where_a_stream_breaks_the_tier_that_was_asked_for_is_charged() -> None:
    _, _, receipt = served(chat("priority", stream=True), on(), chunk("hell"), UpstreamError("gone"))

    assert (receipt.usage.service_tier, receipt.usage.estimated) == ("priority", True)
    assert receipt.cost_nano_usd == 3 * receipt.usage.input_tokens + 6 * receipt.usage.output_tokens


@pytest.mark.parametrize("tier", ["flex", "priority", "fast", "scale", "ultrafast"])
@pytest.mark.parametrize("read", [chat, responses])
def test_a_tier_without_a_price_is_refused_by_name(tier: str, read: Any) -> None:
    with pytest.raises(UnsupportedParameter) as refused:
        payable(read(tier), [on(Price("1", 1, 1))])

    assert refused.value.param == "service_tier"


def test_a_refusal_says_which_tiers_there_are() -> None:
    with pytest.raises(UnsupportedParameter) as refused:
        payable(chat("scale"), [on()])

    assert refused.value.message == (
        "service_tier: 'scale' has no price here; 'auto', 'default', 'flex', 'priority' are offered"
    )


def test_a_tier_goes_to_the_route_that_has_a_price_for_it() -> None:
    without, having = on(Price("1", 1, 1)), on()

    assert payable(chat("flex"), [without, having]) == [having]


def test_what_asks_for_nothing_or_has_no_price_anywhere_is_no_tier() -> None:
    assert [chat(tier).service_tier for tier in (None, "auto", "default", "on_demand")] == ["", "", "", ""]


def test_claudes_priority_needs_a_commitment_so_it_is_refused_as_it_is() -> None:
    body = {"model": "mini", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]}
    ask = MESSAGES.read(chat_event(body | {"service_tier": "priority"}))

    assert ask.untranslated is not None
    assert ask.untranslated.param == "service_tier"
