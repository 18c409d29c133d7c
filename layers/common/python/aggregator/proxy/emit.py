"""Emit: say once, on the bus, what a request used. Standard library only.

If the bus refuses after its retries, the same event goes straight to billing's queue. If that fails too, the whole
event stands in one log line (`usage_lost`), an alarm counts it, `local.replay_usage` sends such lines again, and the
hold lapses: the user gets the money back, never the other way round.
"""

import json
import os
import time
from collections.abc import Callable

from aggregator.proxy.afterwards import BUS_SHARE, QUEUE_SHARE, share
from aggregator.proxy.answer import told_names
from aggregator.proxy.model import JsonObject, Receipt
from aggregator.runtime import log
from aggregator.runtime.aws import Aws, AwsError, until
from aggregator.runtime.passable_json import compact
from aggregator.runtime.signed_client import TRACE

SOURCE = "aggregator.proxy"
DETAIL_TYPE = "ai_usage"


class UsageBus:
    """Where usage goes: the bus, and the queue behind it as the second way."""

    def __init__(
        self,
        bus: Aws,
        bus_name: str,
        queue: Aws,
        queue_url: str,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._bus = bus
        self._bus_name = bus_name
        self._queue = queue
        self._queue_url = queue_url
        self._monotonic = monotonic

    def emit(self, receipt: Receipt) -> None:
        """Put the event of one request; never raises, for the answer must not suffer from it.

        Whatever the bus and the queue do, it is over when `receipt.settle_by` says, its line in the log included.
        """
        detail = event_of(receipt)
        if trace := os.environ.get(TRACE):
            detail["trace"] = trace
        put_by = self._share(receipt, BUS_SHARE)
        if not (self._put(detail, put_by) or self._send(detail, self._share(receipt, QUEUE_SHARE))):
            log.error("usage_lost", event=detail)
            log.count("UsageLost")

    def _share(self, receipt: Receipt, part: float) -> float | None:
        return None if receipt.settle_by is None else share(receipt.settle_by, self._monotonic(), part)

    def _put(self, detail: JsonObject, ends: float | None) -> bool:
        entry = {
            "EventBusName": self._bus_name,
            "Source": SOURCE,
            "DetailType": DETAIL_TYPE,
            "Detail": compact(detail),
        }
        try:
            said = until(self._bus, ends).call("PutEvents", {"Entries": [entry]})
        except AwsError as refused:
            log.warning("bus_refused", code=refused.code, request_id=detail["requestId"])
            return False
        return not said.get("FailedEntryCount", 0)

    def _send(self, detail: JsonObject, ends: float | None) -> bool:
        body = {"version": "0", "source": SOURCE, "detail-type": DETAIL_TYPE, "detail": detail}
        try:
            message = {"QueueUrl": self._queue_url, "MessageBody": json.dumps(body)}
            until(self._queue, ends).call("SendMessage", message)
        except AwsError as refused:
            log.warning("queue_refused", code=refused.code, request_id=detail["requestId"])
            return False
        return True


def event_of(receipt: Receipt) -> JsonObject:  # noqa: C901 (a field a line)
    """The `ai_usage` v1 event of one request."""
    route, usage = receipt.route, receipt.usage
    detail: JsonObject = {
        "version": 1,
        "requestId": receipt.request_id,
        "userId": receipt.user_id,
        "keyId": receipt.key_id,
        "occurredAt": receipt.occurred_at,
        "hold": _hold_of(receipt),
        "model": route.via.model_id,
        "provider": route.via.provider.id,
        "attempts": receipt.attempts,
        "strategy": route.strategy,
        "surface": receipt.surface,
        "stream": receipt.stream,
        "outcome": receipt.outcome,
        "status": receipt.status,
        "usage": usage.to_json(),
        "price": route.price.to_json(usage),
        "costNanoUsd": receipt.cost_nano_usd,
        "latencyMs": receipt.latency_ms,
    }
    if receipt.team_id is not None:
        detail["teamId"] = receipt.team_id
    if (upstream := receipt.route.via.upstream_model) != receipt.route.model_id:
        detail["upstreamModel"] = upstream
    if receipt.failed:
        detail["failedTries"] = _tries_of(receipt)
    if (balance := receipt.balance_nano_usd) is not None:
        detail["balanceNanoUsd"] = balance
    if route.left_out:
        detail["leftOut"] = list(route.left_out)
    if receipt.first_token_ms is not None:
        detail["timeToFirstTokenMs"] = receipt.first_token_ms
    if receipt.provider_ms is not None:
        detail["providerMs"] = receipt.provider_ms
    if receipt.max_tokens is not None:
        detail["maxTokens"] = receipt.max_tokens
        if receipt.capped_by_balance:
            detail["capped"] = "balance"
    if receipt.ignored:
        detail["ignored"] = told_names(receipt.ignored)
    return detail


def _tries_of(receipt: Receipt) -> list[JsonObject]:
    return [{"provider": each.provider, "code": each.code, "atMs": each.at_ms} for each in receipt.failed]


def _hold_of(receipt: Receipt) -> JsonObject:
    """What is still held, and in which bucket; what is back already is told beside it."""
    returned = receipt.returned_nano_usd
    hold: JsonObject = {
        "amountNanoUsd": receipt.hold.amount_nano_usd - returned,
        "bucket": receipt.hold.bucket,
    }
    return hold | {"returnedNanoUsd": returned} if returned else hold
