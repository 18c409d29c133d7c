"""What each generation of Claude takes, wherever it is served: how it is told to think, and what it refuses.

Of no dialect: the Messages API and Bedrock's Converse both reach these models. Standard library only.

Sources: https://platform.claude.com/docs/en/build-with-claude/thinking-troubleshooting (thinking by model),
https://platform.claude.com/docs/en/build-with-claude/effort (levels), and the migration guides of Claude Opus 4.7,
Opus 5, Opus 5.5, Sonnet 5.5, Haiku 5.5 and Fable 5.1 under https://platform.claude.com/docs/en/models.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aggregator.errors import InvalidRequest
from aggregator.proxy.model import JsonObject
from aggregator.runtime.shape import a_count, an_object, unsupported

BUDGETS: Mapping[str, int] = {"minimal": 1024, "low": 2048, "medium": 8192, "high": 16384, "xhigh": 32768}
"""Tokens to think with, on models that take a budget instead of an effort."""

LEAST_BUDGET = 1024

DETAILS_FORMAT = "anthropic-claude-v1"
"""Marks what only Claude can read of an assistant's `reasoning_details`."""

_EFFORTS: Mapping[str, str] = {"minimal": "low", "low": "low", "medium": "medium", "high": "high"}
_NAME = re.compile(r"claude-(opus|sonnet|haiku|fable|mythos)-(\d+)(?:-(\d{1,2}))?(?:-\d{8})?$")
_VERSION_AT_ITS_END = re.compile(r"-v\d+(:\d+)?$")
_NEWEST = ("", (99, 0))


@dataclass(frozen=True, slots=True)
class Claude:
    """One model's family and version. A name of another form is taken for a newest model."""

    family: str
    version: tuple[int, int]

    @classmethod
    def of(cls, name: str) -> "Claude":
        """The model of this name (`claude-sonnet-4-5-20250929`)."""
        match = _NAME.match(name)
        if match is None:
            return cls(*_NEWEST)
        return cls(match[1], (int(match[2]), int(match[3] or 0)))

    @classmethod
    def within(cls, name: str) -> "Claude":
        """The model that a provider's name is of (`us.anthropic.claude-opus-4-6-v1`, `anthropic/claude-opus-4.6`)."""
        plain = _VERSION_AT_ITS_END.sub("", name[max(name.find("claude"), 0) :])
        return cls.of(plain.replace(".", "-"))

    @property
    def takes_system_turns(self) -> bool:
        """The system may speak in mid-conversation (from 4.8)."""
        return self.version >= (4, 8)

    @property
    def thinks_by_budget(self) -> bool:
        """Thinking is asked for as a number of tokens (to 4.5); after that the model is told an effort."""
        return self.version < (4, 6)

    @property
    def takes_effort(self) -> bool:
        """It takes an effort (from 4.6, and Opus 4.5)."""
        return not self.thinks_by_budget or (self.family == "opus" and self.version == (4, 5))

    @property
    def takes_sampling(self) -> bool:
        """It takes a temperature (to 4.6)."""
        return self.version < (4, 7)

    @property
    def thinks_unasked(self) -> bool:
        """A request that says nothing of thinking gets it (from 5)."""
        return self.version >= (5, 0)

    @property
    def always_thinks(self) -> bool:
        """Thinking cannot be turned off."""
        return self.family in ("fable", "mythos") or (self.family == "opus" and self.version >= (5, 5))

    @property
    def can_be_forced(self) -> bool:
        """It takes a forced tool."""
        if self.family in ("fable", "mythos"):
            return self.version < (5, 1)
        return not (self.family in ("opus", "sonnet") and self.version >= (5, 5))

    @property
    def thinks_when_forced(self) -> bool:
        """It may think adaptively beside a forced tool (from 4.8), as its users report; before, Anthropic refuses both.

        Source: https://github.com/langchain-ai/langchain-aws/pull/1141
        """
        return self.version >= (4, 8)

    @property
    def not_thinking(self) -> JsonObject | None:
        """What turns thinking off; None if the model does not think unless told to."""
        if not self.thinks_unasked:
            return None
        return {"type": "between_tools" if self.family == "sonnet" and self.version >= (5, 5) else "disabled"}


