"""GET /billing/plans: all plans, as they are in force; admin only."""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Query

from aggregator.auth.caller import ADMIN
from aggregator.billing.plans import wiring
from aggregator.billing.plans.api import DEFAULT_PAGE, MAX_PAGE, PLAN_ID_PATTERN, PlanPage
from aggregator.runtime import clock
from aggregator.runtime.http import api, serve

app = api()


@app.get("/billing/plans")
def list_plans(
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = DEFAULT_PAGE,
    cursor: Annotated[str | None, Query(pattern=PLAN_ID_PATTERN)] = None,
) -> PlanPage:
    return PlanPage.of(*wiring.list_plans(limit, cursor), clock.iso(clock.now()))


handler = serve(app, scope=ADMIN)
