"""PATCH /auth/api-keys/{keyId}: change what a key may do; null takes a limit away."""

from aggregator.auth import wiring
from aggregator.auth.api import ApiKeyView, UpdateApiKeyRequest
from aggregator.auth.caller import KEYS_MANAGE
from aggregator.runtime import clock
from aggregator.runtime.http import api, caller_of, serve

app = api()


@app.patch("/auth/api-keys/<keyId>")
def update_api_key(keyId: str, body: UpdateApiKeyRequest) -> ApiKeyView:
    by, now = caller_of(app.current_event), clock.now()
    return ApiKeyView.of(wiring.update_key(keyId, body.to_fields(), by=by, now=now), now)


handler = serve(app, scope=KEYS_MANAGE, present=wiring.present_caller)
