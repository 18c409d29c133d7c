"""DELETE /identity/teams/{teamId}/members/{userId}: take a user's place away; by an admin, or a manager of the team."""

from aggregator.auth import wiring as keys
from aggregator.auth.caller import KEYS_MANAGE
from aggregator.identity import wiring
from aggregator.identity.team_api import MemberView
from aggregator.runtime import clock
from aggregator.runtime.http import api, caller_of, serve
from aggregator.runtime.schema import UserIdInPath

app = api()


@app.delete("/identity/teams/<teamId>/members/<userId>")
def remove_member(teamId: UserIdInPath, userId: UserIdInPath) -> MemberView:
    by, now = caller_of(app.current_event), clock.now()
    return MemberView.of(wiring.remove_member(teamId, userId, by=by, now=now))


handler = serve(app, scope=KEYS_MANAGE, present=keys.present_caller)
