"""Whatever happens in whatever order: grants add up to the ledger, pay in their order, and never after their end."""

from collections import Counter
from contextlib import redirect_stdout, suppress
from datetime import UTC, datetime
from io import StringIO
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from aggregator.billing.grants import Grant, Payer, Purse, in_order, to_expire
from aggregator.billing.model import Held, Hold
from aggregator.errors import InsufficientQuota, InvalidRequest
from aggregator.runtime.clock import from_iso, iso
from tests.fakes.ledger_world import NOW, LedgerWorld, end
from tests.unit.billing.test_grants import settled

MOMENTS = st.integers(0, 9)
GRANTS = st.lists(st.tuples(st.integers(1, 50), MOMENTS), max_size=5).map(
    lambda all_of: tuple(Grant(f"g{n}", left, str(ends)) for n, (left, ends) in enumerate(all_of))
)


@given(grants=GRANTS, paid=st.integers(0, 100), requests=st.lists(st.tuples(MOMENTS, st.integers(0, 80))))
def test_parts_add_up_and_are_of_grants_that_live_the_first_to_end_before_all_others(
    grants: tuple[Grant, ...], paid: int, requests: list[tuple[int, int]]
) -> None:
    payer = Payer(Purse(1, grants), paid)
    left = {grant.account: grant.left_nano_usd for grant in grants} | {"": paid}
    for moment, cost in requests:
        alive = [each.account for each in in_order(grants) if str(moment) < each.ends_at] + [""]

        parts = payer.pay(str(moment), cost)

        assert sum(parts.values()) == min(cost, sum(left[each] for each in alive))
        assert set(parts) <= set(alive)
        for account in left:
            left[account] -= parts.get(account, 0)
        assert min(left.values()) >= 0
        paying = [each for each in alive if parts.get(each)]
        for each in alive[: alive.index(paying[-1])] if paying else ():
            assert left[each] == 0


@given(
    grants=GRANTS,
    holds=st.dictionaries(
        st.integers(0, 40).map(lambda n: str(NOW + 300 * n)), st.integers(1, 60), max_size=4
    ),
    most=st.integers(0, 200),
)
def test_what_expires_has_ended_is_there_and_leaves_what_is_held(
    grants: tuple[Grant, ...], holds: dict[str, int], most: int
) -> None:
    ended = tuple(each._replace(ends_at=iso_at(NOW + 600 * int(each.ends_at))) for each in grants)
    held = {bucket: Held(amount, 1) for bucket, amount in holds.items()}
    now = NOW + 3_000

    expired = to_expire(ended, held, now, most)

    over = [each for each in in_order(ended) if each.ends_at <= iso_at(now - 60)]
    assert set(expired) <= {each.id for each in over}
    assert all(0 < expired[each.id] <= each.left_nano_usd for each in over if each.id in expired)
    assert sum(expired.values()) <= most
    claims = [0] + [
        sum(
            amount
            for bucket, amount in holds.items()
            if int(bucket) - 3_960 < from_iso(each.ends_at).timestamp()
        )
        for each in over
    ]
    payable = min(claims[n] + sum(each.left_nano_usd for each in over[n:]) for n in range(len(claims)))
    kept = sum(each.left_nano_usd for each in over) - sum(expired.values())
    assert kept == max(payable, sum(each.left_nano_usd for each in over) - most)


def iso_at(epoch_seconds: float) -> str:
    return iso(datetime.fromtimestamp(epoch_seconds, UTC))


