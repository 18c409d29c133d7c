"""Parts of an account: exact, in integers."""

import pytest

from aggregator.billing.shares import SHARES, Part


@pytest.mark.parametrize(("amount", "part"), [(0, 0), (3, 0), (4, 1), (7, 1), (1_000_000_003, 250_000_000)])
def test_a_part_is_rounded_down(amount: int, part: int) -> None:
    assert Part(1, 4).of(amount) == part


@pytest.mark.parametrize(
    ("part", "amount", "whole"),
    [(Part(1, 4), 1, 4), (Part(1, 20), 7, 140), (Part(2, 3), 2, 3), (Part(2, 3), 3, 5), (Part(1, 2), 0, 0)],
)
def test_the_least_whole_is_the_first_amount_that_has_such_a_part(
    part: Part, amount: int, whole: int
) -> None:
    assert part.least_whole(amount) == whole
    assert amount <= part.of(whole)
    assert whole == 0 or amount > part.of(whole - 1)


def test_a_hold_is_a_quarter_at_the_most_a_half_alone_and_a_twentieth_gives_back_its_rest() -> None:
    assert [part.of(1000) for part in SHARES] == [250, 250, 500, 50]
