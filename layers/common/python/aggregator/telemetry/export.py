"""Export: a batch of usage events as spans and metrics, posted; which messages must come again, and when.

Spans go first. Metrics follow only once they are taken, because a point that is told twice is counted twice, while a
span that is told twice is the same span. An event that does not keep its contract fails alone.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from pydantic import ValidationError

from aggregator.contracts.ai_usage import AiUsage
from aggregator.runtime.batch import Message
from aggregator.runtime.observability import count, logger
from aggregator.telemetry.endpoint import Endpoint, Target
from aggregator.telemetry.metrics import metrics
from aggregator.telemetry.otlp import Attributes, JsonObject
from aggregator.telemetry.request_end import RequestEnd, request_end_of, windows
from aggregator.telemetry.send import Sent
from aggregator.telemetry.spans import span_of, traces


class Sending(Protocol):
    """How a payload gets to a target."""

    def user_key(self) -> str | None:
        """What users are hashed under, if they are told at all."""
        ...

    def send(self, target: Target, payload: JsonObject, count: int) -> Sent:
        """Post `count` spans or points."""
        ...


@dataclass(frozen=True, slots=True)
class Exported:
    """Ids of messages that must come again, and after how long, where the endpoint says so."""

    failed: frozenset[str] = frozenset()
    after_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Exporter:
    """What spans and points are of, and where they go. `instance` tells writers of the same series apart."""

    endpoint: Endpoint
    sending: Sending
    resource: Attributes
    instance: Attributes
    scope: JsonObject

    def export(self, messages: Iterable[Message]) -> Exported:
        """Tell what requests came to."""
        read = _read(messages)
        waiting = list(windows(read.ends.values()))
        for n, ends in enumerate(waiting):
            sent = self._tell(ends)
            if sent is not None:
                left = [end for group in waiting[n:] for end in group]
                again = {each for end in left for each in read.ids[end.event.request_id]}
                return Exported(frozenset(read.poison | again), sent.after_seconds)
        return Exported(frozenset(read.poison))

    def _tell(self, ends: Sequence[RequestEnd]) -> Sent | None:
        """Post one window; what happened, if it has to be done again."""
        ids = [end.event.request_id for end in ends]
        if self.endpoint.traces is not None:
            key = self.sending.user_key()
            spans = [span_of(end, key, under_xray=self.endpoint.is_cloudwatch) for end in ends]
            payload = traces(spans, self.resource, self.scope)
            sent = self.sending.send(self.endpoint.traces, payload, len(spans))
            if not _report("spans", sent, ids):
                return sent
        if self.endpoint.metrics is not None:
            payload = metrics(ends, {**self.resource, **self.instance}, self.scope)
            sent = self.sending.send(self.endpoint.metrics, payload, _points(payload))
            if not _report("points", sent, ids):
                return sent
        logger.info("telemetry", request_ids=ids)
        count("RequestsExported", len(ends))
        return None


@dataclass(slots=True)
class _Read:
    ends: dict[str, RequestEnd] = field(default_factory=dict)
    ids: dict[str, list[str]] = field(default_factory=dict)
    poison: set[str] = field(default_factory=set)


def _read(messages: Iterable[Message]) -> _Read:
    read = _Read()
    for message in messages:
        try:
            end = request_end_of(AiUsage.model_validate(message.detail))
        except (ValidationError, ValueError) as poison:
            logger.error("Poison usage event", message_id=message.id, reason=type(poison).__name__)
            read.poison.add(message.id)
        else:
            read.ends[end.event.request_id] = end
            read.ids.setdefault(end.event.request_id, []).append(message.id)
    return read


def _report(what: str, sent: Sent, request_ids: Sequence[str]) -> bool:
    """Say what did not arrive; whether the next step may follow."""
    if sent.is_later:
        logger.warning("Telemetry not taken now", what=what, reason=sent.why, requests=len(request_ids))
        return False
    if sent.lost:
        count("TelemetryLost", sent.lost)
        logger.error(
            "Telemetry lost", what=what, lost=sent.lost, reason=sent.why, request_ids=list(request_ids)
        )
    elif sent.why:
        logger.warning("Telemetry taken with a warning", what=what, reason=sent.why)
    return True


def _points(payload: Mapping[str, list[JsonObject]]) -> int:
    told = payload["resourceMetrics"][0]["scopeMetrics"][0]["metrics"]
    return sum(len((each.get("histogram") or each["sum"])["dataPoints"]) for each in told)
