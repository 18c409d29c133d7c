"""The keys in the auth table; `user_state.py` beside it writes on them what becomes of their users.

    pk             sk                       what
    KEY#<keyId>    KEY                      the key: everything the authorizer needs, in one GetItem
    KEY#<keyId>    AUDIT#<time>#<changeId>  one change of the key; never changed, never deleted
    USER#<userId>  KEY#<keyId>              the key is this user's; key ids sort by age, so a list is in order
    MAKER#<keyId>  KEY#<keyId>              the second key was made with the first

A key, its places in the lists of its user and its maker and its first audit entry are written in one transaction, if
its maker is not revoked and its user not suspended: whoever revokes a key and then lists what it made, misses none.
Each later change is one transaction of the key (if its `version` is still the one that was read) and an audit entry:
there is no change without its entry, and of two changes at once one is refused. All reads are consistent: a key works,
and is refused, from the moment its change was answered, and no fresh key is denied by a lagging replica.

A read of one key with its history is one Query, because "KEY" sorts after "AUDIT#".
Secrets are stored as HMACs under a pepper that is not in the table. Moments are ISO 8601 text.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from aggregator.auth.audit import Change
from aggregator.auth.key import is_key_id
from aggregator.auth.model import ApiKey, unknown_key
from aggregator.auth.stored import KEY, change_of, entry_of, item_of, key_of, secret_of
from aggregator.auth.user_state import unless_suspended
from aggregator.errors import Conflict, InvalidApiKey, StoreUnavailable
from aggregator.runtime.aws import CONDITION_FAILED, TRANSACTION_CANCELED, Aws, AwsError, JsonObject
from aggregator.runtime.clock import iso
from aggregator.runtime.item import attribute, item, values

_HISTORY_LENGTH = 100
_BATCH_ATTEMPTS = 4

# What a change may change; `lastUsedAt` is left alone, for the authorizer writes it meanwhile.
_CHANGEABLE = (
    "name",
    "scopes",
    "expiresAt",
    "allowedModels",
    "allowedIps",
    "limits",
    "pricePercent",
    "aliases",
    "cacheSeconds",
    "cap",
    "secrets",
    "revokedAt",
)


class KeyStore:
    """The keys of all users, with their audit trail."""

    def __init__(self, dynamodb: Aws, table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def read(self, key_id: str) -> ApiKey:
        """Read one key: one GetItem.

        Raises:
            NotFound: there is no key of that id.
        """
        if not is_key_id(key_id):
            raise unknown_key()
        answer = self._dynamodb.call(
            "GetItem",
            {"TableName": self._table, "Key": _place(key_id), "ConsistentRead": True},
        )
        if not answer.get("Item"):
            raise unknown_key()
        return key_of(values(answer["Item"]))

    def read_with_history(self, key_id: str) -> tuple[ApiKey, list[Change]]:
        """Read one key and its latest changes (100 at most), newest first: one Query.

        Raises:
            NotFound: there is no key of that id.
        """
        if not is_key_id(key_id):
            raise unknown_key()
        answer = self._dynamodb.call(
            "Query",
            {
                "TableName": self._table,
                "KeyConditionExpression": "pk = :key",
                "ExpressionAttributeValues": item({":key": f"KEY#{key_id}"}),
                "ConsistentRead": True,
                "ScanIndexForward": False,
                "Limit": 1 + _HISTORY_LENGTH,
            },
        )
        stored = [values(each) for each in answer["Items"]]
        if not stored or stored[0]["sk"] != KEY:
            raise unknown_key()
        return key_of(stored[0]), [change_of(each) for each in stored[1:]]

    def page_of(self, user_id: str, limit: int, after: str | None) -> tuple[list[ApiKey], str | None]:
        """List a user's keys, newest first, from behind the key id `after`, with the id to go on behind, if any."""
        return self._page(f"USER#{user_id}", limit, after)

    def children_of(self, key_id: str, limit: int, after: str | None) -> tuple[list[ApiKey], str | None]:
        """List the keys that were made with a key, likewise."""
        return self._page(f"MAKER#{key_id}", limit, after)

    def _page(self, place: str, limit: int, after: str | None) -> tuple[list[ApiKey], str | None]:
        request: JsonObject = {
            "TableName": self._table,
            "KeyConditionExpression": "pk = :place AND begins_with(sk, :key)",
            "ExpressionAttributeValues": item({":place": place, ":key": "KEY#"}),
            "ConsistentRead": True,
            "ScanIndexForward": False,
            "Limit": limit,
        }
        if after is not None:
            request["ExclusiveStartKey"] = item({"pk": place, "sk": f"KEY#{after}"})
        answer = self._dynamodb.call("Query", request)
        ids = [values(each)["keyId"] for each in answer["Items"]]
        more = ids[-1] if ids and answer.get("LastEvaluatedKey") else None
        return self._read_all(ids), more

    def create(self, key: ApiKey, change: Change) -> None:
        """Add a key to the table, to the lists of its user and its maker and to the audit trail, all or nothing.

        Raises:
            Conflict: a key of that id exists, or the user is suspended; nothing was written.
            InvalidApiKey: its maker was revoked at the same moment; nothing was written.
            StoreUnavailable: others make keys with the same one at this moment; nothing was written.
        """
        named = {"sk": f"KEY#{key.key_id}", "keyId": key.key_id}
        steps = [
            self._put(item_of(key)),
            self._put({"pk": f"USER#{key.user_id}", **named}),
            self._put(entry_of(change)),
            unless_suspended(self._table, key.user_id),
        ]
        if is_key_id(key.created_by):  # the first admin key is none of the table
            steps += [
                self._put({"pk": f"MAKER#{key.created_by}", **named}),
                self._unless_revoked(key.created_by),
            ]
        self._write(*steps)

    def change(self, key: ApiKey, change: Change) -> ApiKey:
        """Replace what may change of a key, and write down the change, all or nothing.

        Returns the key as it stands now, one version on.

        Raises:
            Conflict: it was changed since it was read; nothing was written.
        """
        stored = item_of(key)
        present = [name for name in _CHANGEABLE if name in stored]
        absent = [name for name in _CHANGEABLE if name not in stored]
        removal = f" REMOVE {', '.join(f'#{name}' for name in absent)}" if absent else ""
        update = {
            "TableName": self._table,
            "Key": _place(key.key_id),
            "UpdateExpression": f"SET #version = :next, {', '.join(f'#{name} = :{name}' for name in present)}"
            + removal,
            "ConditionExpression": "#version = :seen",
            "ExpressionAttributeNames": {f"#{name}": name for name in (*_CHANGEABLE, "version")},
            "ExpressionAttributeValues": item(
                {":seen": key.version, ":next": key.version + 1}
                | {f":{name}": stored[name] for name in present}
            ),
        }
        self._write({"Update": update}, self._put(entry_of(change)))
        return key_of({**stored, "version": key.version + 1})

    def note_use(self, key_id: str, at: datetime, not_since: datetime) -> None:
        """Note that the key was used at `at`, unless a use since `not_since` is noted: one conditional UpdateItem.

        A use that is noted already is no error.
        """
        self._update_if(
            key_id,
            "SET lastUsedAt = :at",
            "attribute_exists(pk) AND (attribute_not_exists(lastUsedAt) OR lastUsedAt < :since)",
            {":at": iso(at), ":since": iso(not_since)},
        )

    def rehash(self, key: ApiKey, old_hash: str, new_hash: str) -> None:
        """Store a secret's hash under a new pepper: one conditional UpdateItem.

        A key that was changed meanwhile is left as it is.
        """
        secrets = [secret_of(secret) for secret in key.secrets]
        for secret in secrets:
            secret["hash"] = new_hash if secret["hash"] == old_hash else secret["hash"]
        self._update_if(
            key.key_id,
            "SET secrets = :secrets",
            "secrets = :seen AND version = :version",
            {
                ":secrets": secrets,
                ":seen": [secret_of(secret) for secret in key.secrets],
                ":version": key.version,
            },
        )

    def _read_all(self, ids: Sequence[str]) -> list[ApiKey]:
        if not ids:
            return []
        found: dict[str, ApiKey] = {}
        wanted: JsonObject = {
            self._table: {"Keys": [_place(key_id) for key_id in ids], "ConsistentRead": True},
        }
        for _ in range(_BATCH_ATTEMPTS):
            answer = self._dynamodb.call("BatchGetItem", {"RequestItems": wanted})
            keys = [key_of(values(each)) for each in answer["Responses"].get(self._table, [])]
            found.update({key.key_id: key for key in keys})
            wanted = answer.get("UnprocessedKeys") or {}
            if not wanted:
                return [found[key_id] for key_id in ids]
        raise StoreUnavailable("The keys could not all be read; try again.", retry_after_seconds=1)

    def _unless_revoked(self, key_id: str) -> JsonObject:
        return {
            "ConditionCheck": {
                "TableName": self._table,
                "Key": _place(key_id),
                "ConditionExpression": "attribute_not_exists(revokedAt)",
            },
        }

    def _put(self, new: JsonObject) -> JsonObject:
        return {
            "Put": {
                "TableName": self._table,
                "Item": item(new),
                "ConditionExpression": "attribute_not_exists(pk)",
            },
        }

    def _write(self, *steps: JsonObject) -> None:
        try:
            self._dynamodb.call("TransactWriteItems", {"TransactItems": list(steps)})
        except AwsError as refused:
            if refused.code != TRANSACTION_CANCELED:
                raise
            failed = [
                step
                for step, reason in zip(steps, refused.reasons, strict=False)
                if reason.get("Code") == "ConditionalCheckFailed"
            ]
            checks = [step["ConditionCheck"]["Key"]["sk"] for step in failed if "ConditionCheck" in step]
            if attribute(KEY) in checks:
                raise InvalidApiKey("This API key has been revoked.") from refused
            if checks:
                raise Conflict("This user is suspended: resume them first.", param="userId") from refused
            if failed:
                raise Conflict("This API key was changed at the same moment: read it again.") from refused
            raise StoreUnavailable("The key is being written; try again.", retry_after_seconds=1) from refused

    def _update_if(self, key_id: str, update: str, condition: str, numbers: dict[str, Any]) -> None:
        try:
            self._dynamodb.call(
                "UpdateItem",
                {
                    "TableName": self._table,
                    "Key": _place(key_id),
                    "UpdateExpression": update,
                    "ConditionExpression": condition,
                    "ExpressionAttributeValues": item(numbers),
                },
            )
        except AwsError as refused:
            if refused.code != CONDITION_FAILED:
                raise


def _place(key_id: str) -> JsonObject:
    return {"pk": attribute(f"KEY#{key_id}"), "sk": attribute(KEY)}
