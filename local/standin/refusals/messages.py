"""What Anthropic refuses of Messages."""

from local.standin.ask import JsonObject
from local.standin.refusals import claude
from local.standin.refusals.claude import Block
from local.standin.refusals.fields import BLOCKS, MESSAGES, MESSAGES_OF_OLD, TOOL
from local.standin.refusals.reading import (
    blocks_in,
    blocks_of,
    claude_version,
    every,
    extra,
    is_a_name,
    listed,
    open_objects,
)
from local.standin.refusals.rules import Call, Rule

_MOST_MARKS = 4
_LEAST_BUDGET = 1024
_FORBIDDEN = "Extra inputs are not permitted"
_DOCS = "https://platform.claude.com/docs/en"
_MOST_OUTPUT = {"claude-opus-4-5": 64_000, "claude-sonnet-4-5": 64_000, "claude-haiku-4-5": 64_000,
                "claude-opus-4-6": 128_000, "claude-sonnet-4-6": 128_000, "claude-opus-4-7": 128_000}  # fmt: skip


def _unknown(call: Call) -> tuple[str, str] | None:
    if name := extra(call.body, MESSAGES | MESSAGES_OF_OLD):
        return name, f"{name}: {_FORBIDDEN}"
    for at, block in blocks_in(call.body):
        kind = str(block.get("type"))
        if name := extra(block, BLOCKS.get(kind, block)):
            return f"{at}.{kind}.{name}", f"{at}.{kind}.{name}: {_FORBIDDEN}"
    for n, tool in enumerate(listed(call.body, "tools")):
        if tool.get("type") in (None, "custom") and (name := extra(tool, TOOL)):
            return f"tools.{n}.custom.{name}", f"tools.{n}.custom.{name}: {_FORBIDDEN}"
    return None


def _names(call: Call) -> tuple[str, str] | None:
    for n, tool in enumerate(listed(call.body, "tools")):
        if tool.get("type") in (None, "custom") and not is_a_name(tool.get("name")):
            said = f"tools.{n}.custom.name: String should match pattern '^[a-zA-Z0-9_-]{{1,64}}$'"
            return f"tools.{n}.custom.name", said
    return None


def _empty(call: Call) -> tuple[str, str] | None:
    for n, turn in enumerate(listed(call.body, "messages")):
        is_last = n == len(call.body["messages"]) - 1
        if turn.get("content") in ("", [], None) and not (is_last and turn.get("role") == "assistant"):
            return f"messages.{n}", "messages: text content blocks must be non-empty"
        for block in blocks_of(turn):
            if block.get("type") == "text" and not block.get("text"):
                return f"messages.{n}", "messages: text content blocks must be non-empty"
    for n, block in enumerate(
        listed(call.body, "system") if isinstance(call.body.get("system"), list) else ()
    ):
        if not block.get("text"):
            return f"system.{n}", "system: text content blocks must be non-empty"
    return None


def _budget(call: Call) -> tuple[str, str] | None:
    thinking = call.body.get("thinking") or {}
    if thinking.get("type") != "enabled":
        return None
    budget = thinking.get("budget_tokens", 0)
    if budget < _LEAST_BUDGET:
        at = "thinking.enabled.budget_tokens"
        return at, f"{at}: Input should be greater than or equal to {_LEAST_BUDGET}"
    if budget >= call.body["max_tokens"] and "interleaved-thinking" not in call.headers.get(
        "anthropic-beta", ""
    ):
        return "max_tokens", "`max_tokens` must be greater than `thinking.budget_tokens`."
    return None


def _thinks(call: Call) -> bool:
    return (call.body.get("thinking") or {}).get("type") in ("enabled", "adaptive")


def _way_to_think(call: Call) -> tuple[str, str] | None:
    return claude.thinking_config(call.model, call.body.get("thinking") or {})


def _sampling(call: Call) -> tuple[str, str] | None:
    return claude.sampling(call.model, call.body, thinks=_thinks(call))


def _forced(call: Call) -> tuple[str, str] | None:
    known = claude_version(call.model)
    if known is not None and known[1:] >= (4, 8):
        return None
    if _thinks(call) and (call.body.get("tool_choice") or {}).get("type") in ("any", "tool"):
        return "tool_choice", "Thinking may not be enabled when tool_choice forces tool use."
    return None


def _marks(call: Call) -> tuple[str, str] | None:
    found = sum(1 for mark in every(call.body, "cache_control") if mark)
    if found <= _MOST_MARKS:
        return None
    return "", f"A maximum of {_MOST_MARKS} blocks with cache_control may be provided. Found {found}."


def _open_schema(call: Call) -> tuple[str, str] | None:
    form = (call.body.get("output_config") or {}).get("format") or call.body.get("output_format") or {}
    if not open_objects(form.get("schema")):
        return None
    at = "output_config.format.schema"
    return at, f"{at}: For 'object' type, 'additionalProperties' must be explicitly set to false"


def _turns(call: Call) -> tuple[str, str] | None:
    known = claude_version(call.model)
    for n, turn in enumerate(listed(call.body, "messages")):
        if turn.get("role") == "system" and known is not None and known[1:] < (4, 8):
            return f"messages.{n}.role", 'messages: Unexpected role "system".'
    return None


