"""Teams in the identity table, with their members and their audit trail."""

from aggregator.errors import Conflict, InvalidRequest, NotFound
from aggregator.identity.standing import VIEWER, place_of_member, place_of_team
from aggregator.identity.stored import AUDIT, place_of_user
from aggregator.identity.table import IdentityTable
from aggregator.identity.team import Member, Team, TeamChange, unknown_team
from aggregator.identity.team_stored import (
    entry_of_team,
    item_of_member,
    item_of_team,
    member_of,
    team_change_of,
    team_of,
)

_HISTORY_LENGTH = 100


class TeamStore:
    """Teams, who is in them, and their audit trail."""

    def __init__(self, table: IdentityTable) -> None:
        self._table = table

    def team(self, team_id: str) -> Team:
        """Read one team: one GetItem.

        Raises:
            NotFound: there is no such team.
        """
        found = self._table.read(place_of_team(team_id))
        if found is None:
            raise unknown_team()
        return team_of(found)

    def member(self, team_id: str, user_id: str) -> Member | None:
        """A user's place in a team, if there is one."""
        found = self._table.read(place_of_member(team_id, user_id))
        return None if found is None else member_of(found)

    def history(self, team_id: str) -> list[TeamChange]:
        """A team's latest changes (100 at most), newest first."""
        found, _ = self._table.page(f"TEAM#{team_id}", AUDIT, _HISTORY_LENGTH, newest_first=True)
        return [team_change_of(each) for each in found]

    def page(self, limit: int, after: str | None) -> tuple[list[Team], str | None]:
        """List teams in the order of their ids, from behind the id `after`, with the id to go on behind, if any."""
        found, more = self._table.page("TEAMS", "TEAM#", limit, after)
        teams = [team_of(each) for each in found]
        return teams, teams[-1].team_id if more else None

    def members(self, team_id: str, limit: int, after: str | None) -> tuple[list[Member], str | None]:
        """List a team's members likewise, by their user ids."""
        found, more = self._table.page(f"TEAM#{team_id}", "MEMBER#", limit, after)
        members = [member_of(each) for each in found]
        return members, members[-1].user_id if more else None

    def of_user(
        self, user_id: str, limit: int, after: str | None
    ) -> tuple[list[tuple[Team, Member | None]], str | None]:
        """List the teams that a user is in likewise, with the user's place in each."""
        found, more = self._table.page(f"USER#{user_id}", "TEAM#", limit, after)
        ids = [str(each["teamId"]) for each in found]
        return [(self.team(each), self.member(each, user_id)) for each in ids], ids[-1] if more else None

    def require_no_team(self, user_id: str) -> None:
        """Refuse an id that is a team's.

        Raises:
            InvalidRequest: no user has such an id.
        """
        if self._table.read(place_of_team(user_id)) is not None:
            raise InvalidRequest(
                "userId: this is a team: name its member, and the team as teamId", param="userId"
            )

    def require_spender(self, team_id: str, user_id: str) -> None:
        """Refuse a user who may not spend a team's money.

        Raises:
            InvalidRequest: there is no such team, or the user is not in it, or only looks on.
        """
        member = self.member(team_id, user_id)
        if member is None:
            raise InvalidRequest("teamId: the user is in no such team", param="teamId")
        if member.role == VIEWER:
            raise InvalidRequest("teamId: a viewer of the team does not spend its money", param="teamId")

    def create(self, team: Team, change: TeamChange) -> None:
        """Add a team and its first audit entry, all or nothing.

        Raises:
            Conflict: there is a team, or a user, of that id; nothing was written.
        """
        is_user = Conflict("teamId: There is a user of this id.", param="teamId")
        self._table.write(
            self._table.put_new(
                item_of_team(team), Conflict("teamId: There is a team of this id.", param="teamId")
            ),
            self._table.put_new(entry_of_team(change), _stale()),
            self._table.require(place_of_user(team.team_id), is_user, there=False),
        )

    def change(self, before: Team, after: Team, change: TeamChange) -> None:
        """Replace a team and write down the change, all or nothing.

        Raises:
            Conflict: it was changed since it was read; nothing was written.
        """
        self._table.write(
            self._table.put(item_of_team(after), before.version, _stale()),
            self._table.put_new(entry_of_team(change), _stale()),
        )

    def set_member(self, before: Member | None, after: Member, change: TeamChange) -> None:
        """Give a user a place in a team, or another one, and write it down, all or nothing.

        Raises:
            NotFound: there is no such team; nothing was written.
            Conflict: the place was changed since it was read; nothing was written.
        """
        new = item_of_member(after)
        pointer = {"pk": f"USER#{after.user_id}", "sk": f"TEAM#{after.team_id}", "teamId": after.team_id}
        self._table.write(
            self._table.require(place_of_team(after.team_id), unknown_team(), there=True),
            self._table.put_new(new, _stale())
            if before is None
            else self._table.put(new, before.version, _stale()),
            self._table.set(pointer, _stale()),
            self._table.put_new(entry_of_team(change), _stale()),
        )

    def remove_member(self, member: Member, change: TeamChange) -> None:
        """Take a user's place away, and write it down, all or nothing.

        Raises:
            Conflict: it was changed since it was read; nothing was written.
        """
        pointer = {"pk": f"USER#{member.user_id}", "sk": f"TEAM#{member.team_id}"}
        self._table.write(
            self._table.delete(place_of_member(member.team_id, member.user_id), member.version, _stale()),
            self._table.drop(pointer, _stale()),
            self._table.put_new(entry_of_team(change), _stale()),
        )


def no_member() -> NotFound:
    """The user has no place in the team."""
    return NotFound("There is no such member of this team.")


def _stale() -> Conflict:
    return Conflict("This team was changed at the same moment: read it again.")
