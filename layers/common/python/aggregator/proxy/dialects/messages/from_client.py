"""Reading a request of the Messages API: a conversation, and its fields in the form of a chat completion request.

Source: https://platform.claude.com/docs/en/api/messages/create and its SDKs' types; every `anthropic-version` is read
alike, and headers of betas are no matter. docs/surfaces.md has the table of fields.
"""

from collections.abc import Mapping
from typing import Any

from aggregator.errors import JsonObject, UnsupportedParameter
from aggregator.proxy.body import body_of
from aggregator.proxy.dialects.chat_form import checked
from aggregator.proxy.dialects.messages.client_turns import mark_of, turns_in
from aggregator.proxy.dialects.to_chat_form import written
from aggregator.proxy.dialects.untranslated import as_it_is, has_tools_beside
from aggregator.proxy.model import Ask
from aggregator.runtime.request import headers_in
from aggregator.runtime.shape import (
    a_count,
    a_list,
    a_name,
    a_text,
    an_object,
    bytes_of,
    invalid,
    objects_in,
    one_of,
    refuse_others,
    unsupported,
)

NAME = "messages"
SENT_ON = ("anthropic-version", "anthropic-beta")

_SAME = ("model", "stream", "temperature", "top_p", "top_k")
_TAKEN = frozenset({
    *_SAME, "max_tokens", "messages", "system", "stop_sequences", "tools", "tool_choice", "thinking", "output_config",
    "metadata", "service_tier", "speed", "cache_control", "context_management",
})  # fmt: skip
_THINKING = ("enabled", "adaptive", "between_tools", "disabled")
_EFFORTS = ("low", "medium", "high", "xhigh", "max")
# Of a tool's fields: how it is called by other tools or found by a search is no matter for a plain function, which is
# there from the beginning where nothing loads it later.
_TOOL = frozenset({
    "type", "name", "description", "input_schema", "strict", "cache_control", "eager_input_streaming",
    "defer_loading",
})  # fmt: skip


def read(event: Mapping[str, Any], *, user_id: str = "") -> Ask:
    """Read and check a request.

    Raises:
        InvalidRequest: a field is missing, or has a wrong type or value; `param` is its path.
        UnsupportedParameter: it asks for what is not offered here.
        PayloadTooLarge: over 6 MB.
    """
    asked = body_of(event)
    a_count(asked.get("max_tokens"), "max_tokens")
    headers = headers_in(event, SENT_ON)
    for name, value in headers.items():  # beyond ASCII no two readers of HTTP take the same bytes for it
        if not (value.isascii() and value.replace("\t", " ").isprintable()):
            raise invalid(name, "must be printable ASCII")
    return taken(asked)._replace(headers=headers, user_id=user_id)


def taken(asked: JsonObject) -> Ask:
    """The request, translated if it can be, else as it is.

    Raises:
        InvalidRequest: as `read` does.
    """
    a_name(asked.get("model"), "model")
    if not asked.get("messages"):
        raise invalid("messages", "Field required")
    hosted, said = None, asked
    try:
        if has_tools_beside(asked, (None, "custom")):
            from aggregator.proxy.dialects.messages.hosted import hosted_in, translatable  # noqa: PLC0415 (few have)

            hosted = hosted_in(asked)
            said = asked if hosted is None else translatable(asked, hosted)
        ask = ask_of(said)
    except UnsupportedParameter as refused:
        ask = as_it_is(asked, refused, surface=NAME, limit="max_tokens")
    return ask if hosted is None else ask._replace(asked=asked, hosted=hosted)


def ask_of(asked: JsonObject) -> Ask:
    """Check a request, whose limit may be left out: a count of its tokens has none.

    Raises:
        InvalidRequest, UnsupportedParameter: as `read` does.
    """
    if asked.keys() - _TAKEN:
        from aggregator.proxy.dialects.fields import MESSAGES, asking  # noqa: PLC0415 (few have such)

        refuse_others(asking(asked, MESSAGES), _TAKEN)
    _refuse_unpriced(asked)
    a_name(asked.get("model"), "model")
    body: JsonObject = {name: asked[name] for name in _SAME if asked.get(name) is not None}
    turns = turns_in(asked)
    body["messages"] = written(turns)
    if asked.get("max_tokens") is not None:
        body["max_tokens"] = a_count(asked["max_tokens"], "max_tokens")
    if asked.get("top_k") is not None:
        a_count(asked["top_k"], "top_k")
    if stops := a_list(asked.get("stop_sequences"), "stop_sequences"):
        body["stop"] = [a_name(stop, f"stop_sequences.{n}") for n, stop in enumerate(stops)]
    body |= _tools(asked) | _thinking(asked) | _output(asked)
    if body.get("stream"):
        body["stream_options"] = {"include_usage": True}
    return checked(body, bytes_of(body), surface=NAME, asked=asked, turns=turns)


