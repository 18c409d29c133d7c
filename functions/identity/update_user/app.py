"""PATCH /identity/users/{userId}: change a user, suspend or resume it; admin only."""

from aggregator.auth import wiring as keys
from aggregator.auth.caller import ADMIN
from aggregator.identity import wiring
from aggregator.identity.api import UpdateUserRequest, UserView
from aggregator.runtime import clock
from aggregator.runtime.http import api, caller_of, serve
from aggregator.runtime.schema import UserIdInPath

app = api()


@app.patch("/identity/users/<userId>")
def update_user(userId: UserIdInPath, body: UpdateUserRequest) -> UserView:
    by, now = caller_of(app.current_event), clock.now()
    return UserView.of(wiring.update_user(userId, body.to_fields(), by=by, now=now))


handler = serve(app, scope=ADMIN, present=keys.present_caller)
