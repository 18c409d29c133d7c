"""`transaction_created` as analytics reads it: off the queue, one message at a time."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol

from pydantic import ValidationError

from aggregator.analytics.model import Call, Entry
from aggregator.contracts.transaction_created import ChargedUsage, TransactionCreated
from aggregator.errors import JsonObject
from aggregator.runtime.clock import from_iso
from aggregator.runtime.xray import trace_of


class Message(Protocol):
    """One message off the queue: its id there, and the event's own content."""

    @property
    def id(self) -> str:
        """The queue's name for it."""
        ...

    @property
    def detail(self) -> JsonObject:
        """The event."""
        ...

    @property
    def trace(self) -> str:
        """X-Ray's header, if one came along."""
        ...


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch as it was read. Messages may repeat an entry: `messages_of` maps an entry's id to all of them.

    `poison` maps a message that is no `transaction_created` v1 to what is wrong with it, `traces` an entry to the trace
    of its request, where X-Ray keeps that.
    """

    entries: tuple[Entry, ...]
    messages_of: dict[str, list[str]]
    poison: dict[str, str]
    traces: dict[str, str] = field(default_factory=dict)

    def failed(self, entry_ids: Iterable[str]) -> set[str]:
        """Messages to be tried again when `entry_ids` could not be recorded: theirs, and the poison."""
        return {message for each in entry_ids for message in self.messages_of[each]} | set(self.poison)


def read_batch(messages: Iterable[Message]) -> Batch:
    """Read messages; one that cannot be read is poison, and no other suffers."""
    entries: dict[str, Entry] = {}
    messages_of: dict[str, list[str]] = {}
    poison: dict[str, str] = {}
    traces: dict[str, str] = {}
    for message in messages:
        try:
            entry = entry_of(message.detail)
        except ValueError as wrong:
            poison[message.id] = str(wrong)
        else:
            entries[entry.id] = entry
            messages_of.setdefault(entry.id, []).append(message.id)
            if trace := trace_of(message.trace):
                traces[entry.id] = trace.root
    return Batch(tuple(entries.values()), messages_of, poison, traces)


def entry_of(detail: JsonObject) -> Entry:
    """Read one event.

    Raises:
        ValueError: it is no `transaction_created` v1, its moment is none, or a usage entry says no usage.
    """
    try:
        event = TransactionCreated.model_validate(detail)
    except ValidationError as invalid:
        # What is wrong and where, not what was sent: the reason goes to the log.
        first = invalid.errors(include_input=False, include_url=False)[0]
        raise ValueError(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from None
    if (event.kind == "usage") != (event.usage is not None):
        raise ValueError("usage: an entry of kind usage has it, and no other")
    return Entry(
        id=event.entry_id,
        user_id=event.user_id if event.usage is None else event.usage.user_id or event.user_id,
        kind=event.grant or event.kind,
        occurred_at=from_iso(event.occurred_at),
        amount_nano_usd=event.amount_nano_usd,
        call=None if event.usage is None else _call_of(event.usage),
    )


def _call_of(usage: ChargedUsage) -> Call:
    return Call(
        key_id=usage.key_id,
        provider=usage.provider,
        model=usage.model,
        status=usage.status,
        outcome=usage.outcome,
        stream=usage.stream,
        estimated=usage.estimated,
        input_tokens=usage.input_tokens,
        cached_input_tokens=usage.cached_input_tokens,
        cache_write_tokens=usage.cache_write_tokens,
        output_tokens=usage.output_tokens,
        reasoning_tokens=usage.reasoning_tokens,
        images=usage.images,
        charged_nano_usd=usage.charged_nano_usd,
        latency_ms=usage.latency_ms,
        time_to_first_token_ms=usage.time_to_first_token_ms,
    )
