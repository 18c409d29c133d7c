"""Times in log-spaced buckets: histograms add up bucket by bucket, and give percentiles with a bounded error.

Bucket `k` holds times from 2^(k/4) up to, but not including, 2^((k+1)/4) milliseconds, and answers with its
geometric middle. An exact nearest-rank percentile lies in the same bucket as the answer, which is therefore at
most a factor of 2^(1/8) away: 9.1 %, plus half a millisecond of rounding. Times under 1 ms count as 1 ms.
Buckets 0 to 79 reach beyond 15 minutes, the longest request there is.
Source of the idea: OpenTelemetry, exponential histograms (these are of scale 2).
"""

import math
from collections.abc import Mapping

_BUCKETS_PER_DOUBLING = 4


def bucket_of(milliseconds: float) -> int:
    """Number of the bucket that holds a time, 0 or more."""
    return math.floor(_BUCKETS_PER_DOUBLING * math.log2(max(milliseconds, 1)))


def percentile(buckets: Mapping[int, int], percent: int) -> int | None:
    """The time in milliseconds that `percent` of the times do not exceed; None of no times.

    `buckets` maps a bucket's number to its count. Nearest rank: the answer stands for a time that occurred.
    """
    rank = -(-percent * sum(buckets.values()) // 100)
    for bucket in sorted(buckets):
        rank -= buckets[bucket]
        if rank <= 0:
            return round(2 ** ((bucket + 0.5) / _BUCKETS_PER_DOUBLING))
    return None
