"""PUT /billing/plans/{planId}: make a plan, or a new version of it; admin only."""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Path

from aggregator.auth import wiring as keys
from aggregator.auth.caller import ADMIN
from aggregator.billing.plans import wiring
from aggregator.billing.plans.api import PLAN_ID_PATTERN, PlanRequest, PlanVersionView
from aggregator.runtime import clock
from aggregator.runtime.http import api, caller_of, serve

app = api()
PlanId = Annotated[str, Path(pattern=PLAN_ID_PATTERN, examples=["pro"])]


@app.put("/billing/plans/<planId>")
def put_plan(planId: PlanId, body: PlanRequest) -> PlanVersionView:
    by, now = caller_of(app.current_event), clock.now()
    version = wiring.set_plan(planId, body.to_terms(), body.effective_from, by=by, now=now)
    return PlanVersionView.of(version)


handler = serve(app, scope=ADMIN, present=keys.present_caller)
