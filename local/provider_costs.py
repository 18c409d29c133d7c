"""What providers' cost APIs answer, as strict as their documents say: for tests, and for whoever has no admin key.

Sources: OpenAI, https://developers.openai.com/api/reference/resources/organization (costs); Anthropic,
https://platform.claude.com/docs/en/api/admin-api/usage-cost/get-cost-report
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

from local.http_server import Reply
from local.proxy_event import Request

JsonObject = dict[str, Any]

OPENAI_KEY = "sk-admin-standin"
ANTHROPIC_KEY = "sk-ant-admin01-standin"

_DAY = timedelta(days=1)
_OPENAI_PARAMETERS = {"start_time", "end_time", "bucket_width", "group_by[]", "limit", "page"}
_ANTHROPIC_PARAMETERS = {"starting_at", "ending_at", "bucket_width", "group_by[]", "limit", "page"}


class _Refused(Exception):
    def __init__(self, status: int, why: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(why)
        self.status = status
        self.headers = dict(headers or {})


@dataclass
class CostsStandIn:
    """One organization at each of the two. `costs` are their results by provider and day; a day without is left out.

    `page_days` is how many buckets a page has at most. `busy` is how many requests are answered with 429 before one is
    served, `down` names providers that answer 500.
    """

    costs: dict[str, dict[str, list[JsonObject]]] = field(
        default_factory=lambda: {"openai": {}, "anthropic": {}}
    )
    page_days: int = 180
    busy: int = 0
    down: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)

    def handle(self, request: Request, reply: Reply) -> None:
        """Answer a request."""
        status, headers = 200, {}
        try:
            said = self._answer(request)
        except _Refused as refused:
            status, headers = refused.status, refused.headers
            said = {"error": {"type": "invalid_request_error", "message": str(refused)}}
        body = json.dumps(said).encode()
        reply.start(status, [("Content-Type", "application/json"), *headers.items()], len(body))
        reply.write(body)
        reply.end()

    def _answer(self, request: Request) -> JsonObject:
        self.asked.append(request.target)
        if request.method != "GET":
            raise _Refused(405, "only GET")
        if request.path == "/v1/organization/costs":
            return self._openai(request)
        if request.path == "/v1/organizations/cost_report":
            return self._anthropic(request)
        raise _Refused(404, "there is nothing here")

    def _openai(self, request: Request) -> JsonObject:
        if request.header("Authorization") != f"Bearer {OPENAI_KEY}":
            raise _Refused(401, "You have insufficient permissions: missing scopes: api.usage.read")
        self._require_time("openai")
        query = _query(request, _OPENAI_PARAMETERS)
        limit = _number(query.get("limit", "7"), 1, 180)
        first = datetime.fromtimestamp(_number(query.get("start_time", ""), 0, 2**33), UTC)
        end = datetime.fromtimestamp(_number(query.get("end_time", ""), 0, 2**33), UTC)
        if query.get("bucket_width", "1d") != "1d" or query.get("group_by[]", "line_item") not in {
            "line_item", "project_id"
        }:  # fmt: skip
            raise _Refused(400, "bucket_width or group_by")
        buckets, following = self._buckets("openai", first, end, limit, query.get("page"))
        return {
            "object": "page",
            "data": [
                {
                    "object": "bucket",
                    "start_time": int(day.timestamp()),
                    "end_time": int((day + _DAY).timestamp()),
                    "results": results,
                }
                for day, results in buckets
            ],
            "has_more": following is not None,
            "next_page": following,
        }

    def _anthropic(self, request: Request) -> JsonObject:
        if request.header("anthropic-version") != "2023-06-01":
            raise _Refused(400, "anthropic-version: header is required")
        if request.header("x-api-key") != ANTHROPIC_KEY:
            raise _Refused(401, "invalid x-api-key")
        self._require_time("anthropic")
        query = _query(request, _ANTHROPIC_PARAMETERS)
        limit = _number(query.get("limit", "7"), 1, 31)
        first, end = _moment(query.get("starting_at", "")), _moment(query.get("ending_at", ""))
        if query.get("bucket_width", "1d") != "1d" or query.get("group_by[]", "description") not in {
            "description", "workspace_id"
        }:  # fmt: skip
            raise _Refused(400, "bucket_width or group_by")
        buckets, following = self._buckets("anthropic", first, end, limit, query.get("page"))
        return {
            "data": [
                {"starting_at": _iso(day), "ending_at": _iso(day + _DAY), "results": results}
                for day, results in buckets
            ],
            "has_more": following is not None,
            "next_page": following,
        }

    def _require_time(self, provider: str) -> None:
        if provider in self.down:
            raise _Refused(500, "overloaded")
        if self.busy:
            self.busy -= 1
            raise _Refused(429, "rate limit", {"Retry-After": "0"})

    def _buckets(
        self, provider: str, first: datetime, end: datetime, limit: int, page: str | None
    ) -> tuple[list[tuple[datetime, list[JsonObject]]], str | None]:
        known = self.costs[provider]
        days = [first + n * _DAY for n in range((end - first).days)]
        found = [(day, known[day.date().isoformat()]) for day in days if day.date().isoformat() in known]
        begin = 0 if page is None else _number(page.removeprefix("page_"), 1, len(found))
        size = min(limit, self.page_days)
        more = begin + size < len(found)
        return found[begin : begin + size], f"page_{begin + size}" if more else None


def openai_item(line_item: str | None, dollars: float) -> JsonObject:
    """A result of OpenAI's, as its reference has it."""
    return {
        "object": "organization.costs.result",
        "amount": {"value": dollars, "currency": "usd"},
        "line_item": line_item,
        "project_id": None,
    }


def anthropic_item(model: str | None, cents: str, cost_type: str = "tokens") -> JsonObject:
    """A result of Anthropic's, as its reference has it."""
    return {
        "amount": cents,
        "context_window": "0-200k" if model else None,
        "cost_type": cost_type,
        "currency": "USD",
        "description": f"{model} Usage - Input Tokens" if model else "Web Search Usage",
        "model": model,
        "service_tier": "standard" if model else None,
        "token_type": "uncached_input_tokens" if model else None,
        "workspace_id": None,
    }


def _query(request: Request, known: set[str]) -> dict[str, str]:
    query = dict(parse_qsl(request.query, strict_parsing=True))
    if not query.keys() <= known:
        raise _Refused(400, f"unknown parameters: {sorted(query.keys() - known)}")
    return query


def _number(text: str, least: int, most: int) -> int:
    if not text.isdigit() or not least <= int(text) <= most:
        raise _Refused(400, f"{text}: must be from {least} to {most}")
    return int(text)


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise _Refused(400, f"{text}: is no RFC 3339 timestamp") from None
    if moment.tzinfo is None:
        raise _Refused(400, f"{text}: has no time zone")
    return moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def _iso(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
