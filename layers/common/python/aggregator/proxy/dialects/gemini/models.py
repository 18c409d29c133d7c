"""How each generation of Gemini is told to think. Standard library only.

Sources: https://ai.google.dev/gemini-api/docs/generate-content/thinking (levels and budgets by model) and
https://ai.google.dev/gemini-api/docs/openai#thinking, Google's own mapping of `reasoning_effort`, which this follows.
"""

import re
from collections.abc import Mapping
from typing import Any

from aggregator.proxy.model import JsonObject
from aggregator.runtime.shape import unsupported

BUDGETS: Mapping[str, int] = {"minimal": 1024, "low": 1024, "medium": 8192, "high": 24576}
"""Tokens to think with, on Gemini 2.5; later models take a level."""

_LEVELS = {"minimal": "MINIMAL", "low": "LOW", "medium": "MEDIUM", "high": "HIGH"}
_NAME = re.compile(r"gemini-(\d+)(?:\.(\d+))?(-flash)?")


def thinks_by_level(model: str) -> bool:
    """Thinking is asked for as a level (from Gemini 3), not as a number of tokens."""
    return _version(model) >= (3, 0)


def must_sign_calls(model: str) -> bool:
    """A call that comes back without the model's signature is refused (from Gemini 3)."""
    return _version(model) >= (3, 0)


def takes_media_in_results(model: str) -> bool:
    """The result of a call may hold images and files (from Gemini 3)."""
    return _version(model) >= (3, 0)


def always_thinks(model: str) -> bool:
    """Thinking cannot be turned off, only be made short."""
    return not _thinks_minimally(model) if thinks_by_level(model) else "pro" in model


def thinking_config_of(body: Mapping[str, Any], model: str, *, strictly: bool = True) -> JsonObject:
    """The field `thinkingConfig`; empty where nothing was asked.

    `strictly`: that the model shall not think was said of the effort itself; else as little as it can will do.

    Raises:
        UnsupportedParameter: the model cannot think, or not think, as asked.
    """
    effort = body.get("reasoning_effort")
    if effort is None:
        return {}
    if not strictly and effort == "none" and always_thinks(model):
        effort = "minimal"
    if effort in ("xhigh", "max"):
        effort = "high"  # the most that it takes
    if thinks_by_level(model):
        if effort == "none" and not _thinks_minimally(model):
            raise unsupported("reasoning_effort", "this model always reasons; 'low' is the least it takes")
        least = "MINIMAL" if _thinks_minimally(model) else "LOW"
        level = least if effort in ("none", "minimal") else _LEVELS.get(effort)
        if level is None:
            raise unsupported("reasoning_effort", "Gemini does not take that level")
        return {"thinkingLevel": level, "includeThoughts": effort != "none"}
    if effort == "none":
        if "pro" in model:
            raise unsupported(
                "reasoning_effort", "this model always reasons; 'minimal' is the least it takes"
            )
        return {"thinkingBudget": 0}
    if effort not in BUDGETS:
        raise unsupported("reasoning_effort", "this model does not take that level")
    return {"thinkingBudget": BUDGETS[effort], "includeThoughts": True}


def _thinks_minimally(model: str) -> bool:
    """Flash models up to 3.6 take the level at which hardly any thinking is done."""
    match = _NAME.match(model)
    return match is not None and match[3] is not None and _version(model) <= (3, 6)


def _version(model: str) -> tuple[int, int]:
    match = _NAME.match(model)
    return (int(match[1]), int(match[2] or 0)) if match else (99, 0)
