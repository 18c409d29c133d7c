"""Bedrock's errors as our refusals, over HTTP and in a stream. Standard library only.

Source: Amazon Bedrock API Reference, "ConverseStream", Errors and Response Elements. The body is `{"message"}`, and
the header `x-amzn-errortype` names the error. Neither ARNs nor account ids get to a client.
"""

import json
import re
from collections.abc import Mapping

from aggregator.errors import ProviderFailed, ProviderUnavailable, Refusal
from aggregator.proxy.dialects.refused import refusal_of, retry_after_of
from aggregator.runtime.eventstream import Frame

_ARN = re.compile(r"arn:aws[\w-]*:[^\s\"',;)]+")
_ACCOUNT = re.compile(r"(?<!\d)\d{12}(?!\d)")

# Complaints about what the catalogue or the account says, not about what the client sent.
_OURS = re.compile(
    r"model identifier is invalid|on-demand throughput isn.t supported|inference profile"
    r"|operation not allowed|access to (?:the|this) model|model use case|end of its life|legacy",
    re.IGNORECASE,
)

# Exceptions of a stream by the status that the same error has over HTTP.
_STATUS_OF = {
    "internalServerException": 500,
    "modelStreamErrorException": 500,
    "modelTimeoutException": 504,
    "serviceUnavailableException": 503,
    "throttlingException": 429,
    "validationException": 400,
}


def refusal(status: int, headers: Mapping[str, str], body: bytes) -> Refusal:
    """Translate an error: see `refused.refusal_of`, of which this is Bedrock's form."""
    kind = headers.get("x-amzn-errortype", "").partition(":")[0].rpartition("#")[2]
    message = _message(body)
    if kind == "ModelNotReadyException":
        return ProviderUnavailable(
            "The model is not ready at this moment.", retry_after_seconds=retry_after_of(headers) or 1
        )
    if kind in ("ThrottlingException", "ServiceQuotaExceededException"):
        return refusal_of(429, headers, b"")
    if kind == "ModelTimeoutException":
        return refusal_of(504, headers, b"")
    if status == 424 or (status == 400 and _OURS.search(message)):
        return ProviderFailed("The provider failed.")
    return refusal_of(status, headers, json.dumps({"error": {"message": _harmless(message)}}).encode())


def raised(frame: Frame) -> Refusal:
    """What an exception or an error in a stream means."""
    status = _STATUS_OF.get(frame.name)
    if status is None:
        return ProviderFailed("The provider failed in mid-stream.")
    return refusal(status, {}, frame.payload)


def _message(body: bytes) -> str:
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    message = (said.get("message") or said.get("Message")) if isinstance(said, dict) else None
    return message if isinstance(message, str) else ""


def _harmless(message: str) -> str:
    return _ACCOUNT.sub("[...]", _ARN.sub("[...]", message))
