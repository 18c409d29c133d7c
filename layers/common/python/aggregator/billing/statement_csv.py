"""A statement as CSV: the whole range, or, where that is more than one answer can hold, where the rest begins."""

import csv
import io
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from unicodedata import category, normalize
from urllib.parse import urlencode

from aggregator.billing.statement import StatementEntry, StatementQuery, statement
from aggregator.billing.store import BillingStore
from aggregator.runtime.clock import iso

# Lambda answers 6 MB at most, the text written as JSON; a page of 250 entries at their longest is 1.3 MB.
_MOST_BYTES = 4_000_000
_PAGE = 250
_MOST_MS = 8_000.0
"""How long pages are read, of the function's 15 s."""


@dataclass(frozen=True, slots=True)
class CsvStatement:
    """Lines for entries, after a line of names; `rest` is the query for what follows, None where that is nothing."""

    text: str
    rest: dict[str, str] | None = None

    @property
    def headers(self) -> dict[str, str]:
        """What tells that there is more, and where: `Link`, as RFC 8288 has it, and the cursor alone."""
        if self.rest is None:
            return {}
        return {
            "Link": f'<?{urlencode(self.rest)}>; rel="next"',
            "x-aggregator-next-cursor": self.rest["cursor"],
        }


def statement_csv(
    store: BillingStore,
    user_id: str,
    query: StatementQuery,
    now: datetime,
    monotonic_ms: Callable[[], float],
) -> CsvStatement:
    """Read a user's ledger to the end of the range, or `limit` entries of it, if the query says so.

    Raises:
        InvalidRequest: the range is empty, or the cursor is none of ours.
    """
    since, to = query.bounds(now)
    left = query.limit if "limit" in query.model_fields_set else None
    text, size, until = io.StringIO(), 0, monotonic_ms() + _MOST_MS
    csv.writer(text).writerow(_COLUMNS)
    cursor = query.cursor
    while True:
        limit = _PAGE if left is None else min(_PAGE, left)
        part = StatementQuery.model_validate({"from": since, "to": to, "limit": limit, "cursor": cursor})
        page = statement(store, user_id, part, now)
        lines = _lines(page.entries)
        text.write(lines)
        size += len(json.dumps(lines))
        cursor = page.next_cursor
        if left is not None:
            left -= len(page.entries)
        if cursor is None:
            return CsvStatement(text.getvalue())
        if left == 0 or size > _MOST_BYTES or monotonic_ms() > until:
            return CsvStatement(text.getvalue(), {"from": iso(since), "to": iso(to), "cursor": cursor})


def _lines(entries: Iterable[StatementEntry]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows(_cells(entry) for entry in entries)
    return text.getvalue()


_COLUMNS = (
    "id",
    "createdAt",
    "type",
    "amount",
    "currency",
    "description",
    "refersTo",
    "model",
    "provider",
    "outcome",
    "inputTokens",
    "cachedInputTokens",
    "cacheWriteTokens",
    "outputTokens",
    "reasoningTokens",
    "priceVersion",
    "keyId",
    "toolCalls",
    "serviceTier",
    "paidByCredit",
    "paidByGrants",
)


def _cells(entry: StatementEntry) -> Iterable[Any]:
    basic = [
        as_text(entry.id),
        entry.created_at,
        entry.type,
        entry.amount,
        entry.currency,
        as_text(entry.description),
        as_text(entry.refers_to),
    ]
    request = entry.request
    if request is None:
        return [*basic, *[""] * (len(_COLUMNS) - len(basic))]
    tokens, paid_by = request.tokens, entry.paid_by or []
    return [
        *basic,
        as_text(request.model),
        as_text(request.provider),
        as_text(request.outcome),
        tokens.input,
        tokens.cached_input,
        tokens.cache_write,
        tokens.output,
        tokens.reasoning,
        as_text(request.price_version),
        as_text(request.key_id),
        as_text(" ".join(f"{name}={calls}" for name, calls in sorted((request.tools or {}).items()))),
        as_text(request.service_tier),
        next((part.amount for part in paid_by if part.grant_id is None), "0.00"),
        as_text(" ".join(f"{part.grant_id}={part.amount}" for part in paid_by if part.grant_id)),
    ]


def as_text(said: str | None) -> str:
    """A cell that a spreadsheet takes for text, not for a formula, in whatever width or behind whatever blank.

    Source: CWE-1236; OWASP, CSV Injection.
    """
    text = said or ""
    begins = next((each for each in text if category(each)[0] not in "CZ"), "")
    is_formula = normalize("NFKC", begins)[:1] in {"=", "+", "-", "@"} or begins == "\N{MINUS SIGN}"
    is_broken = category(text[0]) in {"Cc", "Zl", "Zp"} if text else False
    return f"'{text}" if is_formula or is_broken else text
