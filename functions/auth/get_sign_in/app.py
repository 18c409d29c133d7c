"""GET /auth/sign-in: how people sign in here, for pages that let them; no key needed."""

from aggregator.runtime.http import api, serve
from aggregator.signin import described
from aggregator.signin.described import SignInView

app = api()


@app.get("/auth/sign-in")
def get_sign_in() -> SignInView:
    return described.described()


handler = serve(app)
