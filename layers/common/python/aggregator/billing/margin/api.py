"""`GET /billing/margin`: what a client asks and gets."""

from typing import Annotated

from pydantic import Field

from aggregator.billing.margin.model import Comparison, Row, State
from aggregator.billing.money import to_usd
from aggregator.runtime.schema import Request, Response


def _is_none(value: object) -> bool:
    return value is None


class MarginQuery(Request):
    """How far back."""

    days: int = Field(
        default=7, ge=1, le=400, description="Days that are over, the last of them yesterday (UTC)."
    )


class ModelMargin(Response):
    """A model's day. Amounts are decimal strings of US dollars; `leak` is what is charged beyond what is owed."""

    model: str
    owed: str
    billed: str
    leak: str

    @classmethod
    def of(cls, row: Row) -> "ModelMargin":
        """Answer for a row."""
        return cls(
            model=row.model,
            owed=to_usd(row.owed_nano_usd),
            billed=to_usd(row.billed_nano_usd),
            leak=to_usd(row.leak_nano_usd),
        )


class ProviderDay(Response):
    """A provider's day, as it was compared last. `missing`: it says nothing of it yet; `failed`: it was not read."""

    day: str
    provider: str
    state: State
    compared_at: str
    owed: str
    billed: str
    leaked: Annotated[str, Field(description="The sum of the leaks that are above zero.")]
    models: list[ModelMargin]
    reason: Annotated[str | None, Field(description="Why it was not read.", exclude_if=_is_none)] = None

    @classmethod
    def of(cls, comparison: Comparison) -> "ProviderDay":
        """Answer for a comparison."""
        return cls(
            day=comparison.day,
            provider=comparison.provider,
            state=comparison.state,
            compared_at=comparison.compared_at,
            owed=to_usd(sum(row.owed_nano_usd for row in comparison.rows)),
            billed=to_usd(sum(row.billed_nano_usd for row in comparison.rows)),
            leaked=to_usd(comparison.leaked_nano_usd),
            models=[ModelMargin.of(row) for row in comparison.rows],
            reason=comparison.reason or None,
        )


class Margin(Response):
    """Days, newest first; none where no provider's admin key is set."""

    data: list[ProviderDay]
