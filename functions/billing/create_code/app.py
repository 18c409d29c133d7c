"""POST /billing/codes: make a promo code; admin only."""

from aggregator.auth import wiring as keys
from aggregator.auth.caller import ADMIN
from aggregator.billing.codes import wiring
from aggregator.billing.codes.api import CodeRequest, CreatedCode
from aggregator.runtime.http import api, serve

app = api()


@app.post("/billing/codes", status_code=201)
def create_code(body: CodeRequest) -> CreatedCode:
    return wiring.create(body)


handler = serve(app, scope=ADMIN, present=keys.present_caller)
