"""DELETE /auth/sessions: sign out, which is revoking; with `userId` all sessions of a user."""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Query

from aggregator.auth import wiring
from aggregator.auth.sessions_api import EndedSessions
from aggregator.runtime import clock
from aggregator.runtime.http import ANY_KEY, api, caller_of, serve
from aggregator.runtime.schema import UserId

app = api()


@app.delete("/auth/sessions")
def end_session(userId: Annotated[UserId | None, Query()] = None) -> EndedSessions:
    by, now = caller_of(app.current_event), clock.now()
    if userId is None:
        return EndedSessions(ended=wiring.end_session(by=by, now=now))
    return EndedSessions(ended=wiring.end_sessions(userId, by=by, now=now))


handler = serve(app, scope=ANY_KEY, present=wiring.present_caller)