def _refuse_unpriced(asked: JsonObject) -> None:
    """What changes the price or the conversation is refused; what asks for what is done anyway is taken."""
    if asked.get("speed") not in (None, "standard"):
        raise unsupported("speed", "only 'standard' is offered here")
    if asked.get("service_tier") not in (None, "auto", "standard_only"):
        raise unsupported("service_tier", "only 'auto' and 'standard_only' are offered here")
    an_object(asked.get("metadata") or {}, "metadata")
    management = an_object(asked.get("context_management") or {}, "context_management")
    for place, edit in objects_in(management.get("edits"), "context_management.edits"):
        if not a_text(edit.get("type"), f"{place}.type").startswith("clear_thinking"):
            raise unsupported(f"{place}.type", "a conversation is sent on as it is")


def _tools(asked: JsonObject) -> JsonObject:
    body: JsonObject = {}
    tools = [_tool(tool, place) for place, tool in objects_in(asked.get("tools"), "tools")]
    if tools:
        body["tools"] = tools
    if asked.get("tool_choice") is None:
        return body
    choice = an_object(asked["tool_choice"], "tool_choice")
    match one_of(choice.get("type"), ("auto", "any", "tool", "none"), "tool_choice.type"):
        case "tool":
            name = a_name(choice.get("name"), "tool_choice.name")
            body["tool_choice"] = {"type": "function", "function": {"name": name}}
        case "any":
            body["tool_choice"] = "required"
        case kind:
            body["tool_choice"] = kind
    if choice.get("disable_parallel_tool_use"):
        body["parallel_tool_calls"] = False
    return body


def _tool(tool: JsonObject, place: str) -> JsonObject:
    if tool.get("type") not in (None, "custom"):
        raise unsupported(f"{place}.type", f"tools of type '{tool['type']}' are not offered here")
    for name, value in tool.items():
        if name not in _TOOL and value and value != ["direct"]:
            raise unsupported(f"{place}.{name}", "is not offered here")
    function: JsonObject = {
        "name": a_name(tool.get("name"), f"{place}.name"),
        "parameters": an_object(tool.get("input_schema"), f"{place}.input_schema"),
    }
    if tool.get("description") is not None:
        function["description"] = a_text(tool["description"], f"{place}.description")
    if tool.get("strict"):
        function["strict"] = True
    mark = mark_of(tool, place)
    return {"type": "function", "function": function} | ({} if mark is None else {"cache_control": mark})


def _thinking(asked: JsonObject) -> JsonObject:
    """How to think stays as it is said, for Claude; fitting.py has what it is for others."""
    if asked.get("thinking") is None:
        return {}
    thinking = an_object(asked["thinking"], "thinking")
    kind = one_of(thinking.get("type"), _THINKING, "thinking.type")
    if kind == "enabled":
        budget = a_count(thinking.get("budget_tokens"), "thinking.budget_tokens")
        most = asked.get("max_tokens")
        if isinstance(most, int) and budget >= most:
            raise unsupported("thinking.budget_tokens", "must be less than max_tokens")
    return {"thinking": thinking}


def _output(asked: JsonObject) -> JsonObject:
    config = an_object(asked.get("output_config") or {}, "output_config")
    body: JsonObject = {}
    for name, value in config.items():
        if name not in ("effort", "format") and value is not None:
            raise unsupported(f"output_config.{name}", "is not offered here")
    if config.get("effort") is not None:
        body["reasoning_effort"] = one_of(config["effort"], _EFFORTS, "output_config.effort")
    if config.get("format") is not None:
        wanted = an_object(config["format"], "output_config.format")
        one_of(wanted.get("type"), ("json_schema",), "output_config.format.type")
        schema = an_object(wanted.get("schema"), "output_config.format.schema")
        body["response_format"] = {
            "type": "json_schema",
            "json_schema": {"name": "output", "schema": schema, "strict": True},
        }
    return body
