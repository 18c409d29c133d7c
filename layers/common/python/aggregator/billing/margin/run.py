"""The daily comparison: yesterday, and the two days before it once more, for providers settle their figures late."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Protocol

from aggregator.billing.margin.model import ByModel, Comparison, CostsUnread, compared
from aggregator.billing.margin.owed import Owed
from aggregator.billing.money import NanoUsd
from aggregator.runtime.clock import iso
from aggregator.runtime.observability import count, logger, tell

DAYS = 3
"""How many days that are over a run compares."""

Ask = Callable[[date, date], Mapping[str, ByModel]]


class Comparisons(Protocol):
    """Comparisons, as they are kept."""

    def keep(self, comparison: Comparison) -> None:
        """See `MarginStore.keep`."""
        ...


def run(
    asked: Mapping[str, Ask],
    owed: Callable[[list[str], date, date], Owed],
    kept: Comparisons,
    now: datetime,
    *,
    most_leaked_nano_usd: NanoUsd,
) -> list[Comparison]:
    """Ask each provider, and hold the ledgers against it; one that cannot be asked keeps no other from that."""
    end = now.astimezone(UTC).date()
    first = end - timedelta(days=DAYS)
    days = [(first + timedelta(days=n)).isoformat() for n in range(DAYS)]
    told: dict[str, Mapping[str, ByModel]] = {}
    found: list[Comparison] = []
    for provider, ask in asked.items():
        try:
            told[provider] = ask(first, end)
        except CostsUnread as why:
            found.append(Comparison(days[-1], provider, iso(now), "failed", reason=str(why)))
    if told:
        ours = owed(list(told), first, end)
        found += [
            compared(day, provider, by_day.get(day), ours.get((day, provider), {}), iso(now))
            for provider, by_day in told.items()
            for day in days
        ]
    for each in found:
        kept.keep(each)
        _tell(each, is_final=each.day == days[0], most_leaked_nano_usd=most_leaked_nano_usd)
    return found


def _tell(each: Comparison, *, is_final: bool, most_leaked_nano_usd: NanoUsd) -> None:
    """Log and count a comparison. A day is in the metric `LeakNanoUsd` once: when it is compared for the last time."""
    if each.state == "failed":
        logger.warning("Costs not read", provider=each.provider, day=each.day, reason=each.reason)
        count("LeakFindings")
    for row in each.rows:
        logger.info(
            "margin",
            day=each.day,
            provider=each.provider,
            model=row.model,
            owed_nano_usd=row.owed_nano_usd,
            billed_nano_usd=row.billed_nano_usd,
            leak_nano_usd=row.leak_nano_usd,
        )
        if is_final:
            tell("LeakNanoUsd", row.leak_nano_usd, provider=each.provider, model=row.model)
    if each.leaked_nano_usd > most_leaked_nano_usd:
        logger.error("Leak", provider=each.provider, day=each.day, leak_nano_usd=each.leaked_nano_usd)
        count("LeakFindings")
