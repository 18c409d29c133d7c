"""The platform's policy, by the platform's own code: its bound, its reserve, its share, and what comes back."""

from aggregator.billing.model import Account, Held, Hold
from aggregator.billing.money import NanoUsd
from aggregator.billing.price import Price
from aggregator.billing.reserve import Wish, reserve
from aggregator.billing.rest import return_rest
from aggregator.billing.store import Short
from aggregator.errors import InsufficientQuota
from aggregator.orchestrator.model import Route as CatalogueRoute
from aggregator.proxy.bound import bound_of, ways_within
from aggregator.proxy.dialects.counters import MARGIN_PART, MARGIN_TOKENS
from aggregator.proxy.limits.rules import Taken
from aggregator.proxy.model import Ask, Route
from aggregator.proxy.tight import Tight
from bench.served.policies import Admitted, Policy
from bench.served.workloads import Call

FIT = "holds that fit"
USER = "u"
EPOCH = 1_800_000_000


class Wallet:
    """An account in memory, with the conditions of the one in the table."""

    def __init__(self, available_nano_usd: NanoUsd) -> None:
        self._account = Account(USER, available_nano_usd)

    def hold(
        self,
        user_id: str,
        amount_nano_usd: NanoUsd,
        bucket: str,
        *,
        if_available: NanoUsd | None = None,
        member: str | None = None,
        plan: str | None = None,
    ) -> NanoUsd:
        """See `BillingStore.hold`."""
        account = self._account
        if account.available_nano_usd < max(amount_nano_usd, if_available or 0):
            raise Short(account)
        self._move(bucket, amount_nano_usd, 1)
        return self._account.available_nano_usd

    def account(self, user_id: str) -> Account:
        """See `BillingStore.account`."""
        return self._account

    def return_rest(
        self, user_id: str, hold: Hold, rest_nano_usd: NanoUsd, *, ends: float | None = None
    ) -> None:
        """See `BillingStore.return_rest`."""
        self._move(hold.bucket, -rest_nano_usd, 0)

    def sweep(self, user_id: str, lapsed: dict[str, Held]) -> bool:
        """Nothing lapses here: the longest run is shorter than a hold."""
        raise AssertionError(lapsed)

    def settle(self, bucket: str, held_nano_usd: NanoUsd, cost_nano_usd: NanoUsd) -> None:
        """Release what is still held, and take the cost."""
        self._move(bucket, -held_nano_usd, -1)
        account = self._account
        self._account = account._replace(available_nano_usd=account.available_nano_usd - cost_nano_usd)

    def _move(self, bucket: str, amount: NanoUsd, requests: int) -> None:
        account = self._account
        held = account.holds.get(bucket, Held(0, 0))
        left = Held(held.amount_nano_usd + amount, held.requests + requests)
        assert left.amount_nano_usd >= 0 <= left.requests
        holds = {name: each for name, each in {**account.holds, bucket: left}.items() if each.requests}
        self._account = account._replace(available_nano_usd=account.available_nano_usd - amount, holds=holds)


class Fit(Policy):
    """The platform as it is: see `billing/reserve.py` and `proxy/tight.py`. Its provider can count."""

    name = FIT
    settles_at_once = False

    def __init__(self, balance_nano_usd: NanoUsd, price: Price, via: CatalogueRoute) -> None:
        super().__init__(balance_nano_usd, price, via)
        self._wallet = Wallet(balance_nano_usd)

    def admit(self, call: Call, now: float) -> Admitted | None:
        """Reserve as the walk does."""
        ask, routes = _ask_of(call), [Route(self.via, self.price)]
        bound = bound_of(ask, routes)
        taken = Taken("k", "r", bound.at_most_nano_usd)
        looks = Tight(
            ask, routes, taken, count=lambda route, _afresh: route._replace(counted_input_tokens=_count(call))
        )
        was_tight = False

        def if_tight(account: Account) -> Wish:
            nonlocal was_tight
            was_tight = True
            return looks.wish(account, EPOCH + now)

        try:
            hold = reserve(
                self._wallet,
                USER,
                at_most_nano_usd=bound.at_most_nano_usd,
                at_least_nano_usd=bound.at_least_nano_usd,
                now_epoch_seconds=EPOCH + now,
                if_tight=if_tight,
            )
        except InsufficientQuota:
            return None
        ways = looks.ways(hold) if was_tight else ways_within(ask, routes, hold.amount_nano_usd)
        return Admitted(hold, ways[0].output_tokens)

    def answered(self, admitted: Admitted, cost: NanoUsd) -> Admitted:
        """Return the rest of a large hold."""
        rest = return_rest(self._wallet, USER, admitted.hold, cost, request_id="r", ends=None)
        return Admitted(
            admitted.hold._replace(amount_nano_usd=admitted.hold.amount_nano_usd - rest), admitted.cap
        )

    def settled(self, admitted: Admitted, cost: NanoUsd) -> None:
        """Release what is still held."""
        self._wallet.settle(admitted.hold.bucket, admitted.hold.amount_nano_usd, cost)


def _ask_of(call: Call) -> Ask:
    return Ask(
        body={},
        model="",
        stream=False,
        wants_usage=False,
        choices=1,
        max_output_tokens=call.cap,
        text_bytes=call.input_bytes,
        messages=1,
        images=0,
    )


def _count(call: Call) -> int:
    """What an estimate of its provider bounds the input by."""
    count = call.usage.input_tokens
    return count + -(-count // MARGIN_PART) + MARGIN_TOKENS
