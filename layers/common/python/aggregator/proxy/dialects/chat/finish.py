"""Why a choice of a chat completion ended, in the words of whoever speaks OpenAI's protocol. On the hot path.

Sources: API references of OpenAI, DeepSeek (`insufficient_system_resource`), Mistral (`model_length`, `error`), Z.ai
(`sensitive`, `network_error`, `model_context_window_exceeded`), Cohere and Together (`eos`, `COMPLETE`), and vLLM and
SGLang (`abort`).
"""

from collections.abc import Mapping
from typing import Any

_STOP, _LENGTH, _CALLS, _FILTERED = "stop", "length", "tool_calls", "content_filter"

OF_OPENAI = frozenset({_STOP, _LENGTH, _CALLS, _FILTERED, "function_call"})

FAILED = frozenset({
    "error", "abort", "aborted", "network_error", "insufficient_system_resource", "timeout", "cancelled",
})  # fmt: skip
"""Reasons that are failures of the provider's: the answer is not whole, and that is nobody's wish."""

_MEANING = {
    "function_call": _CALLS,
    "tool_use": _CALLS,
    "tool_call": _CALLS,
    "max_tokens": _LENGTH,
    "max_output_tokens": _LENGTH,
    "model_length": _LENGTH,
    "model_context_window_exceeded": "window",
    "sensitive": _FILTERED,
    "safety": _FILTERED,
    "content_filtered": _FILTERED,
    "refusal": _FILTERED,
}
_NOT_YET = frozenset({"", "null", "none"})


def finish_of(choice: Mapping[str, Any]) -> str:
    """Why a choice ended, in the words of `events`; empty while it goes on. A word that nobody knows is an end."""
    said = choice.get("finish_reason")
    if said is None or not isinstance(said, str):
        return ""
    if said in OF_OPENAI and said != "function_call":
        return said
    word = said.lower()
    if word in _NOT_YET:
        return ""
    return _MEANING.get(word, word if word in OF_OPENAI else _STOP)


def has_failed(choice: Mapping[str, Any]) -> bool:
    """Whether a choice ended because its provider failed."""
    said = choice.get("finish_reason")
    return isinstance(said, str) and said.lower() in FAILED
