"""A request of the chat form as Gemini takes it. Standard library only.

Source: https://ai.google.dev/api/generate-content. docs/providers/gemini.md lists what is taken.
"""

from aggregator.errors import InvalidRequest
from aggregator.orchestrator.model import Route as CatalogueRoute
from aggregator.orchestrator.parameters import fitted
from aggregator.proxy.dialects.from_chat_form import turns_of
from aggregator.proxy.dialects.gemini.models import thinking_config_of
from aggregator.proxy.dialects.gemini.provider_turns import conversation
from aggregator.proxy.dialects.reading import json_schema_of, refuse_unknown, stops_of
from aggregator.proxy.dialects.tools import FunctionTool, mended, tool_choice_of, tools_of
from aggregator.proxy.dialects.words import ONE_CALL
from aggregator.proxy.model import Ask, JsonObject
from aggregator.runtime.shape import a_count, unsupported

_NUMBERS = {
    "temperature": "temperature",
    "top_p": "topP",
    "top_k": "topK",
    "n": "candidateCount",
    "seed": "seed",
    "presence_penalty": "presencePenalty",
    "frequency_penalty": "frequencyPenalty",
}
_AS_IF_NOT_SAID = {"n": 1, "presence_penalty": 0, "frequency_penalty": 0}
_TAKEN = frozenset({
    "model", "messages", "max_tokens", "max_completion_tokens", "stream", "stream_options", "stop", "tools",
    "tool_choice", "response_format", "reasoning_effort", "logprobs", "top_logprobs", "parallel_tool_calls", *_NUMBERS,
})  # fmt: skip


def body_of(ask: Ask, via: CatalogueRoute, output_tokens: int) -> JsonObject:
    """The request, with a cap on its output.

    Raises:
        UnsupportedParameter: a field that Gemini, or this model, cannot honour.
        InvalidRequest: a field has a wrong shape.
    """
    model = via.upstream_model
    body = fitted(ask.body, via.provider)
    refuse_unknown(body, _TAKEN, via.provider.name)
    system, contents = conversation(mended(turns_of(ask, "Gemini")), model)
    said: JsonObject = {"contents": contents}
    tools = tools_of(body)
    if tools and body.get("parallel_tool_calls") is False:  # there is no field for it
        system = {"parts": [*(system or {"parts": []})["parts"], {"text": ONE_CALL}]}
    if system:
        said["systemInstruction"] = system
    mode = _function_calling_config(body, tools)
    if tools:
        said["tools"] = [{"functionDeclarations": [_declaration(tool) for tool in tools]}]
        if mode:
            said["toolConfig"] = {"functionCallingConfig": mode}
    said["generationConfig"] = _generation_config(body, model, output_tokens, strictly=ask.surface == "chat")
    return said


def _generation_config(body: JsonObject, model: str, output_tokens: int, *, strictly: bool) -> JsonObject:
    config: JsonObject = {"maxOutputTokens": output_tokens}
    for name, theirs in _NUMBERS.items():
        if body.get(name) not in (None, _AS_IF_NOT_SAID.get(name)):
            config[theirs] = a_count(body[name], name) if name == "top_k" else body[name]
    if stops := stops_of(body):
        config["stopSequences"] = stops
    if body.get("logprobs"):
        config["responseLogprobs"] = True
        if body.get("top_logprobs"):
            config["logprobs"] = body["top_logprobs"]
    elif body.get("top_logprobs"):
        raise InvalidRequest("top_logprobs: is only taken with logprobs", param="top_logprobs")
    if thinking := thinking_config_of(body, model, strictly=strictly):
        config["thinkingConfig"] = thinking
    return config | _format(body)


def _declaration(tool: FunctionTool) -> JsonObject:
    said: JsonObject = {"name": tool.name}
    if tool.description:
        said["description"] = tool.description
    if tool.parameters:
        said["parametersJsonSchema"] = tool.parameters
    return said


def _function_calling_config(body: JsonObject, tools: list[FunctionTool]) -> JsonObject:
    """How functions are called; `VALIDATED` holds calls to their schemas, as OpenAI's strict functions are."""
    choice, name = tool_choice_of(body)
    match choice:
        case "none":
            return {"mode": "NONE"}
        case "required":
            return {"mode": "ANY"}
        case "named":
            return {"mode": "ANY", "allowedFunctionNames": [name]}
        case _:
            return {"mode": "VALIDATED"} if any(tool.strict for tool in tools) else {}


def _format(body: JsonObject) -> JsonObject:
    wanted = body.get("response_format")
    match (wanted or {}).get("type", "text"):
        case "text":
            return {}
        case "json_object":
            return {"responseMimeType": "application/json"}
        case "json_schema":
            schema = json_schema_of(wanted or {})
            return {"responseMimeType": "application/json", "responseJsonSchema": schema}
        case _:
            raise unsupported("response_format.type", "must be 'text', 'json_object' or 'json_schema'")