def _unanswered(call: Call) -> tuple[str, str] | None:
    turns = [turn for turn in listed(call.body, "messages") if turn.get("role") != "system"]
    before: list[JsonObject] = []
    for n, turn in enumerate(_merged(turns)):
        calls = [block.get("id") for block in before if block.get("type") == "tool_use"]
        results = [block.get("tool_use_id") for block in turn if block.get("type") == "tool_result"]
        if missing := [each for each in calls if each not in results]:
            said = "`tool_use` ids were found without `tool_result` blocks immediately after"
            return f"messages.{n - 1}", f"messages.{n - 1}: {said}: {', '.join(map(str, missing))}."
        if missing := [each for each in results if each not in calls]:
            return (
                f"messages.{n}",
                f"messages.{n}: unexpected `tool_use_id` found in `tool_result` blocks: {missing[0]}.",
            )
        before = turn
    if any(block.get("type") == "tool_use" for block in before):
        return (
            "messages",
            "messages: `tool_use` ids were found without `tool_result` blocks immediately after.",
        )
    return None


def _merged(turns: list[JsonObject]) -> list[list[JsonObject]]:
    """Blocks by turn; neighbours of one role are one turn."""
    said: list[list[JsonObject]] = []
    role = None
    for turn in turns:
        if turn.get("role") != role:
            said.append([])
            role = turn.get("role")
        said[-1] += blocks_of(turn)
    return said


def _thoughts(call: Call) -> tuple[str, str] | None:
    turns = [
        (n, turn) for n, turn in enumerate(listed(call.body, "messages")) if turn.get("role") == "assistant"
    ]
    for n, turn in turns[-1:]:
        blocks = [
            Block(str(block.get("type")), str(block.get("thinking") or ""), block.get("signature"))
            for block in blocks_of(turn)
        ]
        if found := claude.thoughts(blocks, f"messages.{n}.content"):
            return found
        if (call.body.get("thinking") or {}).get("type") == "enabled":
            return claude.starts_with_a_thought(blocks, f"messages.{n}.content")
    return None


def _above_the_models(call: Call) -> tuple[str, str] | None:
    most = next((most for name, most in _MOST_OUTPUT.items() if call.model.startswith(name)), None)
    if most is None or call.body["max_tokens"] <= most:
        return None
    said = f"max_tokens: {call.body['max_tokens']} > {most}, which is the maximum allowed number of output tokens"
    return "max_tokens", f"{said} for {call.model}"


_BUG = "https://github.com/anthropics/claude-code/issues"
_ALL = ("messages",)
RULES = (
    Rule(
        "a field that Anthropic does not know, of the request, a block or a tool",
        _unknown,
        (f"{_DOCS}/api/messages/create",),
        _ALL,
    ),
    Rule(
        "a tool's name of more than 64 characters, or of others",
        _names,
        (f"{_DOCS}/api/messages/create",),
        _ALL,
    ),
    Rule(
        "a role that the model does not know",
        _turns,
        (f"{_DOCS}/build-with-claude/mid-conversation-system-messages",),
        _ALL,
    ),
    Rule(
        "words that are empty",
        _empty,
        (f"{_BUG}/59812", "https://github.com/anthropics/anthropic-sdk-python/issues/461"),
        _ALL,
    ),
    Rule(
        "a call without its result next, or a result without its call",
        _unanswered,
        (f"{_BUG}/8210", f"{_BUG}/18947"),
        _ALL,
    ),
    Rule(
        "a budget to think with over `max_tokens`, without interleaved thinking, or under 1024",
        _budget,
        (f"{_DOCS}/build-with-claude/extended-thinking", f"{_BUG}/22274"),
        _ALL,
    ),
    Rule(
        "a way to think that the model does not have",
        _way_to_think,
        (f"{_DOCS}/build-with-claude/extended-thinking",),
        _ALL,
    ),
    Rule(
        "a temperature while Claude thinks, or from 4.7 on",
        _sampling,
        (
            "https://github.com/mnfst/modelparams.dev/pull/238",
            "https://github.com/UKGovernmentBEIS/inspect_ai/issues/3721",
        ),
        _ALL,
    ),
    Rule(
        "a forced tool while Claude thinks, before 4.8",
        _forced,
        (
            f"{_DOCS}/build-with-claude/extended-thinking",
            "https://github.com/langchain-ai/langchain-aws/pull/1141",
        ),
        _ALL,
    ),
    Rule(
        "more than four cache marks",
        _marks,
        (
            "https://github.com/continuedev/continue/pull/6937",
            "https://github.com/tghamm/Anthropic.SDK/issues/50",
        ),
        _ALL,
    ),
    Rule(
        "an open object in the schema of an answer",
        _open_schema,
        (
            "https://github.com/BerriAI/litellm/issues/35808",
            "https://github.com/veryfront/veryfront-code/issues/3918",
        ),
        _ALL,
    ),
    Rule(
        "thoughts of the latest answer that were changed, moved or left out",
        _thoughts,
        (f"{_BUG}/63284", "https://github.com/anomalyco/opencode/issues/3077"),
        _ALL,
    ),
    Rule(
        "`max_tokens` above the model's",
        _above_the_models,
        (f"{_BUG}/24451", "https://github.com/withceleste/celeste-python/pull/387"),
        _ALL,
    ),
)
