"""The walk as a list of steps: for success, plain and streamed, and for each kind of failure."""

import json
from collections.abc import Iterable

import pytest

from aggregator.billing.model import Hold
from aggregator.billing.price import Price
from aggregator.errors import (
    InsufficientQuota,
    ModelNotFound,
    ProviderFailed,
    ProviderRefused,
    ProviderTimedOut,
    Refusal,
    StoreUnavailable,
)
from aggregator.proxy.call import NobodyWatches
from aggregator.proxy.emit import event_of
from aggregator.proxy.exchange import UpstreamError
from aggregator.proxy.model import Ask, Route
from aggregator.proxy.walk import walk
from aggregator.runtime.aws import AwsError
from aggregator.runtime.streaming import StreamingResponse
from tests.fakes.chat_world import (
    CALLER,
    DONE,
    FakeKeys,
    ScriptedResponse,
    World,
    ask,
    chunk,
    completion,
    counted,
    route,
    usage_event,
    visit,
)

USED = counted(10, 5)  # costs 10 + 2 * 5 nano-dollars


def served(world: World, **fields: object) -> StreamingResponse:
    return walk(CALLER, ask(**fields), visit(world.clock), world.collaborators())


def read(world: World, chunks: Iterable[bytes]) -> list[bytes]:
    """Read a stream as a client does, noting each piece among the steps."""
    pieces = []
    for piece in chunks:
        world.steps.append("done" if piece == DONE else "chunk")
        pieces.append(piece)
    return pieces


def test_a_plain_answer_walks_route_reserve_call_emit() -> None:
    world = World([ScriptedResponse(completion("hello", USED))])

    answer = served(world)

    assert world.steps == ["route", "reserve", "call", "emit completed"]
    assert (answer.status, list(answer.chunks)) == (200, [completion("hello", USED)])
    assert world.receipts[0].cost_nano_usd == 20


def test_a_stream_is_emitted_after_its_last_chunk_and_before_its_end_mark() -> None:
    world = World([ScriptedResponse(chunk("he"), chunk("y", "stop"), usage_event(10, 5), DONE)])

    answer = served(world, stream=True)
    begun = list(world.steps)
    pieces = read(world, answer.chunks)

    assert begun == ["route", "reserve", "call"]
    assert world.steps[3:] == ["chunk", "chunk", "emit completed", "done"]
    assert pieces[-1] == DONE
    assert world.receipts[0].cost_nano_usd == 20


def test_a_stream_with_usage_tells_the_receipt_in_a_chunk_before_its_end_mark() -> None:
    world = World([ScriptedResponse(chunk("hey", "stop"), usage_event(10, 5), DONE)], available=1_000)

    answer = served(world, stream=True, stream_options={"include_usage": True}, max_tokens=10)
    pieces = read(world, answer.chunks)

    told = json.loads(pieces[1].removeprefix(b"data: "))
    assert world.steps[3:] == ["chunk", "return", "emit completed", "chunk", "done"]
    assert told["choices"] == []
    assert told["usage"] | {"hold_usd": "-"} == {
        "prompt_tokens": 10,
        "completion_tokens": 5,
        "total_tokens": 15,
        "cost_usd": "0.00000002",
        "hold_usd": "-",
        "balance_usd": "0.00000098",
        "price_version": "1",
        "request_id": "019ab0ad6c00-c6af9ac6-7b61-11e6-9a41-93e8deadbeef",
        "estimated": False,
    }


FREE = route(price=Price(version="1", input=0, output=0))


