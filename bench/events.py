"""What functions are asked on the bench: the samples of events/, with content as each measurement needs it."""

import json
from functools import cache
from typing import Any

from aggregator.auth.caller import packed, unpacked
from local.paths import ROOT

JsonObject = dict[str, Any]

USER = "0d9a3f52-7f0e-4a57-9a53-0d1c7c0e6b11"
KEY_ID = "1vQ8Zk7pQ2xA"
MODEL = "gpt-4o-mini"
CLAUDE = "claude-haiku-4-5"
PROMPT = "Say hello to the people who read this, in one short sentence."

COMPLETION: JsonObject = {
    "id": "chatcmpl-C8kq1bD5mH0vJ2nR4sT6uV8wX0yZ2",
    "object": "chat.completion",
    "created": 1795414740,
    "model": MODEL,
    "choices": [
        {
            "index": 0,
            "message": {"role": "assistant", "content": "Hello, all of you who read this.", "refusal": None},
            "logprobs": None,
            "finish_reason": "stop",
        }
    ],
    "usage": {"prompt_tokens": 21, "completion_tokens": 9, "total_tokens": 30},
}
"""What canned.py answers for a provider, over TLS."""

KEY_ITEM: JsonObject = {
    "sk": "KEY",
    "userId": USER,
    "name": "bench",
    "scopes": ["inference", "models:read", "billing:read", "analytics:read", "keys:manage"],
    "limits": {},
    "createdAt": "2026-11-23T06:00:00.000Z",
    "createdBy": "admin",
    "lastUsedAt": "2126-11-23T06:00:00.000Z",
    "version": 1,
}
"""A key as it lies in the auth table, without its ids and secrets; used not long ago, so that no use is noted."""


def chat_body(prompt: str = PROMPT, *, stream: bool = False, tokens: int | None = None) -> JsonObject:
    """A chat completion request; `tokens` makes the mock provider answer with exactly so many."""
    told = f"[[standin tokens={tokens}]] {prompt}" if tokens else prompt
    body: JsonObject = {"model": MODEL, "messages": [{"role": "user", "content": told}]}
    if stream:
        body |= {"stream": True, "stream_options": {"include_usage": True}}
    return body | ({"max_tokens": tokens + 10} if tokens else {})


def message_body(prompt: str = PROMPT, *, stream: bool = False, tokens: int | None = None) -> JsonObject:
    """A Messages request for a model that speaks it, with the prompt and the answer of `chat_body`."""
    told = f"[[standin tokens={tokens}]] {prompt}" if tokens else prompt
    body: JsonObject = {"model": CLAUDE, "messages": [{"role": "user", "content": told}]}
    return body | {"max_tokens": tokens + 10 if tokens else 1024} | ({"stream": True} if stream else {})


def chat_event(body: JsonObject, number: int = 0) -> bytes:
    """An event as API Gateway sends it to the chat function."""
    return _proxy_event("proxy_create_chat_completion", body, number)


def message_event(body: JsonObject, number: int = 0) -> bytes:
    """An event as API Gateway sends it to the function of Messages."""
    return _proxy_event("proxy_create_message", body, number)


def _proxy_event(sample: str, body: JsonObject, number: int) -> bytes:
    event = json.loads(_sample(sample))
    event["body"] = json.dumps(body)
    context = event["requestContext"]
    context["requestId"] = f"c6af9ac6-7b61-11e6-9a41-{number:012x}"
    caller = unpacked(context["authorizer"]["caller"]) | {"keyId": KEY_ID, "userId": USER}
    context["authorizer"]["caller"] = packed(caller)
    return json.dumps(event).encode()


def authorizer_event(key: str) -> bytes:
    """An event as API Gateway sends it to the authorizer."""
    event = json.loads(_sample("auth_authorizer"))
    event["headers"]["Authorization"] = f"Bearer {key}"
    event["multiValueHeaders"]["Authorization"] = [f"Bearer {key}"]
    return json.dumps(event).encode()


def http_event(sample: str) -> bytes:
    """A sample of events/apigateway, asked by an administrator."""
    event = json.loads(_sample(sample))
    caller = {"keyId": "admin", "userId": "admin", "scopes": ["admin"]}
    event.setdefault("requestContext", {})["authorizer"] = {"caller": packed(caller)}
    return json.dumps(event).encode()


@cache
def _sample(name: str) -> str:
    return (ROOT / "events" / "apigateway" / f"{name}.json").read_text(encoding="utf-8")
