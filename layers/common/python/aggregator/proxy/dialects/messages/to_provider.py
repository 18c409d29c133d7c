"""A request of the chat form as the Messages API takes it. Standard library only.

Source: https://platform.claude.com/docs/en/api/messages/create. docs/providers/anthropic.md lists what is taken.
"""

from aggregator.orchestrator.model import Route as CatalogueRoute
from aggregator.orchestrator.parameters import fitted
from aggregator.proxy.dialects.claude import Claude, sampling_of, thinking_of
from aggregator.proxy.dialects.claude_schema import closed, open_place
from aggregator.proxy.dialects.from_chat_form import turns_of
from aggregator.proxy.dialects.messages.provider_turns import cache_control_of, conversation
from aggregator.proxy.dialects.reading import json_schema_of, refuse_unknown, stops_of
from aggregator.proxy.dialects.tools import FunctionTool, mended, tool_choice_of, tools_of
from aggregator.proxy.dialects.words import JSON_ANSWER, json_answer_in
from aggregator.proxy.model import Ask, JsonObject
from aggregator.runtime.shape import an_object, unsupported

_TAKEN = frozenset({
    "model", "messages", "max_tokens", "max_completion_tokens", "stream", "stream_options", "stop", "temperature",
    "top_p", "top_k", "tools", "tool_choice", "parallel_tool_calls", "response_format", "reasoning_effort", "thinking",
})  # fmt: skip


def body_of(ask: Ask, via: CatalogueRoute, output_tokens: int) -> JsonObject:
    """The request, with a cap on its output.

    Raises:
        UnsupportedParameter: a field that Anthropic, or this model, cannot honour.
        InvalidRequest: a field has a wrong shape.
    """
    body = fitted(ask.body, via.provider)
    refuse_unknown(body, _TAKEN, via.provider.name)
    if body.get("thinking") is not None:
        an_object(body["thinking"], "thinking")
    model = Claude.of(via.upstream_model)
    system, turns = conversation(mended(turns_of(ask, "Claude")))
    system += _in_words(body)
    said: JsonObject = {
        "model": via.upstream_model,
        "max_tokens": output_tokens,
        "messages": turns,
    }
    if system:
        said["system"] = system
    tools = tools_of(body)
    choice = _tool_choice(body, model)
    forced = choice.get("type") in ("any", "tool")
    if tools:
        said["tools"] = [_tool(tool, f"tools.{n}") for n, tool in enumerate(tools)]
        if choice:
            said["tool_choice"] = choice
    thinking = thinking_of(body, model, output_tokens, forced=forced, by_effort=ask.surface != "messages")
    thinks = thinking.get("thinking", {}).get("type") in ("enabled", "adaptive")
    said |= thinking | sampling_of(body, model, thinks=thinks)
    if (output_format := _format(body)) is not None:
        said["output_config"] = {**said.get("output_config", {}), "format": output_format}
    if stops := stops_of(body):
        said["stop_sequences"] = stops
    if isinstance(user := body.get("safety_identifier") or body.get("user"), str):
        said["metadata"] = {"user_id": user}
    if ask.stream:
        said["stream"] = True
    return said


def _tool(tool: FunctionTool, place: str) -> JsonObject:
    schema = {"type": "object", "properties": {}, **tool.parameters}
    said: JsonObject = {
        "name": tool.name,
        "input_schema": closed(schema, f"{place}.function.parameters") if tool.strict else schema,
    }
    if tool.description:
        said["description"] = tool.description
    if tool.strict:
        said["strict"] = True
    return said | cache_control_of(tool.mark, "tools")


def _tool_choice(body: JsonObject, model: Claude) -> JsonObject:
    mode, name = tool_choice_of(body)
    one_at_a_time = body.get("parallel_tool_calls") is False
    if mode in ("required", "named") and not model.can_be_forced:
        raise unsupported(
            "tool_choice", "this model cannot be forced to use a tool; 'auto' and 'none' are taken"
        )
    if mode == "none":
        return {"type": "none"}
    choice: JsonObject = {"type": {"auto": "auto", "required": "any", "named": "tool"}[mode]}
    if name:
        choice["name"] = name
    if one_at_a_time:
        choice["disable_parallel_tool_use"] = True
    return choice if choice != {"type": "auto"} else {}


def _format(body: JsonObject) -> JsonObject | None:
    """Structured outputs, which every model from 4.5 on has."""
    wanted = body.get("response_format")
    match (wanted or {}).get("type", "text"):
        case "text" | "json_object":
            return None
        case "json_schema" if _in_words(body):
            return None
        case "json_schema":
            return {"type": "json_schema", "schema": closed(json_schema_of(wanted or {}), "response_format")}
        case _:
            raise unsupported("response_format.type", "must be 'text', 'json_object' or 'json_schema'")


def _in_words(body: JsonObject) -> list[JsonObject]:
    """JSON of any shape, or of one that structured outputs cannot hold: there is no field for either."""
    wanted = body.get("response_format") or {}
    if wanted.get("type") == "json_object":
        return [{"type": "text", "text": JSON_ANSWER}]
    if wanted.get("type") != "json_schema":
        return []
    schema = json_schema_of(wanted)
    if wanted["json_schema"].get("strict") or not open_place(schema, ""):
        return []
    return [{"type": "text", "text": json_answer_in(schema)}]
