"""Now, in the two forms the platform uses. Use cases take it as an argument; only the edge asks."""

import time
from datetime import UTC, datetime


def now() -> datetime:
    """Return the moment, with its time zone (UTC)."""
    return datetime.now(UTC)


def iso(moment: datetime) -> str:
    """`2026-11-23T06:19:00.123Z`: milliseconds, sorts as text."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def from_iso(text: str) -> datetime:
    """Read what `iso` wrote.

    Raises:
        ValueError: `text` is no ISO 8601 moment.
    """
    return datetime.fromisoformat(text).astimezone(UTC)


def monotonic_ms() -> float:
    """Milliseconds on a clock that never goes back; only differences mean anything."""
    return time.monotonic() * 1000
