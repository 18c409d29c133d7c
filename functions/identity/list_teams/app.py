"""GET /identity/teams: the teams that a user is in (the caller, unless an admin says whose), or all; with any key."""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Query

from aggregator.identity import wiring
from aggregator.identity.api import DEFAULT_PAGE, MAX_PAGE
from aggregator.identity.team_api import TeamPage
from aggregator.runtime.http import ANY_KEY, api, caller_of, serve
from aggregator.runtime.schema import UserId

app = api()


@app.get("/identity/teams")
def list_teams(
    user_id: Annotated[UserId | None, Query(alias="userId")] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = DEFAULT_PAGE,
    cursor: Annotated[UserId | None, Query()] = None,
) -> TeamPage:
    by = caller_of(app.current_event)
    return TeamPage.of(*wiring.list_teams(user_id, limit, cursor, by=by))


handler = serve(app, scope=ANY_KEY)
