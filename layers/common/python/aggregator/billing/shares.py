"""How much of an account one request may take aside: the parameters of holds. Standard library only.

All are parts of what is available to the request, before it holds anything.
"""

from typing import NamedTuple

from aggregator.billing.money import NanoUsd


class Part(NamedTuple):
    """A fraction of an amount: no float comes near money."""

    numerator: int
    denominator: int

    def of(self, amount_nano_usd: NanoUsd) -> NanoUsd:
        """This part of an amount, rounded down: an amount is above this number if it is above this part."""
        return amount_nano_usd * self.numerator // self.denominator

    def least_whole(self, amount_nano_usd: NanoUsd) -> NanoUsd:
        """The smallest amount of which `amount_nano_usd` is no more than this part."""
        return -(-amount_nano_usd * self.denominator // self.numerator)


class Shares(NamedTuple):
    """When a hold is worth a second look, how much it may be, and when its rest comes back with the answer."""

    tight_above: Part = Part(1, 4)
    """A bound above this part of what is available is counted exactly, or lowered."""

    share: Part = Part(1, 4)
    """The most that a request may hold whose output can be capped, where others hold money as well."""

    share_alone: Part = Part(1, 2)
    """The same where nothing else is held."""

    give_back_above: Part = Part(1, 20)
    """A hold above this part gives back what it did not need as soon as its request ends."""


SHARES = Shares()
