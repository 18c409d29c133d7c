"""An account's item under load: its money, the transaction that has it at the moment, and the partition it lies on."""

from dataclasses import dataclass

from bench.simulation.capacity import TokenBucket
from bench.simulation.parameters import Parameters

_ITEM_BYTES = 47
_BUCKET_BYTES = 42
_KILOBYTE = 1024


def item_units(buckets: int) -> int:
    """Write units of an account item with so many deadline buckets; tests compare it with a real item."""
    return -(-(_ITEM_BYTES + _BUCKET_BYTES * buckets) // _KILOBYTE)


@dataclass(slots=True)
class Slice:
    """Credit that an environment holds and spends by itself: money, for how many requests, and until when."""

    usd: float
    uses: int
    until: float


class Short(Exception):
    """Less is available than was asked for."""


class Account:
    """One account. `available + held + charged` never changes, and `available` never falls below zero."""

    def __init__(self, name: str, parameters: Parameters) -> None:
        self.name = name
        self.available = parameters.balance_usd
        self.held = 0.0
        self.charged = 0.0
        self.owed = 0.0
        """What requests that are not settled will have cost."""
        self.units = item_units(parameters.buckets)
        self._taken_until = 0.0
        self._last_write = -1.0
        own = TokenBucket(parameters.partition_units, parameters.partition_units)
        self._partition = own
        self._ledger: TokenBucket | None = {
            "together": own,
            "apart": TokenBucket(parameters.partition_units, parameters.partition_units),
            "spread": None,
        }[parameters.partition]

    def in_transaction(self, now: float) -> bool:
        """Whether a transaction has the item, so that DynamoDB refuses all other writes of it."""
        return now < self._taken_until

    def begin(self, now: float, seconds: float) -> None:
        """A transaction takes the item."""
        self._taken_until = now + seconds

    def written_since(self, moment: float) -> bool:
        """Whether a plain write reached the item after `moment`."""
        return self._last_write > moment

    def may_write(self, now: float) -> bool:
        """Whether the partition lets one plain write of the item pass."""
        return self._partition.take(now, self.units)

    def may_transact(self, now: float, entries: int) -> bool:
        """Whether the partitions let a transaction pass: the item and `entries`, at two units a kilobyte."""
        item, ledger = 2 * self.units, 2 * entries
        if self._ledger is self._partition:
            return self._partition.take(now, item + ledger)
        return self._partition.take(now, item) and (self._ledger is None or self._ledger.take(now, ledger))

    def hold(self, now: float, usd: float, give_back: float = 0.0) -> None:
        """Move money from available to held, what a slice did not use the other way, in one write.

        Raises:
            Short: nothing was moved.
        """
        if self.available + give_back < usd:
            raise Short
        self.available += give_back - usd
        self.held += usd - give_back
        self._last_write = now

    def settle(self, held: float, cost: float) -> None:
        """Charge what a request cost and return the rest of its hold."""
        self.held -= held
        self.available += held - cost
        self.charged += cost
        self.owed -= cost

    @property
    def could_pay(self) -> float:
        """What would be left if every running request were settled now at its cost."""
        return self.available + self.held - self.owed
