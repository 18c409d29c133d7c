"""Validators of the published types: closed, strict, and built when first asked for, once a process.

The SDKs' types are made for callers: they let unknown fields pass, and read an iterable as it is taken. So each core
schema is changed before it is compiled: typed dictionaries and models forbid what they do not name, and iterables are
lists. An SDK takes half a second and more to import, so it is when one of its types is asked for.
"""

from functools import cache
from importlib import import_module
from typing import Any, NotRequired

from pydantic import TypeAdapter
from pydantic_core import SchemaValidator
from typing_extensions import TypedDict

_TYPES = {
    ("chat", False): "openai.types.chat.completion_create_params:CompletionCreateParamsNonStreaming",
    ("chat", True): "openai.types.chat.completion_create_params:CompletionCreateParamsStreaming",
    ("responses", False): "openai.types.responses.response_create_params:ResponseCreateParamsNonStreaming",
    ("responses", True): "openai.types.responses.response_create_params:ResponseCreateParamsStreaming",
    ("embeddings", False): "openai.types.embedding_create_params:EmbeddingCreateParams",
    ("messages", False): "anthropic.types.beta.message_create_params:MessageCreateParamsNonStreaming",
    ("messages", True): "anthropic.types.beta.message_create_params:MessageCreateParamsStreaming",
    ("count_messages", False): "anthropic.types.beta.message_count_tokens_params:MessageCountTokensParams",
    ("count_responses", False): "openai.types.responses.input_token_count_params:InputTokenCountParams",
}


@cache
def validator_of(dialect: str, *, stream: bool) -> SchemaValidator:
    """The validator of a request's body in a dialect of OpenAI, Anthropic or Google."""
    if dialect == "gemini":
        kind = _generate_content()
    else:
        module, _, name = _TYPES[dialect, stream].partition(":")
        kind = getattr(import_module(module), name)
    return SchemaValidator(_closed(TypeAdapter(kind).core_schema))


def _generate_content() -> Any:
    """The body of generateContent: Google's SDK has a type for each part of it, and none for the whole."""
    types: Any = import_module("google.genai.types")
    fields = {
        "contents": list[types.Content],
        "systemInstruction": NotRequired[types.Content],
        "tools": NotRequired[list[types.Tool]],
        "toolConfig": NotRequired[types.ToolConfig],
        "safetySettings": NotRequired[list[types.SafetySetting]],
        "generationConfig": NotRequired[types.GenerationConfig],
        "cachedContent": NotRequired[str],
        "serviceTier": NotRequired[types.ServiceTier],
    }
    return TypedDict("GenerateContent", fields)  # type: ignore[operator] # made of what was imported


def _closed(schema: Any) -> Any:
    if isinstance(schema, list | tuple):
        return type(schema)(_closed(each) for each in schema)
    if not isinstance(schema, dict):
        return schema
    changed = {name: each if name == "metadata" else _closed(each) for name, each in schema.items()}
    match changed.get("type"):
        case "typed-dict" | "model-fields" if "extras_schema" not in changed:
            changed["extra_behavior"] = "forbid"
        case "generator":
            changed["type"] = "list"
    return changed
