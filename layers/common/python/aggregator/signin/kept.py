"""Something of the issuer's that is kept for a while, and in a fault for a while longer. Standard library only."""

from collections.abc import Callable
from typing import Generic, TypeVar

from aggregator.errors import StoreUnavailable

LIFETIME_SECONDS = 3_600
LIFETIME_IN_A_FAULT_SECONDS = 2 * LIFETIME_SECONDS
LEAST_SECONDS = 60
"""It is fetched once in so long at most, whoever asks for what it does not have."""

Value = TypeVar("Value")


class Kept(Generic[Value]):
    """What `fetch` answers, at most an hour old; two, where it cannot be had anew."""

    def __init__(self, fetch: Callable[[], Value], monotonic: Callable[[], float]) -> None:
        self._fetch = fetch
        self._monotonic = monotonic
        self._known: Value | None = None
        self._read_at = self._tried_at = 0.0

    def get(self) -> Value:
        """It, as it is known.

        Raises:
            StoreUnavailable: it cannot be had, nor could it for two hours.
        """
        now = self._monotonic()
        if self._known is None or now - self._read_at >= LIFETIME_IN_A_FAULT_SECONDS:
            return self._renew(now)
        if now - self._read_at < LIFETIME_SECONDS or now - self._tried_at < LEAST_SECONDS:
            return self._known
        try:
            return self._renew(now)
        except StoreUnavailable:
            return self._known

    def renewed(self) -> Value:
        """It, at most a minute old: for who does not find there what ought to be.

        Raises:
            StoreUnavailable: it cannot be had anew.
        """
        now = self._monotonic()
        if self._known is not None and now - self._read_at < LEAST_SECONDS:
            return self._known
        if self._known is not None and now - self._tried_at < LEAST_SECONDS:
            raise StoreUnavailable(
                "Who signs people in does not answer now; try again in a minute.",
                retry_after_seconds=LEAST_SECONDS,
            )
        return self._renew(now)

    def _renew(self, now: float) -> Value:
        self._tried_at = now
        known = self._fetch()
        self._known, self._read_at = known, now
        return known
