"""PATCH /identity/teams/{teamId}: change a team, suspend or resume it; admin only."""

from aggregator.auth import wiring as keys
from aggregator.auth.caller import ADMIN
from aggregator.identity import wiring
from aggregator.identity.team_api import TeamView, UpdateTeamRequest
from aggregator.runtime import clock
from aggregator.runtime.http import api, caller_of, serve
from aggregator.runtime.schema import UserIdInPath

app = api()


@app.patch("/identity/teams/<teamId>")
def update_team(teamId: UserIdInPath, body: UpdateTeamRequest) -> TeamView:
    by, now = caller_of(app.current_event), clock.now()
    return TeamView.of(wiring.update_team(teamId, body.to_fields(), by=by, now=now))


handler = serve(app, scope=ADMIN, present=keys.present_caller)
