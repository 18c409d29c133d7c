"""GET /billing/receipts/{requestId}: what one request came to, with its ledger entry."""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Path, Query

from aggregator.auth.caller import BILLING_READ
from aggregator.billing import wiring
from aggregator.billing.statement import StatementEntry, receipt
from aggregator.runtime.http import api, caller_of, serve
from aggregator.runtime.schema import UserId

app = api()
RequestId = Annotated[str, Path(max_length=200)]


@app.get("/billing/receipts/<requestId>")
def get_receipt(requestId: RequestId, userId: Annotated[UserId | None, Query()] = None) -> StatementEntry:
    caller = caller_of(app.current_event)
    wallet_id = userId or caller.wallet_id
    caller.require_wallet(wallet_id)
    return receipt(wiring.store(), wallet_id, requestId)


handler = serve(app, scope=BILLING_READ)
