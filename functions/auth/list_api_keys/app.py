"""GET /auth/api-keys: the keys of a user (the caller unless `userId` is given), newest first, page by page."""

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
) -> ApiKeyPage:
    by = caller_of(app.current_event)
    keys, more = wiring.list_keys(user_id or by.user_id, limit=limit, after=cursor, by=by)
    return ApiKeyPage.of(keys, more, clock.now())


handler = serve(app, scope=KEYS_MANAGE, present=wiring.present_caller)
