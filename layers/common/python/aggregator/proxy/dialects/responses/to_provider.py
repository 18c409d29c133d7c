"""A chat completion request as Responses takes it, for models that are offered, or take tools, there alone.

Standard library only, and imported when first needed. Source: OpenAI API reference, "Create a model response", and its
guide "Migrate to the Responses API". What Responses has no field for is refused by name.
"""

from collections.abc import Iterator
from typing import Any

from aggregator.orchestrator.model import Route as CatalogueRoute
from aggregator.orchestrator.parameters import fitted
from aggregator.proxy.dialects.conversation import (
    Block,
    Call,
    File,
    Image,
    Refusal,
    Result,
    Text,
    Thinking,
    Turn,
    results_first,
    said_in,
    spoken,
)
from aggregator.proxy.dialects.events import objects_of as objects
from aggregator.proxy.dialects.events import text_in as text
from aggregator.proxy.dialects.from_chat_form import turns_of
from aggregator.proxy.dialects.reading import a_string, data_uri_of, refuse_unknown
from aggregator.proxy.dialects.responses.native_request import SEALED
from aggregator.proxy.model import Ask, JsonObject
from aggregator.runtime.shape import an_object, unsupported

DETAILS_FORMAT = "openai-responses-v1"
"""Marks what only OpenAI can read of an assistant's `reasoning_details`."""

LEAST_OUTPUT_TOKENS = 16
"""The least limit that Responses takes."""

_SAME = ("temperature", "top_p", "parallel_tool_calls", "top_logprobs", "service_tier")
_LABELS = (
    "user",
    "metadata",
    "safety_identifier",
    "prompt_cache_key",
    "prompt_cache_retention",
    "prompt_cache_options",
)
_TAKEN = frozenset({
    *_SAME, *_LABELS, "model", "messages", "max_tokens", "max_completion_tokens", "stream", "stream_options", "tools",
    "tool_choice", "response_format", "reasoning_effort", "verbosity", "logprobs", "store",
})  # fmt: skip


def body_of(ask: Ask, via: CatalogueRoute, output_tokens: int) -> JsonObject:
    """The request without what tells it from others: streaming, and whom it is for. Nothing is stored there.

    Raises:
        UnsupportedParameter: a field that Responses cannot honour.
        InvalidRequest: a field has a wrong shape.
    """
    body = fitted(ask.body, via.provider)
    refuse_unknown(ask.body, _TAKEN, f"{via.provider.name}, for this model,")
    said: JsonObject = {name: body[name] for name in (*_SAME, *_LABELS) if body.get(name) is not None}
    said |= {
        "model": via.upstream_model,
        "input": [item for turn in turns_of(ask, "The Responses API") for item in _items(turn)],
        "max_output_tokens": max(output_tokens, LEAST_OUTPUT_TOKENS),
        "store": False,
    }
    if tools := body.get("tools"):
        said["tools"] = [_tool(an_object(tool, f"tools.{n}"), f"tools.{n}") for n, tool in enumerate(tools)]
    if (choice := body.get("tool_choice")) is not None:
        said["tool_choice"] = choice if isinstance(choice, str) else _choice(an_object(choice, "tool_choice"))
    if text_config := _text(body):
        said["text"] = text_config
    return said | _thinking(body, via)


def _thinking(body: JsonObject, via: CatalogueRoute) -> JsonObject:
    """How much to think, and what comes back besides words: thoughts sealed, for nothing is stored."""
    said: JsonObject = {}
    included = []
    if via.can("reasoning"):
        included.append(SEALED)
        if body.get("reasoning_effort") is not None:
            said["reasoning"] = {"effort": body["reasoning_effort"]}
    if body.get("logprobs") or body.get("top_logprobs"):
        included.append("message.output_text.logprobs")
    return said | ({"include": included} if included else {})


def _items(turn: Turn) -> Iterator[JsonObject]:
    """Items of a turn, in its order; neighbours that are parts of a message make one."""
    parts: list[JsonObject] = []
    blocks = spoken(turn)
    for block in blocks if turn.role == "assistant" else results_first(blocks):
        item = _item(block)
        if item is None:
            parts += [_word(block)] if turn.role == "assistant" else [_part(block)]
            continue
        if parts:
            yield {"type": "message", "role": turn.role, "content": parts}
            parts = []
        if item:
            yield item
    if parts:
        yield {"type": "message", "role": turn.role, "content": parts}


