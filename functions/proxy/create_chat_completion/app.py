"""POST /v1/chat/completions and /proxy/openai/chat/completions: the walk, plain or streamed."""

from aggregator.proxy.dialects.chat.client import CHAT
from aggregator.proxy.edge import serve
from aggregator.proxy.wiring import collaborators, warm
from aggregator.runtime.streaming import portable

handler = portable(serve(CHAT, collaborators))
warm()
