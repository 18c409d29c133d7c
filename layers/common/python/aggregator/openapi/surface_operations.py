"""The routes of Responses, Messages and embeddings in the document, and their errors where those have another form."""

from pydantic import BaseModel

from aggregator.errors import STATUS_OF, JsonObject
from aggregator.openapi import surfaces
from aggregator.openapi.chat_operations import HEADERS
from aggregator.openapi.refusals import REQUEST_ID, examples_of, responses
from aggregator.openapi.schemas import schemas_of
from aggregator.openapi.surface_examples import REQUESTS, RESPONSES, STREAMS
from aggregator.proxy.dialects.messages.client_errors import OVERLOADED, refuse, status

_WALK = "It is routed, reserved, charged and streamed as a chat completion is"
_MESSAGES_ERROR: JsonObject = {
    "type": "object",
    "description": "An error with the types of the Messages API. The gateway in front answers an `Error`, read alike.",
    "required": ["type", "error", "request_id"],
    "properties": {
        "type": {"const": "error"},
        "error": {
            "type": "object",
            "required": ["type", "message", "code", "param", "request_id"],
            "properties": {
                "type": {
                    "type": "string",
                    "enum": sorted(
                        {refuse(refusal(""), "")["error"]["type"] for refusal in STATUS_OF},
                    ),
                },
                "message": {"type": "string", "description": "For people."},
                "code": {"type": "string", "enum": sorted({refusal.code for refusal in STATUS_OF})},
                "param": {"type": ["string", "null"], "description": "Path of the field at fault."},
                "request_id": {"type": "string"},
            },
        },
        "request_id": {"type": "string", "description": "The same as `request-id` and `x-request-id`."},
    },
}

_EVENT: JsonObject = {
    "type": "object",
    "description": "One server-sent event, named after the `type` of its data.",
    "required": ["event", "data"],
    "properties": {
        "event": {"type": "string"},
        "data": {
            "type": "string",
            "contentMediaType": "application/json",
            "contentSchema": {
                "type": "object",
                "required": ["type"],
                "properties": {"type": {"type": "string"}},
            },
        },
    },
}


def operations() -> dict[str, JsonObject]:
    """All routes of these surfaces."""
    response = _operation(
        "createResponse",
        "Response",
        f"OpenAI's newer API, without a memory: nothing is stored. {_WALK}. Streamed, it tells the events of that API, "
        "the last one `response.completed`, `response.incomplete` or `response.failed`.",
        surfaces.ResponsesRequest,
        surfaces.ModelResponse,
    )
    message = _operation(
        "createMessage",
        "Message",
        f"Anthropic's API in front of every model, Claude or not. {_WALK}. Every `anthropic-version` is read alike; "
        "the key comes as `x-api-key` or `Authorization: Bearer`.",
        surfaces.MessagesRequest,
        surfaces.ModelMessage,
    )
    count = _operation(
        "countMessageTokens",
        "Tokens of a message",
        "Says about how many tokens a message has, without asking its provider. Free.",
        surfaces.TokenCountRequest,
        surfaces.TokenCount,
    )
    embedding = _operation(
        "createEmbedding",
        "Embeddings",
        "Vectors of texts, in numbers or base64. It is routed, reserved and charged as a chat completion is.",
        surfaces.EmbeddingsRequest,
        surfaces.Embeddings,
    )
    return {
        "POST /v1/responses": response,
        "POST /proxy/openai/responses": response,
        "POST /v1/messages": message,
        "POST /proxy/anthropic/v1/messages": message,
        "POST /v1/messages/count_tokens": count,
        "POST /proxy/anthropic/v1/messages/count_tokens": count,
        "POST /v1/embeddings": embedding,
        "POST /proxy/openai/embeddings": embedding,
    }


def schemas() -> dict[str, JsonObject]:
    """Component schemas of these routes."""
    read = schemas_of(
        [
            (surfaces.ResponsesRequest, "validation"),
            (surfaces.MessagesRequest, "validation"),
            (surfaces.TokenCountRequest, "validation"),
            (surfaces.EmbeddingsRequest, "validation"),
            (surfaces.ModelResponse, "serialization"),
            (surfaces.ModelMessage, "serialization"),
            (surfaces.TokenCount, "serialization"),
            (surfaces.Embeddings, "serialization"),
        ]
    )
    return read | {"MessagesError": _MESSAGES_ERROR}


def messages_responses() -> dict[int, JsonObject]:
    """Errors of the Messages API by status: those of all routes in its form, and its own for an overload."""
    found = {code: _as_message_error(code, said) for code, said in responses(proxy=True).items()}
    overloaded = found[503]
    return found | {
        OVERLOADED: overloaded | _content(OVERLOADED) | {"description": "The provider is overloaded."}
    }


def _as_message_error(code: int, said: JsonObject) -> JsonObject:
    headers = said["headers"] | {"request-id": {"$ref": "#/components/headers/RequestId"}}
    return said | {"headers": headers} | _content(code)


def _content(code: int) -> JsonObject:
    examples = {
        refusal.code: {"value": refuse(refusal, REQUEST_ID)}
        for refusal in examples_of()
        if status(refusal) == code
    }
    schema = {
        "anyOf": [{"$ref": "#/components/schemas/MessagesError"}, {"$ref": "#/components/schemas/Error"}]
    }
    return {"content": {"application/json": {"schema": schema, "examples": examples}}}


def _operation(
    operation_id: str, summary: str, description: str, request: type[BaseModel], answer: type[BaseModel]
) -> JsonObject:
    content: JsonObject = {"application/json": _media(answer, RESPONSES[operation_id])}
    if operation_id in STREAMS:
        content["text/event-stream"] = {"schema": _EVENT, "examples": STREAMS[operation_id]}
    return {
        "summary": summary,
        "description": description,
        "requestBody": {"content": {"application/json": _media(request, REQUESTS[operation_id])}},
        "responses": {
            "200": {"description": "The answer.", "headers": _headers(operation_id), "content": content}
        },
    }


def _headers(operation_id: str) -> JsonObject:
    request_id: JsonObject = {"x-request-id": {"$ref": "#/components/headers/RequestId"}}
    if operation_id == "countMessageTokens":
        return request_id
    return request_id | HEADERS


def _media(model: type[BaseModel], examples: JsonObject) -> JsonObject:
    return {"schema": {"$ref": f"#/components/schemas/{model.__name__}"}, "examples": examples}
