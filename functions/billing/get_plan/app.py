"""GET /billing/plans/{planId}: a plan; for an admin with its versions, for others the plan that they have."""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Path

from aggregator.auth.caller import BILLING_READ
from aggregator.billing.plans import wiring
from aggregator.billing.plans.api import PLAN_ID_PATTERN, PlanDetails
from aggregator.runtime import clock
from aggregator.runtime.http import api, caller_of, serve

app = api()
PlanId = Annotated[str, Path(pattern=PLAN_ID_PATTERN, examples=["pro"])]


@app.get("/billing/plans/<planId>")
def get_plan(planId: PlanId) -> PlanDetails:
    return PlanDetails.of_versions(*wiring.get_plan(planId, by=caller_of(app.current_event), now=clock.now()))


handler = serve(app, scope=BILLING_READ)
