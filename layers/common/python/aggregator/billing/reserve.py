"""Reserve: move an upper bound of a request's cost from available to held. On the hot path.

| the account   | has                            | writes | what is held                                               |
|---------------|--------------------------------|--------|------------------------------------------------------------|
| is rich       | four times the bound available | 1      | the bound                                                  |
| is tight      | less than that                 | 2      | a share of what is available, or the least that is of use  |
| is not enough | less than that least           | 1      | nothing: it is refused                                     |
| is suspended  | whatever there is              | 1      | nothing: it is refused                                     |
| is on another | whatever there is              | 1      | nothing: what it costs is reckoned anew                    |
| plan          |                                |        |                                                            |

The first write asks for the multiple in its condition: who does not have it learns the account with the refusal, so
that nobody reads a balance first. It asks as well whether the user is suspended: so that holds at once, and costs
nothing. Likewise it asks whether the wallet is on the plan that the bound was reckoned on, or on none: so a change
holds for the very next request, and one that passed pays by what it was held by. The parts are `shares.SHARES`.
"""

from collections.abc import Callable
from typing import NamedTuple, Protocol

from aggregator.billing.model import Account, Held, Hold, bucket_for
from aggregator.billing.money import NanoUsd
from aggregator.billing.shares import SHARES
from aggregator.billing.store import Short
from aggregator.errors import SUSPENDED, StoreUnavailable, UserSuspended

_TRIES = 5


class Holding(Protocol):
    """What reserving needs of the billing store."""

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
        ...

    def sweep(self, user_id: str, lapsed: dict[str, Held]) -> bool:
        """See `BillingStore.sweep`."""
        ...


class Wallets(Holding, Protocol):
    """The same, and what returning the rest of a hold, and looking at a wallet's plan, need."""

    def return_rest(
        self, user_id: str, hold: Hold, rest_nano_usd: NanoUsd, *, ends: float | None = None
    ) -> None:
        """See `BillingStore.return_rest`."""
        ...

    def account(self, user_id: str) -> Account:
        """See `BillingStore.account`."""
        ...


class OtherPlan(Exception):
    """The wallet is not on the plan that the request was reckoned on. Nothing is held; `account` says which it is."""

    def __init__(self, account: Account) -> None:
        super().__init__("on another plan")
        self.account = account


class Wish(NamedTuple):
    """What a request would hold, in nano-US-dollars.

    Less than `at_least_nano_usd` is of no use to it. A share of a tight account never makes it hold less than
    `useful_nano_usd`, while that is there. Where not even `at_most_nano_usd` is there, `if_short_nano_usd` is the most
    that it holds, if it is said: what else is there stays free for other requests.
    `most_tokens` tells how many output tokens an amount pays for, None for too few; a refusal says it.
    """

    at_most_nano_usd: NanoUsd
    at_least_nano_usd: NanoUsd
    useful_nano_usd: NanoUsd = 0
    if_short_nano_usd: NanoUsd | None = None
    most_tokens: Callable[[NanoUsd], int | None] | None = None

    def amount_of(self, account: Account, now_epoch_seconds: float) -> NanoUsd:
        """How much of what an account has to spend this request may hold; it has `at_least_nano_usd`."""
        spendable = account.spendable(now_epoch_seconds)
        alone = not account.held(now_epoch_seconds)
        share = (SHARES.share_alone if alone else SHARES.share).of(spendable)
        most = self.at_most_nano_usd
        if self.if_short_nano_usd is not None and spendable < most:
            most = min(most, self.if_short_nano_usd)
        return min(most, spendable, max(share, self.useful_nano_usd, self.at_least_nano_usd))


def reserve(
    wallets: Holding,
    user_id: str,
    *,
    at_most_nano_usd: NanoUsd,
    at_least_nano_usd: NanoUsd,
    now_epoch_seconds: float,
    if_tight: Callable[[Account], Wish] | None = None,
    member: str | None = None,
    plan: str | None = None,
) -> Hold:
    """Hold the most that a request can cost, or as much of it as a tight account lets it have.

    `user_id` may be a team, of whose money `member` spends. `plan` is the stamp of the plan that the amounts were
    reckoned on. Where the account is tight, `if_tight` looks closer at what the request needs; it is asked once. What
    can cost nothing holds nothing: it needs no account, and no write. Buckets past their deadline are the user's again:
    they are swept before they are spent.

    Raises:
        UserSuspended: whatever is there; nothing is held.
        OtherPlan: the same.
        InsufficientQuota: not even the least is there; nothing is held.
        StoreUnavailable: it is there, but at each try somebody else was faster; nothing is held.
    """
    bucket = bucket_for(now_epoch_seconds)
    if not at_most_nano_usd:
        return Hold(0, bucket, None)
    wish = Wish(at_most_nano_usd, at_least_nano_usd)
    amount = at_most_nano_usd
    wanted = SHARES.tight_above.least_whole(amount)
    for _ in range(_TRIES):
        try:
            left = wallets.hold(user_id, amount, bucket, if_available=wanted, member=member, plan=plan)
        except Short as short:
            account = short.account
        else:
            return Hold(amount, bucket, left)
        _require(account, member, plan)
        if if_tight is not None:
            wish, if_tight = if_tight(account), None
        if account.spendable(now_epoch_seconds) < wish.at_least_nano_usd:
            from aggregator.billing.too_little import too_little  # noqa: PLC0415 (who is refused pays for it)

            raise too_little(wish, account, now_epoch_seconds)
        if lapsed := account.lapsed(now_epoch_seconds):
            wallets.sweep(user_id, lapsed)
        amount = wanted = wish.amount_of(account, now_epoch_seconds)
        if not amount:
            return Hold(0, bucket, None)
    raise StoreUnavailable("The account is busy; try again in a moment.", retry_after_seconds=1)


def _require(account: Account, member: str | None, plan: str | None) -> None:
    """Whatever is there: nobody is suspended, and the wallet is on the plan that was reckoned on."""
    if account.suspended or member in account.suspended_members:
        whose = "team" if account.suspended and member is not None else "user"
        raise UserSuspended(SUSPENDED[whose])
    if account.plan != plan:
        raise OtherPlan(account)
