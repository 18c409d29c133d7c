"""OpenAI's and Anthropic's own SDKs with one key, which may be none, and their ways to ask."""

from collections.abc import Callable, Mapping
from typing import Any

import anthropic
import openai
from anthropic import Anthropic
from openai import OpenAI

Fields = Mapping[str, Any]
SdkError = openai.APIStatusError | anthropic.APIStatusError

_SAID: Any = [{"role": "user", "content": "hello"}]


class Sdk:
    """One SDK with one key: `calls` are its ways to ask, each with fields that go into a good request."""

    calls: Mapping[str, Callable[[Fields], Any]]

    def refused(self, call: str, fields: Fields | None = None) -> SdkError:
        """What the SDK raises."""
        try:
            self.calls[call](fields or {})
        except (openai.APIStatusError, anthropic.APIStatusError) as raised:
            return raised
        raise AssertionError(f"{call} was not refused")


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

    def close(self) -> None:
        """Let go of its connections."""
        self._client.close()


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

    def close(self) -> None:
        """Let go of its connections."""
        self._client.close()
