"""GET /identity/teams/{teamId}: one team and what happened to it; for its members with any key, or for an admin."""

from aggregator.identity import wiring
from aggregator.identity.team_api import TeamDetails
from aggregator.runtime import clock
from aggregator.runtime.http import ANY_KEY, api, caller_of, serve
from aggregator.runtime.schema import UserIdInPath

app = api()


@app.get("/identity/teams/<teamId>")
def get_team(teamId: UserIdInPath) -> TeamDetails:
    now = clock.now()
    return TeamDetails.of_seen(
        wiring.get_team(teamId, by=caller_of(app.current_event), now=now), now.timestamp()
    )


handler = serve(app, scope=ANY_KEY)
