"""Examples of Responses, Messages and embeddings; a test holds each to its schema."""

from aggregator.openapi.examples import Examples
from aggregator.openapi.kept_examples import RESPONSE

_TURNS = [{"role": "user", "content": "Say hello."}]

REQUESTS: dict[str, Examples] = {
    "createResponse": {
        "plain": {"summary": "A whole response", "value": {"model": "gpt-4o-mini", "input": "Say hello."}},
        "streamed": {
            "summary": "Event by event",
            "value": {"model": "gpt-4o-mini", "input": _TURNS, "max_output_tokens": 64, "stream": True},
        },
    },
    "createMessage": {
        "plain": {
            "summary": "A whole message",
            "value": {"model": "gpt-4o-mini", "max_tokens": 64, "messages": _TURNS},
        },
        "streamed": {
            "summary": "Event by event",
            "value": {"model": "gpt-4o-mini", "max_tokens": 64, "messages": _TURNS, "stream": True},
        },
    },
    "countMessageTokens": {"default": {"value": {"model": "gpt-4o-mini", "messages": _TURNS}}},
    "createEmbedding": {
        "default": {"value": {"model": "text-embedding-3-small", "input": ["Say hello.", "Say goodbye."]}}
    },
}

RESPONSES: dict[str, Examples] = {
    "createResponse": {"default": {"value": RESPONSE}},
    "createMessage": {
        "default": {
            "value": {
                "id": "msg_019a1b2c3d4e-c6af9ac6-7b61-11e6-9a41-93e8deadbeef",
                "type": "message",
                "role": "assistant",
                "model": "gpt-4o-mini-2024-07-18",
                "content": [{"type": "text", "text": "Hello!"}],
                "stop_reason": "end_turn",
                "stop_sequence": None,
                "usage": {
                    "input_tokens": 9,
                    "cache_creation_input_tokens": 0,
                    "cache_read_input_tokens": 0,
                    "output_tokens": 8,
                },
            }
        }
    },
    "countMessageTokens": {"default": {"value": {"input_tokens": 13}}},
    "createEmbedding": {
        "default": {
            "value": {
                "object": "list",
                "data": [{"object": "embedding", "index": 0, "embedding": [0.0023, -0.0093]}],
                "model": "text-embedding-3-small",
                "usage": {"prompt_tokens": 6, "total_tokens": 6},
            }
        }
    },
}

STREAMS: dict[str, Examples] = {
    "createResponse": {
        "default": {
            "value": 'event: response.output_text.delta\ndata: {"type":"response.output_text.delta",'
            '"sequence_number":4,"item_id":"msg_0","output_index":0,"content_index":0,"delta":"Hello!",'
            '"logprobs":[]}\n\n'
        }
    },
    "createMessage": {
        "default": {
            "value": 'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,'
            '"delta":{"type":"text_delta","text":"Hello!"}}\n\n'
        }
    },
}
