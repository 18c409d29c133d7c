"""OpenAI's Responses as a provider speaks it, asked from a chat completion request."""

from aggregator.proxy.dialects.responses.to_provider import encode

__all__ = ["encode"]
