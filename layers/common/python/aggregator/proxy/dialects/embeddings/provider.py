"""Embeddings of any provider that speaks OpenAI's protocol: encode. Source: OpenAI API reference, as beside."""

from aggregator.orchestrator.parameters import fitted
from aggregator.proxy.exchange import UpstreamRequest
from aggregator.proxy.model import Ask, Way
from aggregator.proxy.upstream.request import request_to


def encode(ask: Ask, way: Way, key: str | None) -> UpstreamRequest:
    """Request to the provider: the client's own, under the provider's name for the model."""
    provider = way.route.provider
    body = fitted(ask.body, provider) | {"model": way.route.via.upstream_model}
    return request_to(way.route.via, "/embeddings", body, key)
