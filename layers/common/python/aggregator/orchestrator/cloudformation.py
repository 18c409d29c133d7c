"""A function that is both a CloudFormation custom resource and invoked by hand.

CloudFormation waits for an answer at a signed URL, an hour long if none comes; so one is sent in every case.
Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-responses.html
"""

import json
import time
import urllib.request
from collections.abc import Callable
from typing import Any

from aggregator.errors import Refusal
from aggregator.runtime.aws import AwsError
from aggregator.runtime.observability import logger

JsonObject = dict[str, Any]

PHYSICAL_ID = "catalogue"
_TIMEOUT_SECONDS = 10
# In a first deployment the function runs seconds after its role was made, and a new role is not known everywhere yet.
_DENIED = ("AccessDeniedException", "AccessDenied")
_DENIED_PAUSES = 12
_DENIED_PAUSE_SECONDS = 5


def custom_resource(
    load: Callable[[JsonObject], JsonObject], *, sleep: Callable[[float], None] = time.sleep
) -> Callable[[JsonObject, Any], JsonObject]:
    """Lambda handler around `load`, which gets the resource's properties, or the event of a direct invoke.

    The property `Overrides` is JSON text, because CloudFormation makes strings of all numbers and booleans.
    Nothing is done on Delete: the table goes with the stack, or is retained with what it holds. What AWS denies is
    tried again for a minute.
    """

    def handler(event: JsonObject, _context: Any) -> JsonObject:
        if "RequestType" not in event:
            return load(event)
        try:
            outcome = (
                {} if event["RequestType"] == "Delete" else _once_allowed(load, _request_of(event), sleep)
            )
        except Exception as failure:
            logger.exception("the custom resource failed")
            return _answer(event, "FAILED", {}, _reason_of(failure))
        return _answer(event, "SUCCESS", outcome, "")

    return handler


def _once_allowed(
    load: Callable[[JsonObject], JsonObject], request: JsonObject, sleep: Callable[[float], None]
) -> JsonObject:
    for _ in range(_DENIED_PAUSES):
        try:
            return load(request)
        except AwsError as failure:
            if failure.code not in _DENIED:
                raise
        logger.info("the role is not known everywhere yet")
        sleep(_DENIED_PAUSE_SECONDS)
    return load(request)


def _reason_of(failure: Exception) -> str:
    """Why it failed, without what might be a secret."""
    if isinstance(failure, Refusal):
        return failure.message
    return failure.code if isinstance(failure, AwsError) else type(failure).__name__


def _request_of(event: JsonObject) -> JsonObject:
    properties = event.get("ResourceProperties", {})
    request: JsonObject = {"by": "deployment"}
    if properties.get("Overrides"):
        request["overrides"] = json.loads(properties["Overrides"])
    return request


def _answer(event: JsonObject, status: str, data: JsonObject, reason: str) -> JsonObject:
    answer = {
        "Status": status,
        "Reason": (reason or "Done")[:1000],
        "PhysicalResourceId": event.get("PhysicalResourceId") or PHYSICAL_ID,
        "StackId": event.get("StackId"),
        "RequestId": event.get("RequestId"),
        "LogicalResourceId": event.get("LogicalResourceId"),
        "NoEcho": False,
        "Data": data,
    }
    request = urllib.request.Request(  # noqa: S310 (CloudFormation names the URL)
        event["ResponseURL"],
        data=json.dumps(answer).encode(),
        method="PUT",
        headers={"Content-Type": ""},  # the URL is signed for an empty content type
    )
    with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS):  # noqa: S310 (as above)
        pass
    return answer
