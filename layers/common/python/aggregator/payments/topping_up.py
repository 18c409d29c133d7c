"""Top up: whoever agreed to it and has less than their threshold is charged, once for each charge that is claimed.

| a claim | becomes |
|---|---|
| succeeded | a charge; once it is in the ledger, another may begin |
| was not answered | is looked up, and asked for again under its name, for 23 hours: it is never made twice |
| was declined | nothing; the user is told once, and nothing is charged until they act |

A claim is a write that asks for what was read: of two runs at once one has it. A run that dies leaves the claim, and
the next one goes on with it. A charge is booked by its event, like any payment; until then nothing else is charged.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from aggregator.billing.model import Account
from aggregator.errors import Refusal
from aggregator.payments.automatic import ACTIVE, EVENT_WITHIN, KEY_LIVES, NO_ANSWER, Attempt, Standing
from aggregator.payments.automatic_store import AutomaticStore, Changed
from aggregator.payments.cards import Charged, Declined, NotKnown
from aggregator.payments.happened import Failed
from aggregator.payments.stripe_event import Told, automatic
from aggregator.runtime.aws import AwsError
from aggregator.runtime.observability import count, logger

_AT_ONCE = 10


class Charging(Protocol):
    """What charging needs of Stripe."""

    def charge(self, attempt: Attempt) -> Charged:
        """See `Cards.charge`."""
        ...

    def found(self, attempt: Attempt) -> Charged | None:
        """See `Cards.found`."""
        ...


@dataclass(frozen=True, slots=True)
class TopUp:
    """One run over everybody. `cards` is asked for once a charge is to be made; `tell` tells of one that failed, once.

    `is_booked` and `book` are the ledger's.
    """

    store: AutomaticStore
    cards: Callable[[], Charging]
    account: Callable[[str], Account]
    is_booked: Callable[[str, Told], bool]
    book: Callable[[str, Told], None]
    tell: Callable[[Failed], None]
    clock: Callable[[], datetime]

    def everybody(self, has_time: Callable[[], bool] = lambda: True) -> int:
        """Look at all who agreed, ten at once; how many charges were made. One who fails harms no other."""
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            return sum(pool.map(lambda each: has_time() and self._safely(each), self.store.all()))

    def _safely(self, standing: Standing) -> bool:
        try:
            return self.one(standing)
        except Changed:
            return False  # somebody else is at it; the next run sees what came of it
        except (AwsError, Refusal) as broken:
            logger.error("Not topped up", user_id=standing.user_id, reason=type(broken).__name__)
            count("TopupsNotLookedAt", 1)
            return False

    def one(self, standing: Standing) -> bool:
        """Go on with one user; whether a charge was made.

        Raises:
            Changed: somebody else was faster; what stands is theirs.
        """
        attempt = standing.attempt
        if attempt is not None and attempt.payment is not None:
            if not self._in_the_ledger(attempt):
                return False
            standing = self.store.save(standing.booked())
        elif attempt is not None:
            return self._charge(standing, attempt, again=True)
        now = self.clock()
        if not standing.may_begin(now) or not self._is_low(standing):
            return False
        claimed = self.store.save(standing.begin(now))
        assert claimed.attempt is not None
        return self._charge(claimed, claimed.attempt)

    def _is_low(self, standing: Standing) -> bool:
        account = self.account(standing.user_id)
        assert standing.agreed is not None
        return not account.suspended and account.total_nano_usd < standing.agreed.threshold_nano_usd

    def _charge(self, standing: Standing, attempt: Attempt, *, again: bool = False) -> bool:
        is_late = self.clock() - attempt.begun_at > KEY_LIVES
        try:
            charged = self.cards().found(attempt) if again else None
            if charged is None and not is_late:
                charged = self.cards().charge(attempt)
        except NotKnown:
            return False
        except Declined as refused:
            self._pause(standing, attempt, refused.reason)
            return False
        if charged is None:
            self._pause(standing, attempt, NO_ANSWER)
            return False
        self.store.save(standing.charged(charged.payment, charged.created))
        logger.info("topped_up", user_id=attempt.user_id, payment=charged.payment)
        count("TopupsCharged", 1)
        return True

    def _pause(self, standing: Standing, attempt: Attempt, reason: str) -> None:
        """The user is told first, and once for this charge, so that whoever dies in between is made up for."""
        pauses = standing.state == ACTIVE
        self.tell(
            Failed(attempt.user_id, attempt.name, attempt.cents, reason, is_automatic=True, paused=pauses)
        )
        self.store.save(standing.declined(reason, may_have_charged=reason == NO_ANSWER))

    def _in_the_ledger(self, attempt: Attempt) -> bool:
        """Whether the charge is booked; one whose event does not come is booked here, and somebody has to look why."""
        told = automatic(str(attempt.payment), attempt.created, attempt.cents, attempt.user_id)
        if self.is_booked(attempt.user_id, told):
            return True
        if self.clock() - attempt.begun_at < EVENT_WITHIN:
            return False
        self.book(attempt.user_id, told)
        logger.error("Payment not in the ledger", payment=attempt.payment, user_id=attempt.user_id)
        count("LedgerFindings", 1)
        return True
