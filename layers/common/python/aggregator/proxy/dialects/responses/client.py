"""Responses: OpenAI's newer API. Standard library only."""

from aggregator.proxy.dialects.naming import refusing
from aggregator.proxy.dialects.responses.from_client import NAME, read
from aggregator.proxy.dialects.surface import Surface, ends_in

# What a field is called here that a provider, or the check of a chat completion, names.
_NAMES = {
    "max_completion_tokens": "max_output_tokens",
    "max_tokens": "max_output_tokens",
    "messages": "input",
    "reasoning_effort": "reasoning.effort",
    "response_format": "text.format",
    "verbosity": "text.verbosity",
}


RESPONSES = Surface(
    NAME,
    read,
    refusing(_NAMES),
    is_whole=ends_in("response.completed", "response.incomplete"),
    keeps=True,
)
