"""What OpenAI refuses, at its own address and at Azure's."""

from collections.abc import Iterator
from typing import Any

from local.standin.ask import JsonObject
from local.standin.refusals.fields import CHAT, RESPONSES
from local.standin.refusals.reading import extra, gpt_version, is_a_name, listed
from local.standin.refusals.rules import Call, Rule

_HOUSE = ("openai", "azure")
_TOOLS_OVER_RESPONSES, _REASONS_UNASKED = (5, 4), (5, 6)
_REFERENCE = "https://developers.openai.com/api/reference/resources"


def _unknown(call: Call) -> tuple[str, str] | None:
    name = extra(call.body, CHAT if call.dialect == "chat" else RESPONSES)
    return (name, f"Unknown parameter: '{name}'.") if name else None


def _tools_over_chat(call: Call) -> tuple[str, str] | None:
    version, effort = gpt_version(call.model), call.body.get("reasoning_effort")
    if version < _TOOLS_OVER_RESPONSES or effort == "none" or not call.body.get("tools"):
        return None
    if effort is None and version < _REASONS_UNASKED:
        return None
    return "reasoning_effort", (
        f"Function tools with reasoning_effort are not supported for {call.model} in /v1/chat/completions. "
        "Please use /v1/responses instead."
    )


def _functions(call: Call) -> Iterator[tuple[str, JsonObject]]:
    for place, tool in enumerate(listed(call.body, "tools")):
        if tool.get("type") == "function":
            at = f"tools[{place}].function" if call.dialect == "chat" else f"tools[{place}]"
            yield at, tool.get("function") or {} if call.dialect == "chat" else tool


def _without_properties(call: Call) -> tuple[str, str] | None:
    for at, function in _functions(call):
        schema = function.get("parameters") or {}
        if schema.get("type") == "object" and "properties" not in schema:
            name = function.get("name")
            said = f"Invalid schema for function '{name}': In context=(), object schema missing properties."
            return f"{at}.parameters", said
    return None


def _names(call: Call) -> tuple[str, str] | None:
    named = [(f"{at}.name", function.get("name")) for at, function in _functions(call)]
    if call.dialect == "chat":
        for n, message in enumerate(listed(call.body, "messages")):
            for k, spoken in enumerate(listed(message, "tool_calls")):
                inside: Any = spoken.get("function") or spoken.get("custom") or {}
                named.append((f"messages[{n}].tool_calls[{k}].function.name", inside.get("name")))
    else:
        items = call.body["input"] if isinstance(call.body.get("input"), list) else []
        calls = [(n, item) for n, item in enumerate(items) if str(item.get("type")).endswith("_call")]
        named += [(f"input[{n}].name", item["name"]) for n, item in calls if "name" in item]
    for at, name in named:
        if not is_a_name(name):
            return at, f"Invalid '{at}': expected a string of 64 letters, digits, '_' and '-' at most."
    return None


def _unanswered(call: Call) -> tuple[str, str] | None:
    """Each call is answered before anybody else speaks; other houses that speak chat ask it as well."""
    waiting: dict[str, str] = {}
    for n, message in enumerate(listed(call.body, "messages")):
        if message.get("role") == "tool":
            if waiting.pop(str(message.get("tool_call_id")), None) is None:
                said = (
                    "messages with role 'tool' must be a response to a preceding message with 'tool_calls'."
                )
                return f"messages.[{n}].role", f"Invalid parameter: {said}"
            continue
        if waiting:
            break
        if message.get("role") == "assistant":
            waiting = {str(each.get("id")): "" for each in listed(message, "tool_calls")}
    if not waiting:
        return None
    said = "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'."
    return (
        "messages",
        f"{said} The following tool_call_ids did not have response messages: {', '.join(waiting)}",
    )


def _old_cap(call: Call) -> tuple[str, str] | None:
    if "max_tokens" not in call.body or gpt_version(call.model) < (5, 0):
        return None
    said = "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."
    return "max_tokens", said


def _none_where_it_always_reasons(call: Call) -> tuple[str, str] | None:
    effort = call.body.get("reasoning_effort") or (call.body.get("reasoning") or {}).get("effort")
    if effort != "none" or gpt_version(call.model) != (5, 0):
        return None
    return "reasoning_effort", "Unsupported value: 'none' is not supported with this model."


def _sampling(call: Call) -> tuple[str, str] | None:
    value = call.body.get("temperature")
    if value in (None, 1) or gpt_version(call.model) != (5, 0):
        return None
    said = f"'temperature' does not support {value} with this model. Only the default (1) value is supported."
    return "temperature", f"Unsupported value: {said}"


def _unpaired(call: Call) -> tuple[str, str] | None:
    called, items = set(), call.body.get("input")
    for n, item in enumerate(items if isinstance(items, list) else ()):
        kind = str(item.get("type"))
        if kind in ("function_call", "custom_tool_call"):
            called.add(item.get("call_id"))
        elif (
            kind in ("function_call_output", "custom_tool_call_output") and item.get("call_id") not in called
        ):
            return (
                f"input[{n}]",
                f"No tool call found for function call output with call_id {item.get('call_id')}.",
            )
    return None


RULES = (
    Rule(
        "a field that OpenAI does not know",
        _unknown,
        (f"{_REFERENCE}/chat", "https://github.com/teabranch/open-responses-server/issues/41"),
        ("chat", "responses"),
        _HOUSE,
    ),
    Rule(
        "functions over chat completions from gpt-5.4 on, where the model reasons",
        _tools_over_chat,
        (
            "https://github.com/pipecat-ai/pipecat/issues/4043",
            "https://github.com/BerriAI/litellm/pull/34569",
        ),
        ("chat",),
        _HOUSE,
    ),
    Rule(
        "an object's schema without `properties`",
        _without_properties,
        (
            "https://github.com/tailcallhq/forgecode/issues/1359",
            "https://github.com/everruns/everruns/pull/984",
        ),
        ("chat", "responses"),
        _HOUSE,
    ),
    Rule(
        "a function's name of more than 64 characters, or of others",
        _names,
        (f"{_REFERENCE}/chat", "https://github.com/microsoft/foundry-dev-tools/issues/723"),
        ("chat", "responses"),
        _HOUSE,
    ),
    Rule(
        "a call without its result next, or a result without its call",
        _unanswered,
        ("https://github.com/gptme/gptme/issues/3421", "https://github.com/langgenius/dify/issues/32222"),
        ("chat",),
        (*_HOUSE, "deepseek"),
    ),
    Rule(
        "`max_tokens` at a model that reasons",
        _old_cap,
        (
            "https://github.com/decolua/9router/issues/560",
            "https://github.com/langflow-ai/openrag/issues/398",
        ),
        ("chat",),
        _HOUSE,
    ),
    Rule(
        "no reasoning where the model always reasons",
        _none_where_it_always_reasons,
        ("https://developers.openai.com/api/docs/guides/reasoning",),
        ("chat", "responses"),
        _HOUSE,
    ),
    Rule(
        "a temperature at GPT-5",
        _sampling,
        ("https://github.com/decolua/9router/issues/560", "https://github.com/getcmd-dev/cmd/issues/36"),
        ("chat", "responses"),
        _HOUSE,
    ),
    Rule(
        "an output without its call",
        _unpaired,
        ("https://github.com/deepseek-ai/DeepSeek-V3/issues/1611",),
        ("responses",),
        _HOUSE,
    ),
)
