"""OpenAI's Responses as a provider speaks it, for chat completions: encode, decode, stream."""

from aggregator.proxy.dialects.responses.from_provider import decode, stream
from aggregator.proxy.dialects.responses.to_provider import encode

__all__ = ["decode", "encode", "stream"]
