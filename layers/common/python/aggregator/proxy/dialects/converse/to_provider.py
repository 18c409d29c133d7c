"""A chat completion request as Converse and ConverseStream take it. Standard library only.

Source: Amazon Bedrock API Reference, "Converse". What it has no field for goes into `additionalModelRequestFields`
where the model is known to take it (see `models`), and is refused by name where not.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aggregator.errors import InvalidRequest
from aggregator.orchestrator.model import Route as CatalogueRoute
from aggregator.orchestrator.parameters import fitted
from aggregator.proxy.dialects.claude import Claude
from aggregator.proxy.dialects.claude_schema import closed, open_place
from aggregator.proxy.dialects.converse.models import Model, claude_of, model_fields, model_of
from aggregator.proxy.dialects.converse.provider_turns import Conversation
from aggregator.proxy.dialects.from_chat_form import turns_of
from aggregator.proxy.dialects.reading import json_schema_of, refuse_unknown, stops_of
from aggregator.proxy.dialects.tools import FunctionTool, mended, tool_choice_of, tools_of
from aggregator.proxy.dialects.words import JSON_ANSWER, ONE_CALL, json_answer_in
from aggregator.proxy.model import Ask, JsonObject
from aggregator.runtime.shape import an_object, unsupported

JSON_TOOL = "aggregator_json_answer"
"""The tool that a model without native JSON schemas is made to call; its arguments are the answer."""

_TAKEN = frozenset({
    "max_completion_tokens",
    "max_tokens",
    "messages",
    "model",
    "parallel_tool_calls",
    "reasoning_effort",
    "response_format",
    "stop",
    "stream",
    "stream_options",
    "temperature",
    "thinking",
    "tool_choice",
    "tools",
    "top_k",
    "top_p",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Target:
    """The model that is called, and what is known of it."""

    model: Model
    claude: Claude | None


def body_of(ask: Ask, via: CatalogueRoute, output_tokens: int) -> JsonObject:
    """Body of the request, with the cap on its answer in it.

    Raises:
        InvalidRequest: a field has a wrong shape.
        UnsupportedParameter: neither Converse nor the model can honour a field.
    """
    body = fitted(ask.body, via.provider)
    refuse_unknown(body, _TAKEN, via.provider.name)
    target = _Target(model_of(via.upstream_model), claude_of(via.upstream_model))
    conversation = Conversation(via.upstream_model)
    conversation.take(mended(turns_of(ask, "Amazon Bedrock")))
    if not conversation.messages:
        raise InvalidRequest("messages: needs at least one message with content", param="messages")
    tools, tool_choice = _tools(body, target, conversation)
    output = _output(body, target, tools)
    forced = "any" in tools.get("toolChoice", {}) or "tool" in tools.get("toolChoice", {})
    sampling, fields = model_fields(
        body, via.upstream_model, output_tokens, forced=forced, surface=ask.surface
    )
    fields |= tool_choice
    inference: JsonObject = {"maxTokens": output_tokens} | {
        {"top_p": "topP"}.get(name, name): value for name, value in sampling.items()
    }
    if stops := stops_of(body):
        inference["stopSequences"] = stops
    wire: JsonObject = {
        "messages": conversation.messages,
        "system": conversation.system + _in_words(body, target),
        "inferenceConfig": inference,
        "toolConfig": tools,
        "outputConfig": output,
        "additionalModelRequestFields": fields,
    }
    return {name: said for name, said in wire.items() if said}


def _in_words(body: Mapping[str, Any], target: _Target) -> list[JsonObject]:
    """What Converse, or the model, has no field for."""
    words = []
    if target.claude is None and body.get("tools") and body.get("parallel_tool_calls") is False:
        words.append(ONE_CALL)
    wanted = body.get("response_format")
    if isinstance(wanted, dict) and wanted.get("type") == "json_object":
        words.append(JSON_ANSWER)
    elif _is_map(body, target):
        words.append(json_answer_in(json_schema_of(body["response_format"])))
    return [{"text": each} for each in words]


def _is_map(body: Mapping[str, Any], target: _Target) -> bool:
    """Whether an answer is asked for in a schema that Claude's structured outputs would close to nothing."""
    wanted = body.get("response_format")
    if target.claude is None or not isinstance(wanted, dict) or wanted.get("type") != "json_schema":
        return False
    schema = json_schema_of(wanted)
    return not wanted["json_schema"].get("strict") and bool(open_place(schema, ""))


