"""GET /auth/api-keys/{keyId}: one key and what happened to it; another user's key is not found."""

from aggregator.auth import wiring
from aggregator.auth.api import ApiKeyDetails
from aggregator.auth.caller import KEYS_MANAGE
from aggregator.runtime import clock
from aggregator.runtime.http import api, caller_of, serve

app = api()


@app.get("/auth/api-keys/<keyId>")
def get_api_key(keyId: str) -> ApiKeyDetails:
    key, history = wiring.get_key(keyId, by=caller_of(app.current_event))
    return ApiKeyDetails.of_history(key, history, clock.now())


handler = serve(app, scope=KEYS_MANAGE, present=wiring.present_caller)
