"""OpenAI's Responses as a provider speaks it, asked from a chat completion request: encode."""

from aggregator.orchestrator.model import Route as CatalogueRoute
from aggregator.proxy.dialects.reading import NO_CAP
from aggregator.proxy.dialects.responses.to_provider import body_of
from aggregator.proxy.exchange import UpstreamRequest
from aggregator.proxy.model import Ask, Way
from aggregator.proxy.upstream.request import request_to
from aggregator.proxy.upstream.told_user import told_to_openai


def encode(ask: Ask, way: Way, key: str | None) -> UpstreamRequest:
    """Request to the provider, with the cap of `way` in it; nothing is stored there.

    Raises:
        UnsupportedParameter: a field that Responses cannot honour.
        InvalidRequest: a field has a wrong shape.
    """
    via = way.route.via
    said = body_of(ask, via, way.output_tokens)
    said |= told_to_openai(said, ask.user_id, key)
    if ask.stream:
        said["stream"] = True
    return request_to(via, via.provider.dialects["responses"].path, said, key, stream=ask.stream)


def check(ask: Ask, via: CatalogueRoute) -> None:
    """Pass a request that Responses can honour; raises as `encode` does."""
    body_of(ask, via, ask.max_output_tokens or NO_CAP)
