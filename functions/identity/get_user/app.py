"""GET /identity/users/{userId}: one user and what happened to it; for itself with any key, or for an admin."""

from aggregator.identity import wiring
from aggregator.identity.api import UserDetails
from aggregator.runtime.http import ANY_KEY, api, caller_of, serve
from aggregator.runtime.schema import UserIdInPath

app = api()


@app.get("/identity/users/<userId>")
def get_user(userId: UserIdInPath) -> UserDetails:
    return UserDetails.of_history(*wiring.get_user(userId, by=caller_of(app.current_event)))


handler = serve(app, scope=ANY_KEY)
