"""Errors of the Messages API: Anthropic's envelope, types and statuses for every refusal there is."""

import pytest
from anthropic.types.shared import ErrorResponse

from aggregator.errors import (
    STATUS_OF,
    Conflict,
    InsufficientQuota,
    InternalError,
    InvalidApiKey,
    InvalidRequest,
    MissingScope,
    ModelNotFound,
    PayloadTooLarge,
    ProviderFailed,
    ProviderTimedOut,
    ProviderUnavailable,
    RateLimitExceeded,
    Refusal,
    StoreUnavailable,
    UnsupportedParameter,
)
from aggregator.proxy.dialects.messages.client import MESSAGES
from aggregator.proxy.edge import guarded
from aggregator.runtime.streaming import StreamingResponse
from tests.fakes.chat_world import REQUEST_ID, chat_event


@pytest.mark.parametrize(
    ("refusal", "status", "kind"),
    [
        (InvalidRequest, 400, "invalid_request_error"),
        (UnsupportedParameter, 400, "invalid_request_error"),
        (InvalidApiKey, 401, "authentication_error"),
        (InsufficientQuota, 402, "billing_error"),
        (MissingScope, 403, "permission_error"),
        (ModelNotFound, 404, "not_found_error"),
        (Conflict, 409, "invalid_request_error"),
        (PayloadTooLarge, 413, "invalid_request_error"),
        (RateLimitExceeded, 429, "rate_limit_error"),
        (InternalError, 500, "api_error"),
        (ProviderFailed, 502, "api_error"),
        (StoreUnavailable, 503, "api_error"),
        (ProviderTimedOut, 504, "timeout_error"),
        (ProviderUnavailable, 529, "overloaded_error"),
    ],
)
def test_a_refusal_has_the_type_and_status_that_anthropic_gives_it(
    refusal: type[Refusal], status: int, kind: str
) -> None:
    refused = refusal("No.")

    assert MESSAGES.status(refused) == status
    assert MESSAGES.refuse(refused, "r1") == {
        "type": "error",
        "error": {"type": kind, "message": "No.", "code": refusal.code, "param": None, "request_id": "r1"},
        "request_id": "r1",
    }


@pytest.mark.parametrize("refusal", STATUS_OF)
def test_every_refusal_is_an_error_to_anthropics_types(refusal: type[Refusal]) -> None:
    body = MESSAGES.refuse(refusal("No."), "r1")

    assert ErrorResponse.model_validate(body, strict=True).error.message == "No."


@pytest.mark.parametrize(
    ("param", "said"),
    [
        ("response_format.type", "output_config.format.type"),
        ("max_completion_tokens", "max_tokens"),
        ("reasoning_effort", "output_config.effort"),
        ("parallel_tool_calls", "tool_choice.disable_parallel_tool_use"),
        ("stop", "stop_sequences"),
        ("messages.0.content.1", "messages.0.content.1"),
        ("temperature", "temperature"),
    ],
)
def test_what_a_provider_does_not_take_is_refused_in_this_apis_words(param: str, said: str) -> None:
    refused = UnsupportedParameter(f"Groq does not take '{param}'.", param=param)

    error = MESSAGES.refuse(refused, "r1")["error"]

    assert (error["param"], error["message"]) == (said, f"Groq does not take '{said}'.")


def test_an_error_names_the_request_in_both_headers_and_says_when_to_come_back() -> None:
    def refuse(_event: object, _context: object, _request_id: str) -> StreamingResponse:
        raise ProviderUnavailable("Overloaded.", retry_after_seconds=3)

    answer = guarded(MESSAGES, refuse)(chat_event("{}"), None)

    assert answer.status == 529
    assert answer.headers["request-id"] == answer.headers["x-request-id"] == REQUEST_ID
    assert answer.headers["Retry-After"] == "3"
