"""What the client is told of a request that was answered: what was held, what it cost, who answered."""

import json

from aggregator.proxy.emit import event_of
from aggregator.proxy.walk import walk
from aggregator.runtime.streaming import DELIMITER, StreamingResponse, prelude
from tests.fakes.chat_world import (
    CALLER,
    DONE,
    ScriptedResponse,
    World,
    ask,
    chunk,
    completion,
    counted,
    route,
    visit,
)

USED = counted(10, 5)


def served(world: World, **fields: object) -> StreamingResponse:
    return walk(CALLER, ask(**fields), visit(world.clock), world.collaborators())


def test_the_answer_says_what_was_held_what_it_cost_and_what_is_left() -> None:
    world = World([ScriptedResponse(completion("hello", USED))], available=1_000)

    answer = served(world, max_tokens=10)

    held = world.wallets.held[0]
    assert 100 < held < 300
    assert answer.headers == {
        "x-request-id": "019ab0ad6c00-c6af9ac6-7b61-11e6-9a41-93e8deadbeef",
        "Cache-Control": "no-cache",
        "Content-Type": "application/json",
        "x-aggregator-provider": "openai",
        "x-aggregator-model": "mini",
        "x-aggregator-attempts": "1",
        "x-aggregator-hold-usd": f"0.{held:09d}".rstrip("0"),
        "x-aggregator-price-version": "1",
        "x-aggregator-strategy": "priority",
        "x-aggregator-cost-usd": "0.00000002",
        "x-aggregator-balance-usd": "0.00000098",
        "openai-processing-ms": "0",
    }


def test_it_says_by_what_routes_were_ranked_and_who_was_passed_over() -> None:
    chosen = route()._replace(strategy="weighted", left_out=("groq", "xai"))
    world = World([ScriptedResponse(completion("hello", USED))], routes=[chosen])

    answer = served(world)

    assert answer.headers["x-aggregator-strategy"] == "weighted"
    assert answer.headers["x-aggregator-left-out"] == "groq,xai"


def test_a_model_that_goes_says_when() -> None:
    world = World([ScriptedResponse(completion("hello", USED))], routes=[route(retires_at="2027-01-14")])

    assert served(world).headers["x-aggregator-retires-at"] == "2027-01-14"


def test_a_cap_that_the_platform_chose_is_said_and_sent() -> None:
    world = World([ScriptedResponse(completion("hello", USED))], routes=[route(max_output_tokens=77)])

    answer = served(world)

    assert answer.headers["x-aggregator-max-tokens"] == "77"
    assert json.loads(world.upstream.requests[0].body)["max_tokens"] == 77
    assert (world.receipts[0].max_tokens, world.receipts[0].capped_by_balance) == (77, False)


def test_a_small_balance_caps_the_answer() -> None:
    world = World([ScriptedResponse(completion("hello", USED))], available=220)

    answer = served(world)

    assert world.wallets.held == [220]
    assert world.wallets.returned == [200]
    assert 16 <= int(answer.headers["x-aggregator-max-tokens"]) < 100
    assert str(world.receipts[0].max_tokens) == answer.headers["x-aggregator-max-tokens"]
    assert world.receipts[0].capped_by_balance


def test_a_plain_answer_without_usage_gets_our_own_count_flagged() -> None:
    world = World([ScriptedResponse(completion("12345678"))])

    answer = served(world)

    said = json.loads(b"".join(answer.chunks))["usage"]
    assert said["completion_tokens"] == 2
    assert said["total_tokens"] == said["prompt_tokens"] + 2
    assert said["estimated"] is True
    assert world.receipts[0].usage.estimated


def test_a_stream_says_that_it_is_one() -> None:
    world = World([ScriptedResponse(chunk("hey", "stop"), DONE)])

    answer = served(world, stream=True)
    answer.close()

    assert answer.headers["Content-Type"] == "text/event-stream; charset=utf-8"
    assert answer.headers["X-Accel-Buffering"] == "no"
    assert answer.headers["Cache-Control"] == "no-cache"
    assert "x-aggregator-cost-usd" not in answer.headers


def test_a_field_that_is_named_to_end_the_header_does_not_and_a_crowd_of_them_is_counted() -> None:
    odd = {"x\r\nset-cookie: a=b": 1, "ü": 1, "n" * 500: 1} | {f"f{n:02}": 1 for n in range(30)}
    world = World([ScriptedResponse(completion("hello", USED))])

    told = served(world, **odd).headers["x-aggregator-ignored"].split(", ")

    assert told[:4] == ["x?set-cookie:?a?b", "?", "n" * 64, "f00"]
    assert told[19:] == ["f16", "and 13 more"]
    assert event_of(world.receipts[0])["ignored"] == told


def test_whatever_a_client_sends_the_head_leaves_room_in_the_16_kb_that_api_gateway_reads_it_from() -> None:
    crowd = {f"{n:03}" + "n" * 500: 1 for n in range(400)}
    world = World([ScriptedResponse(completion("hello", USED))])

    answer = served(world, **crowd)

    assert "and 380 more" in answer.headers["x-aggregator-ignored"]
    assert len(prelude(answer) + DELIMITER) < 16 * 1024 / 4
