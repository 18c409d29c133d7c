"""GET /openapi.json: this document; no key needed."""

from aws_lambda_powertools.event_handler import Response

from aggregator.openapi.answer import document_answer
from aggregator.runtime.http import api, serve

app = api()


@app.get("/openapi.json")
def get_openapi() -> Response[str]:
    return document_answer(app.current_event.raw_event)


handler = serve(app)
