"""DELETE /auth/api-keys/{keyId}: end a key for good, with `children` all made with it; it stays to be seen."""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Query

from aggregator.auth import wiring
from aggregator.auth.api import RevokedApiKey
from aggregator.auth.caller import KEYS_MANAGE
from aggregator.runtime import clock
from aggregator.runtime.http import api, caller_of, serve

app = api()


@app.delete("/auth/api-keys/<keyId>")
def revoke_api_key(keyId: str, children: Annotated[bool, Query()] = False) -> RevokedApiKey:
    by, now = caller_of(app.current_event), clock.now()
    return RevokedApiKey.of_revoked(wiring.revoke_key(keyId, by=by, now=now, children=children), now)


handler = serve(app, scope=KEYS_MANAGE, present=wiring.present_caller)
