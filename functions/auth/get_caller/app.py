"""GET /auth/me: whose the key is that was sent, and what it may do."""

from aggregator.auth.me import Me
from aggregator.runtime.http import ANY_KEY, api, caller_of, serve

app = api()


@app.get("/auth/me")
def get_caller() -> Me:
    return Me.of(caller_of(app.current_event))


handler = serve(app, scope=ANY_KEY)