def thinking_of(
    body: Mapping[str, Any], model: Claude, max_tokens: int, *, forced: bool, by_effort: bool = True
) -> JsonObject:
    """The fields `thinking` and `output_config` of a request, where it has something to say about them.

    `by_effort`: who names an effort wants the model to think, as in a chat completion. In the Messages API an effort
    is about all that the model writes, and thinking is asked for apart.

    Raises:
        UnsupportedParameter: the model cannot think, or not think, as asked.
    """
    effort = body.get("reasoning_effort")
    native = body.get("thinking")
    if native is None and not by_effort and not model.thinks_unasked:
        return _effort(effort, model)
    thinks = effort not in (None, "none") or (native is not None and native.get("type") != "disabled")
    if forced and thinks and not model.thinks_when_forced:
        raise unsupported("tool_choice", "this model cannot be forced to use a tool while it reasons")
    if native is not None:
        fields: JsonObject = {"thinking": an_object(native, "thinking")}
        return fields | _effort(effort, model)
    if thinks and model.thinks_by_budget:
        return {"thinking": {"type": "enabled", "budget_tokens": _budget(str(effort), max_tokens)}}
    if thinks:
        return {"thinking": {"type": "adaptive", "display": "summarized"}} | _effort(effort, model)
    if effort == "none" and model.always_thinks:
        raise unsupported("reasoning_effort", "this model always reasons; 'low' is the least it takes")
    if (effort == "none" or forced) and not model.always_thinks and model.not_thinking is not None:
        return {"thinking": model.not_thinking}
    return {}


def _effort(effort: Any, model: Claude) -> JsonObject:
    if effort in (None, "none") or not model.takes_effort:
        return {}
    if model.thinks_by_budget and effort in ("xhigh", "max"):
        effort = "high"  # the most that it takes
    if effort in _EFFORTS:
        return {"output_config": {"effort": _EFFORTS[effort]}}
    if effort == "max" or (effort == "xhigh" and model.version >= (4, 7)):
        return {"output_config": {"effort": effort}}
    raise unsupported("reasoning_effort", "this model does not take that level")


def _budget(effort: str, max_tokens: int) -> int:
    if effort not in BUDGETS:
        raise unsupported("reasoning_effort", "this model does not take that level")
    budget = min(BUDGETS[effort], max_tokens * 3 // 4)
    if budget < LEAST_BUDGET:
        raise InvalidRequest(
            f"reasoning_effort: this model thinks with {LEAST_BUDGET} tokens at the least, of which"
            f" {max_tokens} for the whole answer leave too few",
            param="reasoning_effort",
        )
    return budget


def sampling_of(body: Mapping[str, Any], model: Claude, *, thinks: bool) -> JsonObject:
    """The fields `temperature` and `top_p`; 1, which both are if nothing is said, is not sent.

    Raises:
        UnsupportedParameter: the model does not take one of them, not with the other, or not while it thinks.
    """
    asked = {name: body[name] for name in ("temperature", "top_p") if body.get(name) not in (None, 1)}
    for name, value in asked.items():
        if not model.takes_sampling:
            raise unsupported(name, "this model takes only the default, 1")
        if thinks:
            raise unsupported(name, "Claude takes only the default, 1, while it reasons")
        if not 0 <= value <= 1:
            raise unsupported(name, "Claude takes numbers from 0 to 1")
    if len(asked) > 1:
        raise unsupported("top_p", "Claude does not take it together with temperature")
    if body.get("top_k") is not None:
        if not model.takes_sampling or thinks:
            raise unsupported("top_k", "this model does not take it here")
        asked["top_k"] = a_count(body["top_k"], "top_k")
    return asked
