"""Every interleaving of requests of keys that share a minute and a day; and what is broken would be found."""

import pytest

from tests.model.limits_explorer import BROKEN, BROKEN_IN_TEAM, Explorer


@pytest.mark.promise("limits")
def test_no_interleaving_lets_keys_spend_more_than_the_key_over_them_may() -> None:
    states, wrong, way = Explorer().run()

    assert (wrong, way) == (None, [])
    assert states > 50_000


@pytest.mark.promise("limits")
@pytest.mark.parametrize("without", BROKEN)
def test_shared_limits_without_one_of_their_conditions_are_found_out(without: str) -> None:
    _, wrong, way = Explorer(without).run()

    assert wrong is not None
    assert way


@pytest.mark.promise("limits")
def test_no_interleaving_lets_a_team_or_a_member_spend_more_than_they_may() -> None:
    states, wrong, way = Explorer(in_team=True).run()

    assert (wrong, way) == (None, [])
    assert states > 5_000


@pytest.mark.promise("limits")
@pytest.mark.parametrize("without", BROKEN_IN_TEAM)
def test_a_teams_levels_without_one_of_their_conditions_are_found_out(without: str) -> None:
    _, wrong, way = Explorer(without, in_team=True).run()

    assert wrong is not None
    assert way
