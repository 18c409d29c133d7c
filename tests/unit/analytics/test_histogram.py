from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.analytics.histogram import bucket_of, percentiles

TIMES = st.lists(st.integers(min_value=1, max_value=900_000), min_size=1, max_size=200)


def nearest_rank(times: list[int], percent: int) -> int:
    return sorted(times)[-(-percent * len(times) // 100) - 1]


@given(TIMES, st.sampled_from([1, 50, 90, 95, 99, 100]))
def test_a_percentile_is_within_9_1_percent_and_half_a_millisecond_of_the_exact_one(
    times: list[int], percent: int
) -> None:
    exact = nearest_rank(times, percent)

    (estimate,) = percentiles(Counter(map(bucket_of, times)), [percent])

    assert estimate is not None
    assert abs(estimate - exact) <= 0.091 * exact + 0.5


@given(TIMES, TIMES)
def test_two_histograms_added_up_are_the_histogram_of_all_their_times(
    first: list[int], second: list[int]
) -> None:
    apart = Counter(map(bucket_of, first)) + Counter(map(bucket_of, second))

    together = Counter(map(bucket_of, first + second))

    assert apart == together


@given(st.integers(min_value=1, max_value=10**9), st.integers(min_value=1, max_value=10**9))
def test_a_longer_time_is_never_in_an_earlier_bucket(one: int, other: int) -> None:
    shorter, longer = sorted((one, other))

    assert bucket_of(shorter) <= bucket_of(longer)


@pytest.mark.parametrize(
    ("milliseconds", "bucket"),
    [(0, 0), (0.4, 0), (1, 0), (2, 4), (3, 6), (1000, 39), (1024, 40), (900_000, 79)],
)
def test_buckets_are_four_to_a_doubling(milliseconds: float, bucket: int) -> None:
    assert bucket_of(milliseconds) == bucket


def test_percentiles_of_no_times_are_none() -> None:
    assert percentiles({}, [50, 99]) == (None, None)


def test_a_single_slow_request_shows_in_p99_of_a_hundred_only_as_its_rank_says() -> None:
    buckets = {bucket_of(100): 99, bucket_of(60_000): 1}

    assert percentiles(buckets, [50, 99, 100]) == (99, 99, 60097)
