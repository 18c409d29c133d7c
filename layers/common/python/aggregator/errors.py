"""Every refusal the platform can give: a class with a stable code, and the one table from class to status.

The envelope is OpenAI's and Anthropic's in one, so that whatever client asks at whatever path finds what it reads:
`{"type": "error", "error": {"message", "type", "param", "code", "request_id"}, "request_id"}`.
Codes are OpenAI's own where it has one. Sources: https://platform.openai.com/docs/guides/error-codes,
https://platform.claude.com/docs/en/api/errors
"""

from collections.abc import Mapping
from typing import Any, ClassVar

JsonObject = dict[str, Any]


class Refusal(Exception):
    """A request that is refused, for a reason its sender may read.

    `message` goes to the client as it stands: it never holds a secret, a prompt or an internal name.
    `param` is the path of the field at fault (`messages.0.role`).
    `retry_after_seconds` becomes the `Retry-After` header. `details` are fields of the error for programs.
    """

    code: ClassVar[str] = "internal_error"

    def __init__(
        self,
        message: str,
        *,
        param: str | None = None,
        retry_after_seconds: int | None = None,
        headers: Mapping[str, str] | None = None,
        details: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.param = param
        self.retry_after_seconds = retry_after_seconds
        self.headers = dict(headers or {})
        self.details = dict(details or {})


class InvalidRequest(Refusal):
    """The request is malformed, or a field has a wrong type or value."""

    code = "invalid_request"


class UnsupportedParameter(Refusal):
    """A field that the chosen provider cannot honour: named, never dropped in silence."""

    code = "unsupported_parameter"


class InvalidApiKey(Refusal):
    """The key is missing, wrong, expired or revoked."""

    code = "invalid_api_key"


class InvalidIdToken(Refusal):
    """The ID token is not one that the issuer made for this platform, now, and for this sign-in."""

    code = "invalid_id_token"


class InvalidCode(Refusal):
    """The issuer gives no ID token for the code."""

    code = "invalid_code"


class InsufficientQuota(Refusal):
    """The balance does not cover the upper bound of the cost."""

    code = "insufficient_quota"


class MissingScope(Refusal):
    """The key is good but may not do this."""

    code = "missing_scope"


class NotYours(Refusal):
    """The key is good but this belongs to another user."""

    code = "forbidden"


class UserSuspended(Refusal):
    """The key is good, but its user, or the team that it charges, may do nothing until somebody resumes them."""

    code = "user_suspended"


class NotInvited(Refusal):
    """Who signed in is proven, and no user here."""

    code = "not_invited"


class EmailNotVerified(Refusal):
    """Who signed in is proven, and nobody vouches for the mail address, by which a user would be found."""

    code = "email_not_verified"


SUSPENDED = {
    "user": "The user of this API key is suspended. Whoever runs this platform can resume them.",
    "team": "The team that this API key charges is suspended. Whoever runs this platform can resume it.",
}
"""What a `UserSuspended` says, by whose state it is."""


class ModelNotAllowed(Refusal):
    """The key is limited to other models."""

    code = "model_not_allowed"


class AddressNotAllowed(Refusal):
    """The key is limited to other IP addresses."""

    code = "ip_not_allowed"


class NotFound(Refusal):
    """There is no such thing here."""

    code = "not_found"


class PreviousResponseNotFound(Refusal):
    """No response of that id is kept for this user."""

    code = "previous_response_not_found"


class ModelNotFound(Refusal):
    """No model of that name can be called; the message names near ones."""

    code = "model_not_found"


class Conflict(Refusal):
    """What is asked for collides with what is already there, for good."""

    code = "conflict"


class RequestInProgress(Refusal):
    """The same Idempotency-Key is being worked on at this moment."""

    code = "request_in_progress"


class IdempotencyMismatch(Refusal):
    """The same Idempotency-Key came with another body."""

    code = "idempotency_key_reused"


class PayloadTooLarge(Refusal):
    """The body is over what the platform takes."""

    code = "payload_too_large"


class RateLimitExceeded(Refusal):
    """A limit of the key, or of the provider, is used up for now."""

    code = "rate_limit_exceeded"


class ProviderRefused(Refusal):
    """The provider refused the request itself (its own 4xx, translated)."""

    code = "provider_refused"


class ContextLengthExceeded(ProviderRefused):
    """The prompt, with the answer that it asks for, is longer than what the model reads."""

    code = "context_length_exceeded"


class ContentFiltered(ProviderRefused):
    """The provider does not answer such a prompt."""

    code = "content_filter"


class ProviderFailed(Refusal):
    """The provider failed, or answered what cannot be read."""

    code = "provider_error"


class ProviderUnreadable(ProviderFailed):
    """The provider answered with success what cannot be read: it may be paid for, so it is not asked again."""


class ProviderUnavailable(Refusal):
    """No route to the model takes requests at this moment."""

    code = "provider_unavailable"


class ProviderTimedOut(Refusal):
    """The provider did not answer in time."""

    code = "provider_timeout"


class StoreUnavailable(Refusal):
    """A table, bus or queue did not answer; nothing was charged, and a retry is welcome."""

    code = "service_unavailable"


class InternalError(Refusal):
    """A defect of ours; the details are in the log under the request id."""

    code = "internal_error"


class PaymentsOff(Refusal):
    """This platform takes no payments by itself."""

    code = "payments_off"


class SignInOff(Refusal):
    """This platform has keys, and nobody who signs people in."""

    code = "sign_in_off"


STATUS_OF: dict[type[Refusal], int] = {
    InvalidRequest: 400,
    UnsupportedParameter: 400,
    InvalidApiKey: 401,
    InvalidIdToken: 401,
    InvalidCode: 401,
    InsufficientQuota: 402,
    MissingScope: 403,
    NotYours: 403,
    UserSuspended: 403,
    NotInvited: 403,
    EmailNotVerified: 403,
    ModelNotAllowed: 403,
    AddressNotAllowed: 403,
    NotFound: 404,
    PreviousResponseNotFound: 404,
    ModelNotFound: 404,
    Conflict: 409,
    RequestInProgress: 409,
    PayloadTooLarge: 413,
    IdempotencyMismatch: 422,
    RateLimitExceeded: 429,
    ProviderRefused: 400,
    ContextLengthExceeded: 400,
    ContentFiltered: 400,
    ProviderFailed: 502,
    ProviderUnreadable: 502,
    ProviderUnavailable: 503,
    StoreUnavailable: 503,
    ProviderTimedOut: 504,
    InternalError: 500,
    PaymentsOff: 501,
    SignInOff: 501,
}

_TYPE_OF_STATUS = {
    401: "authentication_error",
    402: "insufficient_quota",
    403: "permission_error",
    429: "rate_limit_error",
}


def status_of(refusal: Refusal) -> int:
    """HTTP status of a refusal."""
    return STATUS_OF[type(refusal)]


def type_of_status(status: int) -> str:
    """OpenAI's `type` for a status: what family of error this is."""
    return _TYPE_OF_STATUS.get(status, "invalid_request_error" if status < 500 else "server_error")


def envelope(refusal: Refusal, request_id: str) -> JsonObject:
    """Answer body for a refusal, in the one envelope."""
    return {
        "type": "error",
        "error": {
            "message": refusal.message,
            "type": type_of_status(status_of(refusal)),
            "param": refusal.param,
            "code": refusal.code,
            "request_id": request_id,
            **refusal.details,
        },
        "request_id": request_id,
    }


def headers_of(refusal: Refusal, request_id: str) -> dict[str, str]:
    """Answer headers for a refusal. OpenAI's clients read `x-request-id`, Anthropic's `request-id`.

    `x-should-retry` is said wherever the status alone would mislead a client: SDKs retry every 409, also those that
    are final, and Claude Code asks eleven times with a wrong key, for three minutes, before it tells its user.
    Source: openai-python, `_base_client.py`, `_should_retry`.
    """
    headers = {
        "Content-Type": "application/json",
        "x-request-id": request_id,
        "request-id": request_id,
        "Cache-Control": "no-store",
    }
    if refusal.retry_after_seconds is not None:
        headers["Retry-After"] = str(refusal.retry_after_seconds)
    if isinstance(refusal, (Conflict, InvalidApiKey)):
        headers["x-should-retry"] = "false"
    if isinstance(refusal, RequestInProgress):
        headers["x-should-retry"] = "true"
    return headers | refusal.headers
