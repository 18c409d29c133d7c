"""Custom tools in front of models that know functions alone: a function with one string, and its calls as declared.

Source: OpenAI's guide "Function calling", "Custom tools", and API reference, "Streaming events". A grammar that the
string has to fit is told to the model in words, for nothing holds it to it.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from aggregator.errors import JsonObject
from aggregator.proxy.dialects.responses.declared import each_of
from aggregator.proxy.dialects.responses.parts import CallItem
from aggregator.runtime import passable_json
from aggregator.runtime.shape import a_name, a_text, an_object

INPUT = "input"


def as_function(tool: JsonObject, place: str) -> JsonObject:
    """A custom tool as a function of a chat completion.

    Raises:
        InvalidRequest: it has a wrong shape.
    """
    about = [a_text(tool.get("description") or "", f"{place}.description")]
    form = an_object(tool.get("format") or {}, f"{place}.format")
    if form.get("type") == "grammar":
        syntax = a_name(form.get("syntax"), f"{place}.format.syntax")
        definition = a_name(form.get("definition"), f"{place}.format.definition")
        about.append(f"`{INPUT}` is one text that fits this grammar ({syntax}):\n{definition}")
    schema = {"type": "object", "properties": {INPUT: {"type": "string"}}, "required": [INPUT]}
    function: JsonObject = {"name": a_name(tool.get("name"), f"{place}.name"), "parameters": schema}
    if words := "\n\n".join(filter(None, about)):
        function["description"] = words
    return {"type": "function", "function": function}


def customs_in(asked: Mapping[str, Any]) -> frozenset[str]:
    """Names of the custom tools of a request."""
    return frozenset(each["name"] for each in each_of(asked) if each.get("type") == "custom")


class CustomCallItem(CallItem):
    """A call of a custom tool. Its text stands in JSON until its end, so that it comes in one piece."""

    prefix = "ctc"

    def __init__(self, item_id: str, place: int, step: Any) -> None:
        super().__init__(item_id, place, step)
        del self.item["arguments"]
        self.item |= {"type": "custom_tool_call", INPUT: ""}
        self._arguments = ""

    def add(self, step: Any) -> Iterator[JsonObject]:
        """Events of one step of it, which are none before its end."""
        self._arguments += step.text
        yield from ()

    def _finish(self) -> Iterator[JsonObject]:
        self.item[INPUT] = _input_in(self._arguments)
        if self.item[INPUT]:
            yield self._event("custom_tool_call_input.delta", delta=self.item[INPUT])
        yield self._event("custom_tool_call_input.done", input=self.item[INPUT])


def _input_in(arguments: str) -> str:
    """The string that a function was called with; whatever else the model wrote is the tool's to judge."""
    try:
        said = passable_json.read(arguments)
    except ValueError:
        return arguments
    found = said.get(INPUT) if isinstance(said, dict) else None
    return found if isinstance(found, str) else arguments
