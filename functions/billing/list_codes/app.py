"""GET /billing/codes: all promo codes and how often each was redeemed; admin only."""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Query

from aggregator.auth.caller import ADMIN
from aggregator.billing.codes import wiring
from aggregator.billing.codes.api import Codes, CodesQuery
from aggregator.runtime.http import api, serve

app = api()


@app.get("/billing/codes")
def list_codes(query: Annotated[CodesQuery, Query()]) -> Codes:
    return wiring.codes(query)


handler = serve(app, scope=ADMIN)
