"""A large hold's rest goes back before the event is said, in every exit; the event says what is still held."""

import pytest

from aggregator.billing.settle_batch import usage_end_of
from aggregator.billing.store import Stale
from aggregator.contracts.ai_usage import AiUsage
from aggregator.errors import ProviderFailed
from aggregator.proxy.emit import event_of
from aggregator.proxy.exchange import UpstreamError
from aggregator.proxy.walk import walk
from aggregator.runtime.aws import AwsError
from tests.fakes.chat_world import (
    CALLER,
    DONE,
    ScriptedResponse,
    World,
    ask,
    chunk,
    completion,
    counted,
    usage_event,
    visit,
)


def served(world: World, **fields: object) -> bytes:
    answer = walk(CALLER, ask(max_tokens=10, **fields), visit(world.clock), world.collaborators())
    return b"".join(answer.chunks)


def plain() -> ScriptedResponse:
    """It costs 10 + 2 * 5 nano-dollars."""
    return ScriptedResponse(completion("hello", counted(10, 5)))


def test_a_tight_account_has_its_money_before_the_event_is_said() -> None:
    world = World([plain()], available=1_000)

    served(world)

    held = world.wallets.held[0]
    assert world.steps == ["route", "reserve", "call", "return", "emit completed"]
    assert world.wallets.returned == [held - 20]
    assert world.wallets.available == 980
    assert event_of(world.receipts[0])["hold"] == {
        "amountNanoUsd": 20,
        "bucket": "1795438800",
        "returnedNanoUsd": held - 20,
    }


def test_what_settling_reads_is_the_smaller_hold_and_the_entry_tells_the_whole() -> None:
    world = World([plain()], available=1_000)
    served(world)

    end = usage_end_of(AiUsage.model_validate(event_of(world.receipts[0])))

    assert (end.held_nano_usd, end.cost_nano_usd) == (20, 20)
    assert end.details["holdNanoUsd"] == world.wallets.held[0]


def test_a_rich_account_makes_no_such_write_and_its_event_is_as_ever() -> None:
    world = World([plain()])

    served(world)

    assert world.steps == ["route", "reserve", "call", "emit completed"]
    assert event_of(world.receipts[0])["hold"] == {
        "amountNanoUsd": world.wallets.held[0],
        "bucket": "1795438800",
    }


def test_what_is_told_to_the_client_is_what_was_held_and_what_is_left() -> None:
    tight, rich = World([plain()], available=1_000), World([plain()])

    told = [
        walk(CALLER, ask(max_tokens=10), visit(each.clock), each.collaborators()).headers
        for each in (tight, rich)
    ]

    assert told[0]["x-aggregator-hold-usd"] == told[1]["x-aggregator-hold-usd"] != "0.00"
    assert told[0]["x-aggregator-balance-usd"] == "0.00000098"
    assert told[0]["x-aggregator-cost-usd"] == "0.00000002"


def test_a_stream_has_its_money_back_before_its_end_mark() -> None:
    world = World([ScriptedResponse(chunk("hey", "stop"), usage_event(10, 5), DONE)], available=1_000)

    served(world, stream=True)

    assert world.steps[3:] == ["return", "emit completed"]
    assert world.wallets.available == 980


@pytest.mark.parametrize("stream", [False, True])
def test_who_got_no_answer_has_all_of_it_back(stream: bool) -> None:
    world = World([ScriptedResponse(status=400), ScriptedResponse(status=400)], available=1_000)

    with pytest.raises(Exception):  # noqa: B017, PT011 - which refusal it is, other tests say
        served(world, stream=stream)

    assert world.steps[-2:] == ["return", "emit provider_error"]
    assert world.wallets.available == 1_000
    assert event_of(world.receipts[0])["hold"]["amountNanoUsd"] == 0


def test_a_stream_that_its_provider_breaks_off_returns_what_it_did_not_say() -> None:
    broken = ScriptedResponse(chunk("hey"), UpstreamError("gone"))
    world = World([broken], available=1_000)

    served(world, stream=True)

    receipt = world.receipts[0]
    assert world.steps[-2:] == ["return", "emit provider_cut"]
    assert world.wallets.available == 1_000 - receipt.charged_nano_usd
    assert receipt.charged_nano_usd > 0


def test_a_client_that_leaves_has_the_rest_back() -> None:
    world = World([ScriptedResponse(chunk("hey"), chunk("you"))], available=1_000)
    answer = walk(CALLER, ask(max_tokens=10, stream=True), visit(world.clock), world.collaborators())

    next(iter(answer.chunks))
    answer.chunks.close()  # type: ignore[attr-defined]

    assert world.steps[-2:] == ["return", "emit client_gone"]
    assert world.wallets.available == 1_000 - world.receipts[0].charged_nano_usd


@pytest.mark.parametrize(
    ("failure", "still_held_is_all"),
    [
        (Stale(), True),
        (AwsError("Unreachable"), True),
        (AwsError("TimedOut"), False),
        (AwsError("InternalServerError", status=500), False),
    ],
)
def test_the_answer_does_not_suffer_and_the_event_says_what_is_certain(
    failure: Exception, still_held_is_all: bool
) -> None:
    world = World([plain()], available=1_000)
    world.wallets.return_fails = failure

    said = served(world)

    held = world.wallets.held[0]
    assert b"hello" in said
    assert world.wallets.returned == [held - 20]
    assert event_of(world.receipts[0])["hold"]["amountNanoUsd"] == (held if still_held_is_all else 20)


def test_who_gets_no_answer_hears_of_that_and_not_of_what_became_of_the_hold() -> None:
    world = World([ScriptedResponse(status=500), ScriptedResponse(status=500)], available=1_000)
    world.wallets.return_fails = AwsError("TimedOut")

    with pytest.raises(ProviderFailed):
        served(world)
