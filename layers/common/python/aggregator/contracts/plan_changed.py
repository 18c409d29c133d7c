"""`plan_changed` v1, from `aggregator.billing`: a plan was made, or got a new version.

One event for each version, exactly when it is written; it may arrive more than once. `planId` and `planVersion` tell
repeated ones. Who is put on a plan, or taken off, is said by `user_changed` and `team_changed`.
"""

from typing import Any, Literal

from aggregator.contracts.base import Count, Event, Id

SOURCE = "aggregator.billing"
DETAIL_TYPE = "plan_changed"


class PlanChangedBy(Event):
    """The key and the user that made the change."""

    key_id: Id
    user_id: Id


class PlanChanged(Event):
    """One version of a plan: what it says, from when on, who wrote it, and what is other than in the version before.

    `limits` has a key's limits by name, budgets in nano-US-dollars; null in `allowedModels` is all models.
    """

    version: Literal[1]
    plan_id: Id
    plan_version: Count
    name: Id
    price_percent: Count
    limits: dict[Id, Count]
    allowed_models: list[Id] | None
    monthly_credit_nano_usd: Count
    effective_from: Id
    occurred_at: Id
    by: PlanChangedBy
    changes: dict[str, Any]
