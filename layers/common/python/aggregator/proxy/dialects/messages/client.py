"""Messages: Anthropic's API, in front of any provider. Standard library only."""

from aggregator.proxy.answers.stored_answer import ends_in
from aggregator.proxy.dialects.messages.errors import refuse, status
from aggregator.proxy.dialects.messages.from_client import NAME, read
from aggregator.proxy.dialects.messages.to_client import MessageWriter
from aggregator.proxy.dialects.rendering import rendered, request_id_in
from aggregator.proxy.dialects.surface import Surface
from aggregator.proxy.model import Ask
from aggregator.runtime.streaming import StreamingResponse

REQUEST_ID_HEADER = "request-id"


def render(ask: Ask, answer: StreamingResponse) -> StreamingResponse:
    """The walk's answer as a message, or the events of one."""
    request_id = request_id_in(answer)
    return rendered(answer, ask, MessageWriter(ask, request_id), **{REQUEST_ID_HEADER: request_id})


MESSAGES = Surface(
    NAME,
    read,
    render,
    refuse,
    status,
    is_whole=ends_in("message_stop"),
    names_request=(REQUEST_ID_HEADER,),
)
