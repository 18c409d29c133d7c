"""What becomes of each field of a request, by dialect: data, for lanes, tests and docs. Standard library only.

| class      | on a native lane                      | on a translated lane                           |
|------------|---------------------------------------|------------------------------------------------|
| `plain`    | passes                                | translated, or refused by name before the hold |
| `hint`     | passes                                | left out where the provider has no place       |
| `steering` | handled here, or refused by name      | the same                                       |
| `priced`   | at its price, or refused by name      | the same                                       |
| `stored`   | refused by name                       | the same                                       |
| unknown    | passes to its own house; for others   | refused by name                                |
|            | see `UNKNOWN`                         |                                                |

What is kept at a provider (files, containers, conversations, earlier answers) is kept in the platform's account there,
which all users share: a name of it never passes from a client.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from aggregator.errors import UnsupportedParameter
from aggregator.orchestrator.parameters import STEERING as STEERING_WORDS

REFUSED, LEFT_OUT = "refused by name", "left out and told"
UNKNOWN: Mapping[str, str] = {"messages": REFUSED, "responses": REFUSED, "chat": LEFT_OUT}
"""By dialect, what becomes of a field that has no class at providers who are not its house.

Who speaks Messages or Responses is few, and a client sends what is new there because it counts on it. Chat is spoken by
all, each with fields of its own, which clients send to whatever model is named: a provider gets those that its entry
has (`extensions`), of others it knows nothing, or refuses the request.
"""

EVERYTHING = "*"
"""Among the `extensions` of an entry: its server takes any field, and passes over what it does not know."""

PLAIN, HINT, STEERING, PRICED, STORED = ("plain", "hint", "steering", "priced", "stored")


@dataclass(frozen=True, slots=True)
class Field:
    """One field: its class, and the values that ask for nothing (besides null), so that nobody is refused for them."""

    kind: str
    nothing: tuple[Any, ...] = ()
    why: str = "is not offered here"


_PLAIN, _HINT = Field(PLAIN), Field(HINT)
_ELSEWHERE = {name: Field(STEERING, values) for name, values in STEERING_WORDS.items()}
"""What steers other providers than the dialect's own house: no route takes it as a field of tomorrow."""


def _each(field: Field, *names: str) -> dict[str, Field]:
    return dict.fromkeys(names, field)


MESSAGES: Mapping[str, Field] = _ELSEWHERE | {
    **_each(
        _PLAIN,
        "model", "max_tokens", "messages", "system", "stop_sequences", "stream", "temperature", "top_k", "top_p",
        "thinking", "tools", "tool_choice", "output_config", "output_format", "context_management",
    ),
    **_each(_HINT, "metadata", "cache_control", "diagnostics"),
    "service_tier": Field(PRICED, ("auto", "standard_only"), "only 'auto' and 'standard_only' are offered here"),
    "speed": Field(PRICED, ("standard",), "only 'standard' is offered here"),
    "inference_geo": Field(PRICED, ("global",), "only 'global' is offered here"),
    "compaction": Field(PRICED, why="what compacting costs is not in the count of an answer"),
    "mcp_servers": Field(STEERING, ([],), "servers of tools are not called from here"),
    "fallbacks": Field(STEERING, ([],), "routes are chosen here: see x-aggregator-strategy"),
    "billing_policy": Field(STEERING, ({"type": "billing_policy", "bill_to": "self"}, {"bill_to": "self"})),
    **_each(Field(STEERING, why="belongs to the platform's account"), "user_profile_id", "workspace_id"),
    **_each(
        Field(STORED, why="what is kept at the provider is shared by all users here, so it is not offered"),
        "container", "thread", "fallback_credit_token",
    ),
}  # fmt: skip

RESPONSES: Mapping[str, Field] = _ELSEWHERE | {
    **_each(
        _PLAIN,
        "model", "input", "instructions", "max_output_tokens", "max_tool_calls", "parallel_tool_calls", "reasoning",
        "stream", "stream_options", "temperature", "text", "tool_choice", "tools", "top_logprobs", "top_p",
        "truncation", "include", "context_management", "image", "store",
    ),
    **_each(
        _HINT,
        "metadata", "client_metadata", "prompt_cache_key", "prompt_cache_options", "prompt_cache_retention",
        "safety_identifier", "user",
    ),
    "service_tier": Field(PRICED, ("auto", "default"), "only the default tier is offered here"),
    "moderation": Field(PRICED),
    "background": Field(STEERING, (False,), "wait for the answer, or stream it"),
    "background_options": Field(STEERING, ({},)),
    "access_programs": Field(STEERING, ({},), "belongs to the platform's account"),
    "previous_response_id": Field(STORED, why="names a response that is kept here; no provider sees it"),
    **_each(
        Field(STORED, why="is not offered here: send the whole conversation as input, or previous_response_id"),
        "conversation", "prompt",
    ),
}  # fmt: skip


def asking(body: Mapping[str, Any], fields: Mapping[str, Field]) -> dict[str, Any]:
    """The body without fields that ask for nothing, and without hints, for a lane that has no place for them."""
    return {
        name: value
        for name, value in body.items()
        if (field := fields.get(name)) is None
        or (field.kind != HINT and value is not None and value not in field.nothing)
    }


def without_unknown(
    body: Mapping[str, Any], fields: Mapping[str, Field], taken: Collection[str]
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The body without fields that neither have a class nor are `taken`; of those the names that said something."""
    if EVERYTHING in taken:
        return dict(body), ()
    unknown = [name for name in body if name not in fields and name not in taken]
    told = tuple(name for name in unknown if body[name] not in (None, "", [], {}))
    return {name: value for name, value in body.items() if name not in unknown}, told


def passed(
    body: Mapping[str, Any], fields: Mapping[str, Field], *, house: bool, tier: str = ""
) -> dict[str, Any]:
    """The body without fields that ask for nothing; whatever a native lane may take of it, in its order.

    `house`: the provider is the dialect's own, so that fields which nobody here knows pass. `tier` is the service tier
    that the request asks for, where routes were chosen by their price for it.

    Raises:
        UnsupportedParameter: names the field that cannot be honoured.
    """
    kept: dict[str, Any] = {}
    for name, value in body.items():
        field = fields.get(name)
        if field is None:
            if not house and value is not None:
                raise UnsupportedParameter(f"{name}: is not offered here", param=name)
            kept[name] = value
        elif field.kind in (PLAIN, HINT):
            kept[name] = value
        elif value is not None and value not in field.nothing and not (tier and name == "service_tier"):
            raise UnsupportedParameter(f"{name}: {field.why}", param=name)
        elif field.kind == PRICED and value is not None:
            kept[name] = value  # it names what is done anyway
    return kept
