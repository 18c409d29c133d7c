"""Spans: one for each request, of the call to a model, with the tries that failed as its events."""

from collections.abc import Iterable

from aggregator.telemetry import conventions as name
from aggregator.telemetry.otlp import (
    SPAN_KIND_CLIENT,
    STATUS_ERROR,
    Attributes,
    JsonObject,
    attributes,
    nanoseconds,
)
from aggregator.telemetry.request_end import RequestEnd, user_hash_of
from aggregator.telemetry.trace_ids import ids_of

_NANO = 1_000_000_000


def span_of(end: RequestEnd, user_key: str | None, *, under_xray: bool) -> JsonObject:
    """The span of one request, the same however often its event comes.

    `under_xray`: whoever gets it has X-Ray's segments too, so it hangs from the function's. Elsewhere it is a root,
    because a parent that never comes would leave it out of sight.
    """
    event, ids = end.event, ids_of(end.event.request_id, end.event.trace)
    span: JsonObject = {
        "traceId": ids.trace_id,
        "spanId": ids.span_id,
        "name": f"{end.operation} {event.model}",
        "kind": SPAN_KIND_CLIENT,
        "startTimeUnixNano": nanoseconds(end.start_ms),
        "endTimeUnixNano": nanoseconds(end.end_ms),
        "attributes": attributes({**_conventional(end, user_key), **_ours(end)}),
    }
    if under_xray and ids.parent_id:
        span["parentSpanId"] = ids.parent_id
    if event.failed_tries:
        span["events"] = [
            {
                "timeUnixNano": nanoseconds(end.start_ms + each.at_ms),
                "name": name.FAILED_ATTEMPT,
                "attributes": attributes({name.PROVIDER_ID: each.provider, name.ERROR_TYPE: each.code}),
            }
            for each in event.failed_tries
        ]
    if end.error is not None:
        span["status"] = {"code": STATUS_ERROR, "message": end.error}
    return span


def traces(spans: Iterable[JsonObject], resource: Attributes, scope: JsonObject) -> JsonObject:
    """An ExportTraceServiceRequest."""
    told = {"scope": scope, "spans": list(spans), "schemaUrl": name.SCHEMA}
    return {"resourceSpans": [{"resource": {"attributes": attributes(resource)}, "scopeSpans": [told]}]}


def _conventional(end: RequestEnd, user_key: str | None) -> Attributes:
    event, usage = end.event, end.event.usage
    user = user_hash_of(event.user_id, user_key)
    first = event.time_to_first_token_ms
    said: Attributes = {
        name.OPERATION: end.operation,
        name.PROVIDER: end.provider,
        name.REQUEST_MODEL: event.model,
        name.RESPONSE_MODEL: end.response_model,
        name.REQUEST_STREAM: event.stream,
        name.REQUEST_MAX_TOKENS: event.max_tokens,
        name.STATUS_CODE: event.status,
        name.ERROR_TYPE: end.error,
        name.USER_ID: user,
        name.USER_HASH: user,
    }
    if not end.answered:
        return said
    return {
        **said,
        name.TIME_TO_FIRST_CHUNK: first / 1000 if event.stream and first is not None else None,
        name.INPUT_TOKENS: usage.input_tokens,
        name.OUTPUT_TOKENS: usage.output_tokens,
        name.CACHE_READ_TOKENS: usage.cached_input_tokens or None,
        name.CACHE_WRITE_TOKENS: usage.cache_write_tokens or None,
        name.REASONING_TOKENS: usage.reasoning_tokens or None,
        name.LANGFUSE_COST: event.cost_nano_usd / _NANO,
    }


def _ours(end: RequestEnd) -> Attributes:
    event, usage = end.event, end.event.usage
    tools = usage.tools or {}
    return {
        name.REQUEST_ID: event.request_id,
        name.KEY_ID: event.key_id,
        name.PAID_BY_TEAM: True if event.team_id else None,
        name.PROVIDER_ID: event.provider,
        name.SURFACE: event.surface,
        name.OUTCOME: event.outcome,
        name.ATTEMPTS: event.attempts,
        name.STRATEGY: event.strategy,
        name.LEFT_OUT: event.left_out,
        name.IGNORED: event.ignored,
        name.CAPPED: event.capped,
        name.ESTIMATED: True if usage.estimated else None,
        name.IMAGES: usage.images or None,
        **{f"{name.TOOL_CALLS}.{tool}": calls for tool, calls in tools.items()},
        name.SERVICE_TIER: usage.service_tier,
        name.COST_USD: event.cost_nano_usd / _NANO,
        name.COST_NANO_USD: event.cost_nano_usd,
        name.PRICE_VERSION: event.price.version,
    }
