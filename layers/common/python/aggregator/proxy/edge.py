"""HTTP edge of the hot path: event in, streaming answer out, every refusal in the one envelope, one log line.

Standard library only, like all that it imports.
"""

import json
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from aggregator.auth.caller import CAPS, LOWER, Caller
from aggregator.errors import (
    InternalError,
    InvalidRequest,
    JsonObject,
    Refusal,
    StoreUnavailable,
    headers_of,
)
from aggregator.orchestrator.model import STRATEGIES
from aggregator.proxy.admission import Admit
from aggregator.proxy.afterwards import SETTLE_SECONDS
from aggregator.proxy.answers.wishes import Wishes, hash_of
from aggregator.proxy.dialects.surface import Surface
from aggregator.proxy.model import Ask
from aggregator.proxy.walk import Collaborators, Visit, walk
from aggregator.runtime import clock, log
from aggregator.runtime.aws import AwsError
from aggregator.runtime.request import Event, header_of, request_id_of, route_of, source_ip_of
from aggregator.runtime.streaming import StreamingResponse

if TYPE_CHECKING:
    from aggregator.proxy.answers.kept_responses import KeptResponses, Memory

STRATEGY = "x-aggregator-strategy"
CAP = "x-aggregator-cap"


def serve(
    surface: Surface, collaborators: Callable[[], Collaborators]
) -> Callable[[Any, Any], StreamingResponse]:
    """Lambda handler of a surface's routes; `collaborators` is asked at each request, and cached."""

    def answer(event: Event, context: Any, request_id: str) -> StreamingResponse:
        do = collaborators()
        caller = Caller.from_event(event)
        visit = Visit(
            request_id=request_id,
            source_ip=source_ip_of(event),
            now=clock.now(),
            started_ms=do.monotonic() * 1000,
            deadline=do.monotonic() + context.get_remaining_time_in_millis() / 1000 - SETTLE_SECONDS,
            ok_status=_ok_status(surface, event),
            strategy=_choice(event, STRATEGY, STRATEGIES),
            may_cap=may_cap(event, caller),
        )
        ask = asked(surface, event, caller, admit=do.admit, kept=do.kept, now=visit.now)
        wishes = Wishes.of(event, caller.cache_seconds)
        body_hash = _taken_out(event, hashed=wishes.key is not None)

        if not wishes.any:
            return _kept(surface, ask, visit, do, walk(caller, ask, visit, do))
        from aggregator.proxy.again import answered  # noqa: PLC0415 (most requests are carried out as they come)

        return answered(
            caller,
            ask,
            visit,
            do,
            wishes=wishes,
            body_hash=body_hash,
            is_whole=surface.is_whole,
            walked=partial(walk, caller, ask, visit, do),
            kept=partial(_kept, surface, ask, visit, do),
        )

    return guarded(surface, answer)


def asked(
    surface: Surface,
    event: Event,
    caller: Caller,
    *,
    admit: Admit,
    kept: "Callable[[], KeptResponses] | None",
    now: datetime,
) -> Ask:
    """The request as its surface reads it, with what it goes on from."""
    if not surface.keeps:
        return surface.read(event, user_id=caller.user_id)
    memory = None if kept is None else _memory(caller, source_ip_of(event), admit, kept, now)
    return surface.read(event, user_id=caller.user_id, memory=memory)


def _memory(
    caller: Caller, source_ip: str, admit: Admit, kept: "Callable[[], KeptResponses]", now: datetime
) -> "Callable[[str], Memory]":
    """By the model that a request asks for: what it may go on from."""

    def memory(model: str) -> "Memory":
        from aggregator.proxy.answers.remembering import Remembering  # noqa: PLC0415 (responses alone are kept)

        allows = admit(caller, model, source_ip=source_ip, now=now)
        return Remembering(kept(), caller.user_id, allows, now)

    return memory


