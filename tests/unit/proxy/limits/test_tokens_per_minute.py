"""Tokens per minute are those that were used: what a request may come to is taken first, and put right at its end."""

from datetime import timedelta
from typing import Any

import pytest

from aggregator.errors import ProviderFailed, RateLimitExceeded
from aggregator.proxy.limits.rules import Reply
from aggregator.proxy.limits.take import give_back, reply_of, take
from aggregator.proxy.walk import walk
from aggregator.runtime.streaming import StreamingResponse
from tests.fakes.chat_world import (
    CALLER,
    DONE,
    ScriptedResponse,
    ask,
    chunk,
    completion,
    counted,
    route,
    usage_event,
    visit,
)
from tests.unit.proxy.limits.limits_desk import NOW, FaultyAws, demand, key
from tests.unit.proxy.limits.test_limits_in_the_walk import Limited, used

MINUTE = "t#29923920"
OPEN = Reply(most=64_000, usual=1_024, least=16)


def served(
    world: Limited, limit: int, seconds_later: float = 0, request_id: str = "", **fields: Any
) -> StreamingResponse:
    caller = CALLER._replace(limits={"tokensPerMinute": limit})
    at = visit(world.clock)
    at = at._replace(request_id=request_id or at.request_id, started_ms=at.started_ms - seconds_later * 1_000)
    return walk(caller, ask(**fields), at, world.collaborators())


def test_a_short_answer_blocks_nobody() -> None:
    here = Limited(
        ScriptedResponse(completion("hi", counted(12, 10))),
        ScriptedResponse(completion("hi", counted(12, 10))),
    )
    here.routes = [route(max_output_tokens=64_000)]

    first = served(here, 1_050)
    second = served(here, 1_050, request_id="r2")

    assert (first.status, second.status) == (200, 200)
    assert used(here)[MINUTE] == 44
    assert first.headers["x-ratelimit-remaining-tokens"] == "1028"
    assert second.headers["x-ratelimit-remaining-tokens"] == "1006"


def test_a_long_answer_is_capped_to_half_of_what_is_left_of_the_minute() -> None:
    here = Limited(ScriptedResponse(completion("hi", counted(17, 1_491))))
    here.routes = [route(max_output_tokens=64_000)]

    answer = served(here, 3_000)

    assert answer.headers["x-aggregator-max-tokens"] == "1491"
    assert b'"max_tokens":1491' in here.upstream.requests[0].body.replace(b": ", b":")
    assert used(here)[MINUTE] == 1_508


def test_a_provider_that_ignored_the_cap_uses_up_the_minute() -> None:
    here = Limited(ScriptedResponse(completion("hi", counted(30, 10_000))))
    here.routes = [route(max_output_tokens=64_000)]

    answer = served(here, 3_000)
    with pytest.raises(RateLimitExceeded) as refused:
        served(here, 3_000, request_id="r2")

    assert used(here)[MINUTE] == 10_030
    assert answer.headers["x-ratelimit-remaining-tokens"] == "0"
    assert refused.value.retry_after_seconds == 60


def test_a_stream_is_put_right_at_its_end() -> None:
    here = Limited(ScriptedResponse(chunk("hey", "stop"), usage_event(10, 5), DONE))

    answer = served(here, 3_000, stream=True, max_tokens=50)
    while_it_runs = used(here)[MINUTE]
    b"".join(answer.chunks)

    assert (while_it_runs, used(here)) == (75, {MINUTE: 15})


def test_a_request_that_nobody_answered_used_no_tokens() -> None:
    here = Limited(ScriptedResponse(status=500), ScriptedResponse(status=500))

    with pytest.raises(ProviderFailed):
        served(here, 3_000)

    assert used(here) == {MINUTE: 0}


def test_a_minute_that_is_over_is_left_as_it_is() -> None:
    here = Limited(ScriptedResponse(completion("hi", counted(12, 10))))

    served(here, 3_000, seconds_later=60, max_tokens=50)

    assert used(here) == {MINUTE: 71}


def test_putting_right_twice_is_putting_right_once() -> None:
    aws = FaultyAws()
    taken = take(aws.store(), key(tokensPerMinute=100), demand(tokens=40))
    aws.faults = [("after", "TimedOut")]

    for _ in range(2):
        give_back(aws.store(), taken, used_tokens=22, now=NOW + timedelta(seconds=2))

    assert aws.counted == {MINUTE: 22}


def test_a_key_without_this_limit_pays_no_write_for_it() -> None:
    aws = FaultyAws()

    give_back(aws.store(), take(aws.store(), key(requestsPerMinute=5), demand()), used_tokens=22)

    assert aws.calls == ["UpdateItem"]


@pytest.mark.parametrize(
    ("limit", "counted_already", "taken"),
    [
        (200_000, 0, 64_010),
        (100_000, 0, 10 + 49_995),
        (100_000, 50_005, 10 + 24_992),
        (3_000, 1_505, 10 + 1_024),
        (500, 0, 10 + 245),
        (26, 0, 26),
    ],
    ids=["what the model can say", "half", "half of the rest", "the usual", "half a minute", "the least"],
)
def test_an_answer_left_open_takes(limit: int, counted_already: int, taken: int) -> None:
    aws = FaultyAws()
    if counted_already:
        take(aws.store(), key(tokensPerMinute=limit), demand("r0", tokens=counted_already))

    got = take(aws.store(), key(tokensPerMinute=limit), demand(tokens=10, reply=OPEN))

    assert (got.tokens, got.reply_tokens) == (taken, taken - 10)
    assert aws.counted[MINUTE] == counted_already + taken


def test_an_answer_left_open_waits_where_less_than_the_usual_is_left() -> None:
    aws = FaultyAws()
    take(aws.store(), key(tokensPerMinute=3_000), demand("r0", tokens=1_967))

    with pytest.raises(RateLimitExceeded, match="this request counts for 1034") as refused:
        take(aws.store(), key(tokensPerMinute=3_000), demand(tokens=10, reply=OPEN))

    assert refused.value.retry_after_seconds == 47
    assert aws.counted[MINUTE] == 1_967


def test_a_prompt_that_leaves_no_minute_room_for_an_answer_is_told_not_to_come_again() -> None:
    with pytest.raises(
        RateLimitExceeded, match="counts for 41 tokens, and this API key is limited to 40"
    ) as refused:
        take(FaultyAws().store(), key(tokensPerMinute=40), demand(tokens=25, reply=OPEN))

    assert refused.value.headers["x-should-retry"] == "false"


def test_how_long_an_answer_may_be_is_left_open_by_chats_without_a_limit_alone() -> None:
    assert reply_of(ask(), 64_000) == Reply(64_000, 1_024, 16)
    assert reply_of(ask(n=3), 100) == Reply(300, 300, 48)
    assert reply_of(ask(max_tokens=5), 64_000) == Reply(0, 0, 0)
    assert reply_of(ask()._replace(surface="embeddings"), 64_000) == Reply(0, 0, 0)


def test_the_choices_share_what_is_left() -> None:
    here = Limited(ScriptedResponse(completion("hi", counted(17, 100))))
    here.routes = [route(max_output_tokens=64_000)]

    answer = served(here, 10_018, n=2)

    assert answer.headers["x-aggregator-max-tokens"] == "2499"
