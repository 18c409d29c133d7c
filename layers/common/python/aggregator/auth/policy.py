"""The REQUEST authorizer's answer to API Gateway. Standard library only.

Allow covers the whole stage, because API Gateway caches one answer for all methods. Deny becomes a 401: its
context holds the message for the client (`$context.authorizer.message` in the ACCESS_DENIED response). A fault is
raised and becomes a 503 (AUTHORIZER_FAILURE), so that nobody is told that a good key is wrong.
Source: Amazon API Gateway developer guide, "Output from an API Gateway Lambda authorizer".
"""

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from aggregator.auth.caller import Caller
from aggregator.auth.token import token_of
from aggregator.errors import InvalidApiKey, JsonObject, StoreUnavailable
from aggregator.runtime.aws import AwsError
from aggregator.runtime.clock import iso
from aggregator.runtime.request import request_id_of

_ARN_PARTS = 6


def decide(
    event: Mapping[str, Any],
    now: datetime,
    *,
    prove: Callable[[str, datetime], Caller],
    log: Callable[[str], None],
) -> JsonObject:
    """Answer Allow for a proven caller and Deny for everybody else; one log line, without the key.

    Raises:
        StoreUnavailable: it cannot be known now; nothing was decided.
    """
    event = event if isinstance(event, Mapping) else {}
    line: JsonObject = {"timestamp": iso(now), "step": "authorise", "request_id": _request_id(event)}
    try:
        caller = prove(token_of(event), now)
        stage = _stage_of(event)
    except InvalidApiKey as refused:
        log(_json(line | {"level": "INFO", "decision": "deny", "reason": refused.message}))
        return _policy("anonymous", "Deny", "*", {"message": refused.message})
    except (AwsError, StoreUnavailable) as broken:
        log(_json(line | {"level": "ERROR", "decision": "fault", "reason": broken.code}))
        raise StoreUnavailable("The key cannot be checked now.", retry_after_seconds=1) from broken
    who = {"key_id": caller.key_id, "user_id": caller.user_id}
    log(_json(line | {"level": "INFO", "decision": "allow", **who}))
    return _policy(caller.user_id, "Allow", stage, caller.to_context())


def _stage_of(event: Mapping[str, Any]) -> str:
    """`arn:aws:execute-api:<region>:<account>:<api>/<stage>/*`: all methods and paths of the stage that was called."""
    method_arn = event.get("methodArn")
    if not isinstance(method_arn, str) or method_arn.count(":") < _ARN_PARTS - 1 or "/" not in method_arn:
        raise InvalidApiKey("The request names no API.")
    api, stage = method_arn.split("/")[:2]
    return f"{api}/{stage}/*"


def _request_id(event: Mapping[str, Any]) -> str:
    context = event.get("requestContext")
    if not isinstance(context, Mapping) or not isinstance(context.get("requestTimeEpoch", 0), int):
        return request_id_of({})
    return request_id_of({"requestContext": context})


def _policy(principal: str, effect: str, resource: str, context: Mapping[str, str]) -> JsonObject:
    statement = {"Action": "execute-api:Invoke", "Effect": effect, "Resource": resource}
    return {
        "principalId": principal,
        "policyDocument": {"Version": "2012-10-17", "Statement": [statement]},
        "context": dict(context),
    }


def _json(line: JsonObject) -> str:
    return json.dumps(line, separators=(",", ":"))
