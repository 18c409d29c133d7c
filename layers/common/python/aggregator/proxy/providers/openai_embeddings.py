"""Embeddings of any provider that speaks OpenAI's protocol: encode and decode.

Bytes pass through; only the usage is read. Source: OpenAI API reference, "Create embeddings".
"""

import json

from aggregator.billing.price import Usage
from aggregator.errors import ProviderFailed
from aggregator.orchestrator.parameters import fitted
from aggregator.proxy.model import Ask, Progress, UpstreamRequest, Way
from aggregator.proxy.providers.openai_request import request_to
from aggregator.proxy.providers.openai_usage import usage_of


def encode(ask: Ask, way: Way, key: str | None) -> UpstreamRequest:
    """Request to the provider: the client's own, under the provider's name for the model."""
    provider = way.route.provider
    body = fitted(ask.body, provider) | {"model": way.route.via.upstream_model}
    return request_to(provider, "/embeddings", body, key)


def decode(body: bytes, progress: Progress) -> bytes:
    """Answer for the client; its usage, which has no output, goes into `progress`.

    Raises:
        ProviderFailed: no JSON, an error under status 200, or no vectors.
    """
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        raise ProviderFailed("The provider answered what is not JSON.") from None
    if not isinstance(said, dict) or said.get("error") or not said.get("data"):
        raise ProviderFailed("The provider answered without embeddings.")
    usage = said.get("usage")
    counted = usage_of({**usage, "completion_tokens": 0}) if isinstance(usage, dict) else None
    progress.usage = counted and Usage(input_tokens=counted.input_tokens)
    progress.finished = True
    return body
