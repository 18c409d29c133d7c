"""Reading the tools of a chat completion request for a provider that speaks another protocol. Standard library only.

Source of the fields: OpenAI API reference, "Create chat completion" (`tools`, `tool_choice`, `tool_calls`).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from aggregator.errors import InvalidRequest
from aggregator.proxy.dialects.conversation import Block, Call, Result, Text, Turns
from aggregator.proxy.dialects.reading import a_string
from aggregator.proxy.model import JsonObject
from aggregator.runtime import passable_json
from aggregator.runtime.shape import an_object, unsupported

NO_OBJECT = "The arguments of this call were no JSON object."


def arguments_of(call: Call) -> JsonObject:
    """Arguments of a call as an object; those of a custom tool are its one string, `input`.

    Raises:
        InvalidRequest: they are no JSON object.
    """
    place = call.came.content
    if call.custom:
        return {"input": call.arguments}
    if not call.arguments:
        return {}
    try:
        return an_object(passable_json.read(call.arguments), place)
    except passable_json.TooDeep:
        raise InvalidRequest(f"{place}: is nested too deep", param=place) from None
    except ValueError:
        raise InvalidRequest(f"{place}: must be a JSON object, written as a string", param=place) from None


def mended(turns: Turns) -> Turns:
    """The turns, where a call whose arguments are no JSON object has them as the text that they are, in an object.

    The model made that mistake, not the client, and can no longer take it back: the call's result tells it so.
    """
    broken: set[str] = set()
    found = []
    for turn in turns:
        broken |= {block.id for block in turn.blocks if isinstance(block, Call) and _is_broken(block)}
        found.append(
            replace(turn, blocks=tuple(_mended(block, broken) for block in turn.blocks)) if broken else turn
        )
    return tuple(found)


def _mended(block: Block, broken: set[str]) -> Block:
    if isinstance(block, Call) and _is_broken(block):
        return replace(block, arguments=json.dumps({"arguments": block.arguments}))
    if isinstance(block, Result) and block.call_id in broken:
        return told(block, NO_OBJECT)
    return block


def told(result: Result, words: str) -> Result:
    """The result, which begins with these words."""
    match result.content:
        case (Text() as first, *rest):
            return replace(result, content=(replace(first, text=f"{words} {first.text}".rstrip()), *rest))
        case content:
            return replace(result, content=(Text(words), *content))


def _is_broken(call: Call) -> bool:
    if call.custom or not call.arguments:
        return False
    try:
        return not isinstance(passable_json.read(call.arguments), dict)
    except (passable_json.TooDeep, passable_json.NotFinite):
        return False
    except ValueError:
        return True


@dataclass(frozen=True, slots=True)
class FunctionTool:
    """A function that the model may call. `mark` keeps the prompt up to it in a cache."""

    name: str
    description: str | None
    parameters: JsonObject
    strict: bool
    mark: JsonObject | None


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
        mark = tool.get("cache_control", function.get("cache_control"))
        tools.append(
            FunctionTool(
                name=a_string(function.get("name"), f"{at}.function.name"),
                description=description if isinstance(description, str) and description else None,
                parameters=an_object(function.get("parameters") or {}, f"{at}.function.parameters"),
                strict=function.get("strict") is True,
                mark=None if mark is None else an_object(mark, f"{at}.cache_control"),
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
