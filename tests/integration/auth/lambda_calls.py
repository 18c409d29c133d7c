"""Calls the auth functions as Lambda calls them, with the sample events."""

import json
import runpy
from collections.abc import Callable
from pathlib import Path
from typing import Any

from aggregator.auth.caller import Caller

ROOT = Path(__file__).parents[3]
ARN = "arn:aws:execute-api:eu-central-1:123456789012:abcdef1234/dev/GET/v1/models"

JsonObject = dict[str, Any]
Call = Callable[..., tuple[int, JsonObject]]


class LambdaContext:
    """What Powertools reads of a Lambda context."""

    function_name = "test"
    memory_limit_in_mb = 128
    invoked_function_arn = "arn:aws:lambda:eu-central-1:123456789012:function:test"
    aws_request_id = "11111111-2222-3333-4444-555555555555"


def handler_of(function: str) -> Callable[[JsonObject, Any], JsonObject]:
    found: Callable[[JsonObject, Any], JsonObject] = runpy.run_path(
        str(ROOT / f"functions/auth/{function}/app.py")
    )["handler"]
    return found


def sample_of(function: str) -> JsonObject:
    path = ROOT / f"events/apigateway/auth_{function}.json"
    event: JsonObject = json.loads(path.read_text(encoding="utf-8"))
    return event


def authorise(token: str, header: str = "Authorization") -> JsonObject:
    value = f"Bearer {token}" if header == "Authorization" else token
    return handler_of("authorizer")({"methodArn": ARN, "headers": {header: value}}, LambdaContext())


def effect(policy: JsonObject) -> str:
    found: str = policy["policyDocument"]["Statement"][0]["Effect"]
    return found


def caller_behind(token: str) -> Caller:
    """The caller that the authorizer hands on to a function."""
    policy = authorise(token)
    assert effect(policy) == "Allow"
    return Caller.from_event({"requestContext": {"authorizer": policy["context"]}})
