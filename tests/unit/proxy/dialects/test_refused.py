"""A provider's error as a refusal of ours: what the client can act on, and no secret of the platform's."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.errors import (
    ContentFiltered,
    ContextLengthExceeded,
    PayloadTooLarge,
    ProviderFailed,
    ProviderRefused,
    ProviderTimedOut,
    ProviderUnavailable,
    RateLimitExceeded,
    Refusal,
    envelope,
    status_of,
)
from aggregator.proxy.dialects.refused import refusal_of, retry_after_of

ALPHABET = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"


def error_body(message: Any = "no", param: Any = None) -> bytes:
    return json.dumps({"error": {"message": message, "type": "t", "param": param, "code": "c"}}).encode()


def keys(prefix: str, length: int) -> st.SearchStrategy[str]:
    return st.text(ALPHABET, min_size=length, max_size=length).map(lambda secret: prefix + secret)


secrets = st.one_of(
    keys("sk-", 48),
    keys("sk-proj-", 40),
    keys("sk-ant-api03-", 90),
    keys("sk-or-v1-", 64),
    keys("gsk_", 52),
    keys("xai-", 80),
    keys("AIzaSy", 33),
    keys("AKIA", 16),
    keys("pplx-", 48),
    keys("csk-", 40),
    keys("fw_", 24),
    keys("hf_", 34),
    keys("org-", 24),
    keys("agg_dev_", 40),
    keys("eyJ", 60),
    st.text("0123456789abcdef", min_size=31, max_size=31).map("5".__add__),  # Mistral, Azure: bare hex
    st.text(ALPHABET, min_size=39, max_size=39).map("7".__add__),  # Cohere: bare letters and digits
)


@given(
    secrets,
    st.sampled_from(["{}", "Bad key: {}.", "key='{}'", "https://x.example/?key={}&a=1", "Bearer {}", "x_{}"]),
    st.sampled_from([400, 401, 403, 404, 409, 413, 422, 429, 500, 503]),
    st.sampled_from(["message", "param", "text"]),
)
def test_no_key_ever_reaches_the_client(secret: str, said: str, status: int, where: str) -> None:
    words = said.format(secret)
    body = {
        "message": error_body(words),
        "param": error_body("no", words),
        "text": json.dumps({"error": words}).encode(),
    }[where]

    refusal = refusal_of(status, {"x-key": secret}, body)

    assert secret not in json.dumps(envelope(refusal, "r"))
    assert secret[-16:] not in json.dumps(envelope(refusal, "r"))


def test_a_masked_key_does_not_reach_the_client_either() -> None:
    refusal = refusal_of(400, {}, error_body("This was said: sk-proj-****************abcd."))

    assert refusal.message == "This was said: [...]"


@pytest.mark.parametrize(
    "message",
    [
        "Invalid schema for function 'get_weather': 'location' is required.",
        "messages.1.content: text content blocks must be non-empty",
        "tool_call_id call_abc123def456 was not found in the messages before it.",
        "This model's maximum context length is 128000 tokens.",
        "Task-oriented desk-booking is not supported.",
    ],
)
def test_words_that_help_arrive_whole(message: str) -> None:
    assert refusal_of(400, {}, error_body(message)).message == message


@pytest.mark.parametrize(
    ("status", "kind", "seen"),
    [
        (400, ProviderRefused, 400),
        (422, ProviderRefused, 400),
        (413, PayloadTooLarge, 413),
        (401, ProviderFailed, 502),
        (402, ProviderFailed, 502),
        (403, ProviderFailed, 502),
        (404, ProviderFailed, 502),
        (405, ProviderFailed, 502),
        (408, ProviderUnavailable, 503),
        (409, ProviderUnavailable, 503),
        (504, ProviderTimedOut, 504),
        (429, RateLimitExceeded, 429),
        (503, ProviderUnavailable, 503),
        (529, ProviderUnavailable, 503),
        (500, ProviderFailed, 502),
        (502, ProviderFailed, 502),
        (302, ProviderFailed, 502),
    ],
)
def test_each_status_is_translated(status: int, kind: type[Refusal], seen: int) -> None:
    refusal = refusal_of(status, {}, error_body("the words"))

    assert type(refusal) is kind
    assert status_of(refusal) == seen


@pytest.mark.parametrize("status", [401, 402, 403, 404, 429, 500, 503])
def test_what_is_between_platform_and_provider_stays_there(status: int) -> None:
    refusal = refusal_of(status, {}, error_body("Your organisation Acme owes 5 USD.", "organisation"))

    assert "Acme" not in refusal.message
    assert refusal.param is None


def test_the_parameter_at_fault_is_told() -> None:
    assert refusal_of(400, {}, error_body("bad", "messages.0.role")).param == "messages.0.role"


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>", b"\xff", b"[]", b"null", b"{}", b'{"error": 5}', b'{"error": {"message": {"a": 1}}}'],
)
def test_an_error_that_cannot_be_read_is_told_in_our_words(body: bytes) -> None:
    refusal = refusal_of(400, {}, body)

    assert (refusal.message, refusal.param) == ("The provider refused the request.", None)


def test_long_words_are_cut() -> None:
    assert len(refusal_of(400, {}, error_body("no " * 1_000)).message) == 500


@pytest.mark.parametrize(
    ("said", "seconds"),
    [("7", 7), ("0", 0), ("", None), ("-1", None), ("1.5", 2), ("Wed, 21 Oct 2026 07:28:00 GMT", None)],
)
def test_a_wait_is_read_in_seconds(said: str, seconds: int | None) -> None:
    assert retry_after_of({"retry-after": said}) == seconds


def test_a_client_is_never_told_to_retry_at_once() -> None:
    assert refusal_of(429, {"retry-after": "0"}, b"").retry_after_seconds == 1
    assert refusal_of(503, {}, b"").retry_after_seconds == 1


@pytest.mark.parametrize(
    ("body", "message", "param"),
    [
        # Mistral, two ways; Cohere; xAI; FastAPI, as vLLM and proxies have it.
        ({"object": "error", "message": "Invalid model", "type": "invalid"}, "Invalid model", None),
        (
            {
                "object": "error",
                "message": {"detail": [{"loc": ["body", "top_p"], "msg": "too big", "input": "s3"}]},
            },
            "top_p: too big",
            "top_p",
        ),
        (
            {"detail": [{"loc": ["body", "messages", 0, "role"], "msg": "unknown role", "input": "s3"}]},
            "messages.0.role: unknown role",
            "messages.0.role",
        ),
        ({"detail": "no such tool"}, "no such tool", None),
        ({"id": "x", "message": "too many stop sequences"}, "too many stop sequences", None),
        ({"code": "Client specified an invalid argument", "error": "bad stop"}, "bad stop", None),
        ([{"error": {"message": "from a list", "param": "x"}}], "from a list", "x"),
        ({"error": {"message": "plain", "param": "seed"}}, "plain", "seed"),
        ({"error": {"detail": "within"}}, "within", None),
        ({"error": {}}, "The provider refused the request.", None),
        ({"error": 5, "message": 7, "detail": {"detail": {}}}, "The provider refused the request.", None),
    ],
)
def test_the_reason_reaches_the_client_however_it_is_written(
    body: Any, message: str, param: str | None
) -> None:
    refusal = refusal_of(422, {}, json.dumps(body).encode())

    assert type(refusal) is ProviderRefused
    assert (refusal.message, refusal.param) == (message, param)


@pytest.mark.parametrize(
    "body",
    [
        {"code": "Client specified an invalid argument", "error": "Incorrect API key provided: xa***."},
        {"error": {"message": "no", "code": "invalid_api_key"}},
        {"error": {"message": "API key not valid. Please pass a valid API key."}},
        {"error": {"message": "The model x does not exist", "code": "model_not_found"}},
        {"error": {"message": "gone", "code": "model_decommissioned"}},
        {"error": "Insufficient balance"},
    ],
)
def test_a_400_about_the_platforms_own_account_is_its_failure(body: Any) -> None:
    refusal = refusal_of(400, {}, json.dumps(body).encode())

    assert type(refusal) is ProviderFailed
    assert refusal.message == "The provider did not accept the platform's request."


def test_a_word_of_keys_in_a_clients_own_names_is_not_about_the_platforms() -> None:
    refusal = refusal_of(400, {}, error_body("Invalid schema for function 'get_api_key'"))

    assert type(refusal) is ProviderRefused


@pytest.mark.parametrize("code", ["tool_use_failed", "json_validate_failed", "output_parse_failed"])
def test_a_call_that_the_model_got_wrong_may_be_tried_again(code: str) -> None:
    body = {"error": {"message": "Failed to call a function.", "code": code, "failed_generation": "s3"}}

    refusal = refusal_of(400, {}, json.dumps(body).encode())

    assert type(refusal) is ProviderFailed
    assert refusal.message == "The model gave an answer that cannot be used."


@pytest.mark.parametrize(
    "error",
    [
        {"message": "no", "code": "context_length_exceeded"},
        {
            "message": "This model's maximum context length is 8192 tokens. However, you requested 9000 tokens."
        },
        {"message": "prompt is too long: 210000 tokens > 200000 maximum"},
        {"message": "The input token count (9) exceeds the maximum number of tokens allowed (8)."},
        {"message": "Input is too long for requested model."},
        {
            "message": "Prompt contains 9 tokens and 0 draft tokens, too large for model with 8 maximum context length"
        },
        {"message": "This model's maximum prompt length is 8 but the request contains 9 tokens."},
        {"message": "Please reduce the length of the messages or completion."},
        {"message": "Your request exceeds the model limit of 8 tokens"},
    ],
)
def test_a_prompt_that_is_too_long_keeps_its_code(error: Any) -> None:
    refusal = refusal_of(400, {}, json.dumps({"error": error}).encode())

    assert type(refusal) is ContextLengthExceeded
    assert envelope(refusal, "r")["error"]["code"] == "context_length_exceeded"
    assert (status_of(refusal), refusal.message) == (400, error["message"])


@pytest.mark.parametrize(
    "error",
    [
        {"message": "no", "code": "content_filter"},
        {"message": "no", "code": "content_policy_violation"},
        {"message": "no", "code": "data_inspection_failed"},
        {"message": "The response was filtered due to Azure OpenAI's content management policy."},
        {"message": "Output blocked by content filtering policy"},
        {"message": "Content Exists Risk"},
    ],
)
def test_a_prompt_that_is_filtered_keeps_its_code(error: Any) -> None:
    refusal = refusal_of(400, {}, json.dumps({"error": error}).encode())

    assert type(refusal) is ContentFiltered
    assert envelope(refusal, "r")["error"]["code"] == "content_filter"


@pytest.mark.parametrize(
    "message",
    ["max_tokens is too large: 99", "Unknown parameter: 'context_length'", "'content' must be a string"],
)
def test_other_refusals_stay_what_they_are(message: str) -> None:
    assert type(refusal_of(400, {}, error_body(message))) is ProviderRefused
