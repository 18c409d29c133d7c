"""The API key as text: `agg_<env>_<keyId>_<secret><checksum>`. Standard library only; the authorizer imports it.

    agg_prod_1vQ8Zk7pQ2xA_4f8Jd0sLq2Wm9XyTzB1cVn31vCE0
        |    |            |                     ^^^^^^ CRC-32 of all before it, base62
        |    |            ^^^^^^^^^^^^^^^^^^^^^^ the secret: 128 random bits, base62
        |    ^^^^^^^^^^^^ key id: seconds since 1970 and 32 random bits, base62; sorts by age, names the item
        ^^^^ environment: a key of another one is refused without a read

CRC-32 finds every single wrong character, and every two characters before the checksum that changed places (its
polynomial is primitive: two equal differences cancel only 2^32 - 1 bits apart), so a mistyped key costs no read.
It is no defence against forgery: the secret is.
"""

import hmac
import os
import re
import zlib
from datetime import datetime

from aggregator.errors import InvalidApiKey

PREFIX = "agg_"

# In ASCII order, so that equally long numbers sort as text.
_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_TIME_CHARACTERS = 6  # seconds until the year 3769
_RANDOM_ID_CHARACTERS = 6  # 32 bits
_SECRET_CHARACTERS = 22  # 128 bits
_CHECKSUM_CHARACTERS = 6  # 32 bits

KEY_ID_PATTERN = r"[0-9A-Za-z]{12}"
_KEY_ID = re.compile(KEY_ID_PATTERN)
_FORMAT = re.compile(
    rf"(?P<signed>agg_(?P<environment>[a-z0-9]{{1,16}})_(?P<key_id>{KEY_ID_PATTERN})_[0-9A-Za-z]{{22}})"
    r"(?P<checksum>[0-9A-Za-z]{6})",
)


class PlainKey:
    """A whole key, as its owner holds it. It exists in memory only: it is stored nowhere and prints masked."""

    __slots__ = ("environment", "key_id", "text")

    def __init__(self, text: str, environment: str, key_id: str) -> None:
        self.text = text
        self.environment = environment
        self.key_id = key_id

    def hash_under(self, pepper: str) -> str:
        """HMAC-SHA-256 of the whole key under the pepper, in hex: what is stored instead of the key."""
        return hmac.digest(pepper.encode(), self.text.encode(), "sha256").hex()

    def __repr__(self) -> str:
        return masked(self)


def new_key_id(now: datetime) -> str:
    """Make an id for a key; ids made later sort later, to the second."""
    return _base62(int(now.timestamp()), _TIME_CHARACTERS) + _base62(_random_bits(32), _RANDOM_ID_CHARACTERS)


def is_key_id(text: str) -> bool:
    """Whether `text` can be the id of a key at all."""
    return _KEY_ID.fullmatch(text) is not None


def new_key(environment: str, key_id: str) -> PlainKey:
    """Make a key with a fresh secret of 128 bits from the system's random source."""
    signed = f"{PREFIX}{environment}_{key_id}_{_base62(_random_bits(128), _SECRET_CHARACTERS)}"
    return parse(signed + _checksum(signed), environment)


def parse(text: str, environment: str) -> PlainKey:
    """Read a key of this environment; a mistyped one is refused here, before any read.

    Raises:
        InvalidApiKey: no key, a mistyped one, or one of another environment.
    """
    found = _FORMAT.fullmatch(text)
    if (
        found is None
        or found["environment"] != environment
        or _checksum(found["signed"]) != found["checksum"]
    ):
        raise InvalidApiKey("Incorrect API key provided.")
    return PlainKey(text, environment, found["key_id"])


def masked(key: PlainKey) -> str:
    """A key for people to recognise, without its secret: `agg_prod_1vQ8Zk7pQ2xA_***`."""
    return f"{PREFIX}{key.environment}_{key.key_id}_***"


def _random_bits(count: int) -> int:
    return int.from_bytes(os.urandom(count // 8), "big")


def _checksum(signed: str) -> str:
    return _base62(zlib.crc32(signed.encode()), _CHECKSUM_CHARACTERS)


def _base62(number: int, width: int) -> str:
    digits = []
    for _ in range(width):
        number, digit = divmod(number, len(_ALPHABET))
        digits.append(_ALPHABET[digit])
    assert number == 0, "the width holds the number"
    return "".join(reversed(digits))
