"""POST /auth/api-keys/{keyId}/rotate: a new secret, shown this once; the old one works on for `overlapSeconds`."""

from aggregator.auth import wiring
from aggregator.auth.api import CreatedApiKey, RotateApiKeyRequest
from aggregator.auth.caller import KEYS_MANAGE
from aggregator.runtime import clock
from aggregator.runtime.http import api, caller_of, serve

app = api()


@app.post("/auth/api-keys/<keyId>/rotate")
def rotate_api_key(keyId: str, body: RotateApiKeyRequest) -> CreatedApiKey:
    by, now = caller_of(app.current_event), clock.now()
    return CreatedApiKey.of_issued(wiring.rotate_key(keyId, body.to_overlap(), by=by, now=now), now)


handler = serve(app, scope=KEYS_MANAGE, present=wiring.present_caller)
