"""Reading the tools of a chat completion request for a provider that speaks another protocol. Standard library only.

Source of the fields: OpenAI API reference, "Create chat completion" (`tools`, `tool_choice`, `tool_calls`).
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from aggregator.errors import InvalidRequest
from aggregator.proxy.dialects.reading import a_string, an_object, unsupported
from aggregator.proxy.model import JsonObject
from aggregator.runtime import passable_json


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call that an earlier answer of the model made, with its arguments read."""

    id: str
    name: str
    arguments: JsonObject
    said: JsonObject


def tool_calls_of(message: Mapping[str, Any], place: str) -> Iterator[ToolCall]:
    """Calls of an assistant's message.

    Raises:
        InvalidRequest: one has a wrong shape, or arguments that are no JSON object.
    """
    calls = message.get("tool_calls") or []
    if not isinstance(calls, list):
        raise InvalidRequest(f"{place}.tool_calls: must be an array", param=f"{place}.tool_calls")
    for k, call in enumerate(calls):
        at = f"{place}.tool_calls.{k}"
        if an_object(call, at).get("type", "function") != "function":
            raise unsupported(f"{at}.type", "only function calls are taken")
        function = an_object(call.get("function"), f"{at}.function")
        yield ToolCall(
            id=a_string(call.get("id"), f"{at}.id"),
            name=a_string(function.get("name"), f"{at}.function.name"),
            arguments=_arguments(function.get("arguments"), f"{at}.function.arguments"),
            said=call,
        )


def _arguments(said: Any, place: str) -> JsonObject:
    if said in (None, ""):
        return {}
    try:
        return an_object(passable_json.read(said), place)
    except passable_json.TooDeep:
        raise InvalidRequest(f"{place}: is nested too deep", param=place) from None
    except (TypeError, ValueError):
        raise InvalidRequest(f"{place}: must be a JSON object, written as a string", param=place) from None


NO_OBJECT = "The arguments of this call were no JSON object."


def mended(messages: list[JsonObject]) -> list[JsonObject]:
    """The messages, where a call whose arguments are no JSON object has them as the text that they are, in an object.

    The model made that mistake, not the client, and can no longer take it back: the call's result tells it so. Messages
    without such a call are the same objects as before.
    """
    broken: set[str] = set()
    found = []
    for message in messages:
        calls = message.get("tool_calls")
        if isinstance(calls, list) and any(_is_broken(call) for call in calls):
            broken |= {call["id"] for call in calls if _is_broken(call) and isinstance(call.get("id"), str)}
            found.append({**message, "tool_calls": [_as_object(call) for call in calls]})
        elif broken and message["role"] == "tool" and str(message.get("tool_call_id")) in broken:
            found.append(_saying_so(message))
        else:
            found.append(message)
    return found


def _is_broken(call: Any) -> bool:
    function = call.get("function") if isinstance(call, dict) else None
    said = function.get("arguments") if isinstance(function, dict) else None
    if not isinstance(said, str) or not said:
        return False
    try:
        return not isinstance(passable_json.read(said), dict)
    except (passable_json.TooDeep, passable_json.NotFinite):
        return False
    except ValueError:
        return True


def _as_object(call: Any) -> Any:
    if not _is_broken(call):
        return call
    function = call["function"]
    return {**call, "function": {**function, "arguments": json.dumps({"arguments": function["arguments"]})}}


def _saying_so(message: JsonObject) -> JsonObject:
    content = message.get("content")
    if isinstance(content, list):
        return {**message, "content": [{"type": "text", "text": NO_OBJECT}, *content]}
    return {**message, "content": f"{NO_OBJECT} {content or ''}".rstrip()}


@dataclass(frozen=True, slots=True)
class FunctionTool:
    """A function that the model may call. `said` is the tool as the client wrote it."""

    name: str
    description: str | None
    parameters: JsonObject
    strict: bool
    said: JsonObject


def tools_of(body: Mapping[str, Any]) -> list[FunctionTool]:
    """The functions of a request.

    Raises:
        UnsupportedParameter: a tool is no function.
        InvalidRequest: one has a wrong shape.
    """
    tools = []
    for k, tool in enumerate(body.get("tools") or ()):
        at = f"tools.{k}"
        if an_object(tool, at).get("type", "function") != "function":
            raise unsupported(f"{at}.type", "only functions are taken as tools")
        function = an_object(tool.get("function"), f"{at}.function")
        description = function.get("description")
        tools.append(
            FunctionTool(
                name=a_string(function.get("name"), f"{at}.function.name"),
                description=description if isinstance(description, str) and description else None,
                parameters=an_object(function.get("parameters") or {}, f"{at}.function.parameters"),
                strict=function.get("strict") is True,
                said=tool,
            )
        )
    return tools


def tool_choice_of(body: Mapping[str, Any]) -> tuple[str, str | None]:
    """How the model may use tools: `auto`, `none`, `required`, or `named` with the name.

    Raises:
        UnsupportedParameter: another way.
        InvalidRequest: it has a wrong shape, or forces a tool where there are none.
    """
    choice = body.get("tool_choice")
    if choice is None:
        return "auto", None
    if isinstance(choice, Mapping):
        if choice.get("type") != "function":
            raise unsupported("tool_choice.type", "only 'function' is taken")
        function = an_object(choice.get("function"), "tool_choice.function")
        mode, name = "named", a_string(function.get("name"), "tool_choice.function.name")
    elif choice in ("auto", "none", "required"):
        mode, name = str(choice), None
    else:
        raise InvalidRequest("tool_choice: must be none, auto, required or a function", param="tool_choice")
    if mode in ("named", "required") and not body.get("tools"):
        raise InvalidRequest("tool_choice: is only taken with tools", param="tool_choice")
    return mode, name
