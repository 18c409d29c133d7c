"""DELETE /auth/api-keys/{keyId}: end a key for good; it stops within a minute and stays to be seen."""

from aggregator.auth import wiring
from aggregator.auth.api import ApiKeyView
from aggregator.auth.caller import KEYS_MANAGE
from aggregator.runtime import clock
from aggregator.runtime.http import api, caller_of, serve

app = api()


@app.delete("/auth/api-keys/<keyId>")
def revoke_api_key(keyId: str) -> ApiKeyView:
    by, now = caller_of(app.current_event), clock.now()
    return ApiKeyView.of(wiring.revoke_key(keyId, by=by, now=now), now)


handler = serve(app, scope=KEYS_MANAGE, present=wiring.present_caller)
