"""Rests of large holds that come back under real concurrency: who can pay is served, and nothing comes back twice."""

import random
from collections import Counter
from contextlib import redirect_stdout
from io import StringIO

import pytest

from aggregator.billing.grant_store import GrantStore
from aggregator.billing.model import Hold
from aggregator.billing.reserve import reserve
from aggregator.billing.rest import return_rest
from aggregator.billing.settle import settle_account
from aggregator.errors import InsufficientQuota, StoreUnavailable
from aggregator.runtime.aws import TIMED_OUT, Aws, AwsError, JsonObject
from tests.races import engines
from tests.races.crowd import crowd
from tests.races.engines import Engine
from tests.races.test_money_races import AMOUNT, NOW, USER, credit, drift, end_of

THREADS = 16
SERVED = 200
HOLD = 20 * AMOUNT

pytestmark = pytest.mark.usefixtures("_quiet")


@pytest.fixture
def _quiet() -> object:
    with redirect_stdout(StringIO()) as said:  # what a return in doubt logs
        yield said


class Fated:
    """A client whose next write has a fate: its answer is lost, or it is not sent and nobody knows."""

    def __init__(self, inner: Aws) -> None:
        self.fate = ""
        self._inner = inner

    def call(self, action: str, request: JsonObject) -> JsonObject:
        """Carry it out, or not."""
        fate, self.fate = self.fate, ""
        answer = {} if fate == "not sent" else self._inner.call(action, request)
        if fate:
            raise AwsError(TIMED_OUT)
        return answer


def held(store: GrantStore) -> Hold | None:
    """A hold of up to twenty times what the request costs, as an account that is tight lets it have."""
    try:
        return reserve(store, USER, at_most_nano_usd=HOLD, at_least_nano_usd=AMOUNT, now_epoch_seconds=NOW)
    except (InsufficientQuota, StoreUnavailable):  # short, or too busy to say: it is tried again
        return None


@pytest.mark.promise("served")
def test_a_balance_for_200_requests_serves_200_of_800_tries_though_each_holds_up_to_twenty_times_its_cost(
    engine: Engine,
) -> None:
    stores = [GrantStore(engine.aws(), engines.TABLE) for _ in range(THREADS)]
    credit(stores[0], SERVED * AMOUNT)
    seen: Counter[str] = Counter()

    def try_one(thread: int, request: int) -> None:
        hold = held(stores[thread])
        if hold is None:
            seen["refused"] += 1
            return
        seen["served"] += 1
        back = return_rest(stores[thread], USER, hold, AMOUNT, request_id="r", ends=None)
        smaller = Hold(hold.amount_nano_usd - back, hold.bucket, None)
        settle_account(stores[thread], [end_of(request, smaller, AMOUNT)], sleep=lambda _: None)

    crowd(THREADS, range(800), try_one)

    account = stores[0].account(USER)
    assert seen["served"] == SERVED
    assert account.available_nano_usd == 0
    assert sum(each.amount_nano_usd for each in account.holds.values()) == 0
    assert sum(each.requests for each in account.holds.values()) == 0
    assert drift(engine) == 0


@pytest.mark.promise("served")
def test_what_is_left_is_what_the_served_ones_left_whatever_became_of_their_returns(engine: Engine) -> None:
    clients = [Fated(engine.aws()) for _ in range(THREADS)]
    stores = [GrantStore(client, engines.TABLE) for client in clients]
    credit(stores[0], 2_400 * AMOUNT)
    rng = random.Random(1)
    fates = [rng.choice(["", "", "answer lost", "not sent"]) for _ in range(100)]
    costs = [rng.choice([0, 1, rng.randrange(HOLD), HOLD, 2 * HOLD]) for _ in range(100)]
    charged: list[int] = []
    waits_for_its_bucket: list[int] = []

    def serve(thread: int, request: int) -> None:
        hold = held(stores[thread])
        if hold is None:
            return
        large = Hold(hold.amount_nano_usd, hold.bucket, available_after_nano_usd=0)
        paid = min(costs[request], hold.amount_nano_usd)
        clients[thread].fate = fates[request] if paid < hold.amount_nano_usd else ""
        back = return_rest(stores[thread], USER, large, paid, request_id="r", ends=None)
        assert back == hold.amount_nano_usd - paid
        if fates[request] == "not sent":
            waits_for_its_bucket.append(back)
        smaller = Hold(hold.amount_nano_usd - back, hold.bucket, None)
        for _ in range(2):  # every event arrives twice
            settle_account(stores[thread], [end_of(request, smaller, costs[request])], sleep=lambda _: None)
        charged.append(paid)

    crowd(THREADS, range(100), serve)

    account = stores[0].account(USER)
    left = 2_400 * AMOUNT - sum(charged)
    assert len(charged) == 100
    assert account.available_nano_usd == left - sum(waits_for_its_bucket)
    assert sum(each.amount_nano_usd for each in account.holds.values()) == sum(waits_for_its_bucket)
    assert account.spendable(NOW + 2 * 3600) == left
    assert drift(engine) == 0
