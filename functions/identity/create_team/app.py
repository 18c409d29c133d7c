"""POST /identity/teams: write a team down, with a wallet of its own; admin only."""

from aggregator.auth import wiring as keys
from aggregator.auth.caller import ADMIN
from aggregator.identity import wiring
from aggregator.identity.team_api import CreateTeamRequest, TeamView
from aggregator.runtime import clock
from aggregator.runtime.http import api, caller_of, serve

app = api()


@app.post("/identity/teams", status_code=201)
def create_team(body: CreateTeamRequest) -> TeamView:
    by, now = caller_of(app.current_event), clock.now()
    team = wiring.create_team(body.team_id, body.name, body.monthly_budget_nano_usd, by=by, now=now)
    return TeamView.of(team)


handler = serve(app, scope=ADMIN, present=keys.present_caller)
