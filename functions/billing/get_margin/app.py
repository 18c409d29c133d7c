"""GET /billing/margin: what providers charged against what the ledger says, newest day first; admin only."""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Query

from aggregator.auth.caller import ADMIN
from aggregator.billing.margin import wiring
from aggregator.billing.margin.api import Margin, MarginQuery
from aggregator.runtime.http import api, serve

app = api()


@app.get("/billing/margin")
def get_margin(query: Annotated[MarginQuery, Query()]) -> Margin:
    return wiring.margin(query)


handler = serve(app, scope=ADMIN)
