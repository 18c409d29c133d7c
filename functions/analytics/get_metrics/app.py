"""GET /analytics/metrics: requests, errors, tokens, cost and times, by hour or day."""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Query

from aggregator.analytics import wiring
from aggregator.analytics.api import MetricsAnswer, MetricsQuery
from aggregator.analytics.get_metrics import get_metrics
from aggregator.auth.caller import ANALYTICS_READ
from aggregator.runtime import clock
from aggregator.runtime.http import api, caller_of, serve

app = api()


@app.get("/analytics/metrics")
def metrics(query: Annotated[MetricsQuery, Query()]) -> MetricsAnswer:
    now = clock.now()
    ask = query.to_ask(by=caller_of(app.current_event), at=now)
    return MetricsAnswer.of(get_metrics(ask, wiring.reader(), now))


handler = serve(app, scope=ANALYTICS_READ)