def _tools(
    body: Mapping[str, Any], target: _Target, conversation: Conversation
) -> tuple[JsonObject, JsonObject]:
    """`toolConfig`, and the field in which Claude itself is told what Converse has no word for."""
    tools = tools_of(body)
    mode, name = tool_choice_of(body)
    if not conversation.called and (not tools or mode == "none"):
        return {}, {}
    if not tools:  # Converse wants to know tools that were called, also when they are not to be called again
        tools, mode = (
            [FunctionTool(each, None, {}, strict=False, mark=None) for each in conversation.called],
            "none",
        )
    config: JsonObject = {"tools": []}
    for k, tool in enumerate(tools):
        config["tools"] += [
            _tool_spec(tool, f"tools.{k}", target.model),
            *(conversation.cache_point(tool.mark, f"tools.{k}") if target.claude is not None else ()),
        ]
    if mode in ("required", "named"):
        if not (target.model.forced_tools if target.claude is None else target.claude.can_be_forced):
            raise unsupported("tool_choice", "this model on Amazon Bedrock takes only 'auto'")
        config["toolChoice"] = {"any": {}} if name is None else {"tool": {"name": name}}
    return config, _claudes_choice(body, target, mode)


def _claudes_choice(body: Mapping[str, Any], target: _Target, mode: str) -> JsonObject:
    choice: JsonObject = {}
    if mode == "none":
        choice["type"] = "none"
    elif body.get("parallel_tool_calls") is False:
        # Converse takes the kind of choice here only where it does not stand in `toolConfig`.
        choice = {"type": "auto"} if mode == "auto" else {}
        choice["disable_parallel_tool_use"] = True
    if not choice:
        return {}
    if target.claude is None:
        if mode == "none":
            raise unsupported(
                "tool_choice", "this model on Amazon Bedrock cannot leave tools alone once they were called"
            )
        return {}  # said in words
    return {"tool_choice": choice}


def _tool_spec(tool: FunctionTool, place: str, model: Model) -> JsonObject:
    if tool.name == JSON_TOOL:
        raise InvalidRequest(f"{place}.function.name: is reserved", param=f"{place}.function.name")
    schema = {"type": "object", "properties": {}, **tool.parameters}
    spec: JsonObject = {"name": tool.name, "inputSchema": {"json": schema}}
    if tool.description:
        spec["description"] = tool.description
    if (
        tool.strict and model.strict_tools
    ):  # agents ask it of every tool; other models keep to schemas as they can
        parameters = closed(schema, f"{place}.function.parameters")
        spec |= {"inputSchema": {"json": parameters}, "strict": True}
    return {"toolSpec": spec}


def _output(body: Mapping[str, Any], target: _Target, tools: JsonObject) -> JsonObject:
    """`outputConfig` of an answer in a JSON schema; where the model has none, `tools` gets one that it must call."""
    wanted = body.get("response_format")
    if wanted is None or an_object(wanted, "response_format").get("type") in ("text", "json_object"):
        return {}
    if wanted.get("type") != "json_schema":
        raise unsupported("response_format.type", "must be 'text', 'json_object' or 'json_schema'")
    schema = json_schema_of(wanted)
    if _is_map(body, target):
        return {}
    match target.model.json_schema:
        case "native":
            return _native_schema(
                wanted["json_schema"], schema if target.claude is None else closed(schema, "response_format")
            )
        case "tool" if not tools:
            spec = {
                "name": JSON_TOOL,
                "description": "Gives the answer. Always call it, once.",
                "inputSchema": {"json": schema},
            }
            tools |= {"tools": [{"toolSpec": spec}], "toolChoice": {"tool": {"name": JSON_TOOL}}}
            return {}
        case "tool":
            raise unsupported("response_format", "this model on Amazon Bedrock takes it only without tools")
        case _:
            raise unsupported("response_format.type", "this model on Amazon Bedrock takes only 'text'")


def _native_schema(wanted: Mapping[str, Any], schema: JsonObject) -> JsonObject:
    named = {name: wanted[name] for name in ("name", "description") if isinstance(wanted.get(name), str)}
    text = json.dumps(schema, separators=(",", ":"), ensure_ascii=False)
    return {"textFormat": {"type": "json_schema", "structure": {"jsonSchema": {"schema": text, **named}}}}
