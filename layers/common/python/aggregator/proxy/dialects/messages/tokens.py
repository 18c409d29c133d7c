"""A count of a request's tokens without asking its provider: free, and rather too high than too low.

docs/surfaces.md has the rule in words.
"""

from typing import Any

from aggregator.proxy.model import Ask
from aggregator.runtime.shape import bytes_of

BYTES_PER_TOKEN = 3
"""English has four to five bytes a token, most other writing three or more; dense code may have a little less."""

TOKENS_PER_IMAGE = 1600
"""The most that Claude makes of an image. Source: https://platform.claude.com/docs/en/build-with-claude/vision."""

TOKENS_AROUND_A_MESSAGE = 4
TOKENS_AROUND_A_REQUEST = 4

TOKENS_AROUND_TOOLS = 512
"""Tools bring a system prompt of their own."""


def estimated_tokens(ask: Ask) -> int:
    """Input tokens of a request, of whatever model."""
    messages, tools = ask.body["messages"], ask.body.get("tools") or []
    said = _bytes_in(messages) + _bytes_in(ask.body.get("system"))
    if tools:
        said += bytes_of({"tools": tools})
    return (
        -(-said // BYTES_PER_TOKEN)
        + sum(file.rough_tokens for file in ask.files)
        + ask.images * TOKENS_PER_IMAGE
        + len(messages) * TOKENS_AROUND_A_MESSAGE
        + TOKENS_AROUND_A_REQUEST
        + (TOKENS_AROUND_TOOLS if tools else 0)
    )


def _bytes_in(value: Any) -> int:
    """Bytes of the texts in a value; images and files count by themselves."""
    if isinstance(value, str):
        return len(value.encode(errors="surrogatepass"))
    if not isinstance(value, dict | list):
        return 0
    if isinstance(value, dict):
        if value.get("type") in ("image_url", "file", "image", "base64"):
            return 0
        return sum(map(_bytes_in, value.values()))
    return sum(map(_bytes_in, value))
