"""AWS's JSON protocols on the wire: where each service listens, and its bodies and refusals.

Source: https://smithy.io/2.0/aws/protocols/aws-json-1_0-protocol.html (and 1_1); what botocore does where it is silent.
"""

import base64
import binascii
import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from aggregator.runtime.aws import AwsError, JsonObject
from aggregator.runtime.http_wire import Answer, NoAnswerError
from aggregator.runtime.passable_json import read_bytes, writer

_LONGEST_MESSAGE = 500


class Service(NamedTuple):
    """How one service speaks. `name` is also what requests are signed for, `variable` ends its `AWS_ENDPOINT_URL_`."""

    name: str
    variable: str
    target: str
    json_version: str
    extra_headers: tuple[tuple[str, str], ...] = ()

    def endpoint(self, region: str, environ: Mapping[str, str]) -> str:
        """URL of this service in `region`, unless the environment names another."""
        configured = environ.get(f"AWS_ENDPOINT_URL_{self.variable}") or environ.get("AWS_ENDPOINT_URL")
        domain = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
        return configured or f"https://{self.name}.{region}.{domain}"

    @lru_cache(maxsize=64)  # noqa: B019  # the services are few, and live as long as the process
    def headers(self, action: str, host: str) -> Mapping[str, str]:
        """Headers of a call to `action`, before it is signed; the same ones each time."""
        return {
            "content-type": f"application/x-amz-json-{self.json_version}",
            "host": host,
            "x-amz-target": f"{self.target}.{action}",
            **dict(self.extra_headers),
        }


SERVICES = {
    service.name: service
    for service in (
        Service("dynamodb", "DYNAMODB", "DynamoDB_20120810", "1.0"),
        Service("events", "EVENTBRIDGE", "AWSEvents", "1.1"),
        # In query mode SQS names errors as it always has, which is what boto3 shows.
        Service("sqs", "SQS", "AmazonSQS", "1.0", (("x-amzn-query-mode", "true"),)),
        Service("secretsmanager", "SECRETS_MANAGER", "secretsmanager", "1.1"),
    )
}


def encode(request: JsonObject) -> bytes:
    """`request` as a body; bytes become base64, as in DynamoDB's B and BS attributes.

    Raises:
        TypeError: a value has no JSON form.
    """
    return _write(request).encode("ascii")


def decode(answer: Answer) -> JsonObject:
    """Read what the service did; base64 in B and BS attributes is bytes again.

    Raises:
        NoAnswerError: the body is not what the service sent.
        AwsError: the service refused.
    """
    checksum = answer.headers.get("x-amz-crc32")
    if checksum is not None and checksum != str(binascii.crc32(answer.body)):
        raise NoAnswerError("the answer does not match its checksum")
    if answer.status >= 300:
        raise _refusal(answer)
    said = _object(answer.body) if answer.body else {}
    if said is None:
        raise NoAnswerError("the answer is not JSON")
    return said


def _refusal(answer: Answer) -> AwsError:
    said = _object(answer.body)
    if said is None:  # a load balancer's page, or nothing: the status is all there is to know
        text = answer.body[:_LONGEST_MESSAGE].decode("utf-8", "replace")
        said = {"message": "" if text.lstrip().startswith("<") else text}
    return AwsError(
        _code(answer, said),
        said.get("message") or said.get("Message") or "",
        status=answer.status,
        item=said.get("Item"),
        reasons=said.get("CancellationReasons"),
    )


def _code(answer: Answer, said: JsonObject) -> str:
    """Error code: `com.amazonaws.dynamodb.v20120810#ThrottlingException:http://...` is `ThrottlingException`."""
    legacy = answer.headers.get("x-amzn-query-error", "").partition(";")[0]
    named = said.get("__type") or answer.headers.get("x-amzn-errortype") or said.get("code")
    return legacy or str(named or answer.status).partition(":")[0].rpartition("#")[2]


def _object(body: bytes) -> JsonObject | None:
    """The JSON object in `body`, or None if there is none. Only bodies that may hold bytes pay for looking."""
    holds_bytes = b'"B"' in body or b'"BS"' in body
    try:
        said = json.loads(body, object_hook=_bytes_again) if holds_bytes else read_bytes(body)
    except ValueError:
        return None
    return said if isinstance(said, dict) else None


def _bytes_again(found: JsonObject) -> JsonObject:
    """Turn `{"B": "YQ=="}` into `{"B": b"a"}`.

    An attribute that is merely called B holds an object, not a string, and stays as it is.
    """
    if len(found) == 1:
        if isinstance(binary := found.get("B"), str):
            return {"B": base64.b64decode(binary)}
        if isinstance(binaries := found.get("BS"), list):
            return {"BS": [base64.b64decode(each) for each in binaries]}
    return found


def _base64(value: Any) -> str:
    if isinstance(value, bytes | bytearray | memoryview):
        return base64.b64encode(value).decode("ascii")
    raise TypeError(f"{type(value).__name__} has no JSON form")


_write = writer(default=_base64)
