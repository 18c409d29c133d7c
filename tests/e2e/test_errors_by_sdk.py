"""Every refusal through the whole stack, as OpenAI's and Anthropic's own SDKs raise it: their class, our message."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import anthropic
import openai
import pytest

from tests.e2e.caller import ApiCaller, UserCaller, eventually
from tests.e2e.conftest import NewUser
from tests.e2e.sdks import Anthropics, Fields, OpenAIs, Sdk, SdkError
from tests.e2e.stack import Stack

if (
    TYPE_CHECKING
):  # pytest rewrites its assertions when it loads it as a plugin, so nothing may import it before
    from tests.e2e.revocation import Revocation

pytest_plugins = ["tests.e2e.revocation"]

FAILS = "[[standin status=503 retry-after=9]] hello"
SEVEN_MB = "x" * (7 * 1024 * 1024)

INVALID_KEY = "This API key is not valid: it is wrong, expired or revoked."
NO_KEY = "You did not provide an API key. Send it as 'Authorization: Bearer <key>'."
NO_PATH = "There is no such path, or it does not take this method. GET /openapi.json lists them all."
TOO_LARGE = (
    "The body is larger than the platform takes: 6 MB at most, "
    "in which each quote, backslash and line break counts twice."
)

# By status: the class of OpenAI's SDK, and of Anthropic's. OpenAI's has none of its own for 402 and 413.
CLASSES: dict[int, tuple[type[openai.APIStatusError], type[anthropic.APIStatusError]]] = {
    400: (openai.BadRequestError, anthropic.BadRequestError),
    401: (openai.AuthenticationError, anthropic.AuthenticationError),
    402: (openai.APIStatusError, anthropic.PaymentRequiredError),
    403: (openai.PermissionDeniedError, anthropic.PermissionDeniedError),
    404: (openai.NotFoundError, anthropic.NotFoundError),
    413: (openai.APIStatusError, anthropic.APIStatusError),
    429: (openai.RateLimitError, anthropic.RateLimitError),
    503: (openai.InternalServerError, anthropic.InternalServerError),
    529: (openai.InternalServerError, anthropic.OverloadedError),
}


@dataclass(frozen=True)
class Said:
    """What is to be raised. `message` is how it starts."""

    status: int
    type: str
    code: str
    message: str


Made = Callable[..., Sdk]


@pytest.fixture
def sdk(stack: Stack) -> Iterator[Made]:
    """Make an SDK's client: `sdk("openai", key)`."""
    made: list[OpenAIs | Anthropics] = []

    def make(name: str, key: str | None, **how: Any) -> Sdk:
        made.append(
            OpenAIs(stack.base_url, key) if name == "openai" else Anthropics(stack.base_url, key, **how)
        )
        return made[-1]

    yield make
    for each in made:
        each.close()


def told(raised: SdkError, said: Said) -> None:
    """The SDK's own class for the status, with all that is said, in its text and in its body."""
    whole: Any = raised.response.json()
    error = raised.body if isinstance(raised, openai.APIStatusError) else whole["error"]
    ours, theirs = CLASSES[said.status]
    expected = ours if isinstance(raised, openai.APIStatusError) else theirs
    assert isinstance(raised, expected), raised
    assert raised.status_code == said.status
    assert isinstance(error, dict)
    assert error == whole["error"]
    assert (error["type"], error["code"]) == (said.type, said.code)
    assert error["message"].startswith(said.message), error["message"]
    assert said.message in str(raised).replace('\\"', '"')
    assert set(error) == {"message", "type", "param", "code", "request_id"}
    assert (whole["type"], whole["request_id"]) == ("error", error["request_id"])
    assert raised.request_id == raised.response.headers["x-request-id"] == error["request_id"]
    if isinstance(raised, anthropic.APIStatusError):
        assert raised.body == whole
        assert (raised.type, raised.api_message) == (said.type, error["message"])
    else:
        assert (raised.type, raised.code) == (said.type, said.code)


GENERATE = [("openai", "chat"), ("openai", "responses"), ("openai", "embeddings"), ("anthropic", "messages")]
READ = [*GENERATE, ("anthropic", "count_tokens")]
ALL = [*READ, ("openai", "own call"), ("anthropic", "own call")]
UNKNOWN = [("openai", "unknown path"), ("anthropic", "unknown path")]

BAD_FIELDS: dict[str, tuple[Fields, str]] = {
    "chat": ({"temperature": "hot"}, "temperature"),
    "responses": ({"temperature": "hot"}, "temperature"),
    "embeddings": ({"input": 5}, "input"),
    "messages": ({"temperature": "hot"}, "temperature"),
    "count_tokens": ({"messages": 5}, "messages"),
    "own call": ({"name": 5}, "name"),
}


@pytest.mark.parametrize(("name", "call"), ALL)
def test_no_key(sdk: Made, name: str, call: str) -> None:
    # Messages take either header, so API Gateway does not see that there is none: the authorizer does.
    message = INVALID_KEY if call in {"messages", "count_tokens"} else NO_KEY
    told(sdk(name, None).refused(call), Said(401, "authentication_error", "invalid_api_key", message))


@pytest.mark.parametrize("key", ["", "sk-wrong", "aggr_live_none"])
@pytest.mark.parametrize(("name", "call"), ALL)
def test_a_blank_or_wrong_key(sdk: Made, name: str, call: str, key: str) -> None:
    told(sdk(name, key).refused(call), Said(401, "authentication_error", "invalid_api_key", INVALID_KEY))


