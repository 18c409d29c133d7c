"""Whether a provider refuses because the platform's own account there is out of money or quota. Standard library only.

Providers say so by 402, but many by another status that would otherwise be the client's: 429 (OpenAI, Moonshot, Z.ai,
xAI), 400 (Anthropic, Qwen), 412 (Fireworks). No waiting and no other request helps the client then, another route does.
Sources: the error pages of OpenAI, Anthropic, Google, xAI, Moonshot, Z.ai, Alibaba Cloud Model Studio, Fireworks.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

_CODES = frozenset({
    "1113",  # Z.ai: in arrears
    "account_deactivated",
    "allocationquota.freetieronly",
    "arrearage",
    "billing_error",
    "billing_hard_limit_reached",
    "billing_not_active",
    "exceeded_current_quota_error",
    "insufficient_balance",
    "insufficient_credits",
    "insufficient_quota",
    "payment_required",
})  # fmt: skip

_WORDS = re.compile(
    r"insufficient (?:account )?(?:balance|credits?|funds|quota)"
    r"|credit balance is too low"
    r"|used all available credits"
    r"|credits? (?:(?:are|is|has|have) )?(?:been )?(?:depleted|exhausted|used up)"
    r"|(?:spend|spending|billing|credit|usage) (?:hard )?(?:limits?|caps?) (?:(?:has|have) been )?(?:reached|exceeded)"
    r"|(?:reached|exceeded|reaching) (?:its|your|the) (?:monthly )?(?:spend|spending|billing|credit) (?:limit|cap)"
    r"|account .{0,40}(?:is|was) (?:suspended|in arrears|not active|deactivated)"
    r"|account is in good standing"
    r"|failure to pay",
    re.IGNORECASE,
)

# Google says this of every limit, also of one that passes in seconds; then it says when to come again.
_WORDS_UNLESS_IT_PASSES = re.compile(r"check your plan and billing", re.IGNORECASE)


def is_unpaid(headers: Mapping[str, str], body: bytes) -> bool:
    """Whether an error is about the platform's account, by its codes or its words."""
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return False
    codes, words = set[str](), list[str]()
    for each in _errors(said):
        codes |= {str(each[name]).lower() for name in ("code", "type", "status") if name in each}
        words += [each[name] for name in ("message", "detail", "error") if isinstance(each.get(name), str)]
    text = "\n".join(words)
    if codes & _CODES or _WORDS.search(text):
        return True
    return "retry-after" not in headers and bool(_WORDS_UNLESS_IT_PASSES.search(text))


def _errors(said: Any) -> Iterator[Mapping[str, Any]]:
    """What may hold a code or a message: the body and its `error`."""
    if isinstance(said, dict):
        yield said
        if isinstance(said.get("error"), dict):
            yield said["error"]
