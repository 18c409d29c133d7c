"""GET /, /console/, /docs and /openapi.json: the pages for people; no key needed, for they hold nothing of anybody."""

from aggregator.console.answer import answer
from aggregator.openapi.wiring import stage_in_path
from aggregator.runtime import clock, log
from aggregator.runtime.aws import JsonObject
from aggregator.runtime.request import request_id_of, route_of
from aggregator.runtime.streaming import StreamingResponse, portable


def get_page(event: JsonObject, _: object) -> StreamingResponse:
    started = clock.monotonic_ms()
    said = answer(event, stage_in_path=stage_in_path())
    log.info(
        "request",
        request_id=request_id_of(event),
        route=route_of(event),
        status=said.status,
        duration_ms=round(clock.monotonic_ms() - started, 1),
    )
    return said


handler = portable(get_page)
