"""GET /auth/api-keys: a user's keys (the caller's unless `userId` is given), or those made with one, newest first."""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Query

from aggregator.auth import wiring
from aggregator.auth.api import DEFAULT_PAGE, MAX_PAGE, ApiKeyPage, Cursor
from aggregator.auth.caller import KEYS_MANAGE
from aggregator.runtime import clock
from aggregator.runtime.http import api, caller_of, serve
from aggregator.runtime.schema import UserId

app = api()


@app.get("/auth/api-keys")
def list_api_keys(
    user_id: Annotated[UserId | None, Query(alias="userId")] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = DEFAULT_PAGE,
    cursor: Annotated[Cursor | None, Query()] = None,
    created_by: Annotated[Cursor | None, Query(alias="createdBy")] = None,
) -> ApiKeyPage:
    by = caller_of(app.current_event)
    keys, more = wiring.list_keys(user_id, limit=limit, after=cursor, by=by, created_by=created_by)
    return ApiKeyPage.of(keys, more, clock.now())


handler = serve(app, scope=KEYS_MANAGE, present=wiring.present_caller)
