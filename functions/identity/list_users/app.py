"""GET /identity/users: all users, or the one with an address; admin only."""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Query

from aggregator.auth.caller import ADMIN
from aggregator.identity import wiring
from aggregator.identity.api import DEFAULT_PAGE, MAX_PAGE, Email, UserPage
from aggregator.runtime.http import api, serve
from aggregator.runtime.schema import UserId

app = api()


@app.get("/identity/users")
def list_users(
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = DEFAULT_PAGE,
    cursor: Annotated[UserId | None, Query()] = None,
    email: Annotated[Email | None, Query()] = None,
) -> UserPage:
    return UserPage.of(*wiring.list_users(limit, cursor, email))


handler = serve(app, scope=ADMIN)
