"""A chat completion request as one provider of OpenAI's protocol takes it. Standard library only.

What is particular to a provider stands in its entry of the catalogue:

| there           | what becomes of a request                                                                          |
|-----------------|----------------------------------------------------------------------------------------------------|
| `extensions`    | these fields beyond OpenAI's go there; others that nobody here knows go to a `house` alone         |
| `leftOut`       | these fields, which ask for nothing (`user`, `messages[].refusal`), do not go there                |
| `roles`         | a role goes under another name: `developer` is `system` for who knows no other                     |
| `messageFields` | by role, all that a message may have: what an answer had beyond it is left out, the rest refused   |
| `callIdLength`  | ids of calls are so many letters and digits, the same for a call and its result in every request   |
| `efforts`       | by pattern of the model's name, the levels it takes and what is sent for each, a level or fields   |
"""

import hashlib
import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from aggregator.errors import UnsupportedParameter
from aggregator.orchestrator.model import Provider
from aggregator.orchestrator.parameters import STEERING
from aggregator.proxy.model import JsonObject

# Fields of nearly every request, all of OpenAI's own: one that has no others is looked into no further.
_COMMON = frozenset({
    "model", "messages", "max_tokens", "max_completion_tokens", "stream", "stream_options", "temperature", "top_p", "n",
    "stop", "seed", "frequency_penalty", "presence_penalty", "response_format", "tools", "tool_choice",
    "parallel_tool_calls", "reasoning_effort", "user", "metadata", "store", "verbosity", "prompt_cache_key",
})  # fmt: skip
_IN_MESSAGES = "messages[]."
_CALL = ("id", "type", "function", "index")
_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


def known_to(provider: Provider, body: JsonObject) -> tuple[JsonObject, tuple[str, ...]]:
    """The body without fields of which nobody knows what they mean to this provider, and their names."""
    if body.keys() <= _COMMON:
        return body, ()
    from aggregator.proxy.dialects import fields, native, published  # noqa: PLC0415 (few requests have others)

    if provider.is_house_of("chat"):
        native.log_unknown(body, published.CHAT, "chat")
        return body, ()
    named = {name for each in provider.defaults.values() for name in each}.union(
        provider.only_values, provider.rename
    )
    return fields.without_unknown(body, published.CHAT, provider.extensions | named | STEERING.keys())


def as_taken(body: JsonObject, provider: Provider, upstream_model: str, *, asked: bool) -> JsonObject:
    """The body as `provider` takes it; nothing of the one that was given is changed.

    `asked`: the client itself said the effort, so that one that the model has not is refused, not left out.

    Raises:
        UnsupportedParameter: a field asks for what the provider does not have.
    """
    if provider.left_out.isdisjoint(body):
        body = dict(body)
    else:
        body = {name: value for name, value in body.items() if name not in provider.left_out}
    body["messages"] = _messages(body["messages"], provider)
    if body.get("tools"):
        body["tools"] = [_tool(tool, f"tools.{n}") for n, tool in enumerate(body["tools"])]
    if body.get("reasoning_effort") is not None:
        body = _effort(body, provider, upstream_model, asked=asked)
    return body


@cache
def _gone_from_messages(left_out: frozenset[str]) -> frozenset[str]:
    """The fields of messages among those that a provider does not get."""
    return frozenset(path.removeprefix(_IN_MESSAGES) for path in left_out if path.startswith(_IN_MESSAGES))


def _messages(messages: list[JsonObject], provider: Provider) -> list[JsonObject]:
    gone = _gone_from_messages(provider.left_out)
    if not (gone or provider.roles or provider.message_fields or provider.call_id_length):
        return messages
    fitted = []
    for n, message in enumerate(messages):
        role = provider.roles.get(message["role"], message["role"])
        said = {**_with_words(message, gone, provider), "role": role}
        taken = provider.message_fields.get(role)
        if taken is not None:
            said = _only(said, taken, f"messages.{n}", provider)
        said = {name: value for name, value in said.items() if name not in gone}
        fitted.append(_with_ids(said, provider.call_id_length))
    return fitted


