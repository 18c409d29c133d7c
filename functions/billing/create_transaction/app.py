"""POST /billing/transaction: book a credit, debit, refund or adjustment; admin only."""

from aggregator.auth import wiring as keys
from aggregator.auth.caller import ADMIN
from aggregator.billing import wiring
from aggregator.billing.api import TransactionReceipt, TransactionRequest, order_of
from aggregator.runtime.http import api, serve

app = api()


@app.post("/billing/transaction", status_code=201)
def create_transaction(body: TransactionRequest) -> TransactionReceipt:
    if body.team_id is not None:
        wiring.require_team(body.team_id)
    entry = wiring.book(order_of(body, app.current_event.raw_event))
    return TransactionReceipt.of(entry)


handler = serve(app, scope=ADMIN, present=keys.present_caller)
