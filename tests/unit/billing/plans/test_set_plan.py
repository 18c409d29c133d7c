"""Plans are written version by version, wallets are put on them and moved along, in whatever order calls come."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from aggregator.auth.caller import Caller
from aggregator.billing.plans.model import Plan, Terms
from aggregator.billing.plans.set_plan import put_on, set_plan
from aggregator.billing.plans.store import PlanStore
from aggregator.billing.store import BillingStore
from aggregator.errors import Conflict, InvalidRequest, StoreUnavailable
from tests.fakes.memory_dynamodb import MemoryDynamoDb

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
ADMIN = Caller("admin", "admin", scopes=("admin",))
BASIC, PRO = Terms("Basic", 110), Terms("Pro", 120)


class Desk:
    """The billing table in memory, with both of its stores."""

    def __init__(self) -> None:
        self.table = MemoryDynamoDb()
        self.plans = PlanStore(self.table, "t")
        self.seconds = 0
        self.models: list[str] = []

    def set(self, plan_id: str, terms: Terms, effective_from: datetime | None = None, **how: Any) -> Plan:
        self.seconds += 1
        return set_plan(
            plan_id,
            terms,
            effective_from,
            by=ADMIN,
            now=NOW + timedelta(seconds=self.seconds),
            plans=how.get("plans", self.plans),
            require_models=self.models.extend,
            has_time=how.get("has_time", lambda: True),
        )

    def put(self, wallet_id: str, plan_id: str | None, version: int = 1) -> bool:
        return put_on(wallet_id, plan_id, version, plans=self.plans)

    def plan_of(self, wallet_id: str) -> str | None:
        return BillingStore(self.table, "t").account(wallet_id).plan

    def listed(self, plan_id: str) -> list[str]:
        return list(self.plans.listed(plan_id))


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_each_change_is_a_version_and_old_ones_can_be_read(desk: Desk) -> None:
    desk.set("pro", BASIC)
    desk.set("pro", PRO)

    assert [(each.number, each.terms) for each in desk.plans.versions("pro")] == [(2, PRO), (1, BASIC)]
    assert desk.plans.of_stamp("pro#000001").latest.terms == BASIC
    assert [plan.plan_id for plan in desk.plans.page(10, None)[0]] == ["pro"]


def test_the_same_terms_again_are_no_version(desk: Desk) -> None:
    assert desk.set("pro", BASIC) == desk.set("pro", BASIC)

    assert len(desk.plans.versions("pro")) == 1


def test_models_are_looked_for_before_anything_is_written(desk: Desk) -> None:
    desk.set("pro", PRO._replace(allowed_models=("gpt-4o*",)))

    assert desk.models == ["gpt-4o*"]


@pytest.mark.parametrize("seconds", [-60, 0])
def test_a_moment_that_is_over_is_refused(desk: Desk, seconds: int) -> None:
    desk.set("pro", BASIC)

    with pytest.raises(InvalidRequest) as raised:
        desk.set("pro", PRO, NOW + timedelta(seconds=seconds))

    assert raised.value.param == "effectiveFrom"
    assert len(desk.plans.versions("pro")) == 1


def test_a_first_version_to_come_is_refused(desk: Desk) -> None:
    with pytest.raises(InvalidRequest):
        desk.set("pro", BASIC, NOW + timedelta(days=1))

    assert desk.plans.latest("pro") is None


def test_of_two_who_write_the_same_version_one_is_refused(desk: Desk) -> None:
    first = desk.set("pro", BASIC)
    twice = first.followed_by(PRO, None, now="2026-11-23T12:00:09.000Z", by_key_id="k", by_user_id="u")
    desk.plans.write(twice)

    with pytest.raises(Conflict):
        desk.plans.write(twice)


def test_a_wallet_is_on_the_plan_as_it_is_then_and_moved_along_with_it(desk: Desk) -> None:
    desk.set("pro", BASIC)

    assert desk.put("ann", "pro")
    assert desk.plan_of("ann") == "pro#000001"

    desk.set("pro", PRO)
    assert desk.plan_of("ann") == "pro#000002"


def test_a_wallet_that_left_stays_as_it_is(desk: Desk) -> None:
    desk.set("pro", BASIC)
    desk.set("mini", BASIC)
    desk.put("ann", "pro", 1)
    desk.put("bob", "pro", 1)

    desk.put("ann", "mini", 2)
    desk.put("bob", None, 2)
    desk.set("pro", PRO)

    assert (desk.plan_of("ann"), desk.plan_of("bob")) == ("mini#000001", None)
    assert (desk.listed("pro"), desk.listed("mini")) == ([], ["ann"])


def test_what_a_later_version_of_the_user_said_stands(desk: Desk) -> None:
    desk.set("pro", BASIC)
    desk.put("ann", "pro", 3)

    assert not desk.put("ann", None, 2)

    assert (desk.plan_of("ann"), desk.listed("pro")) == ("pro#000001", ["ann"])


def test_a_late_farewell_does_not_take_off_the_list_who_came_back(desk: Desk) -> None:
    desk.set("pro", BASIC)
    desk.put("ann", "pro", 3)

    desk.plans.forget("pro", "ann", 2)

    assert desk.listed("pro") == ["ann"]


def test_a_plan_that_there_is_not_is_refused_by_name(desk: Desk) -> None:
    with pytest.raises(InvalidRequest) as raised:
        desk.put("ann", "gold")

    assert raised.value.param == "plan"
    assert desk.table.items == {}


class ChangedMeanwhile(PlanStore):
    """Writes a version of the plan while a wallet is put on it."""

    def __init__(self, desk: Desk, times: int = 1) -> None:
        super().__init__(desk.table, "t")
        self._desk, self._times = desk, times

    def put_on(self, wallet_id: str, stamp: str | None, version: int) -> tuple[bool, str | None]:
        if self._times:
            self._times -= 1
            self._desk.set("pro", Terms(f"Left {self._times}"))
        return super().put_on(wallet_id, stamp, version)


def test_a_version_that_is_written_meanwhile_is_found(desk: Desk) -> None:
    desk.set("pro", BASIC)

    assert put_on("ann", "pro", 1, plans=ChangedMeanwhile(desk))

    assert desk.plan_of("ann") == "pro#000002"


def test_a_plan_that_is_changed_without_end_says_try_again(desk: Desk) -> None:
    desk.set("pro", BASIC)

    with pytest.raises(StoreUnavailable):
        put_on("ann", "pro", 1, plans=ChangedMeanwhile(desk, 99))


def test_who_was_not_moved_in_time_is_moved_by_the_same_call(desk: Desk) -> None:
    desk.set("pro", BASIC)
    for name in ("ann", "bob", "cid"):
        desk.put(name, "pro")
    times = iter([True, True, False])

    with pytest.raises(StoreUnavailable):
        desk.set("pro", PRO, has_time=lambda: next(times))
    assert [desk.plan_of(name) for name in ("ann", "bob", "cid")] == ["pro#000002"] * 2 + ["pro#000001"]

    desk.table.calls.clear()
    desk.set("pro", PRO)
    assert desk.plan_of("cid") == "pro#000002"
    assert desk.table.calls.count("UpdateItem") == 2


@pytest.mark.parametrize("on", [None, "mini", "zebra"])
def test_a_wallet_that_is_still_on_the_list_of_a_plan_it_left_is_not_moved(
    desk: Desk, on: str | None
) -> None:
    for name in ("pro", "mini", "zebra"):
        desk.set(name, BASIC)
    desk.put("ann", on)

    desk.plans.move("ann", "pro#000002")

    assert desk.plan_of("ann") == (None if on is None else f"{on}#000001")
