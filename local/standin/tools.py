"""Which tools the stand-in calls, and with which arguments."""

import json
import re
from dataclasses import dataclass
from typing import Any

from local.standin.ask import Ask, JsonObject, text_of
from local.standin.errors import BadRequest
from local.standin.schema import SchemaError, instance_of
from local.standin.steps import has_steps, next_calls, spoken

_ALL_TOGETHER = re.compile(r"\b(both|parallel)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call of a tool: `arguments` is the JSON of a function, or the free text of a custom tool."""

    kind: str
    name: str
    arguments: str


def tool_calls_for(ask: Ask) -> list[ToolCall]:
    """The calls that answer `ask`; none where it has no tools, forbids them or brings their results.

    Steps that the user tells are taken one after the other. Else a tool named by `tool_choice` is called; else those
    that the user's text names; else all, if it says "both" or "parallel"; else the first. Without
    `parallel_tool_calls` it is one at most.

    Raises:
        BadRequest: `tool_choice` names no tool of the request, a tool's schema cannot be filled, or a step not taken.
    """
    tools: list[JsonObject] = ask.body.get("tools") or []
    choice = ask.body.get("tool_choice") or "auto"
    if has_steps(ask) and choice != "none":
        return [ToolCall(tool["type"], _name(tool), spoken(given)) for tool, given in next_calls(ask)]
    if not tools or choice == "none" or ask.tool_results:
        return []
    if isinstance(choice, dict):
        tools = _chosen(tools, choice)
    text = ask.user_text
    named = [tool for tool in tools if re.search(rf"\b{re.escape(_name(tool))}\b", text)]
    if not named:
        named = tools if _ALL_TOGETHER.search(text) else tools[:1]
    if ask.body.get("parallel_tool_calls") is False:
        named = named[:1]
    return [_call(tool, text) for tool in named]


def forces_one_tool(ask: Ask) -> bool:
    """Whether `tool_choice` names the tool; OpenAI then ends with `stop` instead of `tool_calls`."""
    choice = ask.body.get("tool_choice")
    return isinstance(choice, dict) and choice.get("type") in {"function", "custom"}


def results_text(ask: Ask) -> str:
    """The results of the tools that were called, as a sentence each."""
    names = {
        call.get("id"): (call.get("function") or call.get("custom") or {}).get("name")
        for message in ask.messages
        for call in message.get("tool_calls") or ()
    }
    return " ".join(
        f"The tool {names.get(result.get('tool_call_id')) or result.get('name') or 'you called'} "
        f"answered: {text_of(result.get('content'))}."
        for result in ask.tool_results
    )


def _name(tool: JsonObject) -> str:
    return str(tool[tool["type"]]["name"])


def _is_named(entry: Any) -> bool:
    inside = (
        entry.get(entry.get("type"))
        if isinstance(entry, dict) and isinstance(entry.get("type"), str)
        else None
    )
    return isinstance(inside, dict) and "name" in inside


def _chosen(tools: list[JsonObject], choice: JsonObject) -> list[JsonObject]:
    kind = choice.get("type")
    inside = choice.get(kind) if isinstance(kind, str) else None
    if not isinstance(inside, dict):
        raise BadRequest("'tool_choice' must say what it chooses.", param="tool_choice")
    wanted = inside.get("tools") if kind == "allowed_tools" else [choice]
    names = [_name(entry) for entry in wanted or () if _is_named(entry)]
    chosen = [tool for tool in tools if _name(tool) in names]
    if not chosen:
        raise BadRequest(
            f"Tool choice {', '.join(map(str, names))} is not among the tools.", param="tool_choice"
        )
    return chosen


def _call(tool: JsonObject, text: str) -> ToolCall:
    kind = tool["type"]
    if kind == "custom":
        return ToolCall(kind, _name(tool), text or "go")
    schema: Any = tool["function"].get("parameters") or {"type": "object"}
    try:
        arguments = instance_of(schema)
    except SchemaError as error:
        raise BadRequest(
            f"Invalid schema for function '{_name(tool)}': {error}",
            param="tools",
            code="invalid_function_parameters",
        ) from error
    return ToolCall(kind, _name(tool), json.dumps(arguments, ensure_ascii=False, separators=(",", ":")))
