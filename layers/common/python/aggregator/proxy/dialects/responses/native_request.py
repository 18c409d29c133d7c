"""The native lane of Responses, the way out: the client's request as it came.

What goes out differs from what the client sent in these, and in nothing else:

| field                       | becomes                                                                  |
|-----------------------------|--------------------------------------------------------------------------|
| `model`                     | the provider's name for it                                               |
| `max_output_tokens`         | the cap that the held money covers                                       |
| `store`                     | false: what a provider keeps is the platform's account's, so all users'  |
| `include`                   | with `reasoning.encrypted_content` where the client counted on the store |
| `input`                     | without what a store or another provider sealed; runs of code in words   |
| `prompt_cache_key`          | a keyed hash of it and the user, so that nobody reads another's cache    |
| `safety_identifier`         | a keyed hash of the user, where the client set neither it nor `user`     |
| `tools`, `max_tool_calls`   | those that run at OpenAI under a cap, or left out: `hosted.py`           |
| `client_metadata`           | left out: the client's own notes                                         |
| `image_url`, `file_url`     | the file as a data URI, where the provider fetches none                  |
| fields that ask for nothing | left out (`background: false`)                                           |
| what a provider has not     | left out and told: `leftOut` of its entry, for the dialect               |

Standard library only. Source: OpenAI API reference, "Create a model response".
"""

from typing import Any

from aggregator.orchestrator.model import Route as CatalogueRoute
from aggregator.proxy.dialects.fields import RESPONSES, passed
from aggregator.proxy.dialects.hosted import refuse_unknown
from aggregator.proxy.dialects.native import log_unknown, told_of, without
from aggregator.proxy.dialects.reasoning import is_packed
from aggregator.proxy.dialects.responses.hosted import (
    capped,
    is_known,
    refuse_in_items,
    refuse_kept,
    without_containers,
)
from aggregator.proxy.exchange import UpstreamRequest
from aggregator.proxy.model import Ask, JsonObject, Way
from aggregator.proxy.upstream.request import request_to
from aggregator.proxy.upstream.told_user import told_to_openai

SEALED = "reasoning.encrypted_content"


def encode(ask: Ask, way: Way, key: str | None) -> UpstreamRequest:
    """Request to a provider that speaks Responses, with the cap of `way` in it; see the table above.

    Raises:
        UnsupportedParameter: a field that is handled here, or has no price here, asks for something.
    """
    provider = way.route.provider
    body = passed(ask.asked, RESPONSES, house=provider.is_house_of("responses"), tier=ask.service_tier)
    log_unknown(body, RESPONSES, "responses")
    spoken = provider.dialects["responses"]
    body, left_out = capped(body, ask, way)
    ignored = [*left_out, *told_of(ask.asked, spoken.left_out)]
    body["model"] = way.route.via.upstream_model
    body["max_output_tokens"] = way.output_tokens
    if body.pop("client_metadata", None) is not None:
        ignored.append("client_metadata")
    _without_store(body, way)
    body |= told_to_openai(body, ask.user_id, key)
    body = without(body, spoken.left_out)
    return request_to(way.route.via, spoken.path, body, key, stream=ask.stream, ignored=tuple(ignored))


def check(ask: Ask, via: CatalogueRoute) -> None:
    """Pass a request that can go this way; money is held only then.

    Raises:
        UnsupportedParameter: names the field that cannot be honoured.
    """
    house = via.provider.is_house_of("responses")
    body = passed(ask.asked, RESPONSES, house=house, tier=ask.service_tier)
    refuse_kept(body)
    refuse_in_items(body)
    if not house:
        refuse_unknown(body.get("tools"), is_known)


def _without_store(body: JsonObject, way: Way) -> None:
    """Nothing is kept at the provider; what the client would have had of its store travels sealed instead."""
    counted_on_it = body.get("store") is not False
    body["store"] = False
    included = body.get("include")
    sealed = isinstance(included, list) and SEALED in included
    if counted_on_it and not sealed and way.route.via.can("reasoning"):
        body["include"] = [*(included if isinstance(included, list) else []), SEALED]
    if isinstance(body.get("input"), list):
        items = [item for item in body["input"] if not _is_kept_elsewhere(item)]
        if any(isinstance(item, dict) and item.get("role") == "assistant" for item in items):
            from aggregator.proxy.dialects.responses.citations import without_ours  # noqa: PLC0415 (only they cite)

            items = without_ours(items)
        body["input"] = without_containers(items)


def _is_kept_elsewhere(item: Any) -> bool:
    if not isinstance(item, dict) or item.get("type") != "reasoning":
        return False
    sealed = item.get("encrypted_content")
    if isinstance(sealed, str) and is_packed(sealed):
        return True  # by another provider, whose answer is gone on from here
    return not sealed and not item.get("content")
