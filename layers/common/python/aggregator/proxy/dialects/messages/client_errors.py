"""Errors in the form of the Messages API, and its statuses.

Source: https://platform.claude.com/docs/en/api/errors. `code` and `param` of the one envelope stay: they name the
reason and the field for programs.
"""

from aggregator.errors import JsonObject, ProviderUnavailable, Refusal, envelope, status_of
from aggregator.proxy.dialects.naming import in_words_of

OVERLOADED = 529
"""Status of `overloaded_error`."""

_TYPES = {
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    429: "rate_limit_error",
    504: "timeout_error",
    OVERLOADED: "overloaded_error",
}
# A failure in mid-stream has no status: the codes that can happen there.
_TYPES_OF_CODES = {
    "rate_limit_exceeded": "rate_limit_error",
    "provider_unavailable": "overloaded_error",
    "provider_timeout": "timeout_error",
}
_NAMES = {
    "max_completion_tokens": "max_tokens",
    "parallel_tool_calls": "tool_choice.disable_parallel_tool_use",
    "reasoning_effort": "output_config.effort",
    "response_format": "output_config.format",
    "stop": "stop_sequences",
}


def status(refusal: Refusal) -> int:
    """HTTP status of a refusal."""
    return OVERLOADED if isinstance(refusal, ProviderUnavailable) else status_of(refusal)


def refuse(refusal: Refusal, request_id: str) -> JsonObject:
    """Answer body for a refusal."""
    said = envelope(refusal, request_id)["error"]
    message, param = in_words_of(_NAMES, refusal)
    code = status(refusal)
    kind = _TYPES.get(code, "invalid_request_error" if code < 500 else "api_error")
    body = _error(kind, said | {"message": message, "param": param})
    body["error"] |= refusal.details
    return body


def error_of(error: JsonObject) -> JsonObject:
    """A failure in mid-stream, from what the one envelope holds."""
    return _error(_TYPES_OF_CODES.get(error.get("code", ""), "api_error"), error)


def _error(kind: str, error: JsonObject) -> JsonObject:
    return {
        "type": "error",
        "error": {
            "type": kind,
            "message": error.get("message"),
            "code": error.get("code"),
            "param": error.get("param"),
            "request_id": error.get("request_id"),
        },
        "request_id": error.get("request_id"),
    }
