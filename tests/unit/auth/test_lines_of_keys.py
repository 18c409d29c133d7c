"""Keys that keys make: whatever their number, together they have no more than the key that made them."""

import pytest

from aggregator.auth.caller import Caller, Over
from aggregator.auth.model import ApiKey, Grant
from aggregator.auth.stored import item_of, key_of
from aggregator.errors import InvalidRequest, MissingScope
from tests.unit.auth.desk import Desk
from tests.unit.auth.fakes import ADMIN, a_key

ONE_USD = 1_000_000_000
BUDGET = {"dailyBudgetNanoUsd": ONE_USD}
MAKER = Grant(name="maker", scopes=("inference", "keys:manage"), limits=BUDGET)


def made(desk: Desk, grant: Grant = MAKER, by: Caller = ADMIN) -> ApiKey:
    return desk.issue(grant=grant, by=by).key


def asks(desk: Desk, key: ApiKey) -> Caller:
    """The caller as the proxy's functions have it: through the authorizer's context."""
    caller = desk.keys.read(key.key_id).caller_in_line(desk.keys.read)
    return Caller.from_event({"requestContext": {"authorizer": caller.to_context()}})


def test_a_key_that_a_key_made_is_under_its_limits() -> None:
    desk = Desk()
    maker = made(desk)

    child = made(desk, by=asks(desk, maker))

    assert asks(desk, child).over == (Over(maker.key_id, {"dailyBudgetNanoUsd": 1_000_000_000}),)


def test_what_an_admin_made_is_under_no_key() -> None:
    desk = Desk()

    assert asks(desk, made(desk)).over == ()


def test_a_grandchild_is_under_both_the_first_maker_first() -> None:
    desk = Desk()
    maker = made(desk)
    child = made(desk, MAKER._replace(limits={"dailyBudgetNanoUsd": 5}), by=asks(desk, maker))

    grandchild = made(desk, MAKER._replace(limits={"dailyBudgetNanoUsd": 5}), by=asks(desk, child))

    assert asks(desk, grandchild).over == (
        Over(maker.key_id, {"dailyBudgetNanoUsd": 1_000_000_000}),
        Over(child.key_id, {"dailyBudgetNanoUsd": 5}),
    )


def test_a_child_whose_own_budget_is_taken_away_is_under_its_makers_still() -> None:
    desk = Desk()
    maker = made(desk)
    child = made(desk, by=asks(desk, maker))

    desk.update(child.key_id, limits={})

    assert asks(desk, child).limits == {}
    assert asks(desk, child).over == (Over(maker.key_id, {"dailyBudgetNanoUsd": 1_000_000_000}),)


def test_a_child_with_a_new_secret_is_under_its_maker_still() -> None:
    desk = Desk()
    maker = made(desk)
    child = made(desk, by=asks(desk, maker))

    desk.rotate(child.key_id, by=asks(desk, maker))

    assert asks(desk, child).over == (Over(maker.key_id, {"dailyBudgetNanoUsd": 1_000_000_000}),)


def test_a_budget_that_the_maker_gets_later_holds_for_the_keys_it_has_made() -> None:
    desk = Desk()
    maker = made(desk, MAKER._replace(limits={}))
    child = made(desk, by=asks(desk, maker))

    desk.update(maker.key_id, limits={"monthlyBudgetNanoUsd": 7})

    assert asks(desk, child).over == (Over(maker.key_id, {"monthlyBudgetNanoUsd": 7}),)


def test_a_line_ends_at_four_keys_above_one() -> None:
    desk = Desk()
    key = made(desk)
    for _ in range(4):
        key = made(desk, by=asks(desk, key))

    with pytest.raises(MissingScope, match="cannot make keys: 4 keys made one another above it"):
        made(desk, by=asks(desk, key))

    assert len(asks(desk, key).over) == 4


def test_a_limited_key_gets_no_secret_of_a_key_that_its_limits_do_not_hold_for() -> None:
    desk = Desk()
    maker, beside = made(desk), made(desk)

    with pytest.raises(MissingScope, match="does not count against them") as refused:
        desk.rotate(beside.key_id, by=asks(desk, maker))

    assert refused.value.param == "keyId"


def test_a_key_without_own_limits_is_limited_by_those_over_it_as_well() -> None:
    desk = Desk()
    maker, beside = made(desk), made(desk, MAKER._replace(limits={}))
    child = made(desk, by=asks(desk, maker))
    desk.update(child.key_id, limits={})

    with pytest.raises(MissingScope, match="does not count against them"):
        desk.rotate(beside.key_id, by=asks(desk, child))


def test_a_limited_key_rotates_itself_and_what_it_made() -> None:
    desk = Desk()
    maker = made(desk)
    child = made(desk, by=asks(desk, maker))

    rotated = [desk.rotate(each.key_id, by=asks(desk, maker)).key.key_id for each in (maker, child)]

    assert rotated == [maker.key_id, child.key_id]


def test_room_is_kept_in_the_authorizers_answer_for_the_limits_over_a_key() -> None:
    alone, _ = a_key(allowed_models=("m" * 128,) * 38)

    alone.require_portable()
    with pytest.raises(InvalidRequest, match="too long together"):
        alone._replace(line=("k" * 12,) * 4).require_portable()


def test_the_longest_line_fits_into_the_room_that_is_kept_for_it() -> None:
    limits = {
        "requestsPerMinute": 10**12,
        "tokensPerMinute": 10**12,
        "usdPerMinuteNanoUsd": 10**18,
        "concurrentRequests": 10**12,
        "dailyBudgetNanoUsd": 10**18,
        "monthlyBudgetNanoUsd": 10**18,
    }
    caller = Caller(key_id="k" * 12, user_id="ann")

    longer = caller._replace(over=(Over("k" * 12, limits),) * 4)

    lengths = [len(each.to_context()["caller"]) for each in (caller, longer)]
    assert lengths[1] - lengths[0] <= 4 * 336


def test_the_line_is_stored_with_the_key() -> None:
    key, _ = a_key(line=("makerKey0001",))

    assert item_of(key)["line"] == ["makerKey0001"]
    assert key_of(item_of(key)) == key
