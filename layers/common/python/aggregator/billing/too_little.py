"""The 402 of a request that an account cannot pay for: what would help, in words and in fields.

Imported only where it is said. The fields stand in the error, under `balance`:

| field             | says                                                                             |
|-------------------|----------------------------------------------------------------------------------|
| `needed_usd`      | what the request needs at the least                                              |
| `available_usd`   | what the account has to spend                                                    |
| `held_usd`        | what running requests hold, of which they give back what they do not use         |
| `held_until`      | when the last of it is back at the latest, whatever becomes of them; null: none  |
| `most_max_tokens` | the largest limit of output that would pass now; null where none would           |
"""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from aggregator.billing.model import CLOCK_SKEW_SECONDS, Account
from aggregator.billing.money import to_usd
from aggregator.errors import InsufficientQuota

if TYPE_CHECKING:
    from aggregator.billing.reserve import Wish


def too_little(wish: "Wish", account: Account, now_epoch_seconds: float) -> InsufficientQuota:
    """Refuse a wish that an account has too little for."""
    needed, spendable = wish.at_least_nano_usd, account.spendable(now_epoch_seconds)
    held, until = account.held(now_epoch_seconds), _held_until(account, now_epoch_seconds)
    most = None if wish.most_tokens is None else wish.most_tokens(spendable)
    return InsufficientQuota(
        f"This request needs {to_usd(needed)} USD at the least, and {to_usd(spendable)} USD are available. "
        + (
            f"Running requests hold {to_usd(held)} USD, of which the last is back by {until}. "
            if until
            else ""
        )
        + (
            "Add credit or shorten the prompt."
            if most is None
            else f"Add credit, shorten the prompt, or lower max_tokens to {most}."
        ),
        details={
            "balance": {
                "needed_usd": to_usd(needed),
                "available_usd": to_usd(spendable),
                "held_usd": to_usd(held),
                "held_until": until,
                "most_max_tokens": most,
            }
        },
    )


def _held_until(account: Account, now_epoch_seconds: float) -> str | None:
    """When the last of the running holds lapses; no hold, no such moment."""
    lapsed = account.lapsed(now_epoch_seconds)
    ends = [
        int(bucket) for bucket, held in account.holds.items() if held.amount_nano_usd and bucket not in lapsed
    ]
    if not ends:
        return None
    return f"{datetime.fromtimestamp(max(ends) + CLOCK_SKEW_SECONDS, UTC):%Y-%m-%dT%H:%M:%SZ}"