def _item(block: Block) -> JsonObject | None:
    """The item that a block is; nothing of what another provider thought; None for a part of a message."""
    match block:
        case Thinking():
            return _thought(block)
        case Call(custom=True):
            return {
                "type": "custom_tool_call", "call_id": block.id, "name": block.name, "input": block.arguments
            }  # fmt: skip
        case Call():
            arguments = block.arguments or "{}"
            return {"type": "function_call", "call_id": block.id, "name": block.name, "arguments": arguments}
        case Result():
            parts = [_part(each) for each in said_in(block)]
            plain = all(part["type"] == "input_text" for part in parts)
            output: Any = "\n".join(part["text"] for part in parts) if plain else parts
            return {"type": "function_call_output", "call_id": block.call_id, "output": output}
        case _:
            return None


def _thought(thought: Thinking) -> JsonObject:
    seal = thought.seal or {}
    if seal.get("format") != DETAILS_FORMAT or not text(seal, "data"):
        return {}
    told = text(seal, "summary")
    summary = [{"type": "summary_text", "text": told}] if told else []
    return {"type": "reasoning", "summary": summary, "encrypted_content": text(seal, "data")}


def _word(block: Block) -> JsonObject:
    match block:
        case Refusal():
            return {"type": "refusal", "refusal": block.text}
        case Text():
            return {"type": "output_text", "text": block.text, "annotations": _annotations(block)}
        case _:
            raise unsupported(block.came.place, "only text is taken here")


def _annotations(text: Text) -> list[JsonObject]:
    if not text.citations:
        return []
    from aggregator.proxy.dialects.responses.citations import for_provider  # noqa: PLC0415 (few texts have any)

    found = (for_provider(each, len(text.text)) for each in text.citations)
    return [each for each in found if each is not None]


def _part(block: Block) -> JsonObject:
    match block:
        case Text() | Refusal():
            return {"type": "input_text", "text": block.text}
        case Image():
            return {"type": "input_image", "image_url": block.url, "detail": block.detail or "auto"}
        case File():
            if data_uri_of(block.data, block.came.content) is None:
                return {"type": "input_file", "file_url": block.data}
            return {"type": "input_file", "filename": block.name or "file", "file_data": block.data}
        case _:
            raise AssertionError(f"no part of a message: {block}")


def _tool(tool: JsonObject, place: str) -> JsonObject:
    """A tool without the object around it. A function is strict here only where the client said so."""
    match tool.get("type", "function"):
        case "function":
            function = an_object(tool.get("function"), f"{place}.function")
            said: JsonObject = {
                "type": "function",
                "name": a_string(function.get("name"), f"{place}.function.name"),
                "parameters": {"type": "object", "properties": {}, **(function.get("parameters") or {})},
                "strict": function.get("strict") is True,
            }
            if text(function, "description"):
                said["description"] = function["description"]
            return said
        case "custom":
            custom = an_object(tool.get("custom"), f"{place}.custom")
            said = {"type": "custom", "name": a_string(custom.get("name"), f"{place}.custom.name")}
            if text(custom, "description"):
                said["description"] = custom["description"]
            form = custom.get("format")
            if isinstance(form, dict):
                said["format"] = {"type": form.get("type", "text"), **(form.get("grammar") or {})}
            return said
        case _:
            raise unsupported(f"{place}.type", "only functions and custom tools are taken")


def _choice(choice: JsonObject) -> JsonObject:
    kind = choice.get("type")
    if kind == "allowed_tools":
        allowed = an_object(choice.get("allowed_tools"), "tool_choice.allowed_tools")
        return {
            "type": "allowed_tools",
            "mode": allowed.get("mode", "auto"),
            "tools": [_choice(tool) for tool in objects(allowed, "tools")],
        }
    if kind not in ("function", "custom"):
        raise unsupported("tool_choice.type", "only functions and custom tools can be chosen")
    named = an_object(choice.get(kind), f"tool_choice.{kind}")
    return {"type": kind, "name": a_string(named.get("name"), f"tool_choice.{kind}.name")}


def _text(body: JsonObject) -> JsonObject:
    config: JsonObject = {}
    if body.get("verbosity") is not None:
        config["verbosity"] = body["verbosity"]
    wanted = body.get("response_format")
    if isinstance(wanted, dict) and wanted.get("type") not in (None, "text"):
        schema = wanted.get("json_schema")
        config["format"] = {"type": wanted["type"], **(schema if isinstance(schema, dict) else {})}
    return config
