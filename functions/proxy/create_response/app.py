"""POST /v1/responses and /proxy/openai/responses: the walk, plain or streamed."""

from aggregator.proxy.dialects.responses.client import RESPONSES
from aggregator.proxy.edge import serve
from aggregator.proxy.wiring import collaborators, warm
from aggregator.runtime.streaming import portable

handler = portable(serve(RESPONSES, collaborators))
warm()
