"""A request to a provider: its address, its headers, its key. On the hot path."""

from collections.abc import Mapping

from aggregator.orchestrator.model import Route
from aggregator.proxy.exchange import UpstreamRequest
from aggregator.proxy.model import JsonObject
from aggregator.runtime.passable_json import compact


def request_to(
    via: Route,
    path: str,
    body: JsonObject,
    key: str | None,
    *,
    stream: bool = False,
    ignored: tuple[str, ...] = (),
    own: Mapping[str, str] | None = None,
) -> UpstreamRequest:
    """POST of `body` under the provider's base URL; the key goes where the provider looks for it.

    `own` are headers of a protocol that has its own ways, its own place for the key among them.
    """
    provider = via.provider
    headers = {
        "Content-Type": "application/json",
        "Accept": "text/event-stream" if stream else "application/json",
        "Accept-Encoding": "identity",
        "User-Agent": "aggregator",
    }
    if own is not None:
        headers |= own
    elif key and provider.key_header:
        headers[provider.key_header] = key
    elif key:
        headers["Authorization"] = f"Bearer {key}"
    return UpstreamRequest(
        url=f"{provider.base_url}{path}",
        headers=headers,
        body=compact(body).encode(),
        first_byte_seconds=via.first_byte_seconds(stream=stream),
        silence_seconds=via.silence_seconds,
        ignored=ignored,
    )
