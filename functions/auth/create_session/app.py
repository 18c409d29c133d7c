"""POST /auth/sessions: sign in with an ID token, or with a code for one; no key needed, and one comes back."""

from aggregator.runtime import clock
from aggregator.runtime.http import api, serve
from aggregator.signin import wiring
from aggregator.signin.api import CreateSessionRequest, Session

app = api()


@app.post("/auth/sessions", status_code=201)
def create_session(body: CreateSessionRequest) -> Session:
    return Session.of(*wiring.sign_in(body, now=clock.now()))


handler = serve(app)
