"""The chat completion routes in the document. Their function parses by hand, so nothing can be read off its code."""

from aggregator.errors import JsonObject
from aggregator.openapi.chat import ChatCompletion, ChatCompletionChunk, ChatCompletionRequest
from aggregator.openapi.examples import REQUESTS, RESPONSES, STREAM
from aggregator.openapi.schemas import schemas_of
from aggregator.orchestrator.model import STRATEGIES

_DESCRIPTION = """\
Checks the key, picks the providers of the model, sets aside what the answer can cost at most, calls, and charges what
it did cost. With `"stream": true` the answer comes as server-sent events, each a chunk, the last one `[DONE]`.
A provider that fails before its first token is replaced by the next one; what fails after it ends the stream with an
event that holds an `error`.
"""

_USD = {"type": "string", "pattern": r"^-?\d+\.\d{2,9}$"}
_COUNT = {"type": "integer", "minimum": 0}

HEADERS: dict[str, JsonObject] = {
    "x-aggregator-provider": {
        "description": "Who answered.",
        "schema": {"type": "string"},
        "example": "openai",
    },
    "x-aggregator-model": {
        "description": "The model that answered.",
        "schema": {"type": "string"},
        "example": "gpt-4o-mini",
    },
    "x-aggregator-attempts": {
        "description": "Calls of providers that it took; none if the answer came from the cache.",
        "schema": _COUNT,
        "example": 1,
    },
    "x-aggregator-hold-usd": {
        "description": "US dollars set aside.",
        "schema": _USD,
        "example": "0.0098316",
    },
    "x-aggregator-price-version": {
        "description": "The price that is charged.",
        "schema": {"type": "string"},
        "example": "2026-11-20",
    },
    "x-aggregator-strategy": {
        "description": "By what the providers were ranked.",
        "schema": {"type": "string", "enum": list(STRATEGIES)},
        "example": "priority",
    },
    "x-aggregator-retires-at": {
        "description": "Day on which the provider takes the model away, where one is known.",
        "schema": {"type": "string", "format": "date", "examples": ["2027-01-14"]},
    },
    "x-aggregator-ignored": {
        "description": "What the request says and the provider did not get, because nobody there takes it.",
        "schema": {"type": "string"},
        "example": "tools.web_search, client_metadata",
    },
    "x-aggregator-max-tool-calls": {
        "description": "Calls of tools that run at the provider, at most, where the request set no limit of its own.",
        "schema": {"type": "integer"},
        "example": 10,
    },
    "x-aggregator-tool-calls": {
        "description": "Calls of tools that ran at the provider, which are charged.",
        "schema": {"type": "string"},
        "example": "web_search=2",
    },
    "x-aggregator-service-tier": {
        "description": "The provider's tier that is charged, where it has a price of its own.",
        "schema": {"type": "string"},
        "example": "flex",
    },
    "x-aggregator-left-out": {
        "description": "Providers that were passed over, because they kept failing.",
        "schema": {"type": "string"},
        "example": "groq",
    },
    "x-aggregator-cache": {
        "description": "Whether the answer came from the cache, where the request asked for that; then it was free.",
        "schema": {"type": "string", "enum": ["hit", "miss"]},
        "example": "miss",
    },
    "x-aggregator-original-request-id": {
        "description": "The request that was answered first, where this is its answer again.",
        "schema": {"type": "string"},
        "example": "019a1b2c3d4e-c6af9ac6-7b61-11e6-9a41-93e8deadbeef",
    },
    "Age": {
        "description": "Seconds since the answer was made, if it came from the cache.",
        "schema": _COUNT,
        "example": 12,
    },
    "x-aggregator-max-tokens": {
        "description": "Output tokens at most, where the request said nothing or its limit was lowered.",
        "schema": _COUNT,
        "example": 16384,
    },
    "x-aggregator-capped": {
        "description": "The output is capped because the balance is short.",
        "schema": {"const": "balance"},
    },
    "x-aggregator-cost-usd": {
        "description": "US dollars charged; a stream has it in its usage chunk.",
        "schema": _USD,
        "example": "0.00000615",
    },
    "x-aggregator-balance-usd": {
        "description": "US dollars left; a stream has it in its usage chunk. Not there where nothing was held.",
        "schema": _USD,
        "example": "4.99999385",
    },
    "openai-processing-ms": {
        "description": "Milliseconds it took; not in a stream.",
        "schema": _COUNT,
        "example": 412,
    },
}
"""Headers of an answer; names and meanings as in proxy/answer.py and proxy/answers/response_cache.py."""

_EVENT: JsonObject = {
    "type": "object",
    "description": "One server-sent event.",
    "required": ["data"],
    "properties": {
        "data": {
            "anyOf": [
                {"const": "[DONE]"},
                {
                    "type": "string",
                    "contentMediaType": "application/json",
                    "contentSchema": {
                        "anyOf": [
                            {"$ref": "#/components/schemas/ChatCompletionChunk"},
                            {"$ref": "#/components/schemas/Error"},
                        ]
                    },
                },
            ]
        }
    },
}


def operations() -> dict[str, JsonObject]:
    """The two routes; they differ in the status of success."""
    return {
        "POST /v1/chat/completions": _operation("200", "Chat completion"),
        "POST /proxy/openai/chat/completions": _operation("201", "Chat completion, answered with 201"),
    }


def schemas() -> dict[str, JsonObject]:
    """Component schemas of the two routes."""
    return schemas_of(
        [
            (ChatCompletionRequest, "validation"),
            (ChatCompletion, "serialization"),
            (ChatCompletionChunk, "serialization"),
        ]
    ) | {"ChatCompletionEvent": _EVENT}


def _operation(status: str, summary: str) -> JsonObject:
    return {
        "summary": summary,
        "description": _DESCRIPTION,
        "requestBody": {
            "content": {
                "application/json": {
                    "schema": {"$ref": "#/components/schemas/ChatCompletionRequest"},
                    "examples": REQUESTS["createChatCompletion"],
                }
            }
        },
        "responses": {
            status: {
                "description": "The answer: whole, or with `stream` as events.",
                "headers": {"x-request-id": {"$ref": "#/components/headers/RequestId"}} | HEADERS,
                "content": {
                    "application/json": {
                        "schema": {"$ref": "#/components/schemas/ChatCompletion"},
                        "examples": RESPONSES["createChatCompletion"],
                    },
                    "text/event-stream": {
                        "schema": {"$ref": "#/components/schemas/ChatCompletionEvent"},
                        "examples": STREAM,
                    },
                },
            }
        },
    }
