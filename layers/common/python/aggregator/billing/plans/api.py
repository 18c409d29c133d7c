"""Requests and answers of `/billing/plans`."""

from typing import Annotated

from pydantic import Field

from aggregator.auth.api import LimitsRequest, LimitsView
from aggregator.auth.fields import Budget, Models, Name, PricePercent
from aggregator.billing.money import to_nano_usd, to_usd
from aggregator.billing.plans.model import LIST_PRICE_PERCENT, Plan, Terms, Version
from aggregator.runtime.schema import Instant, Request, Response

DEFAULT_PAGE = 20
MAX_PAGE = 100
PLAN_ID_PATTERN = "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"

PlanId = Annotated[str, Field(pattern=PLAN_ID_PATTERN, examples=["pro"])]


class PlanRequest(Request):
    """What a plan says, whole: what is left out is as if there were no plan."""

    name: Name
    price_percent: Annotated[
        PricePercent,
        Field(
            description="What calls cost of the price that a key pays, in percent: 120 is a markup of a fifth."
        ),
    ] = LIST_PRICE_PERCENT
    limits: Annotated[
        LimitsRequest | None, Field(description="Each key has the stricter of its own and these.")
    ] = None
    allowed_models: Annotated[
        Models | None, Field(description="As those of a key: what both allow may be called.")
    ] = None
    monthly_credit: Annotated[
        Budget | None, Field(description="US dollars that a wallet is given in each UTC month.")
    ] = None
    effective_from: Annotated[
        Instant | None, Field(description="From when on it holds; at once, if nothing is said.")
    ] = None

    def to_terms(self) -> Terms:
        """What the version says."""
        return Terms(
            name=self.name,
            price_percent=self.price_percent,
            limits={} if self.limits is None else self.limits.to_limits(),
            allowed_models=None if self.allowed_models is None else tuple(self.allowed_models),
            monthly_credit_nano_usd=0 if self.monthly_credit is None else to_nano_usd(self.monthly_credit),
        )


class PlanView(Response):
    """What a version of a plan says. null is not limited; `limits` are each key's, beside its own."""

    plan_id: str
    version: int
    name: str
    price_percent: int
    limits: LimitsView
    allowed_models: list[str] | None
    monthly_credit: str | None
    effective_from: str

    @classmethod
    def of(cls, version: Version) -> "PlanView":
        """Show a version."""
        return cls(**_shown(version))


class PlanVersionView(PlanView):
    """The same, and who wrote it when."""

    created_at: str
    by_key_id: str
    by_user_id: str

    @classmethod
    def of(cls, version: Version) -> "PlanVersionView":
        """Show a version to an admin."""
        return cls(
            **_shown(version),
            created_at=version.created_at,
            by_key_id=version.by_key_id,
            by_user_id=version.by_user_id,
        )


class PlanDetails(PlanView):
    """A plan as it is in force. For an admin with its versions, newest first, 100 at most."""

    versions: Annotated[list[PlanVersionView] | None, Field(exclude_if=lambda versions: versions is None)] = (
        None
    )

    @classmethod
    def of_versions(cls, version: Version, versions: list[Version] | None) -> "PlanDetails":
        """Show a plan."""
        shown = None if versions is None else [PlanVersionView.of(each) for each in versions]
        return cls(**_shown(version), versions=shown)


class PlanPage(Response):
    """Plans as they are in force, in the order of their ids; `nextCursor` is null on the last page."""

    data: list[PlanView]
    next_cursor: str | None

    @classmethod
    def of(cls, plans: list[Plan], next_cursor: str | None, now: str) -> "PlanPage":
        """Show a page."""
        return cls(data=[PlanView.of(plan.in_force(now)) for plan in plans], next_cursor=next_cursor)


def _shown(version: Version) -> dict[str, object]:
    terms = version.terms
    credit = terms.monthly_credit_nano_usd
    return {
        "plan_id": version.plan_id,
        "version": version.number,
        "name": terms.name,
        "price_percent": terms.price_percent,
        "limits": LimitsView.of(terms.limits),
        "allowed_models": None if terms.allowed_models is None else list(terms.allowed_models),
        "monthly_credit": to_usd(credit) if credit else None,
        "effective_from": version.effective_from,
    }
