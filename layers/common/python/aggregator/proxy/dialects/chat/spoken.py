"""What a chat completion, or a chunk of one, says in OpenAI's form: its words, its end, and whether it is a failure.

Standard library only, on the hot path. Providers with OpenAI's protocol differ in where words stand (`reasoning`,
parts of content with `thinking` in them) and in how an error looks under status 200.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from aggregator.errors import JsonObject, ProviderFailed, ProviderUnreadable
from aggregator.proxy.dialects.chat.finish import OF_OPENAI, has_failed
from aggregator.proxy.dialects.lengths import utf8_length
from aggregator.proxy.dialects.under_200 import says_error

_WORDS = ("content", "refusal")
_THOUGHTS = ("reasoning_content", "reasoning")
_SAYS_SOMETHING = (
    *_WORDS, *_THOUGHTS, "reasoning_details", "tool_calls", "function_call", "audio",
)  # fmt: skip

_OF_WORDS = frozenset({
    "id", "object", "created", "model", "choices", "system_fingerprint", "service_tier", "usage", "obfuscation",
})  # fmt: skip
_OF_A_CHOICE = frozenset({"index", "delta", "finish_reason", "logprobs"})
_OF_A_DELTA = frozenset({"role", "content"})


def is_error(said: Mapping[str, Any]) -> bool:
    """Whether an answer, or an event of one, says that the provider failed."""
    return says_error(said) or has_failed_in(choices_of(said))


def has_failed_in(choices: list[dict[str, Any]]) -> bool:
    """Whether a choice says that the provider failed."""
    return any(choice.get("error") or has_failed(choice) for choice in choices)


def is_odd_perhaps(choice: Mapping[str, Any]) -> bool:
    """Whether a choice has what is known to come in odd forms: calls of tools, or an end in words of its own."""
    said = choice.get("delta") or choice.get("message")
    finish = choice.get("finish_reason")
    if finish is not None and finish not in OF_OPENAI:
        return True
    return isinstance(said, dict) and bool(said.get("tool_calls"))


def next_words(event: Any) -> str | None:
    """The words of an event that is nothing but the next words of a stream's one choice, be they none; else None.

    Nearly all events are such: this is what they cost.
    """
    try:
        (choice,) = event["choices"]
        delta = choice["delta"]
        content = delta["content"]
    except (KeyError, TypeError, ValueError):  # it is of another shape
        return None
    if (
        event.keys() <= _OF_WORDS
        and choice.keys() <= _OF_A_CHOICE
        and delta.keys() <= _OF_A_DELTA
        and type(content) is str
        and choice.get("finish_reason") is None
        and not event.get("usage")
        and event.get("object") != "error"
    ):
        return content
    return None


def choices_of(said: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The choices of a completion or chunk; none where there is no list."""
    choices = said.get("choices")
    return [each for each in choices if isinstance(each, dict)] if isinstance(choices, list) else []


def completed(said: JsonObject) -> list[JsonObject]:
    """The choices of a whole completion.

    Raises:
        ProviderFailed: it is an error under status 200.
        ProviderUnreadable: it has none.
    """
    choices = choices_of(said)
    if says_error(said) or has_failed_in(choices):
        raise ProviderFailed("The provider answered without a completion.")
    if not choices:
        raise ProviderUnreadable("The provider answered without a completion.")
    return choices


def says_something(delta: Any) -> bool:
    """Whether a message, or a piece of one, has something for its reader: a role alone is nothing."""
    return isinstance(delta, dict) and any(delta.get(name) for name in _SAYS_SOMETHING)


def bytes_said(delta: Any) -> int:
    """How much of a message or delta its reader gets, as UTF-8; what a fallback count goes by.

    Thoughts that come under two names at once are said once.
    """
    if not isinstance(delta, dict):
        return 0
    content = delta.get("content")
    if isinstance(content, str) and {name for name, value in delta.items() if value} <= _OF_A_DELTA:
        return utf8_length(content)
    thoughts = next((each for name in _THOUGHTS if (each := delta.get(name))), None)
    said = sum(utf8_length(each) for each in _words(delta)) + sum(
        utf8_length(each) for each in _texts(thoughts)
    )
    return said if thoughts else said + sum(utf8_length(each) for each in _thoughts_in(delta))


def in_one_text(delta: Any) -> bool:
    """Put content that came in parts into one text, and the thoughts among them beside it; whether there was any.

    Mistral answers so where it thinks; clients of chat completions read a text.
    """
    parts = delta.get("content") if isinstance(delta, dict) else None
    if not isinstance(parts, list):
        return False
    thoughts = [part for part in parts if isinstance(part, dict) and part.get("type") == "thinking"]
    words = "".join(reversed(list(_texts([part for part in parts if part not in thoughts]))))
    thought = "".join(reversed(list(_texts(thoughts))))
    delta["content"] = words or None
    if thought:
        delta["reasoning_content"] = f"{delta.get('reasoning_content') or ''}{thought}"
    return True


def _words(delta: Mapping[str, Any]) -> Iterator[str]:
    for name in _WORDS:
        yield from _texts(delta.get(name))
    calls = delta.get("tool_calls")
    functions = (
        [call.get("function") for call in calls if isinstance(call, dict)] if isinstance(calls, list) else []
    )
    for function in (*functions, delta.get("function_call")):
        if isinstance(function, dict):
            yield from _texts(function.get("name"))
            arguments = function.get("arguments")
            yield from [json.dumps(arguments)] if isinstance(arguments, dict) else _texts(arguments)


def _thoughts_in(delta: Mapping[str, Any]) -> Iterator[str]:
    details = delta.get("reasoning_details")
    for detail in details if isinstance(details, list) else ():
        if isinstance(detail, dict):
            yield from _texts(detail.get("text") or detail.get("summary"))


def _texts(said: Any) -> Iterator[str]:
    """The texts in a value: one, or those of its parts, however deep (`{"type": "thinking", "thinking": [...]}`)."""
    waiting = [said]
    while waiting:
        each = waiting.pop()
        if isinstance(each, str):
            yield each
        elif isinstance(each, list):
            waiting += each
        elif isinstance(each, dict):
            waiting += [each[name] for name in ("text", "thinking", "refusal") if name in each]
