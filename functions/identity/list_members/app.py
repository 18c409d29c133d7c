"""GET /identity/teams/{teamId}/members: who is in a team; for its members with any key, or for an admin."""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Query

from aggregator.identity import wiring
from aggregator.identity.api import DEFAULT_PAGE, MAX_PAGE
from aggregator.identity.team_api import MemberPage
from aggregator.runtime import clock
from aggregator.runtime.http import ANY_KEY, api, caller_of, serve
from aggregator.runtime.schema import UserId, UserIdInPath

app = api()


@app.get("/identity/teams/<teamId>/members")
def list_members(
    teamId: UserIdInPath,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = DEFAULT_PAGE,
    cursor: Annotated[UserId | None, Query()] = None,
) -> MemberPage:
    by = caller_of(app.current_event)
    return MemberPage.of(*wiring.list_members(teamId, limit, cursor, by=by, now=clock.now()))


handler = serve(app, scope=ANY_KEY)
