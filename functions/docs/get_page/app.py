"""GET /docs: this document as a page; no key needed."""

from aws_lambda_powertools.event_handler import Response

from aggregator.openapi.answer import page_answer
from aggregator.runtime.http import api, serve

app = api()


@app.get("/docs")
def get_page() -> Response[str]:
    return page_answer(app.current_event.raw_event)


handler = serve(app)
