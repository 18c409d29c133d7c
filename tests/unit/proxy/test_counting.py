"""What a stream is charged, in whatever order words, counts and breaks come: over the whole walk, by each protocol."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.billing.price import Price, Usage
from aggregator.errors import ProviderFailed
from aggregator.proxy.dialects.chat.from_client import read
from aggregator.proxy.exchange import UpstreamError
from aggregator.proxy.model import Receipt, Route
from aggregator.proxy.walk import walk
from tests.fakes.chat_world import (
    CALLER,
    DONE,
    ScriptedResponse,
    World,
    ask,
    chat_event,
    chunk,
    completion,
    counted,
    provider,
    route,
    usage_event,
    visit,
)

BROKEN = UpstreamError("IncompleteRead")
GOOD = ScriptedResponse(chunk("fine", "stop"), usage_event(10, 5), DONE)
# As Claude is priced: nano-dollars a million tokens for input, output, cache reads and writes.
CLAUDE = Price(
    version="1",
    input=2_000_000_000,
    output=10_000_000_000,
    cached_input=200_000_000,
    cache_write=2_500_000_000,
    cache_write_hour=4_000_000_000,
)


def over(protocol: str, **fields: Any) -> Route:
    """A route by this protocol, to a model that reads and writes a lot."""
    at = provider(protocol, protocol=protocol)
    wide: dict[str, Any] = {
        "max_input_tokens": 1_000_000,
        "max_output_tokens": 100_000,
        "upstream_model": "claude-haiku-5-5",
    }
    return route(protocol, CLAUDE, **({"provider": at} | wide | fields))


def served(
    *script: ScriptedResponse | Exception,
    routes: tuple[Route, ...] = (),
    available: int = 10**12,
    **fields: Any,
) -> tuple[World, bytes]:
    world = World(script, routes=routes, available=available)
    answer = walk(CALLER, ask(**({"stream": True} | fields)), visit(world.clock), world.collaborators())
    return world, b"".join(answer.chunks)


def receipt_of(*script: ScriptedResponse | Exception, **more: Any) -> Receipt:
    world, _ = served(*script, **more)
    (receipt,) = world.receipts
    return receipt


def event(said: dict[str, Any]) -> bytes:
    return f"event: {said.get('type')}\ndata: {json.dumps(said)}\n\n".encode()


def claude_starts(**usage: int) -> bytes:
    message = {"id": "m", "model": "claude", "content": [], "usage": {"output_tokens": 1} | usage}
    return event({"type": "message_start", "message": message})


def claude_says(words: str) -> bytes:
    begin = {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}
    delta = {"type": "text_delta", "text": words}
    return event(begin) + event({"type": "content_block_delta", "index": 0, "delta": delta})


def gemini_says(words: str, **usage: int) -> bytes:
    said: dict[str, Any] = {"candidates": [{"index": 0, "content": {"parts": [{"text": words}]}}]}
    return event(said | ({"usageMetadata": usage} if usage else {}))


# Every count as it comes


def test_what_claude_said_of_its_input_holds_when_the_stream_breaks() -> None:
    started = claude_starts(input_tokens=5_000, cache_read_input_tokens=150_000)

    receipt = receipt_of(
        ScriptedResponse(started, claude_says("x" * 40), BROKEN), routes=(over("anthropic"),)
    )

    assert receipt.usage == Usage(155_000, 10, cached_input_tokens=150_000, estimated=True)
    # 5,000 x 2,000 + 150,000 x 200 + 10 x 10,000
    assert receipt.cost_nano_usd == 40_100_000
    assert receipt.outcome == "provider_cut"


def test_what_gemini_said_of_its_input_holds_when_the_stream_breaks() -> None:
    partial = gemini_says("x" * 40, promptTokenCount=150_000, cachedContentTokenCount=140_000)

    receipt = receipt_of(ScriptedResponse(partial, BROKEN), routes=(over("gemini"),))

    assert receipt.usage == Usage(150_000, 10, cached_input_tokens=140_000, estimated=True)


def test_what_an_openai_stream_said_of_its_input_holds_when_it_breaks() -> None:
    first = chunk("x" * 40, usage={"prompt_tokens": 900, "prompt_tokens_details": {"cached_tokens": 800}})

    receipt = receipt_of(ScriptedResponse(first, BROKEN))

    assert receipt.usage == Usage(900, 10, cached_input_tokens=800, estimated=True)


@pytest.mark.parametrize("early", [{"completion_tokens": 1}, {"completion_tokens": 0}, {}])
def test_an_early_count_does_not_end_the_counting(early: dict[str, int]) -> None:
    first = chunk(choices=[], usage={"prompt_tokens": 10} | early)
    script = ScriptedResponse(first, chunk("x" * 25_000), chunk("", "stop"), DONE)

    receipt = receipt_of(script, routes=(over("openai"),))

    assert receipt.usage == Usage(10, 6_250, estimated=True)
    assert receipt.outcome == "completed"


def test_a_last_count_of_nothing_is_no_count() -> None:
    script = ScriptedResponse(chunk("x" * 40, "stop"), usage_event(10, 0), DONE)

    assert receipt_of(script).usage == Usage(10, 10, estimated=True)


def test_a_count_of_the_whole_is_the_providers_word() -> None:
    script = ScriptedResponse(chunk("x" * 400), chunk("", "stop"), usage_event(10, 5), DONE)

    assert receipt_of(script).usage == Usage(10, 5)


def test_an_input_that_nobody_counted_is_estimated_beside_the_output_that_was() -> None:
    script = ScriptedResponse(
        chunk("x" * 40, "stop"), chunk(choices=[], usage={"completion_tokens": 7}), DONE
    )

    # role, user, content, hi: 17 bytes
    assert receipt_of(script).usage == Usage(5, 7, estimated=True)


@pytest.mark.parametrize("words", [10, 25_000])
def test_claude_that_breaks_off_is_charged_the_larger_of_its_count_and_ours(words: int) -> None:
    script = ScriptedResponse(
        claude_starts(input_tokens=10, output_tokens=100), claude_says("x" * words), BROKEN
    )

    receipt = receipt_of(script, routes=(over("anthropic"),))

    assert receipt.usage.output_tokens == {10: 100, 25_000: 6_250}[words]


words = st.text('aé漢😀\n"', max_size=60)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("say"), words),
        st.tuples(st.just("count"), st.integers(0, 60)),
        st.tuples(st.just("comment"), st.just("")),
        st.tuples(st.just("role"), st.just("")),
    ),
    max_size=12,
)


@given(steps, st.sampled_from(["break", "end"]), st.integers(1, 40))
def test_in_any_order_the_charge_is_the_larger_of_both_counts_within_cap_and_hold(
    told: list[tuple[str, Any]], end: str, cap: int
) -> None:
    blocks: list[bytes | Exception] = []
    said = since = last = 0
    for kind, what in told:
        if kind == "say":
            blocks.append(chunk(what))
            said += len(what.encode())
            since += len(what.encode())
        elif kind == "count":
            blocks.append(chunk(choices=[], usage={"prompt_tokens": 10, "completion_tokens": what}))
            last, since = what or last, 0
        else:
            blocks.append(b": x\n\n" if kind == "comment" else chunk(""))
    blocks += [BROKEN] if end == "break" else [chunk("", "stop"), DONE]

    world = World([ScriptedResponse(*blocks)] * 2, available=10**9)
    try:
        b"".join(
            walk(CALLER, ask(stream=True, max_tokens=cap), visit(world.clock), world.collaborators()).chunks
        )
    except ProviderFailed:
        assert (said, world.receipts[0].cost_nano_usd) == (0, 0)
        return

    (receipt,) = world.receipts
    ours = min(-(-said // 4), cap)
    if since or (said and not last):
        assert receipt.usage.output_tokens == max(last, ours, 1)
    elif last:
        assert receipt.usage.output_tokens == last
    assert receipt.charged_nano_usd <= receipt.hold.amount_nano_usd


# Nothing delivered


PRELUDES: dict[str, tuple[bytes, ...]] = {
    "openai": (chunk("", role="assistant"), b": waiting\n\n", chunk()),
    "anthropic": (
        claude_starts(input_tokens=150_000),
        event({"type": "ping"}),
        claude_says(""),
    ),
    "gemini": (event({"usageMetadata": {"promptTokenCount": 150_000}}), gemini_says("")),
}


@pytest.mark.parametrize("protocol", PRELUDES)
def test_a_stream_that_broke_before_a_word_comes_from_the_next_route(protocol: str) -> None:
    broken = ScriptedResponse(*PRELUDES[protocol], BROKEN)

    world, body = served(broken, broken, GOOD, routes=(over(protocol), route("groq")))

    (receipt,) = world.receipts
    assert (receipt.route.provider.id, receipt.attempts, receipt.cost_nano_usd) == ("groq", 3, 20)
    assert b"fine" in body
    assert body.endswith(DONE)


@pytest.mark.parametrize("protocol", PRELUDES)
def test_a_stream_that_broke_before_a_word_costs_nothing(protocol: str) -> None:
    world = World(
        [ScriptedResponse(*PRELUDES[protocol], BROKEN)] * 2, routes=(over(protocol),), available=10**12
    )

    with pytest.raises(ProviderFailed):
        walk(CALLER, ask(stream=True), visit(world.clock), world.collaborators())

    (receipt,) = world.receipts
    assert (receipt.usage, receipt.cost_nano_usd, receipt.outcome) == (Usage(), 0, "provider_error")


# Our own count


def test_our_count_of_a_prompt_is_of_its_text_however_it_was_written() -> None:
    text = "漢" * 1_000
    messages = [{"role": "user", "content": text}]
    escaped = json.dumps({"model": "mini", "messages": messages, "stream": True})
    plain = json.dumps({"model": "mini", "messages": messages, "stream": True}, ensure_ascii=False)
    blanks = plain.replace('"messages"', " " * 40_000 + '"messages"')

    def tokens(body: str) -> int:
        world = World(
            [ScriptedResponse(chunk("x", "stop"), DONE)], routes=(over("openai"),), available=10**12
        )
        b"".join(walk(CALLER, read(chat_event(body)), visit(world.clock), world.collaborators()).chunks)
        return world.receipts[0].usage.input_tokens

    # 3,000 bytes of text, 15 of role, user and content
    assert [tokens(escaped), tokens(plain), tokens(blanks)] == [754, 754, 754]


def test_our_count_of_an_answer_is_of_its_text_however_it_was_written() -> None:
    text = "漢" * 40
    said = {"choices": [{"index": 0, "delta": {"content": text}, "finish_reason": None}]}
    escaped = b"data: " + json.dumps(said).encode() + b"\n\n"
    plain = b"data: " + json.dumps(said, ensure_ascii=False).encode() + b"\n\n"
    blanks = plain.replace(b'"delta"', b" " * 40_000 + b'"delta"')

    found = [receipt_of(ScriptedResponse(each, chunk("", "stop"), DONE)) for each in (escaped, plain, blanks)]

    assert [each.usage.output_tokens for each in found] == [30, 30, 30]


@pytest.mark.parametrize(("choices", "most"), [(1, 20), (3, 60)])
def test_our_count_is_never_over_the_cap_that_was_sent(choices: int, most: int) -> None:
    script = ScriptedResponse(chunk("x" * 4_000), BROKEN)

    receipt = receipt_of(script, max_tokens=20, n=choices)

    assert receipt.usage.output_tokens == most


# What is so is shown


def test_a_cost_above_the_hold_is_told_as_what_is_charged() -> None:
    plain = World([ScriptedResponse(completion("hello", counted(300_000, 5)))])
    answer = walk(CALLER, ask(max_tokens=5), visit(plain.clock), plain.collaborators())
    streamed = World([ScriptedResponse(chunk("hello", "stop"), usage_event(300_000, 5), DONE)])
    events = b"".join(
        walk(
            CALLER,
            ask(max_tokens=5, stream=True, stream_options={"include_usage": True}),
            visit(streamed.clock),
            streamed.collaborators(),
        ).chunks
    )

    assert plain.receipts[0].cost_nano_usd == 300_010
    assert plain.receipts[0].charged_nano_usd == plain.receipts[0].hold.amount_nano_usd
    assert answer.headers["x-aggregator-cost-usd"] == answer.headers["x-aggregator-hold-usd"]
    usage = json.loads(events.split(b"\n\n")[-3][6:])["usage"]
    assert usage["cost_usd"] == usage["hold_usd"]
