"""Reserve: move an upper bound of a request's cost from available to held. On the hot path."""

from typing import Protocol

from aggregator.billing.model import Held, Hold, bucket_for
from aggregator.billing.money import NanoUsd, to_usd
from aggregator.billing.store import Short
from aggregator.errors import InsufficientQuota, StoreUnavailable

_TRIES = 5


class Wallets(Protocol):
    """What reserving needs of the billing store."""

    def hold(
        self, user_id: str, amount_nano_usd: NanoUsd, bucket: str, *, if_available: NanoUsd | None = None
    ) -> NanoUsd:
        """See `BillingStore.hold`."""
        ...

    def return_rest(
        self, user_id: str, hold: Hold, rest_nano_usd: NanoUsd, *, ends: float | None = None
    ) -> None:
        """See `BillingStore.return_rest`."""
        ...

    def sweep(self, user_id: str, lapsed: dict[str, Held]) -> bool:
        """See `BillingStore.sweep`."""
        ...


def reserve(
    wallets: Wallets,
    user_id: str,
    *,
    at_most_nano_usd: NanoUsd,
    at_least_nano_usd: NanoUsd,
    now_epoch_seconds: float,
    if_short_nano_usd: NanoUsd | None = None,
) -> Hold:
    """Hold `at_most_nano_usd`, or all that is there if that is no less than `at_least_nano_usd`.

    Where the money is short, `if_short_nano_usd` is the most that is held, if it is said: what else is there stays free
    for other requests.

    What can cost nothing holds nothing: it needs no account, and no write. One write when the money is there. When it
    is short, buckets past their deadline are swept first: their money is the user's again.

    Raises:
        InsufficientQuota: not even `at_least_nano_usd` is there; nothing is held.
        StoreUnavailable: it is there, but at each try somebody else was faster; nothing is held.
    """
    bucket = bucket_for(now_epoch_seconds)
    if not at_most_nano_usd:
        return Hold(0, bucket, None)
    amount = at_most_nano_usd
    spendable = 0
    for _ in range(_TRIES):
        try:
            left = wallets.hold(user_id, amount, bucket)
        except Short as short:
            account = short.account
        else:
            return Hold(amount, bucket, left)
        spendable = account.spendable(now_epoch_seconds)
        if spendable < at_least_nano_usd:
            break
        lapsed = account.lapsed(now_epoch_seconds)
        if lapsed:
            wallets.sweep(user_id, lapsed)
        amount = min(at_most_nano_usd, spendable)
        if if_short_nano_usd is not None and spendable < at_most_nano_usd:
            amount = min(amount, if_short_nano_usd)
    else:
        raise StoreUnavailable("The account is busy; try again in a moment.", retry_after_seconds=1)
    raise _too_little(at_least_nano_usd, spendable)


def _too_little(needed: NanoUsd, spendable: NanoUsd) -> InsufficientQuota:
    return InsufficientQuota(
        f"This request may cost up to {to_usd(needed)} USD, and {to_usd(spendable)} USD are available. "
        "Add credit, shorten the prompt, or lower max_tokens."
    )
