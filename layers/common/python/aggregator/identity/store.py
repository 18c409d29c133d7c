"""Users in the identity table, with their addresses and their audit trail."""

import json
from hashlib import sha256

from aggregator.errors import Conflict
from aggregator.identity.model import Binding, Change, User, unknown_user
from aggregator.identity.standing import place_of_team
from aggregator.identity.stored import AUDIT, change_of, entry_of, item_of, place_of_user, user_of
from aggregator.identity.table import IdentityTable
from aggregator.runtime.aws import JsonObject

_HISTORY_LENGTH = 100
_MOST_TEAMS = 1_000


class IdentityStore:
    """Users, with their audit trail."""

    def __init__(self, table: IdentityTable) -> None:
        self._table = table

    def user(self, user_id: str) -> User:
        """Read one user: one GetItem.

        Raises:
            NotFound: there is no such record.
        """
        found = self.user_if_known(user_id)
        if found is None:
            raise unknown_user()
        return found

    def user_if_known(self, user_id: str) -> User | None:
        """The same, of an id that needs no record."""
        found = self._table.read(place_of_user(user_id))
        return None if found is None else user_of(found)

    def user_with(self, email: str) -> User | None:
        """The user whose address this is, if it is anybody's."""
        owned = self._table.read({"pk": f"EMAIL#{email}", "sk": "EMAIL"})
        return None if owned is None else self.user_if_known(owned["userId"])

    def user_bound_to(self, issuer: str, subject: str) -> User | None:
        """The user who signs in as this subject of an issuer, if anybody does."""
        bound = self._table.read(_place_of_binding(issuer, subject))
        return None if bound is None else self.user_if_known(bound["userId"])

    def history(self, user_id: str) -> list[Change]:
        """A user's latest changes (100 at most), newest first."""
        found, _ = self._table.page(f"USER#{user_id}", AUDIT, _HISTORY_LENGTH, newest_first=True)
        return [change_of(each) for each in found]

    def page(self, limit: int, after: str | None) -> tuple[list[User], str | None]:
        """List users in the order of their ids, from behind the id `after`, with the id to go on behind, if any."""
        found, more = self._table.page("USERS", "USER#", limit, after)
        users = [user_of(each) for each in found]
        return users, users[-1].user_id if more else None

    def teams_of(self, user_id: str) -> list[str]:
        """The teams that a user is in."""
        found, _ = self._table.page(f"USER#{user_id}", "TEAM#", _MOST_TEAMS)
        return [each["teamId"] for each in found]

    def create(self, user: User, change: Change) -> None:
        """Add a user, its address and its first audit entry, all or nothing.

        Raises:
            Conflict: there is such a user, or a team of that id, or the address is another's; nothing was written.
        """
        is_team = Conflict("userId: There is a team of this id.", param="userId")
        self._table.write(
            self._table.put_new(
                item_of(user), Conflict("userId: There is a user of this id.", param="userId")
            ),
            self._table.put_new(_address(user), _taken()),
            self._table.put_new(entry_of(change), _stale()),
            self._table.require(place_of_team(user.user_id), is_team, there=False),
        )

    def change(self, before: User, after: User, change: Change) -> None:
        """Replace a user, with the address and the binding if those are others now, and write down the change.

        Raises:
            Conflict: it was changed since it was read, or the address or the binding is another's; nothing was written.
        """
        steps = [
            self._table.put(item_of(after), before.version, _stale()),
            self._table.put_new(entry_of(change), _stale()),
        ]
        if before.profile.email != after.profile.email:
            old = _address(before)
            steps += [
                self._table.drop({"pk": old["pk"], "sk": old["sk"]}, _stale()),
                self._table.put_new(_address(after), _taken()),
            ]
        if before.bound_to != after.bound_to:
            if before.bound_to is not None:
                place = _place_of_binding(before.bound_to.issuer, before.bound_to.subject)
                steps.append(self._table.drop(place, _stale()))
            if after.bound_to is not None:
                steps.append(self._table.put_new(_binding(after.bound_to, after.user_id), _bound()))
        self._table.write(*steps)


def _stale() -> Conflict:
    return Conflict("This user was changed at the same moment: read it again.")


def _bound() -> Conflict:
    return Conflict("Another user signs in as this person.")


def _taken() -> Conflict:
    return Conflict("email: Another user has this address.", param="email")


def _place_of_binding(issuer: str, subject: str) -> dict[str, str]:
    """An issuer and a subject may be long, and a key of the table may not."""
    return {"pk": f"SUBJECT#{sha256(json.dumps([issuer, subject]).encode()).hexdigest()}", "sk": "SUBJECT"}


def _binding(bound_to: Binding, user_id: str) -> JsonObject:
    return {**_place_of_binding(bound_to.issuer, bound_to.subject), **bound_to.described(), "userId": user_id}


def _address(user: User) -> JsonObject:
    return {"pk": f"EMAIL#{user.profile.email}", "sk": "EMAIL", "userId": user.user_id}
