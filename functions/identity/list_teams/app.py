"""GET /identity/teams: all teams; admin only."""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Query

from aggregator.auth.caller import ADMIN
from aggregator.identity import wiring
from aggregator.identity.api import DEFAULT_PAGE, MAX_PAGE
from aggregator.identity.team_api import TeamPage
from aggregator.runtime.http import api, serve
from aggregator.runtime.schema import UserId

app = api()


@app.get("/identity/teams")
def list_teams(
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = DEFAULT_PAGE,
    cursor: Annotated[UserId | None, Query()] = None,
) -> TeamPage:
    return TeamPage.of(*wiring.team_store().page(limit, cursor))


handler = serve(app, scope=ADMIN)
