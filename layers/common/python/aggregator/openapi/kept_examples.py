"""Examples of responses that are kept; a test holds each to its schema."""

from aggregator.errors import JsonObject

Examples = dict[str, JsonObject]

_ITEMS: JsonObject = {
    "object": "list",
    "data": [
        {
            "type": "message",
            "role": "user",
            "content": [{"type": "input_text", "text": "Say hello."}],
            "id": "msg_5f2b1c0d9e8f7a6b5c4d3e2f1a0b9c8d",
            "status": "completed",
        }
    ],
    "first_id": "msg_5f2b1c0d9e8f7a6b5c4d3e2f1a0b9c8d",
    "last_id": "msg_5f2b1c0d9e8f7a6b5c4d3e2f1a0b9c8d",
    "has_more": False,
}

RESPONSE: JsonObject = {
    "id": "resp_019a1b2c3d4e-c6af9ac6-7b61-11e6-9a41-93e8deadbeef",
    "object": "response",
    "created_at": 1762419195,
    "status": "completed",
    "model": "gpt-4o-mini-2024-07-18",
    "output": [
        {
            "id": "msg_019a1b2c3d4e-c6af9ac6-7b61-11e6-9a41-93e8deadbeef_0",
            "type": "message",
            "status": "completed",
            "role": "assistant",
            "content": [{"type": "output_text", "text": "Hello!", "annotations": [], "logprobs": []}],
        }
    ],
    "store": True,
    "usage": {
        "input_tokens": 9,
        "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
        "output_tokens": 8,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": 17,
    },
}

_DELETED: JsonObject = {"id": RESPONSE["id"], "object": "response", "deleted": True}

RESPONSES: dict[str, Examples] = {
    f"{operation}{path}": {"default": {"value": value}}
    for operation, value in (
        ("getResponse", RESPONSE),
        ("deleteResponse", _DELETED),
        ("listResponseItems", _ITEMS),
    )
    for path in ("", "ByProxyPath")
}
