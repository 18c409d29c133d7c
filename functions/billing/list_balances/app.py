"""GET /billing/balances: every user who has an account, with the balance, in pages; admin only."""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Query

from aggregator.auth.caller import ADMIN
from aggregator.billing import operator_wiring as wiring
from aggregator.billing.accounts import Balances, BalancesQuery
from aggregator.runtime.http import api, serve

app = api()


@app.get("/billing/balances")
def list_balances(query: Annotated[BalancesQuery, Query()]) -> Balances:
    return wiring.all_balances(query)


handler = serve(app, scope=ADMIN)
