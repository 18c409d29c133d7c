"""What each model on Bedrock takes beyond what Converse gives to all of them. Standard library only.

What holds for Claude wherever it runs is in `claude`. Sources: Amazon Bedrock User Guide ("Supported models
and model features", "Get validated JSON results from models"), Amazon Nova 2 User Guide ("Using reasoning"), and the
flags of litellm's price file (MIT).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from aggregator.proxy.dialects.claude import Claude, sampling_of, thinking_of
from aggregator.proxy.dialects.efforts import nearest
from aggregator.proxy.model import JsonObject
from aggregator.runtime.shape import unsupported

_CLAUDE = re.compile(r"anthropic\.(claude-[a-z0-9-]+?)(?:-v\d+(?::\d+)?)?$")


@dataclass(frozen=True, slots=True)
class Model:
    """One family of models.

    `json_schema`: it answers in a schema by itself (`native`), as a `tool` it is made to call, or not at all.
    `strict_tools`: its calls can be held to the schemas of tools. `forced_tools`: it can be made to call one.
    `efforts`: levels of `reasoning_effort`, which goes where `thinks` says.
    """

    json_schema: str = ""
    strict_tools: bool = False
    forced_tools: bool = True
    thinks: str = ""
    efforts: tuple[str, ...] = ()


_NATIVE = Model("native", strict_tools=True)
_NATIVE_WITH_EFFORT = Model("native", strict_tools=True, thinks="effort", efforts=("low", "medium", "high"))
_BY_TOOL = Model("tool")
_NEVER_FORCED = Model(forced_tools=False)

# By a part of the model's name; the first that is in it counts. Claude's tools: see `Claude.can_be_forced`.
_MODELS: tuple[tuple[str, Model], ...] = (
    ("claude-opus-5-5", _NEVER_FORCED),
    ("claude-fable-5", _NEVER_FORCED),
    ("claude-sonnet-5", Model("native")),
    ("claude-haiku-5-5", Model("native")),
    ("claude-opus-4-8", Model("native")),
    ("claude-opus-4-6", _NATIVE),
    ("claude-sonnet-4-6", _NATIVE),
    ("claude-opus-4-5", _NATIVE),
    ("claude-sonnet-4-5", _NATIVE),
    ("claude-haiku-4-5", _NATIVE),
    ("anthropic.claude", _BY_TOOL),
    # Nova 2 takes no cap on its output at the level 'high', and the cap is what the held money covers.
    ("amazon.nova-2", Model("tool", thinks="nova", efforts=("low", "medium"))),
    ("amazon.nova", _BY_TOOL),
    ("deepseek.r1", _NEVER_FORCED),
    ("deepseek.v3", _NATIVE_WITH_EFFORT),
    ("kimi-k2-thinking", _NATIVE_WITH_EFFORT),
    ("qwen.qwen3-coder-next", _BY_TOOL),
    ("qwen.qwen3", _NATIVE),
    ("mistral.mistral-large-3", _NATIVE),
    ("mistral.ministral-3", _NATIVE),
    ("zai.glm-5", _NATIVE),
    ("nvidia.nemotron-nano-3", _NATIVE),
    ("mistral.devstral", _BY_TOOL),
    ("moonshotai.kimi", _BY_TOOL),
    ("minimax.minimax", _BY_TOOL),
    ("nvidia.nemotron-super", _BY_TOOL),
    ("zai.glm-4", _BY_TOOL),
    ("meta.llama", _NEVER_FORCED),
)


# Models whose templates have the results of calls in a turn of their own.
_RESULTS_ALONE = ("meta.llama", "mistral.", "writer.palmyra")


@cache
def model_of(model_id: str) -> Model:
    """What the model of this id takes; of one that is not known here, only what all take."""
    return next((model for part, model in _MODELS if part in model_id), _NEVER_FORCED)


@cache
def claude_of(model_id: str) -> Claude | None:
    """Which Claude the model is, under whatever profile it is called; None if it is another."""
    found = _CLAUDE.search(model_id)
    return Claude.of(found[1]) if found else None


def caches(model_id: str) -> bool:
    """Whether points may be set up to which the model keeps the prompt; others cache unasked, or never."""
    return claude_of(model_id) is not None or "amazon.nova" in model_id


def takes_words_after_results(model_id: str) -> bool:
    """Whether the results of calls and what the user says next may stand in one turn."""
    return not any(family in model_id for family in _RESULTS_ALONE)


def takes_media_in_results(model_id: str) -> bool:
    """Whether the result of a call may hold images and documents."""
    return claude_of(model_id) is not None or "amazon.nova" in model_id


def model_fields(
    body: Mapping[str, Any], model_id: str, output_tokens: int, *, forced: bool, surface: str = "chat"
) -> tuple[JsonObject, JsonObject]:
    """`temperature`, `top_p` and the rest of the sampling; and fields for the model itself: how hard it thinks.

    Raises:
        UnsupportedParameter: the model does not take a field, or not with the others.
    """
    claude = claude_of(model_id)
    if claude is not None:
        fields = thinking_of(body, claude, output_tokens, forced=forced, by_effort=surface != "messages")
        thinks = fields.get("thinking", {}).get("type") in ("enabled", "adaptive")
        sampling = sampling_of(body, claude, thinks=thinks)
        if "top_k" in sampling:
            fields["top_k"] = sampling.pop("top_k")
        return sampling, fields
    for name in ("thinking", "top_k"):
        if body.get(name) is not None:
            raise unsupported(name, "this model on Amazon Bedrock does not take it")
    sampling = {name: body[name] for name in ("temperature", "top_p") if body.get(name) is not None}
    for name, value in sampling.items():
        if not 0 <= value <= 1:
            raise unsupported(name, "Amazon Bedrock takes numbers from 0 to 1")
    return sampling, _reasoning(body.get("reasoning_effort"), model_of(model_id), asked=surface == "chat")


def _reasoning(effort: str | None, model: Model, *, asked: bool) -> JsonObject:
    """How hard the model thinks; who did not ask for just this effort gets the nearest, or none from who has none."""
    if effort is None:
        return {}
    if not asked and effort not in ("none", *model.efforts):
        effort = nearest(effort, model.efforts)
        if effort is None:
            return {}
    if not asked and effort == "none" and model.thinks == "effort":
        return {}  # whether it thinks unasked is its own
    if effort == "none" and model.thinks != "effort":
        return {"reasoningConfig": {"type": "disabled"}} if model.thinks == "nova" else {}
    level = "low" if effort == "minimal" else effort
    if level not in model.efforts:
        taken = ", ".join(model.efforts) or "'none'"
        raise unsupported("reasoning_effort", f"this model on Amazon Bedrock takes only {taken}")
    if model.thinks == "nova":
        return {"reasoningConfig": {"type": "enabled", "maxReasoningEffort": level}}
    return {"reasoning_effort": level}
