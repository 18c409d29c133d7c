"""A user who is suspended while many requests reserve: none does after the answer, and no money is lost."""

import time
from threading import Event

import pytest

from aggregator.billing.grant_store import GrantStore
from aggregator.billing.model import Hold
from aggregator.billing.reserve import reserve
from aggregator.billing.settle import settle_account
from aggregator.errors import UserSuspended
from tests.races import engines
from tests.races.crowd import crowd
from tests.races.engines import Engine
from tests.races.test_money_races import AMOUNT, NOW, USER, credit, drift, end_of

THREADS = 16
TRIES = 400


@pytest.mark.promise("limits")
def test_nothing_is_reserved_after_the_answer_and_all_that_was_is_settled(engine: Engine) -> None:
    stores = [GrantStore(engine.aws(), engines.TABLE) for _ in range(THREADS)]
    credit(stores[0], 10 * TRIES * AMOUNT)
    under_way = Event()
    holds: dict[int, tuple[float, Hold]] = {}
    refused: list[float] = []
    answered: list[float] = []

    def try_one(thread: int, request: int) -> None:
        if request == TRIES // 4:
            under_way.wait(timeout=30)
            stores[thread].suspend(USER, 2)
            answered.append(time.monotonic())
            return
        began = time.monotonic()
        try:
            hold = reserve(
                stores[thread],
                USER,
                at_most_nano_usd=AMOUNT,
                at_least_nano_usd=AMOUNT,
                now_epoch_seconds=NOW,
            )
        except UserSuspended:
            refused.append(began)
        else:
            holds[request] = began, hold
            under_way.set()

    crowd(THREADS, range(TRIES), try_one)

    (since,) = answered
    assert holds
    assert refused
    assert max(began for began, _ in holds.values()) < since
    assert len(holds) + len(refused) == TRIES - 1
    ends = [end_of(request, hold, AMOUNT // 2) for request, (_, hold) in holds.items()]
    settle_account(stores[0], ends, sleep=lambda _: None)
    account = stores[0].account(USER)
    assert account.suspended
    assert account.available_nano_usd == 10 * TRIES * AMOUNT - len(holds) * AMOUNT // 2
    assert account.total_nano_usd == account.available_nano_usd
    assert drift(engine) == 0


@pytest.mark.promise("limits")
def test_states_that_are_said_at_once_leave_the_latest(engine: Engine) -> None:
    stores = [GrantStore(engine.aws(), engines.TABLE) for _ in range(THREADS)]
    credit(stores[0], AMOUNT)

    def say(thread: int, version: int) -> None:
        (stores[thread].suspend if version % 2 else stores[thread].resume)(USER, version)

    crowd(THREADS, range(1, 102), say)

    account = stores[0].account(USER)
    assert account.suspended
    assert account.available_nano_usd == AMOUNT