def _with_words(message: JsonObject, gone: frozenset[str], provider: Provider) -> JsonObject:
    """A refusal is the words of an answer that had no others: they stay where its own field is not taken."""
    refusal = message.get("refusal")
    fields = provider.message_fields.get("assistant", ("refusal",))
    if (
        message.get("content")
        or not isinstance(refusal, str)
        or ("refusal" in fields and "refusal" not in gone)
    ):
        return message
    return {**message, "content": refusal}


def _only(message: JsonObject, taken: list[str], place: str, provider: Provider) -> JsonObject:
    """Without what an answer had and its provider does not take back, or what says nothing."""
    for name, value in message.items():
        asks = message["role"] != "assistant" or name in ("function_call", "name")
        if name != "role" and name not in taken and asks and value:
            raise UnsupportedParameter(
                f"{provider.name} does not take '{place}.{name}'.", param=f"{place}.{name}"
            )
    said = {name: value for name, value in message.items() if name == "role" or name in taken}
    if isinstance(said.get("tool_calls"), list):
        said["tool_calls"] = [
            {name: value for name, value in call.items() if name in _CALL} if isinstance(call, dict) else call
            for call in said["tool_calls"]
        ]
    if said.get("tool_calls") in (None, []):
        said.pop("tool_calls", None)
    return said


def _with_ids(message: JsonObject, length: int) -> JsonObject:
    if not length:
        return message
    if isinstance(message.get("tool_call_id"), str):
        message["tool_call_id"] = call_id(message["tool_call_id"], length)
    if isinstance(message.get("tool_calls"), list):
        message["tool_calls"] = [
            {**call, "id": call_id(call["id"], length)}
            if isinstance(call, dict) and isinstance(call.get("id"), str)
            else call
            for call in message["tool_calls"]
        ]
    return message


def call_id(said: str, length: int) -> str:
    """An id of `length` letters and digits: the id itself where it is one, else always the same for the same id."""
    if len(said) == length and said.isascii() and said.isalnum():
        return said
    number = int.from_bytes(hashlib.sha256(said.encode(errors="surrogatepass")).digest())
    found = ""
    while len(found) < length:
        number, digit = divmod(number, len(_DIGITS))
        found += _DIGITS[digit]
    return found


def _tool(tool: Any, place: str) -> Any:
    """A function whose schema says what it takes, be it nothing: an object without properties is refused by many."""
    function = tool.get("function") if isinstance(tool, dict) else None
    if not isinstance(function, dict):
        return tool
    name = function.get("name")
    if isinstance(name, str) and not _NAME.fullmatch(name):
        at = f"{place}.function.name"
        raise UnsupportedParameter(
            f"{at}: must be 1 to 64 letters, digits, underscores and hyphens, as providers take it", param=at
        )
    schema = function.get("parameters")
    if not isinstance(schema, dict) or schema.get("type") != "object" or "properties" in schema:
        return tool
    return {**tool, "function": {**function, "parameters": {**schema, "properties": {}}}}


def _effort(body: JsonObject, provider: Provider, upstream_model: str, *, asked: bool) -> JsonObject:
    """The body with what the model is told of how hard to think."""
    from aggregator.proxy.dialects.efforts import least, levels_of, nearest  # noqa: PLC0415 (few requests say it)

    levels = levels_of(provider, upstream_model)
    if levels is None:
        return body
    level = nearest(body["reasoning_effort"], levels)
    rest = {name: value for name, value in body.items() if name != "reasoning_effort"}
    if level is None:
        if asked and not (body["reasoning_effort"] == "none" and not levels):
            taken = ", ".join(levels) or "'none'"
            raise UnsupportedParameter(
                f"reasoning_effort: this model takes only {taken}", param="reasoning_effort"
            )
        level = least(levels)
        if level is None:
            return rest
    sent = levels[level]
    return rest | (dict(sent) if isinstance(sent, Mapping) else {"reasoning_effort": sent})
