"""Every refusal through the whole stack, as OpenAI's and Anthropic's own SDKs raise it: their class, our message."""

from typing import Any

import pytest

from tests.e2e.conftest import NewSdk, NewUser
from tests.e2e.sdks import ALL, GENERATE, INVALID_KEY, READ, UNKNOWN, Fields, Said, told
from tests.e2e.stack import Stack

FAILS = "[[standin status=503 retry-after=9]] hello"
SEVEN_MB = "x" * (7 * 1024 * 1024)

NO_KEY = "You did not provide an API key. Send it as 'Authorization: Bearer <key>'."
NO_PATH = "There is no such path, or it does not take this method. GET /openapi.json lists them all."
TOO_LARGE = (
    "The body is larger than the platform takes: 6 MB at most, "
    "in which each quote, backslash and line break counts twice."
)

BAD_FIELDS: dict[str, tuple[Fields, str]] = {
    "chat": ({"temperature": "hot"}, "temperature"),
    "responses": ({"temperature": "hot"}, "temperature"),
    "embeddings": ({"input": 5}, "input"),
    "messages": ({"temperature": "hot"}, "temperature"),
    "count_tokens": ({"messages": 5}, "messages"),
    "own call": ({"name": 5}, "name"),
}


@pytest.mark.parametrize(("name", "call"), ALL)
def test_no_key(sdk: NewSdk, name: str, call: str) -> None:
    # Messages take either header, so API Gateway does not see that there is none: the authorizer does.
    message = INVALID_KEY if call in {"messages", "count_tokens"} else NO_KEY
    told(sdk(name, None).refused(call), Said(401, "authentication_error", "invalid_api_key", message))


@pytest.mark.parametrize("key", ["", "sk-wrong", "aggr_live_none"])
@pytest.mark.parametrize(("name", "call"), ALL)
def test_a_blank_or_wrong_key(sdk: NewSdk, name: str, call: str, key: str) -> None:
    told(sdk(name, key).refused(call), Said(401, "authentication_error", "invalid_api_key", INVALID_KEY))


@pytest.mark.parametrize("key", ["", "sk-wrong"])
@pytest.mark.parametrize("call", ["messages", "count_tokens"])
def test_a_blank_or_wrong_x_api_key(sdk: NewSdk, call: str, key: str) -> None:
    raised = sdk("anthropic", key, as_x_api_key=True).refused(call)

    told(raised, Said(401, "authentication_error", "invalid_api_key", INVALID_KEY))


@pytest.mark.parametrize("key", ["the user's", "sk-wrong", None])
@pytest.mark.parametrize(("name", "call"), UNKNOWN)
def test_an_unknown_path(sdk: NewSdk, stack: Stack, name: str, call: str, key: str | None) -> None:
    raised = sdk(name, stack.api_key if key == "the user's" else key).refused(call)

    told(raised, Said(404, "not_found_error", "not_found", NO_PATH))


@pytest.mark.parametrize(("name", "call"), READ)
def test_an_unknown_model(sdk: NewSdk, stack: Stack, name: str, call: str) -> None:
    raised = sdk(name, stack.api_key).refused(call, {"model": "no-such-model"})

    family = "not_found_error" if name == "anthropic" else "invalid_request_error"
    told(raised, Said(404, family, "model_not_found", "The model 'no-such-model' does not exist."))


@pytest.mark.parametrize(("name", "call"), ALL)
def test_a_field_of_a_wrong_type(sdk: NewSdk, stack: Stack, name: str, call: str) -> None:
    fields, param = BAD_FIELDS[call]

    raised = sdk(name, stack.admin_key if call == "own call" else stack.api_key).refused(call, fields)

    told(raised, Said(400, "invalid_request_error", "invalid_request", f"{param}: "))
    assert raised.response.json()["error"]["param"] == param


@pytest.mark.parametrize(("name", "call"), ALL)
def test_a_key_that_may_not(sdk: NewSdk, new_user: NewUser, name: str, call: str) -> None:
    user = new_user(scopes=["billing:read"])

    raised = sdk(name, user.key).refused(call)

    told(raised, Said(403, "permission_error", "missing_scope", "This API key does not have the scope"))


@pytest.mark.parametrize(("name", "call"), GENERATE)
def test_no_money(sdk: NewSdk, new_user: NewUser, name: str, call: str) -> None:
    raised = sdk(name, new_user(credit="0").key).refused(call)

    family = "billing_error" if name == "anthropic" else "insufficient_quota"
    told(raised, Said(402, family, "insufficient_quota", ""))
    error = raised.response.json()["error"]
    assert "USD" in error["message"]
    assert error["balance"] | {"needed_usd": "-"} == {
        "needed_usd": "-",
        "available_usd": "0.00",
        "held_usd": "0.00",
        "held_until": None,
        "most_max_tokens": None,
    }


@pytest.mark.parametrize(("name", "call"), GENERATE)
def test_a_limit_of_the_key(sdk: NewSdk, new_user: NewUser, name: str, call: str) -> None:
    limited = sdk(name, new_user(limits={"requestsPerMinute": 1}).key)
    limited.calls[call]({})

    raised = limited.refused(call)

    told(raised, Said(429, "rate_limit_error", "rate_limit_exceeded", ""))
    assert int(raised.response.headers["Retry-After"]) > 0


@pytest.mark.parametrize(("name", "call"), ALL)
def test_a_body_that_is_too_large(sdk: NewSdk, stack: Stack, name: str, call: str) -> None:
    raised = sdk(name, stack.admin_key).refused(call, {"metadata": {"more": SEVEN_MB}})

    told(raised, Said(413, "invalid_request_error", "payload_too_large", TOO_LARGE))


@pytest.mark.parametrize(("name", "call"), GENERATE)
def test_a_provider_that_is_down(sdk: NewSdk, new_user: NewUser, name: str, call: str) -> None:
    messages = [{"role": "user", "content": FAILS}]
    fields: dict[str, Any] = {
        "chat": {"model": "failing", "messages": messages},
        "messages": {"model": "failing", "messages": messages},
        "responses": {"model": "failing", "input": FAILS},
        "embeddings": {"model": "failing-vectors", "input": FAILS},
    }

    raised = sdk(name, new_user().key).refused(call, fields[call])

    status, family = (529, "overloaded_error") if name == "anthropic" else (503, "server_error")
    told(raised, Said(status, family, "provider_unavailable", "The provider"))
