"""HTTP edge of the functions off the hot path: Powertools' resolver, with every refusal in the one envelope."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response, content_types
from aws_lambda_powertools.event_handler.exceptions import NotFoundError
from aws_lambda_powertools.event_handler.openapi.exceptions import (
    RequestUnsupportedContentType,
    RequestValidationError,
)
from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEvent
from pydantic import BaseModel

from aggregator.auth.caller import Caller
from aggregator.errors import (
    STATUS_OF,
    InternalError,
    InvalidRequest,
    JsonObject,
    NotFound,
    Refusal,
    StoreUnavailable,
    envelope,
    headers_of,
    status_of,
)
from aggregator.runtime import clock
from aggregator.runtime.aws import TIMED_OUT, TRANSIENT, UNREACHABLE, AwsError
from aggregator.runtime.observability import flush, logger
from aggregator.runtime.request import Event, header_of, request_id_of, route_of, source_ip_of

_FORMS = ("multipart/", "application/x-www-form-urlencoded")
_NOT_JSON = InvalidRequest("Content-Type: must be application/json", param="Content-Type")

LambdaHandler = Callable[[JsonObject, Any], JsonObject]


def api() -> APIGatewayRestResolver:
    """Build a resolver that validates by pydantic and answers refusals in the envelope."""
    app = APIGatewayRestResolver(enable_validation=True)

    @app.exception_handler(RequestUnsupportedContentType)
    def refuse_content_type(_: RequestUnsupportedContentType) -> Response[str]:
        refusal = InvalidRequest("Content-Type: must be application/json", param="Content-Type")
        return _answer(refusal, app.current_event)

    @app.exception_handler(RequestValidationError)
    def refuse_invalid(invalid: RequestValidationError) -> Response[str]:
        return _answer(refusal_of(invalid), app.current_event)

    @app.exception_handler(list(STATUS_OF))
    def refuse(refusal: Refusal) -> Response[str]:
        return _answer(refusal, app.current_event)

    @app.exception_handler(AwsError)
    def refuse_for_now(broken: AwsError) -> Response[str]:
        logger.error("AWS refused", code=broken.code, reason=broken.message)
        return _answer(_refusal_of_aws(broken), app.current_event)

    @app.not_found
    def refuse_unknown_path(_: NotFoundError) -> Response[str]:
        return _answer(NotFound("There is nothing at this path."), app.current_event)

    return app


def serve(app: APIGatewayRestResolver) -> LambdaHandler:
    """Lambda handler of `app`: one request id in the log, the answer and every error; nothing internal leaks."""

    def handler(event: JsonObject, context: Any) -> JsonObject:
        started = clock.monotonic_ms()
        request_id = request_id_of(event)
        logger.append_keys(request_id=request_id)
        try:
            answer: JsonObject = (
                _plain(_NOT_JSON, request_id) if _is_form(event) else app.resolve(event, context)
            )
        except Exception:
            logger.exception("Unexpected error")
            refusal = InternalError("Something went wrong on our side; the request id names it in our log.")
            answer = _plain(refusal, request_id)
        headers = answer.setdefault("multiValueHeaders", {})
        headers["x-request-id"] = [request_id]
        headers.setdefault("Cache-Control", ["no-store"])
        logger.info(
            "request",
            route=route_of(event),
            status=answer["statusCode"],
            duration_ms=round(clock.monotonic_ms() - started, 1),
        )
        flush()
        return answer

    return handler


def negotiated(
    event: APIGatewayProxyEvent, body: BaseModel, others: Mapping[str, Callable[[], str]]
) -> Response[Any]:
    """Answer `body` as JSON, or as the first other media type that the request's `Accept` names."""
    accept = header_of(event.raw_event, "Accept") or ""
    for media_type, text in others.items():
        if media_type in accept:
            return Response(status_code=200, content_type=f"{media_type}; charset=utf-8", body=text())
    return Response(status_code=200, content_type=content_types.APPLICATION_JSON, body=body)


def caller_of(event: APIGatewayProxyEvent) -> Caller:
    """Who sent the event: proven by the authorizer, still live, and from an address its key allows.

    Raises:
        InvalidApiKey: no key, or one that has expired since.
        AddressNotAllowed: the key is limited to other networks.
    """
    caller = Caller.from_event(event.raw_event)
    caller.require_live(clock.now())
    caller.require_address(source_ip_of(event.raw_event))
    return caller


def refusal_of(invalid: RequestValidationError) -> InvalidRequest:
    """The first thing wrong with a request, with the path of its field as the client wrote it."""
    first: JsonObject = next(iter(invalid.errors()), {})
    place = list(first.get("loc", ()))
    steps = place[1:] if place[:1] == ["body"] else place[-1:]  # parameters are flat, whatever takes them
    path = ".".join(str(step) for step in steps)
    message = str(first.get("msg", "The request is not valid."))
    if first.get("type") == "json_invalid":
        return InvalidRequest("The body is not valid JSON.")
    return InvalidRequest(f"{path}: {message}" if path else message, param=path or None)


def _refusal_of_aws(broken: AwsError) -> Refusal:
    if broken.code in TRANSIENT or broken.code in {TIMED_OUT, UNREACHABLE}:
        return StoreUnavailable("The platform is busy; try again in a moment.", retry_after_seconds=1)
    return InternalError("Something went wrong on our side; the request id names it in our log.")


def _answer(refusal: Refusal, event: APIGatewayProxyEvent) -> Response[str]:
    answer = _plain(refusal, request_id_of(event.raw_event))
    logger.info("refused", code=refusal.code, param=refusal.param)
    headers = {name: values[0] for name, values in answer["multiValueHeaders"].items()}
    return Response(
        status_code=answer["statusCode"],
        content_type=content_types.APPLICATION_JSON,
        headers=headers,
        body=answer["body"],
    )


def _is_form(event: Event) -> bool:
    """Whether the body is a form: Powertools reads forms as well, and breaks on one without a boundary."""
    return (header_of(event, "Content-Type") or "").strip().lower().startswith(_FORMS)


def _plain(refusal: Refusal, request_id: str) -> JsonObject:

    return {
        "statusCode": status_of(refusal),
        "multiValueHeaders": {name: [value] for name, value in headers_of(refusal, request_id).items()},
        "body": json.dumps(envelope(refusal, request_id)),
        "isBase64Encoded": False,
    }