@pytest.mark.parametrize("key", ["", "sk-wrong"])
@pytest.mark.parametrize("call", ["messages", "count_tokens"])
def test_a_blank_or_wrong_x_api_key(sdk: Made, call: str, key: str) -> None:
    raised = sdk("anthropic", key, as_x_api_key=True).refused(call)

    told(raised, Said(401, "authentication_error", "invalid_api_key", INVALID_KEY))


@pytest.mark.parametrize("key", ["the user's", "sk-wrong", None])
@pytest.mark.parametrize(("name", "call"), UNKNOWN)
def test_an_unknown_path(sdk: Made, stack: Stack, name: str, call: str, key: str | None) -> None:
    raised = sdk(name, stack.api_key if key == "the user's" else key).refused(call)

    told(raised, Said(404, "not_found_error", "not_found", NO_PATH))


@pytest.mark.parametrize(("name", "call"), READ)
def test_an_unknown_model(sdk: Made, stack: Stack, name: str, call: str) -> None:
    raised = sdk(name, stack.api_key).refused(call, {"model": "no-such-model"})

    family = "not_found_error" if name == "anthropic" else "invalid_request_error"
    told(raised, Said(404, family, "model_not_found", "The model 'no-such-model' does not exist."))


@pytest.mark.parametrize(("name", "call"), ALL)
def test_a_field_of_a_wrong_type(sdk: Made, stack: Stack, name: str, call: str) -> None:
    fields, param = BAD_FIELDS[call]

    raised = sdk(name, stack.admin_key if call == "own call" else stack.api_key).refused(call, fields)

    told(raised, Said(400, "invalid_request_error", "invalid_request", f"{param}: "))
    assert raised.response.json()["error"]["param"] == param


@pytest.mark.parametrize(("name", "call"), ALL)
def test_a_key_that_may_not(sdk: Made, new_user: NewUser, name: str, call: str) -> None:
    user = new_user(scopes=["billing:read"])

    raised = sdk(name, user.key).refused(call)

    told(raised, Said(403, "permission_error", "missing_scope", "This API key does not have the scope"))


@pytest.mark.parametrize(("name", "call"), GENERATE)
def test_no_money(sdk: Made, new_user: NewUser, name: str, call: str) -> None:
    raised = sdk(name, new_user(credit="0").key).refused(call)

    family = "billing_error" if name == "anthropic" else "insufficient_quota"
    told(raised, Said(402, family, "insufficient_quota", ""))
    assert "USD" in raised.response.json()["error"]["message"]


@pytest.mark.parametrize(("name", "call"), GENERATE)
def test_a_limit_of_the_key(sdk: Made, new_user: NewUser, name: str, call: str) -> None:
    limited = sdk(name, new_user(limits={"requestsPerMinute": 1}).key)
    limited.calls[call]({})

    raised = limited.refused(call)

    told(raised, Said(429, "rate_limit_error", "rate_limit_exceeded", ""))
    assert int(raised.response.headers["Retry-After"]) > 0


@pytest.mark.parametrize(("name", "call"), ALL)
def test_a_body_that_is_too_large(sdk: Made, stack: Stack, name: str, call: str) -> None:
    raised = sdk(name, stack.admin_key).refused(call, {"metadata": {"more": SEVEN_MB}})

    told(raised, Said(413, "invalid_request_error", "payload_too_large", TOO_LARGE))


@pytest.fixture(scope="module")
def failing(admin: ApiCaller, new_user: NewUser) -> UserCaller:
    """A user of models whose provider, which no other test asks, can be told to fail."""
    there = {each["id"]: each for each in admin.get("/orchestrator/providers").json["data"]}
    provider = {"baseUrl": there["openai"]["baseUrl"], "secret": "openai"}
    assert admin.call("PUT", "/orchestrator/providers/failing", provider).status == 200
    for model, more in (("failing", {}), ("failing-vectors", {"capabilities": ["embeddings"]})):
        fields = {
            "contextWindow": 8_000,
            "maxInputTokens": 8_000,
            "maxOutputTokens": 1_000,
            "routes": [{"provider": "failing", "upstreamModel": model}],
            "price": {"version": "listed", "input": "1.00", "output": "2.00"},
            **more,
        }
        answer = admin.call("PUT", f"/orchestrator/models/{model}", fields)
        assert answer.status == 200, answer.body
    return new_user("5.00")


@pytest.mark.parametrize(("name", "call"), GENERATE)
def test_a_provider_that_is_down(sdk: Made, failing: UserCaller, name: str, call: str) -> None:
    messages = [{"role": "user", "content": FAILS}]
    fields: dict[str, Any] = {
        "chat": {"model": "failing", "messages": messages},
        "messages": {"model": "failing", "messages": messages},
        "responses": {"model": "failing", "input": FAILS},
        "embeddings": {"model": "failing-vectors", "input": FAILS},
    }

    asking = sdk(name, failing.key)
    # An idle environment holds the catalogue of half a minute ago.
    raised = eventually(
        lambda: asking.refused(call, fields[call]), lambda said: said.status_code != 404, seconds=60
    )

    status, family = (529, "overloaded_error") if name == "anthropic" else (503, "server_error")
    told(raised, Said(status, family, "provider_unavailable", "The provider"))


@pytest.mark.parametrize(("name", "call"), ALL)
def test_a_revoked_key(sdk: Made, revocation: "Revocation", name: str, call: str) -> None:
    revocation.refusals()

    told(
        sdk(name, revocation.key).refused(call),
        Said(401, "authentication_error", "invalid_api_key", INVALID_KEY),
    )
