"""The stand-in's tokenizer: a word is a token, and so is each other visible character.

White space belongs to the token after it, so the tokens of a text, put together, are the text.
Every token is at least one byte, which is what an upper bound by bytes relies on.
"""

import json
import re
from collections.abc import Iterable
from typing import Any

JsonObject = dict[str, Any]

TOKENS_PER_IMAGE = 85
TOKENS_PER_MESSAGE = 3
TOKENS_TO_START_THE_ANSWER = 3

_TOKEN = re.compile(r"\w+|[^\w\s]")
_PIECE = re.compile(r"\s*(?:\w+|[^\w\s])|\s+\Z")
_compact = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode


def count(text: str) -> int:
    """Number of tokens in `text`; white space alone is none."""
    return len(_TOKEN.findall(text))


def pieces(text: str) -> list[str]:
    """The tokens of `text` as they are streamed: joined, they are `text` again."""
    found: list[str] = _PIECE.findall(text)
    if len(found) > 1 and found[-1].isspace():
        found[-2:] = [found[-2] + found[-1]]
    return found


def prompt_tokens(body: JsonObject) -> int:
    """Input tokens of a chat request.

    Texts, names and tool arguments by `count`, 85 for each image, 3 for each message, 3 to start the answer;
    tools and the response schema count as their compact JSON.
    """
    total = TOKENS_TO_START_THE_ANSWER
    for message in body["messages"]:
        total += TOKENS_PER_MESSAGE + _message_tokens(message)
    for field in ("tools", "response_format"):
        if body.get(field):
            total += count(_compact(body[field]))
    return total


def image_count(body: JsonObject) -> int:
    """Number of images in all messages of a chat request."""
    return sum(part.get("type") == "image_url" for part in _parts(body["messages"]))


def _message_tokens(message: JsonObject) -> int:
    content = message.get("content")
    total = count(content) if isinstance(content, str) else 0
    for part in _parts([message]):
        if part.get("type") == "image_url":
            total += TOKENS_PER_IMAGE
        else:
            total += sum(
                count(value) for key, value in part.items() if key != "type" and isinstance(value, str)
            )
    if message.get("name"):
        total += count(message["name"])
    for call in message.get("tool_calls") or ():
        total += count(_compact(call.get("function") or call.get("custom") or {}))
    return total


def _parts(messages: Iterable[JsonObject]) -> Iterable[JsonObject]:
    for message in messages:
        if isinstance(message.get("content"), list):
            yield from message["content"]
