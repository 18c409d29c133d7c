"""A request, judged: the fields that do not fit the provider's published type, and why."""

import json
from base64 import b64decode
from functools import cache, lru_cache
from typing import Any
from urllib.parse import urlsplit

import botocore.session
from botocore.validate import ParamValidator
from pydantic_core import ValidationError

from local.standin.dialects import chat, converse, gemini, messages, responses
from tests.judge.types import validator_of

JsonObject = dict[str, Any]

UNPUBLISHED: dict[str, dict[str, frozenset[str]]] = {
    "chat": {
        "": frozenset(
            {"cache_control", "include_reasoning", "random_seed", "reasoning_format", "thinking", "top_k"}
        ),
        "messages[]": frozenset(
            {
                "annotations",
                "cache_control",
                "parsed",
                "prefix",
                "reasoning_content",
                "reasoning_details",
            }
        ),
        "messages[].tool_calls[]": frozenset({"index"}),
        "messages[].tool_calls[].function": frozenset({"parsed_arguments"}),
        "messages[].content[]": frozenset({"cache_control"}),
        "tools[]": frozenset({"cache_control"}),
    },
    "embeddings": {"": frozenset({"output_dimension"})},
    "messages": {"": frozenset({"temperature", "top_k", "top_p"})},
}
"""What goes to providers and is in no type, by its place.

In chat: fields of houses that speak OpenAI's dialect, as their documentation has them, and what OpenAI's own SDK sends
back of an answer. In Messages: sampling, which the newest SDK has no more; models to Claude 4.6 take it.
"""

_MOST_SHOWN = 6
_COUNTS = {"/messages/count_tokens": "count_messages", "/responses/input_tokens": "count_responses"}
_DIALECTS: dict[str, Any] = {each.NAME: each for each in (chat, responses, messages, gemini, converse)}


def misfits(url: str, body: bytes, unpublished: frozenset[str] = frozenset()) -> tuple[str, ...]:
    """What is wrong with a request, `field: why` each; nothing if it is none of a dialect that is known.

    `unpublished`: fields that a test sends on purpose, though no type has them.
    """
    path = urlsplit(url).path
    if path.endswith("/embeddings"):
        return _judged("embeddings", "", body, unpublished, stream=False)
    if path.endswith(":countTokens"):
        return _judged_within(body, unpublished)
    for ending, counted in _COUNTS.items():
        if path.endswith(ending):
            return _judged(counted, "", body, unpublished, stream=False)
    for name, dialect in _DIALECTS.items():
        said = dialect.at(path)
        if said is not None:
            return _judged(name, str(said.get("model")), body, unpublished, stream=bool(said.get("stream")))
    return ()


def _judged_within(body: bytes, unpublished: frozenset[str]) -> tuple[str, ...]:
    """What is wrong with the request whose input Gemini is to count: it names its model itself."""
    said = json.loads(body)
    asked = said.pop("generateContentRequest", {})
    if said or not str(asked.pop("model", "")).startswith("models/"):
        return ("(body): only generateContentRequest is sent, with its model",)
    return _judged("gemini", "", json.dumps(asked).encode(), unpublished, stream=False)


@lru_cache(maxsize=512)
def _judged(
    dialect: str, model: str, body: bytes, unpublished: frozenset[str], *, stream: bool
) -> tuple[str, ...]:
    try:
        said = json.loads(body)
    except ValueError as broken:
        return (f"(body): {broken}",)
    said = {name: value for name, value in said.items() if name not in unpublished}
    if dialect == "converse":
        return _judged_by_botocore(said, model, stream=stream)
    for place, names in UNPUBLISHED.get(dialect, {}).items():
        said = _without(said, place.split(".") if place else [], names)
    if dialect.endswith("responses") and isinstance(said.get("input"), list):
        said["input"] = [_as_kept(item) for item in said["input"]]
    if dialect.endswith("responses") and isinstance(said.get("tools"), list):
        said["tools"] = [
            {"strict": None, **tool} if tool.get("type") == "function" else tool for tool in said["tools"]
        ]
    if dialect == "chat" and said.get("reasoning_effort") == "default":
        del said["reasoning_effort"]  # Groq's own, for Qwen
    streams = stream or bool(said.get("stream"))
    if dialect == "messages" and not streams:
        said.pop("stream", None)
    try:
        validator_of(dialect, stream=streams).validate_json(_in_utf8(said), strict=True)
    except ValidationError as wrong:
        return tuple(_told(wrong))
    return ()


