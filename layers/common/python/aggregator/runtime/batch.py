"""Queue edge: partial batch failures, so that one bad record never takes its neighbours along.

SQS hands a function up to a batch of messages; each body is the EventBridge envelope of one event,
or, for events that went straight to the queue, an envelope of the same shape.
Source: AWS Lambda, "Reporting batch item failures for Lambda functions with an Amazon SQS trigger".
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from aggregator.errors import JsonObject
from aggregator.runtime.observability import flush, logger

LambdaHandler = Callable[[JsonObject, Any], JsonObject]


@dataclass(frozen=True, slots=True)
class Message:
    """One event off a queue: `id` and `receipt` are the queue's, `detail` the event's own content.

    `trace` is X-Ray's header of whoever sent it, which bus and queue hand on beside it.
    """

    id: str
    detail: JsonObject
    receipt: str = ""
    trace: str = ""


def each_batch(handle: Callable[[list[Message]], Iterable[str]]) -> LambdaHandler:
    """Lambda handler that gives `handle` the whole batch; it returns the ids that are to be tried again.

    A body that is no envelope fails alone, and reaches the dead letter queue after its tries.
    """

    def handler(event: JsonObject, _context: Any) -> JsonObject:
        messages, failed = _read(event.get("Records") or [])
        try:
            failed |= set(handle(messages))
        except Exception:
            logger.exception("Batch failed")
            failed |= {message.id for message in messages}
        logger.info("batch", messages=len(messages), failed=len(failed))
        flush()
        return {"batchItemFailures": [{"itemIdentifier": each} for each in sorted(failed)]}

    return handler


def each_stream(handle: Callable[[list[JsonObject]], Iterable[str]]) -> LambdaHandler:
    """Lambda handler for a table's stream; `handle` returns the sequence numbers to start again from.

    A batch that fails whole starts again from its first record; Lambda halves it until the culprit is alone.
    """

    def handler(event: JsonObject, _context: Any) -> JsonObject:
        records: list[JsonObject] = event.get("Records") or []
        failed = list(handle(records))
        logger.info("stream", records=len(records), failed=len(failed))
        flush()
        return {"batchItemFailures": [{"itemIdentifier": each} for each in failed]}

    return handler


def _read(records: list[JsonObject]) -> tuple[list[Message], set[str]]:
    messages: list[Message] = []
    failed: set[str] = set()
    for record in records:
        try:
            detail = json.loads(record["body"])["detail"]
            if not isinstance(detail, dict):
                raise TypeError("detail is not an object")  # noqa: TRY301 - joins the other shapes of poison
        except (ValueError, KeyError, TypeError) as poison:
            logger.error("Poison message", message_id=record.get("messageId"), reason=type(poison).__name__)
            failed.add(str(record.get("messageId")))
        else:
            trace = str((record.get("attributes") or {}).get("AWSTraceHeader", ""))
            messages.append(Message(record["messageId"], detail, str(record.get("receiptHandle", "")), trace))
    return messages, failed