@pytest.mark.parametrize("stream", [False, True])
def test_what_costs_nothing_holds_nothing_and_is_served_without_money(*, stream: bool) -> None:
    blocks = [chunk("hello", "stop"), usage_event(), DONE] if stream else [completion("hello", USED)]
    world = World([ScriptedResponse(*blocks)], routes=[FREE], available=0)

    answer = served(world, stream=stream, stream_options={"include_usage": True})
    body = b"".join(answer.chunks)

    assert world.steps == ["route", "call", "emit completed"]
    assert b"hello" in body
    assert world.receipts[0].hold == Hold(0, "1795438800", None)
    assert (world.receipts[0].cost_nano_usd, world.receipts[0].usage.output_tokens) == (0, 5)
    assert "balanceNanoUsd" not in event_of(world.receipts[0])
    assert "x-aggregator-balance-usd" not in answer.headers
    assert b"balance_usd" not in body
    assert answer.headers["x-aggregator-hold-usd"] == "0.00"


def test_whoever_has_no_money_is_served_over_the_routes_that_cost_none() -> None:
    world = World([ScriptedResponse(status=500)] * 2, routes=[FREE, route()], available=0)

    with pytest.raises(ProviderFailed):
        served(world)

    assert world.steps == ["route", "reserve", "call", "call", "emit provider_error"]
    assert world.receipts[0].hold == Hold(0, "1795438800", None)


def test_a_free_route_beside_one_that_costs_holds_what_that_one_costs() -> None:
    world = World([ScriptedResponse(completion("hello", USED))], routes=[FREE, route()], available=10_000)

    served(world, max_tokens=100)

    assert world.wallets.held == [349]


def test_who_is_refused_in_route_holds_nothing() -> None:
    world = World(routes=ModelNotFound("no such model", param="model"))

    with pytest.raises(ModelNotFound):
        served(world)

    assert world.steps == ["route"]


def test_who_has_too_little_is_not_called_for() -> None:
    world = World(available=3)

    with pytest.raises(InsufficientQuota):
        served(world)

    assert world.steps == ["route", "reserve"]
    assert world.wallets.available == 3


def test_a_wallet_that_does_not_answer_ends_the_walk_before_the_call() -> None:
    world = World()
    world.wallets.hold = _unreachable  # type: ignore[method-assign]

    with pytest.raises(AwsError):
        served(world)

    assert world.steps == ["route"]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("failure", "refusal", "status", "calls"),
    [
        (ScriptedResponse(status=500), ProviderFailed, 502, 2),
        (ScriptedResponse(b'{"error": {"message": "bad"}}', status=400), ProviderRefused, 400, 1),
        (UpstreamError("RemoteDisconnected"), ProviderFailed, 502, 2),
        (UpstreamError("TimeoutError", timed_out=True), ProviderTimedOut, 504, 1),
        (ScriptedResponse(b"<html>"), ProviderFailed, 502, 1),
    ],
)
def test_a_provider_that_gives_no_answer_costs_nothing_and_is_emitted_once(
    stream: bool, failure: ScriptedResponse | UpstreamError, refusal: type[Refusal], status: int, calls: int
) -> None:
    world = World([failure, failure])

    with pytest.raises(refusal):
        served(world, stream=stream)

    assert world.steps == ["route", "reserve", *["call"] * calls, "emit provider_error"]
    receipt = world.receipts[0]
    assert (receipt.cost_nano_usd, receipt.status, receipt.attempts) == (0, status, calls)
    assert receipt.first_token_ms is None


def test_a_client_that_leaves_in_mid_stream_pays_for_what_was_sent() -> None:
    response = ScriptedResponse(chunk("12345678"), chunk("12345678"), chunk("more", "stop"), DONE)
    world = World([response])
    chunks = iter(served(world, stream=True, max_tokens=10).chunks)

    next(chunks)
    next(chunks)
    chunks.close()  # type: ignore[attr-defined]

    assert world.steps == ["route", "reserve", "call", "emit client_gone"]
    assert response.closed
    assert world.receipts[0].usage.estimated
    assert world.receipts[0].usage.output_tokens == 4


def test_a_client_that_leaves_before_it_reads_is_emitted_too() -> None:
    response = ScriptedResponse(chunk("hey"), chunk("more", "stop"), DONE)
    world = World([response])

    served(world, stream=True).close()

    assert world.steps == ["route", "reserve", "call", "emit client_gone"]
    assert response.closed


