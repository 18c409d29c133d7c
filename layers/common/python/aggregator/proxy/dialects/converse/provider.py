"""Amazon Bedrock, natively: Converse and ConverseStream, with the role of the function and no key.

Standard library only. Sources: Amazon Bedrock API Reference, "Converse" and "ConverseStream"; botocore's model of
`bedrock-runtime`, against which the tests check every request and every kind of event.
"""

import json
from collections.abc import Iterator

from aggregator.orchestrator.model import Route as CatalogueRoute
from aggregator.proxy.dialects.converse.errors import raised, refusal
from aggregator.proxy.dialects.converse.from_provider import Listener, completion_of, event_of
from aggregator.proxy.dialects.converse.to_provider import body_of
from aggregator.proxy.dialects.reading import NO_CAP
from aggregator.proxy.model import Ask, Progress, UpstreamRequest, Way
from aggregator.proxy.upstream.signing import signed, url_of
from aggregator.runtime.eventstream import frames

__all__ = ["check", "decode", "encode", "refusal", "stream"]


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
        first_byte_seconds=provider.timeout_seconds,
        silence_seconds=way.route.via.silence_seconds,
    )


def check(ask: Ask, via: CatalogueRoute) -> None:
    """Pass a request that Converse, and this model, can honour; raises as `encode` does."""
    body_of(ask, via, ask.max_output_tokens or NO_CAP)


def decode(body: bytes, progress: Progress) -> bytes:
    """See `Adapter.decode`."""
    return completion_of(body, progress)


def stream(blocks: Iterator[bytes], progress: Progress) -> Iterator[bytes]:
    """See `Adapter.stream`.

    Raises:
        Refusal: Bedrock's exception, translated; before the first chunk, another route can still be taken.
    """
    listener = Listener(progress)
    for frame in frames(blocks):
        if frame.kind != "event":
            raise raised(frame)
        yield from listener.hear(frame.name, event_of(frame.payload))
        if listener.ended:
            return  # whatever the connection does then
