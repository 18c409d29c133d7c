"""Closing the books: what entries come to, and the checkpoint that is written of them. Standard library only.

A checkpoint says what all of an account's entries up to a day come to: sum, number, and a fingerprint of every byte of
them. It is written once and never changed; its seal covers the one before it.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from aggregator.billing.entry import Entry
from aggregator.billing.model import Posted
from aggregator.billing.money import NanoUsd

JsonObject = dict[str, Any]

_MODULUS = 1 << 256


@dataclass(slots=True)
class Tally:
    """A running sum of entries, in any order: the fingerprint is the sum of the entries' own, modulo 2^256."""

    amount_nano_usd: NanoUsd = 0
    entries: int = 0
    fingerprint: int = 0

    def add(self, entry: Entry, fingerprint: int) -> None:
        """Count one more entry."""
        self.amount_nano_usd += entry.amount_nano_usd
        self.entries += 1
        self.fingerprint = (self.fingerprint + fingerprint) % _MODULUS

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(
            self.amount_nano_usd + other.amount_nano_usd,
            self.entries + other.entries,
            (self.fingerprint + other.fingerprint) % _MODULUS,
        )

    @property
    def posted(self) -> Posted:
        """The same in the account's own words."""
        return Posted(self.amount_nano_usd, self.entries)

    def to_json(self) -> list[Any]:
        """For a message or an item."""
        return [self.amount_nano_usd, self.entries, f"{self.fingerprint:064x}"]

    @classmethod
    def from_json(cls, said: list[Any]) -> "Tally":
        """Read what `to_json` wrote."""
        return cls(int(said[0]), int(said[1]), int(said[2], 16))


@dataclass(frozen=True, slots=True)
class Closing:
    """A checkpoint: what all entries written up to the end of `day` come to.

    `last_id` is the greatest entry id among them, `before` the seal of the checkpoint before this one, if any.
    """

    user_id: str
    day: str
    tally: Tally
    last_id: str
    before: str = ""
    closed_at: str = field(default="", compare=False)

    @property
    def seal(self) -> str:
        """SHA-256 over all that it says, and so over all checkpoints before it."""
        said = [self.user_id, self.day, *self.tally.to_json(), self.last_id, self.before]
        return hashlib.sha256(json.dumps(said).encode()).hexdigest()


def fingerprint_of(stored: Mapping[str, Any]) -> int:
    """A number that changes with any byte of an item, however its attributes are ordered."""
    canonical = json.dumps(stored, sort_keys=True, separators=(",", ":"))
    return int.from_bytes(hashlib.sha256(canonical.encode()).digest())