@pytest.mark.parametrize(
    ("end", "outcome", "code"),
    [
        ([UpstreamError("IncompleteRead")], "provider_cut", "provider_error"),
        ([], "provider_cut", "provider_error"),
        ([UpstreamError("TimeoutError", timed_out=True)], "deadline", "provider_timeout"),
        ([b'data: {"error": {"message": "overloaded"}}\n\n'], "provider_cut", "provider_error"),
        ([b'data: {"usage": {broken\n\ndata: [DONE]\n\n'], "provider_cut", "provider_error"),
        ([b'data: ["usage": {]\n\n'], "provider_cut", "provider_error"),
    ],
)
def test_a_stream_that_breaks_off_ends_in_an_error_chunk_and_no_end_mark(
    end: list[bytes | Exception], outcome: str, code: str
) -> None:
    response = ScriptedResponse(chunk("12345678"), *end)
    world = World([response])

    pieces = read(world, served(world, stream=True).chunks)

    assert world.steps == ["route", "reserve", "call", "chunk", f"emit {outcome}", "chunk"]
    said = json.loads(pieces[-1].removeprefix(b"data: "))["error"]
    assert said["code"] == code
    assert "overloaded" not in said["message"]
    assert response.closed
    assert world.receipts[0].usage.output_tokens == 2
    assert world.receipts[0].usage.estimated


def test_a_stream_that_its_provider_broke_off_counts_against_the_route() -> None:
    class Watching(NobodyWatches):
        def failed(self, route: Route, ask: Ask, seconds: float) -> bool:
            world.steps.append(f"failed {route.provider.id} {ask.model} after {seconds:g} s")
            return True

    world = World([ScriptedResponse(chunk("1234"), UpstreamError("IncompleteRead")), ScriptedResponse(DONE)])
    do = world.collaborators()._replace(watch=Watching())
    at = visit(world.clock)
    world.clock.sleep(7)  # until the first word
    chunks = iter(walk(CALLER, ask(stream=True), at, do).chunks)
    assert b"1234" in next(chunks)
    world.clock.sleep(121)

    read(world, chunks)

    assert world.steps[3:] == ["emit provider_cut", "failed openai mini after 121 s", "chunk"]


def test_a_defect_of_ours_in_mid_stream_is_emitted_as_cancelled() -> None:
    response = ScriptedResponse(chunk("hey"), ZeroDivisionError())
    world = World([response])

    with pytest.raises(ZeroDivisionError):
        read(world, served(world, stream=True).chunks)

    assert world.steps == ["route", "reserve", "call", "chunk", "emit cancelled"]
    assert response.closed


@pytest.mark.parametrize("stream", [False, True])
def test_a_defect_of_ours_before_the_first_byte_gives_the_hold_back(stream: bool) -> None:
    response = ScriptedResponse(ZeroDivisionError())
    world = World([response])

    with pytest.raises(ZeroDivisionError):
        served(world, stream=stream)

    assert world.steps == ["route", "reserve", "call", "emit cancelled"]
    assert (world.receipts[0].cost_nano_usd, world.receipts[0].status) == (0, 500)


def test_keys_that_cannot_be_read_after_the_hold_give_it_back() -> None:
    world = World(keys=FakeKeys(openai=StoreUnavailable("busy")))

    with pytest.raises(StoreUnavailable):
        served(world)

    assert world.steps == ["route", "reserve", "emit cancelled"]
    assert (world.receipts[0].cost_nano_usd, world.receipts[0].status) == (0, 503)


def _unreachable(
    user_id: str,
    amount_nano_usd: int,
    bucket: str,
    *,
    if_available: int | None = None,
    member: str | None = None,
    plan: str | None = None,
) -> int:
    raise AwsError("TimedOut", f"{user_id} {amount_nano_usd} {bucket} {if_available} {member} {plan}")
