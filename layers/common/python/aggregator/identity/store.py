"""The only module that touches the identity table.

    pk              sk                       what
    USERS           USER#<userId>            the user; ids sort, so a list is in their order
    EMAIL#<email>   EMAIL                    whose address this is: no two users have one
    USER#<userId>   AUDIT#<time>#<changeId>  one change of the user; never changed, never deleted

A user, its address and an audit entry are written in one transaction, and each change asks that the user's `version`
is still the one that was read: there is no change without its entry, and of two changes at once one is refused. All
reads are consistent. Moments are ISO 8601 text.
"""

from aggregator.errors import Conflict, StoreUnavailable
from aggregator.identity.model import Change, User, unknown_user
from aggregator.identity.stored import AUDIT, change_of, entry_of, item_of, user_of
from aggregator.runtime.aws import TRANSACTION_CANCELED, Aws, AwsError, JsonObject
from aggregator.runtime.item import item, values

_HISTORY_LENGTH = 100
_USERS = "USERS"


class IdentityStore:
    """Users, with their audit trail."""

    def __init__(self, dynamodb: Aws, table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def user(self, user_id: str) -> User:
        """Read one user: one GetItem.

        Raises:
            NotFound: there is no such record.
        """
        found = self._read(_USERS, f"USER#{user_id}")
        if found is None:
            raise unknown_user()
        return user_of(found)

    def user_with(self, email: str) -> User | None:
        """The user whose address this is, if it is anybody's."""
        owned = self._read(f"EMAIL#{email}", "EMAIL")
        found = None if owned is None else self._read(_USERS, f"USER#{owned['userId']}")
        return None if found is None else user_of(found)

    def history(self, user_id: str) -> list[Change]:
        """A user's latest changes (100 at most), newest first."""
        found, _ = self._page(f"USER#{user_id}", AUDIT, _HISTORY_LENGTH, None, newest_first=True)
        return [change_of(each) for each in found]

    def page(self, limit: int, after: str | None) -> tuple[list[User], str | None]:
        """List users in the order of their ids, from behind the id `after`, with the id to go on behind, if any."""
        found, more = self._page(_USERS, "USER#", limit, after)
        users = [user_of(each) for each in found]
        return users, users[-1].user_id if more else None

    def create(self, user: User, change: Change) -> None:
        """Add a user, its address and its first audit entry, all or nothing.

        Raises:
            Conflict: there is such a user, or the address is another's; nothing was written.
        """
        self._write(
            self._put(item_of(user), "userId"),
            self._put(_address(user), "email"),
            self._put(entry_of(change), "userId"),
        )

    def change(self, before: User, after: User, change: Change) -> None:
        """Replace a user, and its address if that is another now, and write down the change, all or nothing.

        Raises:
            Conflict: it was changed since it was read, or the address is another's; nothing was written.
        """
        steps = [self._replace(before, after), self._put(entry_of(change), "userId")]
        if before.profile.email != after.profile.email:
            old = {name: _address(before)[name] for name in ("pk", "sk")}
            steps += [
                ({"Delete": {"TableName": self._table, "Key": item(old)}}, "email"),
                self._put(_address(after), "email"),
            ]
        self._write(*steps)

    def _read(self, pk: str, sk: str) -> JsonObject | None:
        answer = self._dynamodb.call(
            "GetItem",
            {"TableName": self._table, "Key": item({"pk": pk, "sk": sk}), "ConsistentRead": True},
        )
        return values(answer["Item"]) if answer.get("Item") else None

    def _page(
        self, pk: str, prefix: str, limit: int, after: str | None, *, newest_first: bool = False
    ) -> tuple[list[JsonObject], bool]:
        request: JsonObject = {
            "TableName": self._table,
            "KeyConditionExpression": "pk = :pk AND begins_with(sk, :prefix)",
            "ExpressionAttributeValues": item({":pk": pk, ":prefix": prefix}),
            "ConsistentRead": True,
            "ScanIndexForward": not newest_first,
            "Limit": limit,
        }
        if after is not None:
            request["ExclusiveStartKey"] = item({"pk": pk, "sk": prefix + after})
        answer = self._dynamodb.call("Query", request)
        found = [values(each) for each in answer["Items"]]
        return found, bool(found and answer.get("LastEvaluatedKey"))

    def _put(self, new: JsonObject, field: str) -> tuple[JsonObject, str]:
        """A step that adds an item, and the field that is at fault where it is there already."""
        put = {
            "TableName": self._table,
            "Item": item(new),
            "ConditionExpression": "attribute_not_exists(pk)",
        }
        return {"Put": put}, field

    def _replace(self, before: User, after: User) -> tuple[JsonObject, str]:
        put = {
            "TableName": self._table,
            "Item": item(item_of(after)),
            "ConditionExpression": "#version = :seen",
            "ExpressionAttributeNames": {"#version": "version"},
            "ExpressionAttributeValues": item({":seen": before.version}),
        }
        return {"Put": put}, ""

    def _write(self, *steps: tuple[JsonObject, str]) -> None:
        try:
            self._dynamodb.call("TransactWriteItems", {"TransactItems": [step for step, _ in steps]})
        except AwsError as refused:
            if refused.code != TRANSACTION_CANCELED:
                raise
            at_fault = [
                field
                for (_, field), reason in zip(steps, refused.reasons, strict=False)
                if reason.get("Code") == "ConditionalCheckFailed"
            ]
            if not at_fault:
                raise StoreUnavailable(
                    "The user is being written; try again.", retry_after_seconds=1
                ) from refused
            raise _taken(at_fault[0]) from refused


def _taken(field: str) -> Conflict:
    if not field:
        return Conflict("This user was changed at the same moment: read it again.")
    what = "There is a user of this id" if field == "userId" else "Another user has this address"
    return Conflict(f"{field}: {what}.", param=field)


def _address(user: User) -> JsonObject:
    return {"pk": f"EMAIL#{user.profile.email}", "sk": "EMAIL", "userId": user.user_id}
