"""Bedrock's errors as our refusals: every one its model knows, and none with what is not the client's to read."""

import json

import pytest

from aggregator.errors import (
    ProviderFailed,
    ProviderRefused,
    ProviderTimedOut,
    ProviderUnavailable,
    RateLimitExceeded,
    Refusal,
)
from aggregator.proxy.dialects.chat import provider as openai_compatible
from aggregator.proxy.dialects.lanes import adapter_of, refusal_by
from tests.fakes.bedrock_wire import service

ARN = "arn:aws:sts::123456789012:assumed-role/chat-role/chat"


def refusal(status: int, kind: str, message: str, **headers: str) -> Refusal:
    """As call does it: the adapter of the protocol translates its own errors."""
    named = {"x-amzn-errortype": f"{kind}:http://internal.amazon.com/coral/"} if kind else {}
    return refusal_by(
        adapter_of("bedrock"), status, named | headers, json.dumps({"message": message}).encode()
    )


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("AccessDeniedException", ProviderFailed),
        ("ThrottlingException", RateLimitExceeded),
        ("ResourceNotFoundException", ProviderFailed),
        ("ModelTimeoutException", ProviderTimedOut),
        ("InternalServerException", ProviderFailed),
        ("ServiceUnavailableException", ProviderUnavailable),
        ("ValidationException", ProviderRefused),
        ("ModelNotReadyException", ProviderUnavailable),
        ("ModelErrorException", ProviderFailed),
    ],
)
def test_each_error_of_converse_is_a_refusal_at_the_status_its_model_gives(
    kind: str, expected: type[Refusal]
) -> None:
    shapes = {
        shape.name: shape.metadata["error"]["httpStatusCode"]
        for shape in service().operation_model("Converse").error_shapes
    }

    found = refusal(shapes[kind], kind, f"User: {ARN} says no")

    assert type(found) is expected
    assert "123456789012" not in found.message


def test_no_error_of_converse_is_left_out_of_these_tests() -> None:
    known = {
        shape.name
        for name in ("Converse", "ConverseStream")
        for shape in service().operation_model(name).error_shapes
    }

    assert known == {
        "AccessDeniedException",
        "ThrottlingException",
        "ResourceNotFoundException",
        "ModelTimeoutException",
        "InternalServerException",
        "ServiceUnavailableException",
        "ValidationException",
        "ModelNotReadyException",
        "ModelErrorException",
    }


def test_what_is_wrong_with_the_request_is_said_without_arns_and_accounts() -> None:
    found = refusal(400, "ValidationException", f"Too long for {ARN}, of account 123456789012 (max 200000).")

    assert type(found) is ProviderRefused
    assert found.message == "Too long for [...], of account [...] (max 200000)."


@pytest.mark.parametrize(
    "message",
    [
        "The provided model identifier is invalid.",
        "Invocation of model ID amazon.nova-pro-v1:0 with on-demand throughput isn\u2019t supported.",
        "Operation not allowed",
        "Access denied. This Model is marked by provider as Legacy",
        "Your account is not authorized: submit the model use case details form.",
    ],
)
def test_what_is_wrong_with_the_platform_is_not_the_clients_to_read(message: str) -> None:
    found = refusal(400, "ValidationException", message)

    assert type(found) is ProviderFailed
    assert found.message == "The provider failed."


def test_a_throttled_call_says_when_to_come_back() -> None:
    told = refusal(429, "ThrottlingException", "Too many tokens", **{"retry-after": "9"})
    untold = refusal(400, "ThrottlingException", "Too many tokens")
    not_ready = refusal(429, "ModelNotReadyException", "Warming up")

    assert (type(told), told.retry_after_seconds) == (RateLimitExceeded, 9)
    assert (type(untold), untold.retry_after_seconds) == (RateLimitExceeded, 1)
    assert (type(not_ready), not_ready.retry_after_seconds) == (ProviderUnavailable, 1)


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (403, ProviderFailed),
        (413, Refusal),
        (424, ProviderFailed),
        (500, ProviderFailed),
        (502, ProviderFailed),
        (503, ProviderUnavailable),
        (504, ProviderTimedOut),
        (529, ProviderUnavailable),
    ],
)
@pytest.mark.parametrize("body", [b"", b"<html>busy</html>", b"[]", b'{"message": 7}', b'{"Message": "x"}'])
def test_a_status_without_words_of_bedrock_is_enough(
    status: int, expected: type[Refusal], body: bytes
) -> None:
    assert isinstance(refusal_by(adapter_of("bedrock"), status, {}, body), expected)


def test_a_provider_without_errors_of_its_own_form_is_read_as_most_are() -> None:
    found = refusal_by(openai_compatible, 400, {}, b'{"error": {"message": "bad", "param": "n"}}')

    assert (type(found), found.message, found.param) == (ProviderRefused, "bad", "n")
