"""PUT /identity/teams/{teamId}/members/{userId}: give a user a place in a team; by an admin, or a manager of it."""

from aggregator.auth import wiring as keys
from aggregator.auth.caller import KEYS_MANAGE
from aggregator.identity import wiring
from aggregator.identity.team_api import MemberView, SetMemberRequest
from aggregator.runtime import clock
from aggregator.runtime.http import api, caller_of, serve
from aggregator.runtime.schema import UserIdInPath

app = api()


@app.put("/identity/teams/<teamId>/members/<userId>")
def set_member(teamId: UserIdInPath, userId: UserIdInPath, body: SetMemberRequest) -> MemberView:
    by, now = caller_of(app.current_event), clock.now()
    member = wiring.set_member(teamId, userId, body.role, body.monthly_budget_nano_usd, by=by, now=now)
    return MemberView.of(member)


handler = serve(app, scope=KEYS_MANAGE, present=keys.present_caller)
