"""HTTP edge of the functions off the hot path: Powertools' resolver, with every refusal in the one envelope."""

import json
import os
from base64 import b64decode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

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
from aggregator.runtime import clock, cors, strict_json
from aggregator.runtime.accept import preferred
from aggregator.runtime.aws import TIMED_OUT, TRANSIENT, UNREACHABLE, AwsError
from aggregator.runtime.observability import flush, logger
from aggregator.runtime.query import query_parameters_of, require_known
from aggregator.runtime.request import Event, header_of, request_id_of, route_of, source_ip_of

_FORMS = ("multipart/", "application/x-www-form-urlencoded")

ANY_KEY = ""
"""The scope of a call that every key may make."""

Present = Callable[[Caller], Caller]
"""Reads once more what a caller may do: see `auth.present.present`."""

LambdaHandler = Callable[[JsonObject, Any], JsonObject]


def api() -> APIGatewayRestResolver:
    """Build a resolver that validates by pydantic and answers refusals in the envelope."""
    app = APIGatewayRestResolver(enable_validation=True, json_body_deserializer=strict_json.read)

    @app.exception_handler(RequestUnsupportedContentType)
    def refuse_content_type(_: RequestUnsupportedContentType) -> Response[str]:
        return _answer(_no_json(), app.current_event)

    @app.exception_handler(RequestValidationError)
    def refuse_invalid(invalid: RequestValidationError) -> Response[str]:
        return _answer(refusal_of(invalid), app.current_event)

    @app.exception_handler(list(STATUS_OF))
    def refuse(refusal: Refusal) -> Response[str]:
        return _answer(refusal, app.current_event)

    @app.exception_handler(AwsError)
    def refuse_for_now(broken: AwsError) -> Response[str]:
        return _answer(_refusal_of_aws(broken), app.current_event)

    @app.not_found
    def refuse_unknown_path(_: NotFoundError) -> Response[str]:
        return _answer(NotFound("There is nothing at this path."), app.current_event)

    return app


def serve(
    app: APIGatewayRestResolver,
    *,
    scope: str | None = None,
    present: Present | None = None,
    other_queries: bool = False,
) -> LambdaHandler:
    """Lambda handler of `app`: one request id in the log, the answer and every error; nothing internal leaks.

    With a `scope`, nothing of the request is looked at, and nothing told about it, before its caller is known to have
    that. With `present`, what the caller may do is read once more, for a call whose effect outlives what API Gateway
    keeps of the authorizer's answer: a key that was revoked or limited meanwhile changes nothing. Query parameters
    that `app` does not have are refused by name, but for `other_queries`: of APIs that are not ours.
    """
    parameters = query_parameters_of(app)

    def admitted(event: JsonObject) -> JsonObject:
        if scope is None:
            return event
        caller = _at_the_door(event)
        if present is not None:
            event = _from(present(caller), event)
            caller = _at_the_door(event)
        _require(caller, scope)
        if not other_queries:
            require_known(event, parameters)
        return event

    def answered(event: JsonObject, context: Any, request_id: str) -> JsonObject:
        try:
            event = admitted(event)
            _require_json(event)
            answer: JsonObject = app.resolve(event, context)
        except Refusal as refusal:
            logger.info("refused", code=refusal.code, param=refusal.param)
            return _plain(refusal, request_id)
        except AwsError as broken:
            return _plain(_refusal_of_aws(broken), request_id)
        except Exception:
            logger.exception("Unexpected error")
            return _plain(_defect(), request_id)
        return answer

    def handler(event: JsonObject, context: Any) -> JsonObject:
        started = clock.monotonic_ms()
        request_id = request_id_of(event)
        logger.append_keys(request_id=request_id)
        answer = answered(event, context, request_id)
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

    origins = os.environ.get(cors.VARIABLE)
    return cast("LambdaHandler", cors.allowing(handler, origins)) if origins else handler


