"""Requests to Bedrock in tests: each one that goes out is checked against botocore's model of Converse."""

import json
from base64 import b64decode
from typing import Any

import pytest
from botocore.model import Shape
from botocore.serialize import create_serializer
from botocore.validate import ParamValidator

from aggregator.errors import Refusal
from aggregator.proxy.dialects.converse import provider as bedrock
from tests.fakes.bedrock_wire import CLAUDE, bedrock_way, service
from tests.fakes.chat_world import ask

JsonObject = dict[str, Any]

WEATHER: JsonObject = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "Weather of a city",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}
CALL: JsonObject = {
    "id": "call_1",
    "type": "function",
    "function": {"name": "weather", "arguments": '{"city": "Rome"}'},
}
HISTORY: list[JsonObject] = [
    {"role": "user", "content": "hi"},
    {"role": "assistant", "content": None, "tool_calls": [CALL]},
    {"role": "tool", "tool_call_id": "call_1", "content": "sunny"},
]


def sent(model: str = CLAUDE, output_tokens: int = 2_000, **fields: Any) -> JsonObject:
    """Body of a request; it is checked against botocore's model, and is what botocore would have sent for it."""
    request = bedrock.encode(ask(**fields), bedrock_way(model, output_tokens), None)
    body: JsonObject = json.loads(request.body)
    operation = service().operation_model("ConverseStream" if fields.get("stream") else "Converse")
    shape = operation.input_shape
    assert shape is not None
    parameters = {**as_parameters(body, shape), "modelId": model}
    report = ParamValidator().validate(parameters, shape)
    assert not report.has_errors(), report.generate_report()
    theirs = create_serializer("rest-json").serialize_to_request(parameters, operation)
    assert json.loads(theirs["body"]) == body
    assert request.url.endswith(theirs["url_path"])
    return body


def refused(model: str = CLAUDE, output_tokens: int = 2_000, **fields: Any) -> Refusal:
    with pytest.raises(Refusal) as raised:
        bedrock.encode(ask(**fields), bedrock_way(model, output_tokens), None)
    return raised.value


def as_parameters(value: Any, shape: Shape) -> Any:
    """A JSON body as the parameters a caller of botocore would have given: blobs as bytes."""
    if shape.type_name == "blob":
        return b64decode(value, validate=True)
    if shape.type_name == "structure" and not getattr(shape, "is_document_type", False):
        members = shape.members  # type: ignore[attr-defined]
        return {
            name: as_parameters(said, members[name]) if name in members else said
            for name, said in value.items()
        }
    if shape.type_name == "list":
        return [as_parameters(each, shape.member) for each in value]  # type: ignore[attr-defined]
    return value
