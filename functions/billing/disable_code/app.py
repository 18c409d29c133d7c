"""DELETE /billing/codes/{codeId}: let a promo code be redeemed no more; admin only."""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Path

from aggregator.auth import wiring as keys
from aggregator.auth.caller import ADMIN
from aggregator.billing.codes import wiring
from aggregator.billing.codes.api import Code
from aggregator.runtime.http import api, serve

app = api()


@app.delete("/billing/codes/<codeId>")
def disable_code(codeId: Annotated[str, Path(pattern=r"^[0-9a-f]{32}$")]) -> Code:
    return wiring.disable(codeId)


handler = serve(app, scope=ADMIN, present=keys.present_caller)
