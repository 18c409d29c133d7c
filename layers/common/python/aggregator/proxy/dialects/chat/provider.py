"""Any provider that speaks OpenAI's Chat Completions: encode. On the hot path.

Source: OpenAI API reference, "Create chat completion".
"""

from aggregator.orchestrator.parameters import fitted, with_defaults
from aggregator.proxy.dialects.chat.to_provider import as_taken, known_to
from aggregator.proxy.exchange import UpstreamRequest
from aggregator.proxy.model import Ask, Way
from aggregator.proxy.upstream.request import request_to

_OURS = frozenset({"model", "max_tokens", "max_completion_tokens", "stream_options"})


def encode(ask: Ask, way: Way, key: str | None) -> UpstreamRequest:
    """Request to the provider: the client's own, under the provider's name for the model, and with the cap.

    Raises:
        UnsupportedParameter: a field that the provider cannot honour, or a cache's hour that has no price.
    """
    via = way.route.via
    provider, upstream_model = via.provider, via.upstream_model
    asked, ignored = known_to(provider, ask.body)
    body = fitted({name: value for name, value in asked.items() if name not in _OURS}, provider)
    if "cache_control" in provider.extensions or "cache_control" in body:
        from aggregator.proxy.dialects.lifetimes import refuse_unpriced_hour  # noqa: PLC0415 - few take such marks

        refuse_unpriced_hour(body, way.route.price)
    body = with_defaults(body, provider, upstream_model)
    body = as_taken(body, provider, upstream_model, asked=ask.surface == "chat")
    body["model"] = upstream_model
    body[provider.max_tokens_field] = way.output_tokens
    if ask.stream and provider.stream_options:
        body["stream_options"] = {**(ask.body.get("stream_options") or {}), "include_usage": True}
    return request_to(via, "/chat/completions", body, key, stream=ask.stream, ignored=ignored)
