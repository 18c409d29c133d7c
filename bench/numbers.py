"""The few statistics the bench speaks in: medians, spreads, quantiles, and straight lines through points."""

from collections.abc import Sequence
from statistics import median
from typing import NamedTuple


class Spread(NamedTuple):
    """A sample: its median, and the quarter points on either side."""

    median: float
    low: float
    high: float
    samples: int

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        """Take the middle half of `values`."""
        return cls(median(values), quantile(values, 0.25), quantile(values, 0.75), len(values))

    def to_json(self) -> dict[str, float]:
        """For results.json."""
        low, high = significant(self.low), significant(self.high)
        return {"median": significant(self.median), "low": low, "high": high, "samples": self.samples}


class Growth(NamedTuple):
    """A line through measured points: value = start + slope * size; `r2` is how much of the variance it explains."""

    start: float
    slope: float
    r2: float
    verdict: str

    def to_json(self) -> dict[str, float | str]:
        """For results.json."""
        return {
            "start": significant(self.start),
            "slope": significant(self.slope),
            "r2": round(self.r2, 4),
            "verdict": self.verdict,
        }


def quantile(values: Sequence[float], share: float) -> float:
    """The value below which `share` of the sample lies (nearest rank)."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def significant(value: float, digits: int = 4) -> float:
    """A figure without the digits that mean nothing."""
    return float(f"{value:.{digits}g}")


def growth(sizes: Sequence[float], values: Sequence[float]) -> Growth:
    """How `values` grow with `sizes`: constant, linear, or neither.

    Constant: from the smallest size to the largest the line rises by less than a quarter of the median.
    Linear: it rises by more, and explains 95 % of the variance. Levels off: over the upper half of the sizes it hardly
    changes any more.
    """
    mean_size, mean_value = sum(sizes) / len(sizes), sum(values) / len(values)
    spread = sum((size - mean_size) ** 2 for size in sizes)
    together = sum((s - mean_size) * (v - mean_value) for s, v in zip(sizes, values, strict=True))
    slope = together / spread
    start = mean_value - slope * mean_size
    total = sum((value - mean_value) ** 2 for value in values)
    left = sum((v - start - slope * s) ** 2 for s, v in zip(sizes, values, strict=True))
    r2 = 1 - left / total if total else 1.0
    rise = slope * (max(sizes) - min(sizes))
    if abs(rise) < 0.25 * abs(median(values)):
        verdict = "constant"
    elif r2 >= 0.95:
        verdict = "linear"
    else:
        upper = [value for _, value in sorted(zip(sizes, values, strict=True))][len(sizes) // 2 :]
        flat = max(upper) - min(upper) <= 0.1 * median(upper)
        verdict = "levels off" if flat else "neither constant nor linear"
    return Growth(start, slope, r2, verdict)
