"""GET /health: whether everything that requests need answers; no key needed."""

from aws_lambda_powertools.event_handler import Response

from aggregator.health.api import Health
from aggregator.health.wiring import health
from aggregator.runtime.http import api, serve

app = api()


@app.get("/health")
def get_health() -> Response[Health]:
    found = health()
    return Response(status_code=found.http_status, content_type="application/json", body=found)


handler = serve(app)
