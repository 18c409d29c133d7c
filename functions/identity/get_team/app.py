"""GET /identity/teams/{teamId}: one team and what happened to it; for its members with any key, or for an admin."""

from aggregator.identity import wiring
from aggregator.identity.team_api import TeamDetails
from aggregator.runtime.http import ANY_KEY, api, caller_of, serve
from aggregator.runtime.schema import UserIdInPath

app = api()


@app.get("/identity/teams/<teamId>")
def get_team(teamId: UserIdInPath) -> TeamDetails:
    return TeamDetails.of_history(*wiring.get_team(teamId, by=caller_of(app.current_event)))


handler = serve(app, scope=ANY_KEY)
