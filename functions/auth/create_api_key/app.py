"""POST /auth/api-keys: make a key, shown this once; by an admin, or by a key of the user with `keys:manage`."""

from aggregator.auth import wiring
from aggregator.auth.api import CreateApiKeyRequest, CreatedApiKey
from aggregator.auth.caller import KEYS_MANAGE
from aggregator.runtime import clock
from aggregator.runtime.http import api, caller_of, serve

app = api()


@app.post("/auth/api-keys", status_code=201)
def create_api_key(body: CreateApiKeyRequest) -> CreatedApiKey:
    by, now = caller_of(app.current_event), clock.now()
    issued = wiring.make_key(body.user_id, body.to_grant(by), by=by, now=now, team_id=body.team_id)
    return CreatedApiKey.of_issued(issued, now)


handler = serve(app, scope=KEYS_MANAGE, present=wiring.present_caller)
