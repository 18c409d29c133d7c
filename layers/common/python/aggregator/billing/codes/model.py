"""What a promo code is, and when it may be redeemed. Standard library only.

A code is kept hashed: its id comes from its hash, so finding it is one lookup by key, and no text is compared with it.
Codes that the platform makes have 80 bits of chance. Those that an operator thinks up are as hard to guess as they are.
"""

import hashlib
import secrets
from dataclasses import dataclass
from typing import Literal

from aggregator.billing.money import NanoUsd

State = Literal["active", "ended", "used_up", "disabled"]

MOST_TRIES = 10
"""Tries to redeem something that a user has in an hour, whatever comes of them."""

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's: no letter that is taken for another."""
_LETTERS, _GROUP = 16, 4


@dataclass(frozen=True, slots=True)
class Code:
    """A promo code, without its text. `credit_days` is how long the credit lives from redeeming on."""

    id: str
    amount_nano_usd: NanoUsd
    credit_days: int
    redeemable_until: str
    most: int
    created_at: str
    redeemed: int = 0
    name: str | None = None
    disabled: bool = False

    def state(self, now: str) -> State:
        """How it is at a moment, as `clock.iso` writes it."""
        if self.disabled:
            return "disabled"
        if self.redeemed >= self.most:
            return "used_up"
        return "active" if now < self.redeemable_until else "ended"


def new_text() -> str:
    """A code that nobody guesses: `7K2M-9QXD-41ZV-B8TN`."""
    letters = "".join(secrets.choice(_ALPHABET) for _ in range(_LETTERS))
    return "-".join(letters[n : n + _GROUP] for n in range(0, _LETTERS, _GROUP))


def id_of(text: str) -> str:
    """The id of a code: 128 bits of the hash of its letters, in capitals, without blanks and hyphens."""
    plain = "".join(text.split()).replace("-", "").upper()
    return hashlib.sha256(f"promo code {plain}".encode("utf-8", "surrogatepass")).hexdigest()[:32]
