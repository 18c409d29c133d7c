"""What a provider learns of a user: a keyed hash, so that it can act on one of them and not on the whole account.

The key of the hash is the platform's oldest live key there, which nobody else knows: no table of hashes leads back to a
user, and two providers cannot compare theirs. It changes when that key does. Standard library only.
"""

from collections.abc import Mapping
from hashlib import blake2b
from typing import Any


def hash_of(user_id: str, key: str) -> str:
    """The user, as one provider knows it: 32 hex digits."""
    return _keyed(f"user\n{user_id}", key)


def cache_key_of(user_id: str, cache_key: str, key: str) -> str:
    """A client's key for a provider's prompt cache, apart from those of all other users: 32 hex digits."""
    return _keyed(f"cache\n{user_id}\n{cache_key}", key)


def told_to_openai(body: Mapping[str, Any], user_id: str, key: str | None) -> dict[str, str]:
    """Fields to set in a request to OpenAI: the user, where the client named none, and its cache key, as a hash."""
    if not key or not user_id:
        return {}
    said: dict[str, str] = {}
    if isinstance(body.get("prompt_cache_key"), str):
        said["prompt_cache_key"] = cache_key_of(user_id, body["prompt_cache_key"], key)
    if not body.get("safety_identifier") and not body.get("user"):
        said["safety_identifier"] = hash_of(user_id, key)
    return said


def _keyed(said: str, key: str) -> str:
    return blake2b(said.encode(errors="surrogatepass"), digest_size=16, key=key.encode()[:64]).hexdigest()
