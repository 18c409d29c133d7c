"""Google's Gemini API, generateContent: encode, refusal.

Source: https://ai.google.dev/api/generate-content and the types of its SDKs. docs/providers/gemini.md lists what is
taken.
"""

from aggregator.orchestrator.model import Route as CatalogueRoute
from aggregator.proxy.dialects.gemini.provider_errors import refusal
from aggregator.proxy.dialects.gemini.to_provider import body_of
from aggregator.proxy.dialects.reading import NO_CAP
from aggregator.proxy.exchange import UpstreamRequest
from aggregator.proxy.model import Ask, Way
from aggregator.proxy.upstream.request import request_to

__all__ = ["check", "encode", "refusal"]


def encode(ask: Ask, way: Way, key: str | None) -> UpstreamRequest:
    """Request to Gemini, with the cap of `way` in it.

    Raises:
        UnsupportedParameter: a field that Gemini, or this model, cannot honour.
        InvalidRequest: a field has a wrong shape.
    """
    model = way.route.via.upstream_model
    said = body_of(ask, way.route.via, way.output_tokens)
    verb = "streamGenerateContent?alt=sse" if ask.stream else "generateContent"
    own = {"x-goog-api-key": key} if key else {}
    return request_to(way.route.via, f"/models/{model}:{verb}", said, key, stream=ask.stream, own=own)


def check(ask: Ask, via: CatalogueRoute) -> None:
    """Pass a request that Gemini, and this model, can honour; raises as `encode` does."""
    body_of(ask, via, ask.max_output_tokens or NO_CAP)
