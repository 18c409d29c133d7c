"""POST /v1/embeddings and /proxy/openai/embeddings: the walk, for vectors."""

from aggregator.proxy.dialects.embeddings.client import EMBEDDINGS
from aggregator.proxy.edge import serve
from aggregator.proxy.wiring import collaborators, warm
from aggregator.runtime.streaming import portable

handler = portable(serve(EMBEDDINGS, collaborators))
warm()
