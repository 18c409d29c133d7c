"""The rest of a large hold comes back with the answer, and not only when it is settled. Loaded when first used.

One write more, for who needs its money for the next request: how large is large says shares.py. Money is never
returned twice: where nobody knows whether the write was carried out, it counts as done. If it was not, the rest lapses
with its bucket, into the account.
"""

from aggregator.billing.model import Hold
from aggregator.billing.money import NanoUsd
from aggregator.billing.reserve import Wallets
from aggregator.billing.store import Stale
from aggregator.runtime import log
from aggregator.runtime.aws import UNREACHABLE, AwsError


def return_rest(
    wallets: Wallets,
    user_id: str,
    hold: Hold,
    charged_nano_usd: NanoUsd,
    *,
    request_id: str,
    ends: float | None,
) -> NanoUsd:
    """Return what is left of a large hold; how much less than it the usage event must say is held.

    Never raises, for the answer must not suffer from it. It is over when the monotonic clock says `ends`.
    """
    rest = hold.amount_nano_usd - charged_nano_usd
    if rest <= 0 or not hold.is_large:
        return 0
    try:
        wallets.return_rest(user_id, hold, rest, ends=ends)
    except Stale:
        log.warning("rest_not_returned", request_id=request_id, code="Stale")
        return 0
    except Exception as failed:
        surely = isinstance(failed, AwsError) and has_surely_failed(failed)
        code = failed.code if isinstance(failed, AwsError) else type(failed).__name__
        log.warning("rest_not_returned" if surely else "rest_in_doubt", request_id=request_id, code=code)
        return 0 if surely else rest
    return rest


def has_surely_failed(failed: AwsError) -> bool:
    """Whether a write that failed was not carried out: it was not sent, or it was refused. A fault (5xx) is open."""
    return failed.code == UNREACHABLE or 400 <= failed.status < 500
