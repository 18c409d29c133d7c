"""Times in log-spaced buckets: histograms add up bucket by bucket, and give percentiles with a bounded error.

Bucket `k` holds times from 2^(k/4) up to, but not including, 2^((k+1)/4) milliseconds, and answers with its
geometric middle. An exact nearest-rank percentile lies in the same bucket as the answer, which is therefore at
most a factor of 2^(1/8) away: 9.1 %, plus half a millisecond of rounding. Times under 1 ms count as 1 ms.
Buckets 0 to 79 reach beyond 15 minutes, the longest request there is.
Source of the idea: OpenTelemetry, exponential histograms (these are of scale 2).
"""

import math
from collections.abc import Mapping, Sequence

_BUCKETS_PER_DOUBLING = 4


def bucket_of(milliseconds: float) -> int:
    """Number of the bucket that holds a time, 0 or more."""
    return math.floor(_BUCKETS_PER_DOUBLING * math.log2(max(milliseconds, 1)))


def percentiles(buckets: Mapping[int, int], percents: Sequence[int]) -> tuple[int | None, ...]:
    """The times in milliseconds that so many percent of the times do not exceed; None of no times.

    `buckets` maps a bucket's number to its count; `percents` grow. Nearest rank: an answer stands for a time
    that occurred.
    """
    total, counted = sum(buckets.values()), 0
    wanted = [-(-percent * total // 100) for percent in percents]
    found: list[int | None] = []
    for bucket in sorted(buckets):
        counted += buckets[bucket]
        while len(found) < len(wanted) and counted >= wanted[len(found)]:
            found.append(round(2 ** ((bucket + 0.5) / _BUCKETS_PER_DOUBLING)))
    return (*found, *[None] * (len(wanted) - len(found)))
