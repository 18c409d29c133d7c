"""POST /identity/users: write a user down; admin only."""

from aggregator.auth import wiring as keys
from aggregator.auth.caller import ADMIN
from aggregator.identity import wiring
from aggregator.identity.api import CreateUserRequest, UserView
from aggregator.runtime import clock
from aggregator.runtime.http import api, caller_of, serve

app = api()


@app.post("/identity/users", status_code=201)
def create_user(body: CreateUserRequest) -> UserView:
    by, now = caller_of(app.current_event), clock.now()
    return UserView.of(wiring.create_user(body.user_id, body.to_profile(), by=by, now=now))


handler = serve(app, scope=ADMIN, present=keys.present_caller)
