"""Messages: Anthropic's API, in front of any provider. Standard library only."""

from aggregator.proxy.model import Ask
from aggregator.proxy.stored_answer import ends_in
from aggregator.proxy.surface import Surface
from aggregator.proxy.surfaces.messages_answer import MessageWriter
from aggregator.proxy.surfaces.messages_errors import refuse, status
from aggregator.proxy.surfaces.messages_request import NAME, read
from aggregator.proxy.surfaces.rendering import rendered, request_id_in
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
