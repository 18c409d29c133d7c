"""An account on paper: what a hold on it would come to. Nothing is written. Standard library only."""

from collections.abc import Mapping

from aggregator.billing.model import Account, Held
from aggregator.billing.money import NanoUsd
from aggregator.billing.store import BillingStore, Short


class PaperWallets:
    """One user's wallet as it was read, for `reserve` to hold in."""

    def __init__(self, account: Account, now_epoch_seconds: float) -> None:
        self._account = account
        self._lapsed = sum(held.amount_nano_usd for held in account.lapsed(now_epoch_seconds).values())
        self._available = account.available_nano_usd

    def hold(
        self,
        user_id: str,  # noqa: ARG002 (as the protocol has it, here and below)
        amount_nano_usd: NanoUsd,
        bucket: str,  # noqa: ARG002
        *,
        if_available: NanoUsd | None = None,
        member: str | None = None,
        plan: str | None = None,  # noqa: ARG002
    ) -> NanoUsd:
        """What would be available after a hold.

        Raises:
            Short: it would be refused.
        """
        account = self._account
        if account.suspended or member in account.suspended_members:
            raise Short(account)
        if max(amount_nano_usd, if_available or 0) > self._available:
            raise Short(self._account)
        return self._available - amount_nano_usd

    def sweep(self, user_id: str, lapsed: Mapping[str, Held]) -> bool:  # noqa: ARG002
        """Count what has lapsed as available."""
        self._available = self._account.available_nano_usd + self._lapsed
        return True


class Accounts:
    """What a quote reads of the billing table: an account, and how long a key's answers were."""

    def __init__(self, store: BillingStore) -> None:
        self._store = store

    def account(self, user_id: str) -> Account:
        """A user's account as it is now."""
        return self._store.account(user_id)

    def output_tokens(
        self, user_id: str, key_id: str, model: str, *, since: str, until: str, entries: int
    ) -> list[int]:
        """Output tokens of a key's requests to a model, of the newest `entries` of its user's ledger in a range of ids.

        Requests that failed count for nothing.
        """
        found, _ = self._store.entries(user_id, since, until, limit=entries)
        return [
            entry.usage["outputTokens"]
            for entry in found
            if entry.usage is not None
            and (entry.usage["model"], entry.usage["keyId"]) == (model, key_id)
            and entry.usage["outcome"] == "completed"
        ]
