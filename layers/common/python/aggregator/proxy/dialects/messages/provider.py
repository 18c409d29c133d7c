"""Anthropic's Messages API: encode, refusal.

Source: https://platform.claude.com/docs/en/api/messages/create and its SDKs' types, at `anthropic-version` 2023-06-01:
the last that takes a temperature, on the models that still do. docs/providers/anthropic.md lists what is taken.
"""

from aggregator.orchestrator.model import Route as CatalogueRoute
from aggregator.proxy.dialects.lifetimes import refuse_unpriced_hour
from aggregator.proxy.dialects.messages.provider_errors import refusal
from aggregator.proxy.dialects.messages.to_provider import body_of
from aggregator.proxy.dialects.reading import NO_CAP
from aggregator.proxy.exchange import UpstreamRequest
from aggregator.proxy.model import Ask, Way
from aggregator.proxy.upstream.request import request_to

__all__ = ["check", "encode", "refusal"]

_VERSION = "2023-06-01"


def encode(ask: Ask, way: Way, key: str | None) -> UpstreamRequest:
    """Request to Anthropic, with the cap of `way` in it.

    Raises:
        UnsupportedParameter: a field that Anthropic, or this model, cannot honour.
        InvalidRequest: a field has a wrong shape.
    """
    refuse_unpriced_hour(ask.body, way.route.price)
    said = body_of(ask, way.route.via, way.output_tokens)
    own = {"anthropic-version": _VERSION} | ({"x-api-key": key} if key else {})
    return request_to(way.route.via, "/messages", said, key, stream=ask.stream, own=own)


def check(ask: Ask, via: CatalogueRoute) -> None:
    """Pass a request that Anthropic, and this model, can honour; raises as `encode` does."""
    body_of(ask, via, ask.max_output_tokens or NO_CAP)
