"""Promo codes: once each user, never more than they are for, and no answer that helps to guess one."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from aggregator.billing.codes.model import Code, id_of, new_text
from aggregator.billing.codes.redeem import Redemption, redeem
from aggregator.billing.codes.store import CodeStore
from aggregator.errors import Conflict, NotFound, RateLimitExceeded
from aggregator.runtime.clock import from_iso, iso
from tests.fakes.ledger_world import LedgerWorld

TEXT = "7K2M-9QXD-41ZV-B8TN"
NOW = from_iso("2025-11-24T16:30:00.000Z")
UNTIL = "2025-12-01T00:00:00.000Z"


class Desk:
    """A ledger, its codes, and users who redeem them."""

    def __init__(self, **fields: Any) -> None:
        self.world = LedgerWorld()
        self.codes = CodeStore(self.world.aws, "billing")
        facts: dict[str, Any] = {
            "amount_nano_usd": 500,
            "credit_days": 30,
            "redeemable_until": UNTIL,
            "most": 2,
            "created_at": iso(NOW),
        }
        self.code = Code(id_of(TEXT), **(facts | fields))
        assert self.codes.create(self.code)

    def redeem(self, user_id: str, text: str = TEXT, now: datetime = NOW, **how: Any) -> str:
        asked = Redemption(how.pop("id", f"{user_id}-grant"), user_id, text, **how)
        return redeem(self.codes, self.world.store, asked, now, self.world.slept.append).id

    def redeemed(self) -> int:
        found = self.codes.code(self.code.id)
        assert found is not None
        return found.redeemed


def test_a_code_is_a_grant_that_ends_so_many_days_later() -> None:
    desk = Desk(name="Spring")

    desk.redeem("ann")

    given = desk.world.store.given("ann", "ann-grant")
    assert given is not None
    assert (given.amount_nano_usd, given.ends_at) == (500, "2025-12-24T16:30:00.000Z")
    assert (given.reason, given.code_id) == ("Spring", id_of(TEXT))
    assert (desk.world.available(), desk.world.left(), desk.redeemed()) == (500, {"ann-grant": 500}, 1)


@pytest.mark.parametrize("typed", ["7k2m-9qxd-41zv-b8tn", "7K2M9QXD41ZVB8TN", " 7K2M 9QXD 41ZV B8TN\n"])
def test_a_code_is_taken_as_people_type_it(typed: str) -> None:
    desk = Desk()

    desk.redeem("ann", typed)

    assert desk.redeemed() == 1


def test_a_user_redeems_a_code_once() -> None:
    desk = Desk()
    desk.redeem("ann")

    with pytest.raises(Conflict, match="You have redeemed this code"):
        desk.redeem("ann", id="again")

    assert (desk.world.available(), desk.redeemed()) == (500, 1)


def test_a_repetition_with_its_idempotency_key_is_the_same_grant() -> None:
    desk = Desk(most=1)

    first = desk.redeem("ann", id="g1", idempotency_key="k")
    again = desk.redeem("ann", id="g2", idempotency_key="k")

    assert (first, again, desk.world.available(), desk.redeemed()) == ("g1", "g1", 500, 1)


def test_a_code_is_redeemed_by_no_more_than_it_is_for() -> None:
    desk = Desk()
    desk.redeem("ann")
    desk.redeem("bob")

    with pytest.raises(NotFound, match="This code cannot be redeemed"):
        desk.redeem("cal")

    assert (desk.world.available("cal"), desk.redeemed()) == (0, 2)


def test_the_last_place_is_one_users_though_two_have_seen_it_free() -> None:
    desk = Desk(most=1)
    desk.world.aws.before["TransactWriteItems"] = lambda: desk.redeem("bob")

    with pytest.raises(NotFound, match="This code cannot be redeemed"):
        desk.redeem("ann")

    assert (desk.world.available("ann"), desk.world.available("bob"), desk.redeemed()) == (0, 500, 1)


def test_two_tries_of_one_user_at_once_are_one_grant() -> None:
    desk = Desk()
    desk.world.aws.before["TransactWriteItems"] = lambda: desk.redeem("ann", id="first")

    with pytest.raises(Conflict):
        desk.redeem("ann", id="second")

    assert (desk.world.available(), desk.redeemed()) == (500, 1)


def test_unknown_ended_used_up_and_disabled_have_one_answer() -> None:
    used_up, ended, disabled = Desk(most=1), Desk(redeemable_until=iso(NOW)), Desk()
    used_up.redeem("bob")
    assert disabled.codes.disable(disabled.code.id)

    said = []
    for desk, text in [(Desk(), "WRONG-WRONG"), (used_up, TEXT), (ended, TEXT), (disabled, TEXT)]:
        with pytest.raises(NotFound) as refused:
            desk.redeem("ann", text)
        said.append((refused.value.message, refused.value.param))

    assert set(said) == {("This code cannot be redeemed.", "code")}


def test_a_code_that_is_disabled_between_reading_and_writing_gives_nothing() -> None:
    desk = Desk()
    desk.world.aws.before["TransactWriteItems"] = lambda: desk.codes.disable(desk.code.id)

    with pytest.raises(NotFound):
        desk.redeem("ann")

    assert (desk.world.available(), desk.redeemed()) == (0, 0)


def test_a_user_has_ten_tries_an_hour_whatever_comes_of_them() -> None:
    desk = Desk()
    for n in range(10):
        with pytest.raises(NotFound):
            desk.redeem("ann", f"WRONG-WRONG-{n}")

    with pytest.raises(RateLimitExceeded) as refused:
        desk.redeem("ann")

    assert (refused.value.retry_after_seconds, desk.redeemed()) == (1_800, 0)
    desk.redeem("bob")
    desk.redeem("ann", now=NOW + timedelta(minutes=30))
    assert desk.redeemed() == 2


def test_a_grant_that_was_redeemed_stays_when_its_code_is_disabled() -> None:
    desk = Desk()
    desk.redeem("ann")

    desk.codes.disable(desk.code.id)

    assert desk.world.left() == {"ann-grant": 500}
    assert not desk.codes.disable("0" * 32)


def test_a_code_of_the_same_text_is_made_once() -> None:
    desk = Desk()

    assert not desk.codes.create(desk.code)


def test_the_text_of_a_code_is_nowhere_in_the_table() -> None:
    desk = Desk(name="Spring")
    desk.redeem("ann")

    assert TEXT not in str(desk.world.aws.inner.items)
    assert TEXT.replace("-", "") not in str(desk.world.aws.inner.items)


def test_codes_that_are_made_differ_and_are_read_back_as_typed() -> None:
    made = {new_text() for _ in range(100)}

    assert len(made) == 100
    assert all(len(text) == 19 and id_of(text.lower()) == id_of(text) for text in made)
