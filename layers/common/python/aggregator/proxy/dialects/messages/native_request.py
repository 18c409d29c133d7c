"""The native lane of Messages, the way out: the client's request as it came.

What goes out differs from what the client sent in these, and in nothing else:

| field                       | becomes                                                                   |
|-----------------------------|---------------------------------------------------------------------------|
| `model`                     | the provider's name for it                                                |
| `max_tokens`                | the cap that the held money covers                                        |
| `thinking.budget_tokens`    | less than a cap that was lowered below it, unless thinking is interleaved |
| `messages[].role`           | `user` for `system`, in its place, at Claude before 4.8                   |
| `metadata.user_id`          | a keyed hash of the user, where the client set none                       |
| `diagnostics`               | without the id of an earlier answer, which is the platform's account's    |
| `messages`                  | without thinking and citations that another provider, or none, sealed     |
| `tools`                     | those that run at Anthropic with their cap, or left out: `hosted.py`      |
| `source` of type `url`      | the file in base64, or its words, where the provider fetches none         |
| fields that ask for nothing | left out (`mcp_servers: []`)                                              |
| what a provider has not     | left out and told: `leftOut` of its entry, for the dialect                |

Headers: `anthropic-beta` and `anthropic-version` as the client sent them; of betas those that the provider has, by its
entry. Standard library only. Source: https://platform.claude.com/docs/en/api/messages/create
"""

from aggregator.errors import UnsupportedParameter
from aggregator.orchestrator.model import Provider, Spoken
from aggregator.orchestrator.model import Route as CatalogueRoute
from aggregator.proxy.dialects.claude import Claude
from aggregator.proxy.dialects.fields import MESSAGES, passed
from aggregator.proxy.dialects.hosted import refuse_unknown
from aggregator.proxy.dialects.lifetimes import refuse_unpriced_hour
from aggregator.proxy.dialects.messages.foreign import without_what_is_foreign
from aggregator.proxy.dialects.messages.hosted import capped, is_known
from aggregator.proxy.dialects.messages.provider_errors import refusal
from aggregator.proxy.dialects.native import json_bytes, log_unknown, told_of, without
from aggregator.proxy.exchange import UpstreamRequest
from aggregator.proxy.model import Ask, JsonObject, Way
from aggregator.proxy.upstream.told_user import hash_of

__all__ = ["check", "encode", "refusal"]

_VERSION = "2023-06-01"
_INTERLEAVED = "interleaved-thinking"


def encode(ask: Ask, way: Way, key: str | None) -> UpstreamRequest:
    """Request to a provider that speaks Messages, with the cap of `way` in it; see the table above.

    Raises:
        UnsupportedParameter: a field that is handled here, or has no price here, asks for something.
    """
    provider = way.route.provider
    body = passed(ask.asked, MESSAGES, house=provider.is_house_of("messages"))
    log_unknown(body, MESSAGES, "messages")
    refuse_unpriced_hour(body, way.route.price)
    spoken = provider.dialects["messages"]
    body, ignored = capped(without(body, spoken.left_out), ask, way)
    body["model"] = way.route.via.upstream_model
    body["max_tokens"] = way.output_tokens
    body["messages"] = without_what_is_foreign(body["messages"], is_claude="claude" in body["model"])
    _fit_thinking(body, ask)
    _fit_turns(body, way.route.via.upstream_model)
    if isinstance(body.get("diagnostics"), dict):
        body["diagnostics"] = {**body["diagnostics"], "previous_message_id": None}
    metadata = body.get("metadata") or {}
    if key and ask.user_id and not metadata.get("user_id") and "metadata" not in spoken.left_out:
        body["metadata"] = {**metadata, "user_id": hash_of(ask.user_id, key)}
    headers = {"anthropic-version": ask.headers.get("anthropic-version") or _VERSION}
    betas, unknown = _betas(ask.headers.get("anthropic-beta", ""), spoken)
    if betas:
        headers["anthropic-beta"] = betas
    url, sent = f"{provider.base_url}{spoken.path}", json_bytes(body)
    return UpstreamRequest(
        url=url,
        headers=_proved(url, headers, sent, key, provider)
        | {
            "Accept": "text/event-stream" if ask.stream else "application/json",
            "Accept-Encoding": "identity",
            "User-Agent": "aggregator",
        },
        body=sent,
        first_byte_seconds=way.route.via.first_byte_seconds(stream=ask.stream),
        silence_seconds=way.route.via.silence_seconds,
        ignored=(*ignored, *told_of(ask.asked, spoken.left_out), *unknown),
    )


def _betas(asked: str, spoken: Spoken) -> tuple[str, tuple[str, ...]]:
    """The betas that go along, under the provider's names for them, and what is told of the others."""
    if spoken.betas is None:
        return asked, ()
    names = [name for each in asked.split(",") if (name := each.strip())]
    known = dict.fromkeys(spoken.betas[name] for name in names if name in spoken.betas)
    return ",".join(known), tuple(f"anthropic-beta.{name}" for name in names if name not in spoken.betas)


def _proved(
    url: str, headers: dict[str, str], body: bytes, key: str | None, provider: Provider
) -> dict[str, str]:
    """The headers with what says who calls: the key where the provider looks for it, or the role's signature."""
    amazon = provider.protocol == "bedrock"
    if amazon and not key:
        from aggregator.proxy.upstream.signing import signed  # noqa: PLC0415 (Amazon alone)

        return signed(url, {"content-type": "application/json", **headers}, body)
    proved = {"Content-Type": "application/json", **headers}
    if key and (amazon or provider.dialects["messages"].bearer):
        proved["Authorization"] = f"Bearer {key}"
    elif key:
        proved["x-api-key"] = key
    return proved


def check(ask: Ask, via: CatalogueRoute) -> None:
    """Pass a request that can go this way; money is held only then.

    Raises:
        UnsupportedParameter: names the field that cannot be honoured.
    """
    house = via.provider.is_house_of("messages")
    body = passed(ask.asked, MESSAGES, house=house)
    if not house:
        refuse_unknown(body.get("tools"), is_known)
    management = body.get("context_management")
    edits = management.get("edits") if isinstance(management, dict) else None
    for place, edit in enumerate(edits if isinstance(edits, list) else ()):
        if isinstance(edit, dict) and str(edit.get("type", "")).startswith("compact"):
            at = f"context_management.edits.{place}.type"
            raise UnsupportedParameter(
                f"{at}: what compacting costs is not in the count of an answer", param=at
            )


def _fit_turns(body: JsonObject, upstream_model: str) -> None:
    """What the system says in mid-conversation is said by the user, where the model takes no such turn."""
    turns = body.get("messages")
    if not isinstance(turns, list) or Claude.within(upstream_model).takes_system_turns:
        return
    body["messages"] = [
        {**turn, "role": "user"} if isinstance(turn, dict) and turn.get("role") == "system" else turn
        for turn in turns
    ]


def _fit_thinking(body: JsonObject, ask: Ask) -> None:
    """A budget fits under the cap, unless it spans the whole turn. Source: "Extended thinking", interleaved."""
    thinking = body.get("thinking")
    if not isinstance(thinking, dict) or thinking.get("type") != "enabled":
        return
    budget, cap, asked = thinking.get("budget_tokens"), body["max_tokens"], ask.max_output_tokens or 0
    if not isinstance(budget, int) or budget < cap or budget >= asked:
        return  # one that never fitted is the client's own, for the provider to refuse
    if _INTERLEAVED not in ask.headers.get("anthropic-beta", ""):
        body["thinking"] = {**thinking, "budget_tokens": max(cap - 1, 1)}
