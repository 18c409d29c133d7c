"""Messages: Anthropic's API, in front of any provider. Standard library only."""

from aggregator.proxy.dialects.messages.client_errors import refuse, status
from aggregator.proxy.dialects.messages.from_client import NAME, read
from aggregator.proxy.dialects.surface import Surface, ends_in

MESSAGES = Surface(
    NAME,
    read,
    refuse,
    status,
    is_whole=ends_in("message_stop"),
    names_request=("request-id",),
)
