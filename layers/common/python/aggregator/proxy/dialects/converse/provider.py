"""Amazon Bedrock, natively: Converse and ConverseStream, with the role of the function and no key.

Standard library only. Sources: Amazon Bedrock API Reference, "Converse" and "ConverseStream"; botocore's model of
`bedrock-runtime`, against which the tests check every request and every kind of event.
"""

import json

from aggregator.orchestrator.model import Route as CatalogueRoute
from aggregator.proxy.dialects.converse.provider_errors import refusal
from aggregator.proxy.dialects.converse.to_provider import body_of
from aggregator.proxy.dialects.reading import NO_CAP
from aggregator.proxy.exchange import UpstreamRequest
from aggregator.proxy.model import Ask, Way
from aggregator.proxy.upstream.signing import signed, url_of

__all__ = ["check", "encode", "refusal"]


def encode(ask: Ask, way: Way, key: str | None) -> UpstreamRequest:
    """Signed request to a model. A `key`, where the platform has one, is a Bedrock API key and takes the role's place.

    Raises:
        InvalidRequest: a field has a wrong shape.
        UnsupportedParameter: Converse or the model cannot honour a field.
        ProviderUnavailable: the function has no credentials.
    """
    provider = way.route.provider
    url = url_of(provider.base_url, way.route.via.upstream_model, stream=ask.stream)
    body = json.dumps(body_of(ask, way.route.via, way.output_tokens), separators=(",", ":")).encode()
    headers = {"content-type": "application/json"}
    headers = headers | {"authorization": f"Bearer {key}"} if key else signed(url, headers, body)
    accept = "application/vnd.amazon.eventstream" if ask.stream else "application/json"
    return UpstreamRequest(
        url=url,
        headers=headers | {"accept": accept, "accept-encoding": "identity", "user-agent": "aggregator"},
        body=body,
        first_byte_seconds=way.route.via.first_byte_seconds(stream=ask.stream),
        silence_seconds=way.route.via.silence_seconds,
    )


def check(ask: Ask, via: CatalogueRoute) -> None:
    """Pass a request that Converse, and this model, can honour; raises as `encode` does."""
    body_of(ask, via, ask.max_output_tokens or NO_CAP)
