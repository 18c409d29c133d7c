"""Answers of the response cache: items of the proxy's table, beside those in store.py.

| pk            | sk              | what                                                                       |
|---------------|-----------------|----------------------------------------------------------------------------|
| USER#<userId> | CACHED#<sha256> | `body` (zlib), `answer_headers`, `request_id`, `stored_at`; gone at `expires_at` |

A read need not be consistent: an answer that is not seen yet is fetched once more.
"""

from aggregator.proxy.answers.response_cache import CachedAnswer
from aggregator.runtime import item
from aggregator.runtime.aws import Aws, JsonObject


class ResponseStore:
    """The cache in `table`."""

    def __init__(self, aws: Aws, table: str) -> None:
        self._aws = aws
        self._table = table

    def read(self, user_id: str, key: str) -> CachedAnswer | None:
        """See `CachedAnswers.read`."""
        answer = self._aws.call("GetItem", {"TableName": self._table, "Key": _place(user_id, key)})
        if not answer.get("Item"):
            return None
        stored = item.values(answer["Item"])
        return CachedAnswer(
            headers=stored["answer_headers"],
            compressed=stored["body"],
            request_id=stored["request_id"],
            stored_at=stored["stored_at"],
        )

    def keep(self, user_id: str, key: str, answer: CachedAnswer, expires_at: int) -> None:
        """See `CachedAnswers.keep`."""
        stored = {
            "body": answer.compressed,
            "answer_headers": dict(answer.headers),
            "request_id": answer.request_id,
            "stored_at": answer.stored_at,
            "expires_at": expires_at,
        }
        self._aws.call(
            "PutItem", {"TableName": self._table, "Item": _place(user_id, key) | item.item(stored)}
        )


def _place(user_id: str, key: str) -> JsonObject:
    return item.item({"pk": f"USER#{user_id}", "sk": f"CACHED#{key}"})
