"""PATCH /billing/balance/{userId}: set the threshold under which the balance counts as low."""

from aggregator.auth import wiring as keys
from aggregator.auth.caller import KEYS_MANAGE
from aggregator.billing import wiring
from aggregator.billing.api import Balance, BalanceChange
from aggregator.runtime import clock
from aggregator.runtime.http import api, caller_of, serve
from aggregator.runtime.schema import UserIdInPath

app = api()


@app.patch("/billing/balance/<userId>")
def update_balance(userId: UserIdInPath, body: BalanceChange) -> Balance:
    caller_of(app.current_event).require_user(userId)
    account = wiring.store().set_alert(userId, body.alert_below_nano_usd)
    return Balance.of(account, clock.now().timestamp())


handler = serve(app, scope=KEYS_MANAGE, present=keys.present_caller)
