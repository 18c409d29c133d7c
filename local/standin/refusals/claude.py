"""What Claude refuses wherever it runs: at Anthropic, and over Bedrock's Converse.

A turn is read as its blocks in order: what kind each is, and, of a thought, its words and its signature.
"""

from dataclasses import dataclass

from local.standin.dialects.seal import place_of
from local.standin.refusals.reading import claude_version

UNCHANGED = (
    "`thinking` or `redacted_thinking` blocks in the latest assistant message cannot be modified. "
    "These blocks must remain as they were in the original response."
)


@dataclass(frozen=True, slots=True)
class Block:
    """A block of a turn: `thinking`, `redacted_thinking`, `tool_use`, or any other kind."""

    kind: str
    text: str = ""
    signature: object = None


def thoughts(blocks: list[Block], at: str) -> tuple[str, str] | None:
    """Thoughts of a turn that are not as they were signed, or stand elsewhere."""
    for n, block in enumerate(blocks):
        if block.kind != "thinking":
            continue
        place = place_of(block.signature, block.text)
        if place is None:
            return f"{at}.{n}", f"{at}.{n}: Invalid `signature` in `thinking` block"
        if any(each.kind in ("text", "tool_use") for each in blocks[:n]) and place == 0:
            return f"{at}.{n}", f"{at}.{n}: {UNCHANGED}"
    return None


def starts_with_a_thought(blocks: list[Block], at: str) -> tuple[str, str] | None:
    """A turn that called tools begins with its thought, where a budget to think with is given."""
    if not blocks or blocks[0].kind in ("thinking", "redacted_thinking"):
        return None
    if not any(block.kind == "tool_use" for block in blocks):
        return None
    said = f"{at}.0.type: Expected `thinking` or `redacted_thinking`, but found `{blocks[0].kind}`. "
    return (
        f"{at}.0.type",
        f"{said}When `thinking` is enabled, a final `assistant` message must start with one.",
    )


def thinking_config(model: str, thinking: dict[str, object]) -> tuple[str, str] | None:
    """A way to think that the model does not have."""
    known = claude_version(model)
    if known is None:
        return None
    if thinking.get("type") == "enabled" and known[1:] >= (4, 7):
        return "thinking", '"thinking.type.enabled" is not supported for this model.'
    if thinking.get("type") == "adaptive" and known[1:] < (4, 6):
        return "thinking", "adaptive thinking is not supported on this model"
    return None


def sampling(model: str, said: dict[str, object], *, thinks: bool) -> tuple[str, str] | None:
    """A temperature and the like where the model takes none, or not while it thinks."""
    known = claude_version(model)
    for name in ("temperature", "top_p", "top_k"):
        value = said.get(name)
        if value is None:
            continue
        if known is not None and known[1:] >= (4, 7) and not (name == "temperature" and value == 1):
            return name, f"`{name}` is deprecated for this model."
        if thinks and name == "temperature" and value != 1:
            return name, "`temperature` may only be set to 1 when thinking is enabled or in adaptive mode."
        if thinks and name == "top_k":
            return name, "`top_k` must be unset when thinking is enabled or in adaptive mode."
    return None
