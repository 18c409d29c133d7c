"""Embeddings of any provider that speaks OpenAI's protocol: encode and decode.

Bytes pass through; only what is between the vectors is read. Source: OpenAI API reference, "Create embeddings".
"""

from aggregator.billing.price import Usage
from aggregator.errors import ProviderFailed, ProviderUnreadable
from aggregator.orchestrator.parameters import fitted
from aggregator.proxy.dialects.embeddings.vectors import apart
from aggregator.proxy.dialects.under_200 import says_error
from aggregator.proxy.dialects.usage import usage_of
from aggregator.proxy.model import Ask, Progress, UpstreamRequest, Way
from aggregator.proxy.upstream.request import request_to


def encode(ask: Ask, way: Way, key: str | None) -> UpstreamRequest:
    """Request to the provider: the client's own, under the provider's name for the model."""
    provider = way.route.provider
    body = fitted(ask.body, provider) | {"model": way.route.via.upstream_model}
    return request_to(way.route.via, "/embeddings", body, key)


def decode(body: bytes, progress: Progress) -> bytes:
    """Answer for the client; its usage, which has no output, goes into `progress`.

    Raises:
        ProviderFailed: no JSON, an error under status 200, or no vectors.
    """
    try:
        said = apart(body).said
    except (ValueError, RecursionError):
        raise ProviderUnreadable("The provider answered what is not JSON.") from None
    if isinstance(said, dict) and says_error(said):
        raise ProviderFailed("The provider failed.")
    if not isinstance(said, dict) or not said.get("data"):
        raise ProviderUnreadable("The provider answered without embeddings.")
    counted = usage_of(said.get("usage"))
    progress.usage = counted and Usage(input_tokens=counted.input_tokens or counted.output_tokens)
    progress.begun = progress.finished = True
    return body
