"""What other models thought and cited in a conversation that goes on at this one: it stays behind.

Standard library only.

A client may change the model in mid-conversation, and gives back what the earlier one thought, sealed by another
provider or not at all. Nobody else reads such a seal, and Claude refuses thinking that it did not sign. Source:
https://platform.claude.com/docs/en/build-with-claude/extended-thinking, "Preserving thinking blocks".
"""

from operator import is_
from typing import Any

from aggregator.proxy.dialects.events import text_in
from aggregator.proxy.dialects.reasoning import is_packed

_SEALS = {"thinking": "signature", "redacted_thinking": "data"}


def without_what_is_foreign(messages: Any, *, is_claude: bool) -> Any:
    """The messages without what this model cannot have back; the very same if there is none of it."""
    if not isinstance(messages, list):
        return messages
    kept = []
    for message in messages:
        content = message.get("content") if isinstance(message, dict) else None
        if not isinstance(content, list):
            kept.append(message)
            continue
        own = [
            _without_foreign_citations(block)
            for block in content
            if not _is_foreign(block, is_claude=is_claude)
        ]
        if len(own) == len(content) and all(map(is_, own, content)):
            kept.append(message)
        elif own:
            kept.append({**message, "content": own})
    return kept


def _is_foreign(block: Any, *, is_claude: bool) -> bool:
    seal = _SEALS.get(str(block.get("type"))) if isinstance(block, dict) else None
    if seal is None:
        return False
    said = block.get(seal)
    return isinstance(said, str) and (is_packed(said) or (is_claude and not said))


def _without_foreign_citations(block: Any) -> Any:
    """The block without citations of pages that another provider found, whose index is none of Anthropic's."""
    citations = block.get("citations") if isinstance(block, dict) else None
    if not isinstance(citations, list):
        return block
    own = [each for each in citations if not is_packed(text_in(each, "encrypted_index"))]
    if len(own) == len(citations):
        return block
    rest = {name: value for name, value in block.items() if name != "citations"}
    return {**rest, "citations": own} if own else rest
