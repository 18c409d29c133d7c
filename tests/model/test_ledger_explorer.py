"""Every interleaving of a small world, and proof that the exploration would find what is broken."""

import pytest

from tests.model.ledger_explorer import BROKEN, Explorer


def test_no_interleaving_of_three_requests_and_two_workers_breaks_the_money() -> None:
    states, wrong, way = Explorer(crashes=0).run()

    assert (wrong, way) == (None, [])
    assert states > 100_000


def test_no_crash_between_any_two_calls_breaks_the_money() -> None:
    states, wrong, way = Explorer(requests=2, crashes=2).run()

    assert (wrong, way) == (None, [])
    assert states > 5_000


@pytest.mark.parametrize("without", BROKEN)
def test_a_protocol_without_one_of_its_conditions_is_found_out(without: str) -> None:
    _, wrong, way = Explorer(without).run()

    assert wrong is not None
    assert way
