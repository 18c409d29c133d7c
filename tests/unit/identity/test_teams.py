"""Teams: written down under an id of their own, changed, suspended; who may set and remove their members."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from aggregator.auth.caller import Caller
from aggregator.errors import Conflict, InvalidRequest, NotFound, NotYours, Refusal
from aggregator.identity import teams
from aggregator.identity.announce import event_of_team
from aggregator.identity.model import User
from aggregator.identity.team import Member, Team, TeamChange, unknown_team
from tests.unit.identity.fakes import ADMIN, ANN, LATER, NOW

CREW = Team("crew", "The crew", NOW, "admin", NOW, 100)
ANN_IN_CREW = Member("crew", "ann", "member", NOW, NOW, 20)
BOB_LEADS = Member("crew", "bob", "manager", NOW, NOW)
BOB = Caller("bobsKey00000", "bob", scopes=("keys:manage",))


@dataclass
class Desk:
    """Teams, users, wallets and the bus in one: what was done is in `done`."""

    teams: dict[str, Team] = field(default_factory=dict)
    places: dict[tuple[str, str], Member] = field(default_factory=dict)
    users: dict[str, User] = field(default_factory=dict)
    changes: list[TeamChange] = field(default_factory=list)
    announced: list[TeamChange] = field(default_factory=list)
    done: list[tuple[str, str, int, str | None]] = field(default_factory=list)

    def team(self, team_id: str) -> Team:
        if team_id not in self.teams:
            raise unknown_team()
        return self.teams[team_id]

    def member(self, team_id: str, user_id: str) -> Member | None:
        return self.places.get((team_id, user_id))

    def require_plan(self, plan_id: str) -> None:
        if plan_id != "pro":
            raise InvalidRequest("plan: There is no such plan.", param="plan")

    def put_on(self, wallet_id: str, plan_id: str | None, version: int) -> None:
        self.done.append(("put on", wallet_id, version, plan_id))

    def user_if_known(self, user_id: str) -> User | None:
        return self.users.get(user_id)

    def create(self, team: Team, change: TeamChange) -> None:
        self.teams[team.team_id] = team
        self.changes.append(change)

    def change(self, before: Team, after: Team, change: TeamChange) -> None:
        assert self.teams[before.team_id] == before
        self.teams[after.team_id] = after
        self.changes.append(change)

    def set_member(self, before: Member | None, after: Member, change: TeamChange) -> None:
        assert self.member(after.team_id, after.user_id) == before
        self.places[after.team_id, after.user_id] = after
        self.changes.append(change)

    def remove_member(self, member: Member, change: TeamChange) -> None:
        assert self.places.pop((member.team_id, member.user_id)) == member
        self.changes.append(change)

    def suspend(self, user_id: str, version: int, *, member: str | None = None) -> None:
        self.done.append(("suspend", user_id, version, member))

    def resume(self, user_id: str, version: int, *, member: str | None = None) -> None:
        self.done.append(("resume", user_id, version, member))

    def announce(self, change: TeamChange) -> None:
        self.announced.append(change)


def crew() -> Desk:
    return Desk({"crew": CREW}, {("crew", "ann"): ANN_IN_CREW, ("crew", "bob"): BOB_LEADS})


def made(desk: Desk, team_id: str = "crew", *, in_use: bool = False) -> Team:
    return teams.create(
        team_id,
        "The crew",
        100,
        by=ADMIN,
        now=NOW,
        teams=desk,
        in_use=lambda user_id: in_use and user_id == team_id,
        announcer=desk,
    )


def placed(
    desk: Desk, user_id: str, role: Any = "member", budget: int | None = None, by: Caller = ADMIN
) -> Member:
    return teams.set_member(
        "crew",
        user_id,
        role,
        budget,
        by=by,
        now=LATER,
        teams=desk,
        users=desk,
        wallets=desk,
        announcer=desk,
    )


def removed(desk: Desk, user_id: str, by: Caller = ADMIN) -> Member:
    return teams.remove_member("crew", user_id, by=by, now=LATER, teams=desk, announcer=desk)


def test_a_team_is_written_down_and_told() -> None:
    desk = Desk()

    team = made(desk)

    assert desk.teams == {"crew": team} == {"crew": CREW}
    assert event_of_team(desk.announced[0]) == {
        "version": 1,
        "teamId": "crew",
        "changeId": desk.changes[0].change_id,
        "action": "created",
        "occurredAt": "2026-11-23T12:00:00.000Z",
        "by": {"keyId": "admin", "userId": "admin"},
        "changes": {
            "name": {"from": None, "to": "The crew"},
            "monthlyBudgetNanoUsd": {"from": None, "to": 100},
            "state": {"from": None, "to": "active"},
        },
    }


def test_an_id_with_keys_or_money_is_no_teams() -> None:
    desk = Desk()

    with pytest.raises(Conflict) as raised:
        made(desk, in_use=True)

    assert (raised.value.param, desk.teams) == ("teamId", {})


def test_a_team_is_suspended_at_its_wallet_and_resumed() -> None:
    desk = crew()

    for state in ("suspended", "suspended", "active"):
        teams.update(
            "crew",
            {"state": state},
            by=ADMIN,
            now=LATER,
            teams=desk,
            wallets=desk,
            plans=desk,
            announcer=desk,
        )

    assert desk.done == [
        ("suspend", "crew", 2, None),
        ("suspend", "crew", 2, None),
        ("resume", "crew", 3, None),
    ]
    assert [each.action for each in desk.announced] == ["suspended", "resumed"]


def test_a_budget_is_changed_and_taken_away_without_the_wallet() -> None:
    desk = crew()

    for budget in (50, None):
        fields = {"monthly_budget_nano_usd": budget}
        teams.update(
            "crew", fields, by=ADMIN, now=LATER, teams=desk, wallets=desk, plans=desk, announcer=desk
        )

    assert (desk.teams["crew"].monthly_budget_nano_usd, desk.done) == (None, [])
    assert [each.changes for each in desk.changes] == [
        {"monthlyBudgetNanoUsd": {"from": 100, "to": 50}},
        {"monthlyBudgetNanoUsd": {"from": 50, "to": None}},
    ]


def test_a_place_is_given_changed_and_taken_away() -> None:
    desk = crew()

    placed(desk, "eve", "viewer")
    changed = placed(desk, "ann", "manager", 30)
    same = placed(desk, "ann", "manager", 30)
    removed(desk, "ann")

    assert (changed.added_at, changed.updated_at, changed.version) == (NOW, LATER, 2)
    assert same == changed
    assert set(desk.places) == {("crew", "bob"), ("crew", "eve")}
    assert [(each.action, each.member_user_id, each.changes) for each in desk.announced] == [
        ("member_set", "eve", {"role": {"from": None, "to": "viewer"}}),
        (
            "member_set",
            "ann",
            {"role": {"from": "member", "to": "manager"}, "monthlyBudgetNanoUsd": {"from": 20, "to": 30}},
        ),
        (
            "member_removed",
            "ann",
            {"role": {"from": "manager", "to": None}, "monthlyBudgetNanoUsd": {"from": 30, "to": None}},
        ),
    ]


def test_who_is_suspended_is_so_in_the_wallet_of_a_team_that_takes_them() -> None:
    desk = crew()
    eve = User("eve", ANN.profile, NOW, "admin", NOW)
    desk.users = {"eve": eve.changed({"state": "suspended"}, NOW)}

    placed(desk, "eve")

    assert desk.done == [("suspend", "crew", 2, "eve")]


def test_a_manager_sees_to_the_members_and_others_do_not() -> None:
    desk = crew()
    placed(desk, "eve", by=BOB)
    removed(desk, "eve", by=BOB)
    stranger = Caller("strangersKey", "eve", scopes=("keys:manage",))
    member = Caller("annsKey00000", "ann", scopes=("keys:manage",))

    refusals: list[type[Refusal]] = []
    for by in (stranger, member):
        for ask in (placed, removed):
            with pytest.raises((NotFound, NotYours)) as raised:
                ask(desk, "bob", by=by)
            refusals.append(raised.type)

    assert refusals == [NotFound, NotFound, NotYours, NotYours]
    assert set(desk.places) == {("crew", "ann"), ("crew", "bob")}


def test_who_is_in_no_team_is_not_taken_out_of_it() -> None:
    with pytest.raises(NotFound):
        removed(crew(), "eve")


def test_a_teams_wallet_is_put_on_a_plan_and_off_it() -> None:
    desk = crew()

    for plan in ("pro", None):
        teams.update(
            "crew", {"plan": plan}, by=ADMIN, now=LATER, teams=desk, wallets=desk, plans=desk, announcer=desk
        )
    with pytest.raises(InvalidRequest):
        teams.update(
            "crew", {"plan": "no"}, by=ADMIN, now=LATER, teams=desk, wallets=desk, plans=desk, announcer=desk
        )

    assert desk.done == [("put on", "crew", 2, "pro"), ("put on", "crew", 3, None)]
    assert [each.changes for each in desk.announced] == [
        {"plan": {"from": None, "to": "pro"}},
        {"plan": {"from": "pro", "to": None}},
    ]
