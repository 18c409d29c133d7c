"""Many keys of one team at once: no level is exceeded by a nano-dollar, and nothing is left taken."""

from collections import Counter
from datetime import UTC, datetime

import pytest

from aggregator.auth.caller import Caller, Team
from aggregator.billing.grant_store import GrantStore
from aggregator.billing.reserve import reserve
from aggregator.billing.settle import settle_account
from aggregator.billing.transaction import Order, book
from aggregator.errors import InsufficientQuota, StoreUnavailable
from aggregator.proxy.limits.rules import Demand
from aggregator.proxy.limits.store import LimitStore
from aggregator.proxy.limits.take import give_back, take
from aggregator.runtime import item
from tests.races import engines
from tests.races.crowd import crowd
from tests.races.engines import Engine
from tests.races.test_money_races import AMOUNT, NOW, drift, end_of

THREADS = 12
REQUESTS = 240
TEAM = "crew"
MOMENT = datetime.now(UTC)
"""Now, for engines forget what has expired."""

MONTH, DAY = f"m#{MOMENT:%Y-%m}", f"d#{MOMENT:%Y-%m-%d}"
MEMBERS = ("ann", "bob", "eve")
KEYS = {f"{user}-{n}": user for user in MEMBERS for n in range(2)}


def callers(team: int) -> list[Caller]:
    """Two keys of each of three members: the first member is limited, and so is the first key of each."""
    return [
        Caller(
            key_id=key_id,
            user_id=user_id,
            limits={"dailyBudgetNanoUsd": 12 * AMOUNT, "monthlyBudgetNanoUsd": 40 * AMOUNT}
            if key_id.endswith("-0")
            else {},
            team=Team(TEAM, team, 20 * AMOUNT if user_id == "ann" else None),
        )
        for key_id, user_id in KEYS.items()
    ]


@pytest.mark.promise("limits")
@pytest.mark.parametrize(("team", "wallet"), [(60, 1_000), (1_000, 60)], ids=["the team", "the wallet"])
def test_no_level_is_exceeded_and_nothing_is_left_taken(engine: Engine, team: int, wallet: int) -> None:
    aws = [engine.aws() for _ in range(THREADS)]
    stores = [GrantStore(each, engines.TABLE) for each in aws]
    counts = [LimitStore(each, engines.TABLE) for each in aws]
    asking = callers(team * AMOUNT)
    credit = Order("00-credit", TEAM, "credit", wallet * AMOUNT, "2026-11-23T06:00:00.000Z")
    book(stores[0], credit, now_epoch_seconds=NOW, sleep=lambda _: None)
    spent: list[tuple[str, int]] = []
    refused: Counter[str] = Counter()

    def ask(thread: int, request: int) -> None:
        caller, cost = asking[request % len(asking)], AMOUNT if request % 3 else AMOUNT // 4
        demand = Demand(f"r{request:05d}", MOMENT, 600, 1, AMOUNT, AMOUNT)
        try:
            taken = take(counts[thread], caller, demand)
        except InsufficientQuota as full:
            refused[full.details["limit"]["level"]] += 1
            return
        try:
            hold = reserve(
                stores[thread],
                caller.wallet_id,
                at_most_nano_usd=taken.at_most_nano_usd,
                at_least_nano_usd=AMOUNT,
                now_epoch_seconds=NOW,
                member=caller.user_id,
            )
        except (InsufficientQuota, StoreUnavailable) as short:
            refused["wallet" if isinstance(short, InsufficientQuota) else "busy"] += 1
            give_back(counts[thread], taken)
            return
        settle_account(stores[thread], [end_of(request, hold, cost, TEAM)], sleep=lambda _: None)
        give_back(counts[thread], taken, cost, now=MOMENT)
        spent.append((caller.key_id, cost))

    crowd(THREADS, range(REQUESTS), ask)

    by_key, by_member = Counter[str](), Counter[str]()
    for key_id, cost in spent:
        by_key[key_id] += cost
        by_member[KEYS[key_id]] += cost
    total = sum(by_key.values())
    tight = "team" if team < wallet else "wallet"
    assert 59 * AMOUNT < total <= 60 * AMOUNT
    assert by_member["ann"] <= 20 * AMOUNT
    assert all(by_key[f"{user}-0"] <= 12 * AMOUNT for user in MEMBERS)
    assert refused[tight] > 0

    stored = item.values(
        aws[0].call(
            "GetItem",
            {
                "TableName": engines.TABLE,
                "Key": item.item({"pk": f"LIMITS#TEAM#{TEAM}", "sk": "LIMITS"}),
                "ConsistentRead": True,
            },
        )["Item"]
    )
    left = {name: value for name, value in stored.items() if name not in {"pk", "sk", "expires_at"}}
    assert left == {
        MONTH: total,
        f"{MONTH}#@ann": by_member["ann"],
        **{f"{DAY}#{user}-0": by_key[f"{user}-0"] for user in MEMBERS},
        **{f"{MONTH}#{user}-0": by_key[f"{user}-0"] for user in MEMBERS},
    }
    account = stores[0].account(TEAM)
    assert account.available_nano_usd == account.total_nano_usd == wallet * AMOUNT - total
    assert drift(engine) == 0
