"""Chat completions: OpenAI's API, whose form requests of the other surfaces take too. Standard library only."""

from aggregator.proxy.dialects.chat.from_client import read
from aggregator.proxy.dialects.surface import Surface

CHAT = Surface("chat", read, created_under="/proxy/openai")
"""Under /proxy/openai a completion answers 201, the contract published first; under /v1 200, as OpenAI does."""