def _in_utf8(said: JsonObject) -> bytes:
    """The body without halves of surrogate pairs, which JSON may hold, and pydantic's reader does not take."""
    return json.dumps(said, ensure_ascii=False).encode("utf-8", "replace")


def _told(wrong: ValidationError) -> list[str]:
    """The errors by field, but for those of members of a union that the value says it is none of (`type`, `role`)."""
    errors = wrong.errors(include_url=False, include_context=False)
    others = [
        each["loc"][:-1]
        for each in errors
        if each["type"] == "literal_error" and each["loc"][-1] in ("type", "role")
    ]
    near = [each for each in errors if not any(each["loc"][: len(other)] == other for other in others)]
    told = [
        f"{'.'.join(filter(_is_a_field, map(str, each['loc'])))}: {each['msg']}" for each in near or errors
    ]
    return list(dict.fromkeys(told))[:_MOST_SHOWN]


def _is_a_field(step: str) -> bool:
    """Whether a step of pydantic's way is one of the body's, and not the name of a type."""
    return not step[:1].isupper() and "[" not in step and step not in ("str", "list", "int", "bool", "float")


def _as_kept(item: Any) -> Any:
    """An item of Responses with what its type wants of one that OpenAI kept, and takes without where nothing is kept.

    Codex gives messages of the user an id as well, which the type has on the model's alone.
    """
    if not isinstance(item, dict):
        return item
    if item.get("type") == "reasoning":
        return {"id": "rs_1", **item}
    if not isinstance(item.get("role"), str):
        return item
    if item["role"] != "assistant":
        item = {name: value for name, value in item.items() if name != "id"}
    if not isinstance(item.get("content"), list):
        return item
    parts = [
        _KEPT_PARTS.get(str(part.get("type")), {}) | part
        for part in item["content"]
        if isinstance(part, dict)
    ]
    kept = {"id": "msg_1", "status": "completed", "type": "message"} if item["role"] == "assistant" else {}
    return {**kept, **item, "content": parts}


_KEPT_PARTS: JsonObject = {"output_text": {"annotations": []}, "input_image": {"detail": "auto"}}


def _without(said: Any, place: list[str], names: frozenset[str]) -> Any:
    if not isinstance(said, dict):
        return said
    if not place:
        return {name: value for name, value in said.items() if name not in names}
    name = place[0].removesuffix("[]")
    inside, rest = said.get(name), place[1:]
    if name == place[0]:
        return {**said, name: _without(inside, rest, names)} if isinstance(inside, dict) else said
    return (
        {**said, name: [_without(each, rest, names) for each in inside]} if isinstance(inside, list) else said
    )


@cache
def _bedrock(operation: str) -> Any:
    return botocore.session.get_session().get_service_model("bedrock-runtime").operation_model(operation)


def _judged_by_botocore(said: JsonObject, model: str, *, stream: bool) -> tuple[str, ...]:
    shape = _bedrock("ConverseStream" if stream else "Converse").input_shape
    try:
        report = ParamValidator().validate({**as_parameters(said, shape), "modelId": model}, shape)
    except ValueError as broken:
        return (f"(a blob): {broken}",)
    return tuple(report.generate_report().splitlines()) if report.has_errors() else ()


def as_parameters(value: Any, shape: Any) -> Any:
    """A JSON body as the parameters a caller of botocore would have given: blobs as bytes."""
    if shape.type_name == "blob" and isinstance(value, str):
        return b64decode(value, validate=True)
    is_open = getattr(shape, "is_document_type", False)
    if shape.type_name == "structure" and isinstance(value, dict) and not is_open:
        return {
            name: as_parameters(said, shape.members[name]) if name in shape.members else said
            for name, said in value.items()
        }
    if shape.type_name == "list" and isinstance(value, list):
        return [as_parameters(each, shape.member) for each in value]
    return value
