"""The one envelope of every refusal: what OpenAI's clients read in it and what Anthropic's do."""

import pytest

from aggregator.errors import STATUS_OF, InvalidRequest, RateLimitExceeded, Refusal, envelope, headers_of


def test_it_is_openais_and_anthropics_in_one() -> None:
    refused = InvalidRequest("name: must be a text", param="name")

    assert envelope(refused, "r1") == {
        "type": "error",
        "error": {
            "message": "name: must be a text",
            "type": "invalid_request_error",
            "param": "name",
            "code": "invalid_request",
            "request_id": "r1",
        },
        "request_id": "r1",
    }


@pytest.mark.parametrize("refusal", STATUS_OF)
def test_the_headers_name_the_request_as_either_client_reads_it(refusal: type[Refusal]) -> None:
    headers = headers_of(refusal("No."), "r1")

    assert (headers["x-request-id"], headers["request-id"]) == ("r1", "r1")


def test_when_to_come_back_is_still_said() -> None:
    assert headers_of(RateLimitExceeded("No.", retry_after_seconds=7), "r1") == {
        "Content-Type": "application/json",
        "x-request-id": "r1",
        "request-id": "r1",
        "Cache-Control": "no-store",
        "Retry-After": "7",
    }
