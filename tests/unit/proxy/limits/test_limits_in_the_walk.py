"""What a walk takes of its key's limits comes back in every exit, but for what was spent."""

import json
from collections.abc import Sequence
from typing import Any

import pytest

from aggregator.auth.caller import Caller
from aggregator.errors import InsufficientQuota, ProviderFailed, RateLimitExceeded, StoreUnavailable
from aggregator.proxy.limits.store import LimitStore
from aggregator.proxy.model import Ask, Route
from aggregator.proxy.walk import Visit, walk
from aggregator.runtime.aws import AwsError
from aggregator.runtime.streaming import StreamingResponse
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
    usage_event,
    visit,
)
from tests.fakes.memory_dynamodb import MemoryDynamoDb

LIMITED = CALLER._replace(
    limits={"requestsPerMinute": 5, "concurrentRequests": 1, "dailyBudgetNanoUsd": 1_000}
)
ANSWERED = ScriptedResponse(completion("hello", counted(10, 5)))


class Limited(World):
    """A world whose counts can be seen, and where any caller may take the route."""

    def __init__(self, *script: ScriptedResponse, available: int = 1_000_000) -> None:
        super().__init__(script, available=available)
        self.table = MemoryDynamoDb()
        self.counts = LimitStore(self.table, "proxy")

    def route(self, caller: Caller, ask: Ask, visit: Visit) -> Sequence[Route]:
        return super().route(caller._replace(limits={}), ask, visit)


def served(world: World, caller: Caller = LIMITED, **fields: Any) -> StreamingResponse:
    return walk(caller, ask(**({"max_tokens": 10} | fields)), visit(world.clock), world.collaborators())


def used(world: Limited) -> dict[str, int]:
    """What the key's item counts; places by their number."""
    stored = world.table.items.get(("LIMITS#k1", "LIMITS"), {})
    return {
        name: int(value["N"]) if "N" in value else len(value["SS"])
        for name, value in stored.items()
        if name not in {"pk", "sk", "expires_at"}
    }


def test_an_answer_costs_its_budget_what_it_cost_and_tells_what_is_left() -> None:
    here = Limited(ANSWERED)

    answer = served(here)

    assert json.loads(b"".join(answer.chunks))["usage"]["completion_tokens"] == 5
    assert used(here) == {"r#29923920": 1, "d#2026-11-23": 20}
    assert answer.headers["x-ratelimit-remaining-requests"] == "4"
    assert here.table.calls == ["UpdateItem", "UpdateItem"]


def test_a_stream_has_its_place_until_its_end() -> None:
    here = Limited(ScriptedResponse(chunk("hey", "stop"), usage_event(10, 5), DONE), ANSWERED)

    answer = served(here, stream=True)
    another = visit(here.clock)._replace(request_id="another")
    with pytest.raises(RateLimitExceeded):
        walk(LIMITED, ask(max_tokens=10), another, here.collaborators())
    b"".join(answer.chunks)

    assert used(here) == {"r#29923920": 1, "d#2026-11-23": 20}


def test_a_client_that_leaves_frees_its_place() -> None:
    here = Limited(ScriptedResponse(chunk("hey"), chunk("you"), DONE))
    answer = served(here, stream=True)
    next(iter(answer.chunks))

    answer.close()

    assert "running" not in used(here)
    assert used(here)["d#2026-11-23"] == here.receipts[0].cost_nano_usd


def test_a_provider_that_fails_costs_nothing_of_the_budget() -> None:
    here = Limited(ScriptedResponse(status=500), ScriptedResponse(status=500))

    with pytest.raises(ProviderFailed):
        served(here)

    assert used(here) == {"r#29923920": 1, "d#2026-11-23": 0}


@pytest.mark.promise("limits")
def test_who_has_no_money_gives_its_budget_and_its_place_back() -> None:
    here = Limited(available=3)

    with pytest.raises(InsufficientQuota):
        served(here)

    assert used(here) == {"r#29923920": 1, "d#2026-11-23": 0}


def test_who_is_over_a_limit_holds_no_money_and_calls_nobody() -> None:
    here = Limited()

    with pytest.raises(RateLimitExceeded):
        served(here, LIMITED._replace(limits={"tokensPerMinute": 5}))

    assert here.steps == ["route"]


@pytest.mark.promise("limits")
def test_a_hold_is_no_more_than_what_the_budget_has_left() -> None:
    here = Limited(ANSWERED)

    served(here, LIMITED._replace(limits={"dailyBudgetNanoUsd": 200}), max_tokens=None)

    assert here.wallets.held == [200]


def test_if_limits_cannot_be_counted_nobody_passes() -> None:
    here = Limited()

    def unreachable(action: str, request: dict[str, Any]) -> dict[str, Any]:
        raise AwsError("Unreachable", f"{action} {len(request)}")

    here.table.call = unreachable  # type: ignore[method-assign]

    with pytest.raises(StoreUnavailable):
        served(here)

    assert here.steps == ["route"]


LARGE = route(max_input_tokens=100_000, max_output_tokens=10_000)


def test_a_request_that_the_balance_capped_counts_in_the_end_what_it_spent_and_used() -> None:
    here = Limited(ANSWERED, available=10_000)
    here.routes = [LARGE]
    caller = LIMITED._replace(limits={"dailyBudgetNanoUsd": 50_000, "tokensPerMinute": 20_000})

    answer = served(here, caller, max_tokens=8_000)

    assert here.wallets.held == [5_000]
    assert answer.headers["x-aggregator-capped"] == "balance"
    assert used(here) == {"d#2026-11-23": 20, "t#29923920": 15}
    assert answer.headers["x-ratelimit-remaining-tokens"] == "19985"


def test_while_it_runs_it_counts_what_it_was_asked_for() -> None:
    here = Limited(
        ScriptedResponse(chunk("hey"), chunk("you", "stop"), usage_event(), DONE), available=10_000
    )
    here.routes = [LARGE]
    caller = LIMITED._replace(limits={"dailyBudgetNanoUsd": 50_000, "tokensPerMinute": 20_000})

    answer = served(here, caller, max_tokens=8_000, stream=True)
    running = used(here)
    list(answer.chunks)

    assert running == {"d#2026-11-23": 16_166, "t#29923920": 8_026, "running": 1}
    assert used(here) == {"d#2026-11-23": 20, "t#29923920": 15}


def test_what_the_balance_leaves_of_a_budget_is_held_and_no_more() -> None:
    here = Limited(ANSWERED, available=10_000)
    here.routes = [LARGE]
    caller = LIMITED._replace(limits={"dailyBudgetNanoUsd": 4_000})

    answer = served(here, caller, max_tokens=None)

    assert here.wallets.held == [4_000]
    assert "x-aggregator-capped" not in answer.headers
    assert used(here) == {"d#2026-11-23": 20}


def test_who_cannot_pay_the_least_gives_back_what_the_limits_gave() -> None:
    here = Limited(available=500)
    here.routes = [LARGE]
    caller = LIMITED._replace(limits={"dailyBudgetNanoUsd": 50_000, "tokensPerMinute": 20_000})

    with pytest.raises(InsufficientQuota):
        served(here, caller, max_tokens=8_000)

    assert used(here) == {"d#2026-11-23": 0, "t#29923920": 0}
