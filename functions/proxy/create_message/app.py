"""POST /v1/messages and /proxy/anthropic/v1/messages: the walk, plain or streamed."""

from aggregator.proxy.dialects.messages.client import MESSAGES
from aggregator.proxy.edge import serve
from aggregator.proxy.wiring import collaborators, warm
from aggregator.runtime.streaming import portable

handler = portable(serve(MESSAGES, collaborators))
warm()
