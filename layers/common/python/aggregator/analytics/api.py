"""`GET /analytics/metrics`: what a client asks and gets."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Annotated, Literal, Self

from pydantic import Field

from aggregator.analytics.cube import KEY, MODEL, PROVIDER, STATUS, USER
from aggregator.analytics.get_metrics import Ask, Granularity, Group, Metrics
from aggregator.analytics.histogram import percentiles
from aggregator.analytics.model import FIRST_TOKEN, LATENCY, OUTCOME, Figures
from aggregator.auth.caller import ANALYTICS_READ, Caller
from aggregator.billing.money import to_usd
from aggregator.errors import InvalidRequest
from aggregator.runtime.schema import Bound, Moment, Request, Response, UserId

_LONGEST = {Granularity.HOUR: timedelta(days=31), Granularity.DAY: timedelta(days=92)}
_WIDTH = {Granularity.HOUR: timedelta(hours=1), Granularity.DAY: timedelta(days=1)}
_DEFAULT_RANGE = timedelta(hours=24)
_KEY_NAMES = {USER: "userId", KEY: "keyId"}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_DIMENSION = "(model|provider|user|key|status)"
GROUP_BY_PATTERN = f"^{_DIMENSION}(,{_DIMENSION}){{0,4}}$"


_Value = Annotated[str, Field(min_length=1, max_length=200)]


class MetricsQuery(Request):
    """Query of `GET /analytics/metrics`."""

    from_: Bound | None = Field(
        default=None,
        alias="from",
        description="Start, ISO 8601, UTC unless it says otherwise; widened to the whole hour or day. "
        "24 hours before the end by default.",
    )
    to: Bound | None = Field(default=None, description="End, likewise, itself not included. Now by default.")
    granularity: Literal["hour", "day"] = Field(
        default="hour",
        description="Length of a bucket: `hour` (31 days at most) or `day` (92 days at most), UTC.",
    )
    group_by: Annotated[str, Field(pattern=GROUP_BY_PATTERN)] | None = Field(
        default=None,
        description="Dimensions to tell apart, separated by commas: model, provider, user, key, status. "
        "For everybody: user alone, or any of model, provider and status.",
        examples=["model", "provider,status"],
    )
    user_id: UserId | None = Field(default=None, description="One user. A user's key sees its own user only.")
    model: _Value | None = Field(default=None, description="Only calls of this model.")
    provider: _Value | None = Field(default=None, description="Only calls of this provider.")
    key_id: _Value | None = Field(default=None, description="Only calls with this key.")
    status: Annotated[int, Field(ge=100, le=599)] | None = Field(
        default=None, description="Only calls answered with this HTTP status."
    )

    def to_ask(self, by: Caller, at: datetime) -> Ask:
        """What the caller may have of this.

        Raises:
            MissingScope: the key may not read analytics.
            NotYours: another user's figures.
            InvalidRequest: the range is empty or too long.
        """
        by.require_scope(ANALYTICS_READ)
        if self.user_id is not None:
            by.require_user(self.user_id)
        user_id = self.user_id or (None if by.is_admin else by.user_id)
        granularity = Granularity(self.granularity)
        end = self.to or at
        start = self.from_ or end - _DEFAULT_RANGE
        if start >= end:
            raise InvalidRequest("'from' must be before 'to'.", param="from")
        if end - start > _LONGEST[granularity]:
            raise InvalidRequest(
                f"The range is over {_LONGEST[granularity].days} days, the most by {granularity}.",
                param="from",
            )
        where = {MODEL: self.model, PROVIDER: self.provider, KEY: self.key_id, STATUS: self.status}
        return Ask(
            start=_floor(start, _WIDTH[granularity]),
            end=_floor(end - timedelta.resolution, _WIDTH[granularity]) + _WIDTH[granularity],
            granularity=granularity,
            group_by=tuple(dict.fromkeys(self.group_by.split(","))) if self.group_by else (),
            user_id=user_id,
            where={name: str(value) for name, value in where.items() if value is not None},
        )


class Tokens(Response):
    """Tokens by kind: cached input and cache writes are parts of the input, reasoning is part of the output."""

    input: int
    cached_input: int
    cache_write: int
    output: int
    reasoning: int
    total: int = Field(description="Input and output.")


class Percentiles(Response):
    """Milliseconds, at most 9.1 % from the exact nearest-rank percentile; null where nothing was measured."""

    p50: int | None
    p95: int | None
    p99: int | None

    @classmethod
    def of(cls, buckets: Mapping[int, int]) -> Self:
        """Percentiles of a histogram."""
        p50, p95, p99 = percentiles(buckets, (50, 95, 99))
        return cls(p50=p50, p95=p95, p99=p99)


class Wallet(Response):
    """What entries other than usage did to the wallets: signed decimal strings of US dollars."""

    credits: str
    debits: str
    refunds: str
    adjustments: str
    grants: str
    expired: str


class UsageFigures(Response):
    """Sums over entries. `cost` is a decimal string of US dollars, as charged; refunds do not lower it."""

    requests: int
    errors: int = Field(description="Answered with 4xx or 5xx, or ended by the provider or a deadline.")
    streams: int
    estimated: int = Field(description="Requests whose tokens the provider did not count.")
    images: int
    tokens: Tokens
    cost: str
    latency_ms: Percentiles
    time_to_first_token_ms: Percentiles
    outcomes: dict[str, int]
    wallet: Wallet

    @classmethod
    def of(cls, figures: Figures, **more: object) -> Self:
        """Figures for the client; `more` are further fields of a subclass."""
        histograms: dict[str, dict[int, int]] = {LATENCY: {}, FIRST_TOKEN: {}}
        for name, count in figures.items():
            bucket = _bucket_of(name)
            if bucket is not None:
                histograms[bucket[0]][bucket[1]] = count
        return cls.model_validate({
            "requests": figures["requests"],
            "errors": figures["errors"],
            "streams": figures["streams"],
            "estimated": figures["estimated"],
            "images": figures["images"],
            "tokens": Tokens(
                input=figures["input"],
                cached_input=figures["cachedInput"],
                cache_write=figures["cacheWrite"],
                output=figures["output"],
                reasoning=figures["reasoning"],
                total=figures["input"] + figures["output"],
            ),
            "cost": to_usd(figures["cost"]),
            "latency_ms": Percentiles.of(histograms[LATENCY]),
            "time_to_first_token_ms": Percentiles.of(histograms[FIRST_TOKEN]),
            "outcomes": {
                name.removeprefix(OUTCOME): count
                for name, count in sorted(figures.items())
                if name.startswith(OUTCOME)
            },
            "wallet": Wallet(
                credits=to_usd(figures["credits"]),
                debits=to_usd(figures["debits"]),
                refunds=to_usd(figures["refunds"]),
                adjustments=to_usd(figures["adjustments"]),
                grants=to_usd(figures["grants"]),
                expired=to_usd(figures["expired"]),
            ),
            **more,
        })  # fmt: skip


class GroupFigures(UsageFigures):
    """Figures of one group: `key` has a value for each dimension of `groupBy`."""

    key: dict[str, str | int] = Field(examples=[{"model": "gpt-4o-mini"}])


class Bucket(Response):
    """One hour or day that saw entries."""

    start: Moment
    groups: list[GroupFigures]


class MetricsAnswer(Response):
    """Answer of `GET /analytics/metrics`: `from` and `to` are the range as it was widened."""

    from_: Moment = Field(alias="from")
    to: Moment
    granularity: Literal["hour", "day"]
    group_by: list[str]
    totals: UsageFigures
    groups: list[GroupFigures] = Field(description="Over the whole range, dearest first.")
    series: list[Bucket] = Field(description="By time; hours or days without entries are left out.")

    @classmethod
    def of(cls, metrics: Metrics) -> Self:
        """Metrics for the client."""
        ask = metrics.ask
        by_cost = sorted(metrics.groups.items(), key=lambda each: (-each[1]["cost"], each[0]))
        return cls(
            from_=ask.start,
            to=ask.end,
            granularity=ask.granularity.value,
            group_by=list(ask.group_by),
            totals=UsageFigures.of(metrics.totals),
            groups=[_group_of(ask, group, figures) for group, figures in by_cost],
            series=[
                Bucket(
                    start=datetime.fromisoformat(name).replace(tzinfo=UTC),
                    groups=[_group_of(ask, group, figures) for group, figures in sorted(groups.items())],
                )
                for name, groups in metrics.series.items()
            ],
        )


def _group_of(ask: Ask, group: Group, figures: Figures) -> GroupFigures:
    key = {
        _KEY_NAMES.get(name, name): int(value) if name == STATUS else value
        for name, value in zip(ask.group_by, group, strict=True)
    }
    return GroupFigures.of(figures, key=key)


@lru_cache(maxsize=1_000)
def _bucket_of(name: str) -> tuple[str, int] | None:
    """Histogram and bucket that a figure counts; an answer asks for the same few hundreds of thousands of times."""
    letter, number = name[:1], name[1:]
    return (letter, int(number)) if letter in {LATENCY, FIRST_TOKEN} and number.isdecimal() else None


def _floor(moment: datetime, width: timedelta) -> datetime:
    return moment - (moment - _EPOCH) % width
