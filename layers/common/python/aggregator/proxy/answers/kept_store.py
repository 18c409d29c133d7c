"""Kept responses in the proxy's table.

| pk            | sk                      | what                                                                     |
|---------------|-------------------------|--------------------------------------------------------------------------|
| USER#<userId> | RESPONSE#<id>           | `parts`, the first of them in `body` (zlib); `answered_by`, `item_ids`   |
| USER#<userId> | RESPONSE#<id>#PART#<nn> | the others: no item holds more than 400 KB                               |
| USER#<userId> | RESPONSEITEM#<item id>  | `response_id`: whose answer that item is of                              |

All of them go at `expires_at`; DynamoDB deletes what has expired days late, so whoever reads looks at it. The first
part is written last, and names how many there are: a response is there whole or not at all.
"""

import time
from collections.abc import Callable, Sequence
from typing import Any

from aggregator.proxy.answers.kept_responses import KeptResponse, packed, unpacked
from aggregator.runtime import item
from aggregator.runtime.aws import Aws, AwsError, until

JsonObject = dict[str, Any]

PART_BYTES = 350_000
_LONGEST_NAME = 900
_ONE_WRITE = 25
_TRIES = 6
_FIRST_WAIT_SECONDS = 0.05


class KeptResponseStore:
    """The responses in `table`."""

    def __init__(self, aws: Aws, table: str, sleep: Callable[[float], None] = time.sleep) -> None:
        self._aws = aws
        self._table = table
        self._sleep = sleep

    def keep(self, user_id: str, kept: KeptResponse, *, ends: float | None = None) -> None:
        """See `KeptResponses.keep`."""
        if not _is_name(kept.id):
            raise AwsError("ResponseNotKept", "its id is no name here")
        body = packed(kept)
        parts = [body[at : at + PART_BYTES] for at in range(0, len(body), PART_BYTES)]
        item_ids = [said["id"] for said in kept.output if _is_name(said.get("id"))]
        gone = {"expires_at": kept.expires_at}
        rest = [
            _place(user_id, _part(kept.id, n)) | item.item({"body": part, **gone})
            for n, part in enumerate(parts[1:], 1)
        ]
        pointers = [
            _place(user_id, f"RESPONSEITEM#{each}") | item.item({"response_id": kept.id, **gone})
            for each in dict.fromkeys(item_ids)
        ]
        first = _place(user_id, f"RESPONSE#{kept.id}") | item.item({
            "parts": len(parts),
            "body": parts[0],
            "answered_by": dict(kept.answered_by),
            "item_ids": item_ids,
            **gone,
        })  # fmt: skip
        aws = until(self._aws, ends)
        before = [{"PutRequest": {"Item": each}} for each in (*rest, *pointers)]
        last = {"PutRequest": {"Item": first}}
        if len(before) < _ONE_WRITE and not rest:
            self._write(aws, [*before, last])  # a pointer that comes first leads to what is not found yet
        else:
            self._write(aws, before)
            self._write(aws, [last])

    def read(self, user_id: str, response_id: str, now_epoch_seconds: float) -> KeptResponse | None:
        """See `KeptResponses.read`."""
        if not _is_name(response_id):
            return None
        stored = self._get(user_id, f"RESPONSE#{response_id}", now_epoch_seconds)
        if stored is None:
            return None
        parts = [stored["body"]]
        for n in range(1, stored["parts"]):
            part = self._get(user_id, _part(response_id, n), now_epoch_seconds)
            if part is None:
                return None
            parts.append(part["body"])
        return unpacked(b"".join(parts), stored["answered_by"], stored["expires_at"])

    def holder_of(self, user_id: str, item_id: str, now_epoch_seconds: float) -> str | None:
        """See `KeptResponses.holder_of`."""
        stored = (
            self._get(user_id, f"RESPONSEITEM#{item_id}", now_epoch_seconds) if _is_name(item_id) else None
        )
        return None if stored is None else str(stored["response_id"])

    def delete(self, user_id: str, response_id: str) -> bool:
        """See `KeptResponses.delete`; it goes last, so that a deletion that stops half-way can be repeated."""
        stored = self._get(user_id, f"RESPONSE#{response_id}", 0) if _is_name(response_id) else None
        if stored is None:
            return False
        names = [f"RESPONSEITEM#{each}" for each in dict.fromkeys(stored["item_ids"])]
        names += [_part(response_id, n) for n in range(1, stored["parts"])]
        self._write(self._aws, [{"DeleteRequest": {"Key": _place(user_id, name)}} for name in names])
        gone = self._aws.call("DeleteItem", {
            "TableName": self._table,
            "Key": _place(user_id, f"RESPONSE#{response_id}"),
            "ReturnValues": "ALL_OLD",
        })  # fmt: skip
        return bool(gone.get("Attributes"))

    def _get(self, user_id: str, name: str, now_epoch_seconds: float) -> JsonObject | None:
        asked = {"TableName": self._table, "Key": _place(user_id, name), "ConsistentRead": True}
        found = self._aws.call("GetItem", asked).get("Item")
        if not found:
            return None
        stored = item.values(found)
        return stored if stored["expires_at"] > now_epoch_seconds else None

    def _write(self, aws: Aws, wanted: Sequence[JsonObject]) -> None:
        """Write in batches; a batch that DynamoDB takes in part is gone on with, a little later each time."""
        for at in range(0, len(wanted), _ONE_WRITE):
            waiting = {self._table: list(wanted[at : at + _ONE_WRITE])}
            for nth_try in range(_TRIES):
                if nth_try:
                    self._sleep(_FIRST_WAIT_SECONDS * 2**nth_try)
                waiting = aws.call("BatchWriteItem", {"RequestItems": waiting}).get("UnprocessedItems") or {}
                if not waiting:
                    break
            else:
                raise AwsError("ProvisionedThroughputExceededException", "not all was written")


def _is_name(said: Any) -> bool:
    """Whether a provider's id can stand in a sort key, and cannot be taken for a part of another's."""
    if not isinstance(said, str) or not 0 < len(said) <= _LONGEST_NAME:
        return False
    return said.isascii() and said.isprintable() and "#" not in said


def _part(response_id: str, n: int) -> str:
    return f"RESPONSE#{response_id}#PART#{n:02}"


def _place(user_id: str, name: str) -> JsonObject:
    return item.item({"pk": f"USER#{user_id}", "sk": name})
