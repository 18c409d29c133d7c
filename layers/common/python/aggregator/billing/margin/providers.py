"""The two providers that say what we cost them: what is asked of each, and how its answer is read.

Sources: OpenAI, https://developers.openai.com/api/reference/resources/organization (costs: Unix seconds, at most 180
buckets of a day, amounts as numbers of dollars, a line item is a model, a comma and what was counted). Anthropic,
https://platform.claude.com/docs/en/api/admin-api/usage-cost/get-cost-report (RFC 3339, at most 31 buckets of a day in
UTC, amounts as decimal strings of cents; an admin key and the version in headers).
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from aggregator.billing.margin.ask import Get, pages
from aggregator.billing.margin.model import OTHER, ByModel, CostsUnread, named, nano_usd

OPENAI, ANTHROPIC = "openai", "anthropic"
ADMIN_KEYS = {OPENAI: "sk-admin-", ANTHROPIC: "sk-ant-admin"}
"""How an admin key of each begins: no other key may read costs."""

BASES = {OPENAI: "https://api.openai.com", ANTHROPIC: "https://api.anthropic.com"}

_CENTS = 100


def costs(
    provider: str, key: str, get: Get, first: date, end: date, *, base: str | None = None
) -> dict[str, ByModel]:
    """What a provider says that the days from `first` up to `end`, itself not included, cost, by model.

    A day that it says nothing of is not there.

    Raises:
        CostsUnread: it cannot be asked, or its answer cannot be read.
    """
    if not key.startswith(ADMIN_KEYS[provider]):
        raise CostsUnread("its key is no admin key")
    read = _of_openai if provider == OPENAI else _of_anthropic
    try:
        return read(base or BASES[provider], key, get, first, end)
    except (KeyError, TypeError, ValueError, AttributeError):
        raise CostsUnread("its answer is not of the form that it had") from None


def _of_openai(base: str, key: str, get: Get, first: date, end: date) -> dict[str, ByModel]:
    query = [
        ("start_time", str(int(_midnight(first).timestamp()))),
        ("end_time", str(int(_midnight(end).timestamp()))),
        ("bucket_width", "1d"),
        ("group_by[]", "line_item"),
        ("limit", str((end - first).days)),
    ]
    found: dict[str, ByModel] = {}
    for bucket in pages(get, f"{base}/v1/organization/costs", {"Authorization": f"Bearer {key}"}, query):
        day = datetime.fromtimestamp(bucket["start_time"], UTC).date()
        items = ((_model_of(each["line_item"]), each["amount"]) for each in bucket["results"])
        found[day.isoformat()] = _summed(
            (model, nano_usd(_in_dollars(said["currency"], said["value"]))) for model, said in items
        )
    return _within(found, first, end)


def _of_anthropic(base: str, key: str, get: Get, first: date, end: date) -> dict[str, ByModel]:
    query = [
        ("starting_at", f"{first.isoformat()}T00:00:00Z"),
        ("ending_at", f"{end.isoformat()}T00:00:00Z"),
        ("bucket_width", "1d"),
        ("group_by[]", "description"),
        ("limit", str((end - first).days)),
    ]
    headers = {"x-api-key": key, "anthropic-version": "2023-06-01"}
    found: dict[str, ByModel] = {}
    for bucket in pages(get, f"{base}/v1/organizations/cost_report", headers, query):
        day = datetime.fromisoformat(bucket["starting_at"]).astimezone(UTC).date()
        found[day.isoformat()] = _summed(
            (
                named(each["model"]) if each.get("model") and each.get("cost_type") == "tokens" else OTHER,
                nano_usd(_in_dollars(each["currency"], each["amount"]), _CENTS),
            )
            for each in bucket["results"]
        )
    return _within(found, first, end)


def _model_of(line_item: str | None) -> str:
    """`gpt-4o-mini-2024-07-18, input` is of `gpt-4o-mini`; what has no comma is of no model."""
    model, comma, _ = (line_item or "").partition(", ")
    return named(model) if comma and " " not in model else OTHER


def _in_dollars(currency: str, amount: Any) -> Any:
    if currency.lower() != "usd":
        raise CostsUnread("it charges in another currency than dollars")
    return amount


def _summed(items: Iterable[tuple[str, int]]) -> ByModel:
    sums: defaultdict[str, int] = defaultdict(int)
    for model, amount in items:
        sums[model] += amount
    return dict(sums)


def _within(found: dict[str, ByModel], first: date, end: date) -> dict[str, ByModel]:
    days = {(first + timedelta(days=n)).isoformat() for n in range((end - first).days)}
    return {day: by_model for day, by_model in found.items() if day in days}


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
