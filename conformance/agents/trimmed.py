"""A recorded request made fit to be kept: its shape as it was, long words cut short, nothing of a person or machine."""

import re
from typing import Any

_LONGEST = 80
_SEALED = frozenset({"signature", "encrypted_content", "data"})
_FOLDER = re.compile(r"/tmp/agent-\w+")  # noqa: S108 (what is taken out)
_NAMES = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9a-f]{32,}")


def trimmed(value: Any, name: str = "") -> Any:
    """The value with every long text cut short, and every id that tells one machine from another made the same."""
    if isinstance(value, dict):
        return {key: trimmed(each, key) for key, each in value.items()}
    if isinstance(value, list):
        return [trimmed(each, name) for each in value]
    if not isinstance(value, str) or name in _SEALED:
        return value
    bare = _NAMES.sub("0", _FOLDER.sub("/agent", value))
    return bare if len(bare) <= _LONGEST or bare.startswith("{") else f"{bare[:_LONGEST]}…"