def _kept(
    surface: Surface, ask: Ask, visit: Visit, do: Collaborators, answer: StreamingResponse
) -> StreamingResponse:
    """The answer, kept for its user unless the request says otherwise."""
    if not surface.keeps or do.kept is None or ask.asked.get("store") is False:
        return answer
    from aggregator.proxy.answers.remembering import kept  # noqa: PLC0415 (responses alone are kept)

    return kept(answer, ask, do.kept(), request_id=visit.request_id, now=visit.now, deadline=visit.deadline)


def _taken_out(event: Any, *, hashed: bool) -> str:
    """What tells the request from others, where it has an Idempotency-Key; its body, which was read, is let go.

    One character beyond Latin makes it four times as long in memory as it was on the wire, and a call may last minutes.
    """
    body = event.get("body") or ""
    event["body"] = None
    return hash_of(route_of(event), body) if hashed else ""


def may_cap(event: Event, caller: Caller) -> bool:
    """Whether the output may be capped where the balance is short: by the request, or else by its key.

    Raises:
        InvalidRequest: the request says what is not offered.
    """
    return (_choice(event, CAP, CAPS) or caller.cap) == LOWER


def _choice(event: Event, header: str, offered: tuple[str, ...]) -> str | None:
    """What the request chose in a header, if it has it.

    Raises:
        InvalidRequest: that is not offered.
    """
    said = header_of(event, header)
    if said is not None and said not in offered:
        raise InvalidRequest(f"{header}: must be one of {', '.join(offered)}", param=header)
    return said


def guarded(
    surface: Surface, answered: Callable[[Event, Any, str], StreamingResponse]
) -> Callable[[Any, Any], StreamingResponse]:
    """Lambda handler that gets its answer from event, context and request id; what is raised becomes a refusal."""

    def handler(event: Event, context: Any) -> StreamingResponse:
        request_id = request_id_of(event)
        started_ms = clock.monotonic_ms()
        try:
            answer = _named(surface, answered(event, context, request_id), request_id)
        except Exception as failed:
            answer = _refused(surface, failed, request_id)
        log.info(
            "request",
            request_id=request_id,
            route=route_of(event),
            status=answer.status,
            duration_ms=round(clock.monotonic_ms() - started_ms, 1),
        )
        return answer

    return handler


def plain_answer(body: JsonObject, request_id: str) -> StreamingResponse:
    """An answer that no model gave: it is JSON, and there at once."""
    headers = {
        "Content-Type": "application/json",
        "Cache-Control": "no-cache",
        "x-request-id": request_id,
    }
    return StreamingResponse(200, headers, [json.dumps(body).encode()])


def _named(surface: Surface, answer: StreamingResponse, request_id: str) -> StreamingResponse:
    """The answer under every name that the surface's clients have for a request's id, on whatever lane it came."""
    if not surface.names_request:
        return answer
    missing = [name for name in surface.names_request if name not in answer.headers]
    if not missing:
        return answer
    return answer._replace(headers={**answer.headers, **dict.fromkeys(missing, request_id)})


def _ok_status(surface: Surface, event: Event) -> int:
    under = surface.created_under
    return 201 if under is not None and str(event.get("resource", "")).startswith(under) else 200


def _refused(surface: Surface, failed: Exception, request_id: str) -> StreamingResponse:
    match failed:
        case Refusal():
            refusal: Refusal = failed
            log.info("refused", request_id=request_id, code=refusal.code, param=refusal.param)
        case AwsError():
            refusal = StoreUnavailable("The platform is busy; try again in a moment.", retry_after_seconds=1)
            log.error("aws_refused", request_id=request_id, code=failed.code)
        case _:
            refusal = InternalError("Something went wrong on our side; the request id names it in our log.")
            log.error("unexpected", request_id=request_id, trace=log.trace_of(failed))
    body = json.dumps(surface.refuse(refusal, request_id)).encode()
    return StreamingResponse(surface.status(refusal), headers_of(refusal, request_id), [body])
