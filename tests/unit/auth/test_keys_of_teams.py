"""Keys that charge a team: who makes them, what the authorizer reads for them, and who gets a new secret of one."""

import pytest

from aggregator.auth.authorise import in_team
from aggregator.auth.caller import Caller, Over, Team
from aggregator.errors import InvalidApiKey, InvalidRequest, MissingScope, NotYours
from aggregator.identity.standing import Standing
from tests.unit.auth.desk import Desk, desk_with
from tests.unit.auth.fakes import MANAGER, FakeTeams, a_key

IN_CREW = MANAGER._replace(team=Team("crew"))
LIMITED = MANAGER._replace(limits={"requestsPerMinute": 60})
UNDER_LIMITED = MANAGER._replace(over=(Over("k0", {"monthlyBudgetNanoUsd": 1}),))
SUSPENDED = Standing(suspended=True, monthly_nano_usd=None, member_monthly_nano_usd=None)


def desk() -> Desk:
    return Desk(teams=FakeTeams({"crew": {"ann"}}))


def test_an_admin_makes_a_key_that_charges_a_team_of_its_user() -> None:
    issued = desk().issue("ann", team_id="crew")

    assert issued.key.team_id == "crew"
    assert (issued.key.caller().wallet_id, issued.key.caller().user_id) == ("crew", "ann")


@pytest.mark.parametrize(
    ("user_id", "team_id", "param"),
    [("bob", "crew", "teamId"), ("ann", "nobody", "teamId"), ("crew", None, "userId")],
)
def test_no_key_is_made_for_who_is_in_no_such_team_nor_for_a_team_itself(
    user_id: str, team_id: str | None, param: str
) -> None:
    at = desk()

    with pytest.raises(InvalidRequest) as raised:
        at.issue(user_id, team_id=team_id)

    assert raised.value.param == param
    assert at.is_untouched()


def test_a_key_hands_on_the_wallet_that_it_charges_and_no_other() -> None:
    at = desk()

    assert at.issue("ann", by=IN_CREW).key.team_id == "crew"
    assert at.issue("ann", by=IN_CREW, team_id="crew").key.team_id == "crew"
    assert at.issue("ann", by=MANAGER).key.team_id is None
    for by, team_id in ((IN_CREW, "other"), (LIMITED, "crew"), (UNDER_LIMITED, "crew")):
        with pytest.raises(MissingScope) as raised:
            at.issue("ann", by=by, team_id=team_id)
        assert raised.value.param == "teamId"


def test_a_key_without_limits_makes_one_that_charges_a_team_of_its_user() -> None:
    at = desk()

    assert at.issue("ann", by=MANAGER, team_id="crew").key.team_id == "crew"
    with pytest.raises(InvalidRequest) as raised:
        at.issue("ann", by=MANAGER, team_id="others")
    assert raised.value.param == "teamId"


@pytest.mark.parametrize(("team_id", "by"), [("crew", MANAGER), (None, IN_CREW)])
def test_nobody_gets_a_new_secret_of_a_key_that_charges_another_wallet(
    team_id: str | None, by: Caller
) -> None:
    key, _ = a_key(team_id=team_id)
    at = desk_with(key)

    with pytest.raises(MissingScope):
        at.rotate(key.key_id, by=by)

    assert at.is_untouched()


def test_the_authorizer_reads_the_team_of_keys_that_have_one() -> None:
    asked: list[tuple[str, str]] = []

    def standing_of(team_id: str, user_id: str) -> Standing:
        asked.append((team_id, user_id))
        return Standing(suspended=False, monthly_nano_usd=100, member_monthly_nano_usd=20)

    alone = in_team(MANAGER, standing_of)
    in_crew = in_team(IN_CREW, standing_of)

    assert (alone, asked) == (MANAGER, [("crew", "ann")])
    assert in_crew == IN_CREW._replace(team=Team("crew", 100, 20))
    assert Caller.from_event({"requestContext": {"authorizer": in_crew.to_context()}}) == in_crew


def test_who_has_no_place_in_the_team_any_more_is_not_let_in_and_a_suspended_team_says_so() -> None:
    with pytest.raises(InvalidApiKey):
        in_team(IN_CREW, lambda *_: None)

    assert in_team(IN_CREW, lambda *_: SUSPENDED).suspended == "team"
    assert in_team(IN_CREW._replace(suspended="user"), lambda *_: SUSPENDED).suspended == "user"


def test_a_team_is_money_that_its_keys_may_ask_about() -> None:
    IN_CREW.require_wallet("crew")
    IN_CREW.require_wallet("ann")

    for caller, wallet in ((IN_CREW, "bob"), (MANAGER, "crew")):
        with pytest.raises(NotYours):
            caller.require_wallet(wallet)
