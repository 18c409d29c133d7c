"""Every interleaving of small worlds, and proof that the exploration would find what is broken."""

import re
from typing import Any

import pytest

from aggregator.billing import writes
from aggregator.billing.entry import Settlement
from aggregator.billing.model import Held, Hold
from aggregator.billing.store import BillingStore
from aggregator.billing.transaction import Order, entry_of
from tests.fakes.memory_dynamodb import MemoryDynamoDb
from tests.model.calls import CLAUSES
from tests.model.ledger_explorer import Explorer
from tests.model.scenes import BROKEN, RULES, SCENES


@pytest.mark.promise("overspend")
def test_no_interleaving_of_three_requests_and_two_workers_breaks_the_money() -> None:
    states, wrong, way = Explorer(scene=SCENES["requests and workers"]).run()

    assert (wrong, way) == (None, [])
    assert states > 100_000


@pytest.mark.promise("overspend")
@pytest.mark.parametrize("scene", [name for name in SCENES if name != "requests and workers"])
def test_no_crash_no_slow_clock_no_debit_and_no_return_between_any_two_calls_breaks_the_money(
    scene: str,
) -> None:
    states, wrong, way = Explorer(scene=SCENES[scene]).run()

    assert (wrong, way) == (None, [])
    assert states > 5_000


@pytest.mark.promise("overspend")
@pytest.mark.parametrize("without", BROKEN)
def test_a_protocol_without_one_of_its_conditions_is_found_out(without: str) -> None:
    _, wrong, way = Explorer(without, BROKEN[without]).run()

    assert wrong is not None
    assert way


class Writing(MemoryDynamoDb):
    """Remembers the conditions of all writes."""

    def __init__(self) -> None:
        super().__init__()
        self.conditions: set[str] = set()

    def call(self, action: str, request: dict[str, Any]) -> dict[str, Any]:
        self.conditions |= set(re.findall(r"'ConditionExpression': '([^']*)'", str(request)))
        return super().call(action, request)


@pytest.mark.promise("overspend")
def test_each_condition_of_the_protocol_has_its_broken_variant() -> None:
    """A clause that is added, to whatever write, wants a variant that is without it."""
    table = Writing()
    store = BillingStore(table, "billing")
    store.book(entry_of(Order("c", "u", "credit", 10, "t")))
    store.hold("u", 4, "300")
    store.hold("u", 4, "600")
    store.hold("u", 1, "900", member="m")
    store.return_rest("u", Hold(1, "900", 1), 1)
    store.sweep("u", {"300": Held(4, 1)})
    store.suspend("u", 1)
    store.resume("u", 2)
    store.book(entry_of(Order("d", "u", "debit", 9, "t")), swept={"600": Held(4, 1)})
    late = Settlement("u", (), {"900": Held(1, 1)}, to_available_nano_usd=-1)
    table.conditions.add(writes.release("billing", late, "2026-11-23")["ConditionExpression"])

    clauses = {clause for condition in table.conditions for clause in condition.split(" AND ")}
    clauses.remove("attribute_not_exists(granted)")  # tests/unit/billing/test_grants.py
    clauses.remove("attribute_not_exists(on_plan)")  # tests/unit/billing/plans/test_holding_on_a_plan.py

    assert set(BROKEN) > RULES
    named = {without.partition(": ")[2] for without in BROKEN if without not in RULES}
    assert named == set(CLAUSES)
    for name in named:
        assert any(re.match(CLAUSES[name], clause) for clause in clauses), name
    for clause in clauses:
        assert any(re.match(CLAUSES[name], clause) for name in named), clause
