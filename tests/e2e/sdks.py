"""OpenAI's and Anthropic's own SDKs with one key, which may be none, and their ways to ask."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import anthropic
import openai
from anthropic import Anthropic
from openai import OpenAI

Fields = Mapping[str, Any]
SdkError = openai.APIStatusError | anthropic.APIStatusError

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

# Ways to ask, by whose SDK has them: those that make an answer, those for the scope `inference`, and all.
GENERATE = [("openai", "chat"), ("openai", "responses"), ("openai", "embeddings"), ("anthropic", "messages")]
READ = [*GENERATE, ("anthropic", "count_tokens")]
ALL = [*READ, ("openai", "own call"), ("anthropic", "own call")]
UNKNOWN = [("openai", "unknown path"), ("anthropic", "unknown path")]

INVALID_KEY = "This API key is not valid: it is wrong, expired or revoked."

_SAID: Any = [{"role": "user", "content": "hello"}]


@dataclass(frozen=True)
class Said:
    """What is to be raised. `message` is how it starts."""

    status: int
    type: str
    code: str
    message: str


class Sdk:
    """One SDK with one key: `calls` are its ways to ask, each with fields that go into a good request."""

    calls: Mapping[str, Callable[[Fields], Any]]
    _client: OpenAI | Anthropic

    def refused(self, call: str, fields: Fields | None = None) -> SdkError:
        """What the SDK raises."""
        try:
            self.calls[call](fields or {})
        except (openai.APIStatusError, anthropic.APIStatusError) as raised:
            return raised
        raise AssertionError(f"{call} was not refused")

    def close(self) -> None:
        """Let go of its connections."""
        self._client.close()


class OpenAIs(Sdk):
    """OpenAI's; a call of our own by the client's way of sending what the SDK does not know."""

    def __init__(self, base_url: str, key: str | None) -> None:
        said = openai.Omit() if key is None else f"Bearer {key}".strip()
        sent: Any = {"Authorization": said}
        asked = OpenAI(base_url=f"{base_url}/v1", api_key="unused", max_retries=0)
        self._client = asked
        self.calls = {
            "chat": lambda more: asked.chat.completions.create(
                model="gpt-4o-mini", messages=_SAID, max_tokens=16, extra_body=more, extra_headers=sent
            ),
            "responses": lambda more: asked.responses.create(
                model="gpt-4o-mini", input="hello", max_output_tokens=16, extra_body=more, extra_headers=sent
            ),
            "embeddings": lambda more: asked.embeddings.create(
                model="text-embedding-3-small", input="hello", extra_body=more, extra_headers=sent
            ),
            "own call": lambda more: asked.post(
                f"{base_url}/auth/api-keys",
                cast_to=object,
                body={"userId": "any", "name": "any"} | dict(more),
                options={"headers": sent},
            ),
            "unknown path": lambda more: asked.post(
                "/nowhere", cast_to=object, body=dict(more), options={"headers": sent}
            ),
        }


class Anthropics(Sdk):
    """Anthropic's, with the key as `Authorization` or, if `as_x_api_key`, in its older header."""

    def __init__(self, base_url: str, key: str | None, *, as_x_api_key: bool = False) -> None:
        name, value = ("X-Api-Key", key) if as_x_api_key else ("Authorization", f"Bearer {key}")
        sent = {} if key is None else {name: (value or "").strip()}
        bare: Any = {"X-Api-Key": anthropic.Omit(), "Authorization": anthropic.Omit()} | sent
        self._client = Anthropic(base_url=base_url, api_key="unused", max_retries=0, default_headers=bare)
        asked = self._client
        self.calls = {
            "messages": lambda more: asked.messages.create(
                model="claude-haiku-4-5", messages=_SAID, max_tokens=16, extra_body=more
            ),
            "count_tokens": lambda more: asked.messages.count_tokens(
                model="claude-haiku-4-5", messages=_SAID, extra_body=more
            ),
            "own call": lambda more: asked.post(
                "/auth/api-keys", cast_to=object, body={"userId": "any", "name": "any"} | dict(more)
            ),
            "unknown path": lambda more: asked.post("/v1/nowhere", cast_to=object, body=dict(more)),
        }


def sdk_of(name: str, base_url: str, key: str | None, **how: bool) -> Sdk:
    """`openai` or `anthropic`, with one key; `how` is Anthropic's."""
    return OpenAIs(base_url, key) if name == "openai" else Anthropics(base_url, key, **how)


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
    more = {"insufficient_quota": {"balance"}, "rate_limit_exceeded": {"limit"}}.get(said.code, set())
    assert set(error) - more == {"message", "type", "param", "code", "request_id"}
    assert (whole["type"], whole["request_id"]) == ("error", error["request_id"])
    assert raised.request_id == raised.response.headers["x-request-id"] == error["request_id"]
    if isinstance(raised, anthropic.APIStatusError):
        assert raised.body == whole
        assert (raised.type, raised.api_message) == (said.type, error["message"])
    else:
        assert (raised.type, raised.code) == (said.type, said.code)