@dataclass(frozen=True, slots=True)
class Text:
    """A body that is text of some media type, and what is told beside it."""

    body: str
    headers: Mapping[str, str] = field(default_factory=dict)


def negotiated(
    event: APIGatewayProxyEvent,
    as_json: Callable[[], BaseModel],
    others: Mapping[str, Callable[[], Text]],
) -> Response[Any]:
    """Answer as JSON, or as the other media type that the request's `Accept` wants more."""
    offered = (content_types.APPLICATION_JSON, *others)
    wanted = preferred(header_of(event.raw_event, "Accept"), offered)
    if wanted not in others:
        body = as_json()
        return Response(200, content_types.APPLICATION_JSON, body, headers={"Vary": "Accept"})
    text = others[wanted]()
    return Response(200, f"{wanted}; charset=utf-8", text.body, headers={"Vary": "Accept", **text.headers})


def caller_of(event: APIGatewayProxyEvent) -> Caller:
    """Who sent the event: proven by the authorizer, still live, and from an address its key allows.

    Raises:
        InvalidApiKey: no key, or one that has expired since.
        AddressNotAllowed: the key is limited to other networks.
    """
    return _at_the_door(event.raw_event)


def refusal_of(invalid: RequestValidationError) -> InvalidRequest:
    """The first thing wrong with a request, with the path of its field as the client wrote it."""
    first: JsonObject = next(iter(invalid.errors()), {})
    place = [part for part in first.get("loc", ()) if part != "[key]"]
    steps = place[1:] if place[:1] == ["body"] else place[-1:]  # parameters are flat, whatever takes them
    path = ".".join(str(step) for step in steps)
    message = str(first.get("msg", "The request is not valid.")).removeprefix("Value error, ")
    if first.get("type") == "json_invalid":
        return InvalidRequest("The body is not valid JSON.")
    return InvalidRequest(f"{path}: {message}" if path else message, param=path or None)


def _refusal_of_aws(broken: AwsError) -> Refusal:
    logger.error("AWS refused", code=broken.code, reason=broken.message)
    if broken.code in TRANSIENT or broken.code in {TIMED_OUT, UNREACHABLE}:
        return StoreUnavailable("The platform is busy; try again in a moment.", retry_after_seconds=1)
    return _defect()


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


def _require(caller: Caller, scope: str) -> None:
    if scope != ANY_KEY:
        caller.require_scope(scope)


def _at_the_door(event: Event) -> Caller:
    caller = Caller.from_event(event)
    caller.require_live(clock.now())
    caller.require_address(source_ip_of(event))
    return caller


def _from(caller: Caller, event: JsonObject) -> JsonObject:
    """The event as it would be, had the authorizer answered now."""
    context = event["requestContext"]
    authorizer = {**context["authorizer"], **caller.to_context()}
    return {**event, "requestContext": {**context, "authorizer": authorizer}}


def _require_json(event: Event) -> None:
    """Refuse forms, which Powertools reads as well and breaks on without a boundary, and bodies that are no text.

    Raises:
        InvalidRequest: it is one of them.
    """
    if (header_of(event, "Content-Type") or "").strip().lower().startswith(_FORMS):
        raise _no_json()
    if event.get("isBase64Encoded"):
        try:
            b64decode(event.get("body") or "").decode()
        except ValueError:
            raise InvalidRequest("The body is not valid JSON.") from None


def _defect() -> InternalError:
    return InternalError("Something went wrong on our side; the request id names it in our log.")


def _no_json() -> InvalidRequest:
    return InvalidRequest("Content-Type: must be application/json", param="Content-Type")


def _plain(refusal: Refusal, request_id: str) -> JsonObject:
    return {
        "statusCode": status_of(refusal),
        "multiValueHeaders": {name: [value] for name, value in headers_of(refusal, request_id).items()},
        "body": json.dumps(envelope(refusal, request_id)),
        "isBase64Encoded": False,
    }