@pytest.mark.promise("books")
class GrantMachine(RuleBasedStateMachine):
    """One account; time passes, requests are held, answered and settled late, twice, or never."""

    @initialize()
    def start(self) -> None:
        self.world = LedgerWorld()
        self.now = NOW
        self.ids = (f"{n:04}" for n in count())
        self.running: list[tuple[str, int, str, str]] = []
        self.ends: dict[str, str] = {}
        self.came: dict[str, str] = {}

    @rule(amount=st.integers(1, 300))
    def credit(self, amount: int) -> None:
        self.world.credit(amount, order_id=f"c{next(self.ids)}")

    @rule(amount=st.integers(1, 300), seconds=st.integers(-100, 2_000))
    def give(self, amount: int, seconds: int) -> None:
        grant_id = f"g{next(self.ids)}"
        self.ends[grant_id] = iso_at(self.now + seconds)
        self.world.give(amount, self.ends[grant_id], grant_id)

    @rule(amount=st.integers(1, 200))
    def hold(self, amount: int) -> None:
        bucket = str(-(-(self.now + 3600) // 300) * 300)
        with suppress(InsufficientQuota):
            self.world.reserve(amount, self.now)
            self.running.append((f"r{next(self.ids)}", amount, bucket, iso_at(self.now)))

    @rule(back=st.integers(1, 100))
    def give_back(self, back: int) -> None:
        if self.running and self.running[0][1] > back:
            request, amount, bucket, came = self.running.pop(0)
            with suppress(Exception):
                self.world.store.return_rest("ann", Hold(amount, bucket, 0), back)
                self.running.append((request, amount - back, bucket, came))

    @rule(cost=st.integers(0, 250), n=st.integers(1, 3), again=st.booleans())
    def settle(self, cost: int, n: int, again: bool) -> None:
        batch, self.running = self.running[:n], self.running[n:]
        ends = [end(r, min(cost, held), held, bucket, came_at=came) for r, held, bucket, came in batch]
        self.came |= {request: came for request, _, _, came in batch}
        for _ in range(1 + again if ends else 0):
            with redirect_stdout(StringIO()):
                settled(self.world, *ends, now=self.now)

    @rule(amount=st.integers(1, 200))
    def debit(self, amount: int) -> None:
        with suppress(InsufficientQuota):
            self.world.book("debit", amount, now=self.now, id=f"d{next(self.ids)}")

    @rule(amount=st.integers(1, 100))
    def refund(self, amount: int) -> None:
        charged = [each for each in self.world.entries().values() if each.kind == "usage"]
        if charged:
            with suppress(InvalidRequest):
                self.world.book(
                    "refund",
                    amount,
                    id=f"f{next(self.ids)}",
                    refers_to=charged[-1].id,
                    occurred_at=iso_at(self.now),
                )

    @rule(seconds=st.sampled_from([1, 70, 300, 4_000]))
    def time_passes(self, seconds: int) -> None:
        self.now += seconds

    @rule()
    def expire(self) -> None:
        before = self.world.held()
        self.world.expire(self.now)

        account = self.world.store.account("ann")
        assert self.world.held() == before - (account.swept.amount_nano_usd - self.swept)
        lives = sum(
            left
            for grant_id, left in self.world.left().items()
            if self.ends[grant_id] > iso_at(self.now - 60)
        )
        assert account.available_nano_usd <= max(account.paid_nano_usd, 0) + lives

    @invariant()
    def grants_add_up_to_the_ledger(self) -> None:
        account = self.world.store.account("ann")
        self.swept = account.swept.amount_nano_usd
        posted: Counter[str] = Counter()
        for entry in self.world.entries().values():
            for leg in entry.postings:
                posted[leg.account] += leg.amount_nano_usd
        grants = {
            name.removeprefix("grant:"): sum_ for name, sum_ in posted.items() if name.startswith("grant:")
        }
        assert {grant_id: left for grant_id, left in grants.items() if left} == self.world.left()
        assert account.granted_nano_usd == sum(grants.values())
        assert account.paid_nano_usd == posted["user:ann"] >= 0
        assert account.available_nano_usd >= 0

    @invariant()
    def no_request_is_paid_by_a_grant_that_had_ended(self) -> None:
        for request, came in self.came.items():
            for grant_id in self.world.entries()[request].paid_by_grants:
                assert came < self.ends[grant_id]


TestGrants = pytest.mark.promise("books")(GrantMachine.TestCase)
TestGrants.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
