"""Responses: OpenAI's newer API. Standard library only."""

from aggregator.proxy.answers.stored_answer import ends_in
from aggregator.proxy.dialects.naming import refusing
from aggregator.proxy.dialects.rendering import rendered, request_id_in
from aggregator.proxy.dialects.responses.from_client import NAME, read
from aggregator.proxy.dialects.responses.to_client import ResponseWriter
from aggregator.proxy.dialects.surface import Surface
from aggregator.proxy.model import Ask
from aggregator.runtime.streaming import StreamingResponse

# What a field is called here that a provider, or the check of a chat completion, names.
_NAMES = {
    "max_completion_tokens": "max_output_tokens",
    "max_tokens": "max_output_tokens",
    "messages": "input",
    "reasoning_effort": "reasoning.effort",
    "response_format": "text.format",
    "verbosity": "text.verbosity",
}


def render(ask: Ask, answer: StreamingResponse) -> StreamingResponse:
    """The walk's answer as a response, or the events of one."""
    return rendered(answer, ask, ResponseWriter(ask, request_id_in(answer)))


RESPONSES = Surface(
    NAME,
    read,
    render,
    refusing(_NAMES),
    is_whole=ends_in("response.completed", "response.incomplete"),
    keeps=True,
)
