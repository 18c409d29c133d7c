"""A batch off the billing-usage queue: read the events, settle account by account, say which are to come again."""

import time
from collections.abc import Callable, Iterable

from pydantic import ValidationError

from aggregator.billing.entry import UsageEnd
from aggregator.billing.price import Price, Usage
from aggregator.billing.settle import Ledger, Settled, by_account, settle_account, sweep_over
from aggregator.billing.settle_report import Timed, report_times, report_usage, timed
from aggregator.contracts.ai_usage import AiUsage
from aggregator.runtime.aws import AwsError
from aggregator.runtime.batch import Message
from aggregator.runtime.observability import count, logger
from aggregator.runtime.xray import trace_of


def settle_batch(
    ledger: Ledger,
    messages: Iterable[Message],
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.time,
) -> set[str]:
    """Settle every event of a batch; return the ids of the messages that must be tried again.

    An event that does not keep its contract fails alone and goes to the dead letter queue after its tries.
    An account that cannot be settled now fails with its own events only.
    """
    failed: set[str] = set()
    ids_of: dict[str, list[str]] = {}
    ends: list[UsageEnd] = []
    times: dict[str, Timed | None] = {}
    for message in messages:
        try:
            event = AiUsage.model_validate(message.detail)
            end = usage_end_of(event)
        except (ValidationError, ValueError) as poison:
            logger.error("Poison usage event", message_id=message.id, reason=type(poison).__name__)
            failed.add(message.id)
        else:
            ends.append(end)
            times[end.request_id] = timed(event)
            ids_of.setdefault(end.user_id, []).append(message.id)
    done = Settled()
    for user_id, theirs in by_account(ends).items():
        try:
            settled = settle_account(ledger, theirs, sleep, clock())
        except AwsError as refused:
            logger.error("Account not settled", code=refused.code, user_id=user_id, events=len(theirs))
            failed |= set(ids_of[user_id])
        else:
            done += settled
            if not settled.repeated:  # else it is not known which of them were told before
                report_times((times[end.request_id] for end in theirs), clock())
                report_usage(theirs)
            _tidy(ledger, user_id, clock())
    _report(done)
    return failed


def usage_end_of(event: AiUsage) -> UsageEnd:
    """The published event as the ledger's own value.

    Raises:
        ValueError: its token counts do not add up.
    """
    said = event.model_dump(by_alias=True, exclude_none=True)
    usage = Usage.from_json(said["usage"])
    details = {name: said[name] for name in _DETAILS if name in said} | usage.to_json()
    if event.team_id is not None:
        details["userId"] = event.user_id
    details["holdNanoUsd"] = event.hold.amount_nano_usd + event.hold.returned_nano_usd
    end = UsageEnd(
        request_id=event.request_id,
        user_id=event.team_id or event.user_id,
        occurred_at=event.occurred_at,
        held_nano_usd=event.hold.amount_nano_usd,
        bucket=event.hold.bucket,
        usage=usage,
        price=Price.from_json(said["price"]),
        details=details,
        trace=trace.header if (trace := trace_of(event.trace)) and trace.is_kept else None,
    )
    if end.cost_nano_usd != event.cost_nano_usd:
        raise ValueError("the cost is not the usage at the price")
    return end


def _tidy(ledger: Ledger, user_id: str, now_epoch_seconds: float) -> None:
    try:
        lapsed = sweep_over(ledger, user_id, now_epoch_seconds)
    except AwsError as refused:
        logger.warning("Account not tidied", code=refused.code, user_id=user_id)
    else:
        if lapsed:
            count("HoldLapsed", lapsed)
            logger.warning("Holds lapsed", user_id=user_id, requests=lapsed)


_DETAILS = (
    "keyId",
    "model",
    "provider",
    "surface",
    "stream",
    "status",
    "outcome",
    "attempts",
    "latencyMs",
    "timeToFirstTokenMs",
    "balanceNanoUsd",
    "strategy",
    "leftOut",
    "maxTokens",
    "capped",
    "ignored",
)


def _report(done: Settled) -> None:
    count("EntriesSettled", done.entries)
    if done.repeated:
        count("UsageRepeated", done.repeated)
    if done.late:
        count("UsageLate", done.late)
        logger.warning("Late usage", late=done.late)
    if done.loss_nano_usd:
        count("PlatformLossNanoUsd", done.loss_nano_usd)
        logger.warning("Platform loss", loss_nano_usd=done.loss_nano_usd)
