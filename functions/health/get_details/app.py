"""GET /health/details: what waits in each queue, what died, and which alarms ring; admin only."""

from aggregator.auth.caller import ADMIN
from aggregator.health.details import Details
from aggregator.health.details_wiring import details
from aggregator.runtime.http import api, serve

app = api()


@app.get("/health/details")
def get_details() -> Details:
    return details()


handler = serve(app, scope=ADMIN)
