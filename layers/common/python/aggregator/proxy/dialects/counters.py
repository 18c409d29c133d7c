"""The calls by which providers count a request's input: which fields go there, and what their count is worth.

A count is asked of the body as it goes upstream, and only where each of its fields is either counted or no part of the
prompt: what is not known here may bring tokens of its own. Imported only where an account is tight. Sources:

| at                             | the count is called                                                              |
|--------------------------------|----------------------------------------------------------------------------------|
| `messages/count_tokens`        | "an estimate", which "may differ by a small amount": a margin is added. Tools    |
|                                | with their system prompt, images and PDFs are in it; thinking of earlier turns   |
|                                | is left out of it: its bytes are added                                           |
| `models/...:countTokens`       | nothing is said: the same margin; signatures of thoughts: their bytes are added  |
| `responses/input_tokens`       | "the exact count the model will receive": as it is                               |

https://platform.claude.com/docs/en/build-with-claude/token-counting, https://ai.google.dev/api/tokens,
https://developers.openai.com/api/docs/guides/token-counting. Tools that run at a provider are none of theirs to count
(Anthropic: "only apply to the first sampling call"): what is called keeps the bound of its window. A count is of the
request without those that are only declared, and bounds it where it goes out so, as it does where money is short.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from aggregator.proxy.dialects import lanes
from aggregator.proxy.exchange import UpstreamRequest
from aggregator.proxy.model import Ask, JsonObject, Route
from aggregator.runtime.passable_json import compact_as_it_is

MARGIN_TOKENS = 64
MARGIN_PART = 20
"""What is added to an estimate: this many tokens, and a twentieth of it."""


@dataclass(frozen=True, slots=True)
class Counter:
    """One such call. `turns` is the field with the conversation; `said` names the count in the answer.

    `counted` are fields that it takes; `apart` are those that are no part of the prompt.
    """

    turns: str
    said: str
    counted: frozenset[str]
    apart: frozenset[str]
    is_estimate: bool = True

    def asks(self, sent: UpstreamRequest, seconds: float) -> tuple[JsonObject, UpstreamRequest] | None:
        """The body that is counted, and the call; None where a field is not known here."""
        body: JsonObject = json.loads(sent.body)
        if body.keys() - self.counted - self.apart:
            return None
        prompt = {name: value for name, value in body.items() if name in self.counted}
        url, asked = self._at(sent.url, prompt)
        headers = {**sent.headers, "Accept": "application/json"}
        return prompt, UpstreamRequest(url, headers, _bytes(asked), seconds, seconds)

    def bound(self, count: int, prompt: JsonObject) -> int:
        """The most input tokens of a prompt that was counted."""
        if not self.is_estimate:
            return count
        return count + -(-count // MARGIN_PART) + MARGIN_TOKENS + sum(map(_length, _sealed(prompt)))

    @staticmethod
    def grows(prompt: JsonObject) -> bool:
        """Whether a longer conversation keeps all that a shorter one had: no edit of its context may clear anything."""
        management = prompt.get("context_management") or {}
        edits = management.get("edits") if isinstance(management, dict) else None
        return all(
            isinstance(edit, dict)
            and str(edit.get("type", "")).startswith("clear_thinking")
            and edit.get("keep") == "all"
            for edit in edits or ()
        )

    def _at(self, url: str, prompt: JsonObject) -> tuple[str, JsonObject]:
        if self.turns == "contents":
            at = url.rpartition(":")[0]
            model = f"models/{at.rpartition('/models/')[2]}"
            return f"{at}:countTokens", {"generateContentRequest": {"model": model, **prompt}}
        return f"{url}/{'count_tokens' if self.turns == 'messages' else 'input_tokens'}", prompt


_POINTERS = frozenset({"fileData", "file_id", "file_url"})

_MESSAGES = Counter(
    turns="messages",
    said="input_tokens",
    counted=frozenset({
        "cache_control", "context_management", "messages", "model", "output_config", "speed", "system", "thinking",
        "tool_choice", "tools",
    }),
    apart=frozenset({
        "diagnostics", "inference_geo", "max_tokens", "metadata", "service_tier", "stop_sequences", "stream",
        "temperature", "top_k", "top_p",
    }),
)  # fmt: skip
_GEMINI = Counter(
    turns="contents",
    said="totalTokens",
    counted=frozenset({"contents", "generationConfig", "systemInstruction", "toolConfig", "tools"}),
    apart=frozenset(),
)
_RESPONSES = Counter(
    turns="input",
    said="input_tokens",
    counted=frozenset({
        "input", "instructions", "model", "parallel_tool_calls", "reasoning", "text", "tool_choice", "tools",
        "truncation",
    }),
    apart=frozenset({
        "include", "max_output_tokens", "max_tool_calls", "metadata", "prompt_cache_key", "prompt_cache_options",
        "prompt_cache_retention", "safety_identifier", "service_tier", "store", "stream", "stream_options",
        "temperature", "top_logprobs", "top_p", "user",
    }),
    is_estimate=False,
)  # fmt: skip


def counter_of(ask: Ask, route: Route) -> Counter | None:
    """Who counts a request for a route, where its provider does: in its own dialect, at its own house."""
    via = route.via
    if not ask.has_output or (ask.hosted is not None and ask.hosted.demanded):
        return None
    if lanes.is_native(ask, via):
        dialect = ask.surface
    elif lanes.takes_responses(ask, via):
        dialect = lanes.RESPONSES
    elif via.provider.protocol == "gemini":
        return _GEMINI
    elif via.provider.protocol == "anthropic":
        dialect = lanes.MESSAGES
    else:
        return None
    if not via.provider.is_house_of(dialect):
        return None
    return _MESSAGES if dialect == lanes.MESSAGES else _RESPONSES


def points_elsewhere(value: Any) -> Iterator[bool]:
    """Whether a prompt shows what is not in it: each thing that is only pointed at."""
    if isinstance(value, list):
        for each in value:
            yield from points_elsewhere(each)
    elif isinstance(value, dict):
        image = value.get("image_url")
        if isinstance(image, str):
            yield not image.startswith("data:")
        yield value.get("type") in ("url", "file") or not value.keys().isdisjoint(_POINTERS)
        for each in value.values():
            yield from points_elsewhere(each)


def _sealed(value: Any) -> Iterator[Any]:
    """Thinking of earlier turns, and its signatures, of which a counter may leave out what the model reads."""
    if isinstance(value, list):
        for each in value:
            yield from _sealed(each)
    elif isinstance(value, dict):
        if value.get("type") in ("thinking", "redacted_thinking"):
            yield value
            return
        for name, each in value.items():
            if name == "thoughtSignature":
                yield each
            else:
                yield from _sealed(each)


def _length(value: Any) -> int:
    return len(_bytes(value))


def _bytes(value: Any) -> bytes:
    return compact_as_it_is(value).encode(errors="surrogatepass")
