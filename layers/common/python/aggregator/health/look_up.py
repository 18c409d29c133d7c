"""What an operator looks up on the dashboard: a user's money, one request through all steps, dead letters.

A custom widget of CloudWatch calls the function with `look`, shows the HTML that it returns, and sends what stands in
the widget's form along. It reads, and changes nothing. Source: Amazon CloudWatch user guide, "Add a custom widget to a
CloudWatch dashboard".
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from aggregator.billing.api import Balance
from aggregator.billing.statement import StatementEntry
from aggregator.health.details import QueueDetails
from aggregator.health.html import Html, element, facts, form, joined, table
from aggregator.runtime.schema import USER_ID_PATTERN

JsonObject = dict[str, Any]

DESCRIPTION = """Looks up a user's money, one request, or dead letters; reads only.

``` yaml
look: request # or user, dead_letters
```
"""
REQUEST_ID = re.compile(r"([0-9a-f]{12})-([A-Za-z0-9-]{1,64})")
_USER_ID = re.compile(USER_ID_PATTERN)
_LONGEST_USER_ID = 128

STEPS = (
    ("authorise", "auth/authorizer"),
    ("door", "api"),
    ("route, reserve, call, emit", "proxy/create_chat_completion"),
    ("route, reserve, call, emit", "proxy/create_response"),
    ("route, reserve, call, emit", "proxy/create_message"),
    ("route, reserve, call, emit", "proxy/create_embedding"),
    ("settle", "billing/settle_usage"),
    ("publish", "billing/publish_transactions"),
    ("record", "analytics/record_events"),
)
"""Where each step leaves lines: the log group's folder."""

BEFORE_MS, AFTER_MS = 60_000, 20 * 60_000
"""Around the moment that a request's id begins with: it may run for 15 minutes."""

_MOST_LINES = 20
_LONGEST_LINE = 2_000


@dataclass(frozen=True, slots=True)
class Sources:
    """What is read. `lines` are those of a log group that hold a word, between two moments in milliseconds."""

    balance: Callable[[str], Balance]
    entries: Callable[[str], Sequence[StatementEntry]]
    entry: Callable[[str, str], StatementEntry | None]
    is_recorded: Callable[[str, str], bool]
    lines: Callable[[str, str, int, int], Sequence[JsonObject]]
    dead_letters: Callable[[], Sequence[QueueDetails]]


def look_up(event: Mapping[str, Any], function_arn: str, sources: Sources) -> str:
    """The widget's content for an event of the dashboard."""
    if event.get("describe"):
        return DESCRIPTION
    said = _said(event)
    look = str(event.get("look"))
    match look:
        case "user":
            return _user(said.get("userId", ""), function_arn, sources)
        case "request":
            return _request(said.get("requestId", ""), said.get("userId", ""), function_arn, sources)
        case "dead_letters":
            return _dead_letters(sources.dead_letters())
    return element("p", "There is nothing to look up under this name: ", look)


def _said(event: Mapping[str, Any]) -> dict[str, str]:
    """What stands in the widget's form, or in its parameters before anything was typed."""
    context = event.get("widgetContext") or {}
    forms = (context.get("forms") or {}).get("all") or {}
    given = {**event, **forms}
    return {name: str(given[name]).strip() for name in ("userId", "requestId") if given.get(name)}


def _user(user_id: str, function_arn: str, sources: Sources) -> Html:
    asked = form({"userId": ("User", user_id)}, function_arn, "user")
    if not user_id:
        return asked
    if not _is_user(user_id):
        return joined([asked, element("p", "That is no user's id.")])
    balance = sources.balance(user_id)
    money = facts(
        {
            "available, USD": balance.available,
            "held": balance.held,
            "total": balance.total,
            "lapsed, all in all": f"{balance.lapsed.amount} of {balance.lapsed.requests} requests",
            "low below": balance.low_balance_threshold,
        }
    )
    rows = [
        (
            entry.created_at,
            entry.type,
            entry.amount,
            entry.request.model if entry.request else entry.description,
            entry.request.outcome if entry.request else "",
            entry.id,
        )
        for entry in sources.entries(user_id)
    ]
    entries = table(("when", "what", "USD", "model, or description", "ended", "id"), rows)
    return joined(
        [asked, money, entries if rows else element("p", "The ledger has no entry of the last 31 days.")]
    )


def _request(request_id: str, user_id: str, function_arn: str, sources: Sources) -> Html:
    fields = {"requestId": ("Request", request_id), "userId": ("User, if known", user_id)}
    asked = form(fields, function_arn, "request")
    if not request_id:
        return asked
    parts = REQUEST_ID.fullmatch(request_id)
    if parts is None:
        return joined(
            [asked, element("p", "That is no request's id: it begins with twelve hexadecimal digits.")]
        )
    moment = int(parts[1], 16)
    came = datetime.fromtimestamp(moment / 1000, UTC).isoformat(timespec="milliseconds")
    rows: list[tuple[str, str, str]] = []
    for step, group in STEPS:
        for line in sources.lines(group, parts[2], moment - BEFORE_MS, moment + AFTER_MS)[:_MOST_LINES]:
            user_id = user_id or str(line.get("user_id") or line.get("principal") or "")
            rows.append((step, group, _shown(line)))
    found = [asked, facts({"came": came, "user": user_id or None})]
    found.append(table(("step", "log", "line"), rows) if rows else element("p", "No log has a line of it."))
    if _is_user(user_id):
        found.append(_ledger(user_id, request_id, sources))
    else:
        found.append(element("p", "Whose it is is not known from the logs: name the user to see its entry."))
    return joined(found)


def _ledger(user_id: str, request_id: str, sources: Sources) -> Html:
    """What settle and record made of it."""
    entry = sources.entry(user_id, request_id)
    if entry is None:
        return element(
            "p",
            "Not settled: it held nothing, its usage is on the way, or it is lost (usage_lost in the log). "
            "A hold lapses an hour after it was taken.",
        )
    request = entry.request
    in_the_metrics = "yes" if sources.is_recorded(user_id, request_id) else "not yet"
    return facts(
        {
            "settled, USD": entry.amount,
            "charged": request and request.charged,
            "held": request and request.hold,
            "model": request and request.model,
            "provider": request and request.provider,
            "attempts": request and request.attempts,
            "ended": request and request.outcome,
            "status": request and request.status,
            "took, ms": request and request.latency_ms,
            "first word, ms": request and request.time_to_first_token_ms,
            "price version": request and request.price_version,
            "recorded in the metrics": in_the_metrics,
        }
    )


def _dead_letters(queues: Sequence[QueueDetails]) -> Html:
    rows = [
        (
            each.name,
            "?" if each.dead_letters is None else each.dead_letters,
            each.oldest_dead_letter_seconds,
            each.redrive if each.dead_letters else "",
            each.runbook if each.dead_letters else "",
        )
        for each in queues
    ]
    return table(
        ("queue", "dead letters", "oldest, s", "to move them back, once the cause is mended", "runbook"), rows
    )


def _is_user(user_id: str) -> bool:
    return len(user_id) <= _LONGEST_USER_ID and _USER_ID.fullmatch(user_id) is not None


def _shown(line: JsonObject) -> str:
    """A log line in short: what it says, without what all lines have."""
    own = {name: value for name, value in line.items() if name not in {"_aws", "request_id", "requestId"}}
    return " ".join(f"{name}={value}" for name, value in own.items())[:_LONGEST_LINE]
