"""What Amazon Bedrock refuses of Converse and ConverseStream."""

import re
from itertools import pairwise
from typing import Any

from local.standin.ask import JsonObject
from local.standin.refusals import claude
from local.standin.refusals.claude import Block
from local.standin.refusals.fields import CONTENT_BLOCK, CONVERSE, INFERENCE_CONFIG
from local.standin.refusals.reading import blocks_in, blocks_of, every, extra, is_a_name, listed
from local.standin.refusals.rules import Call, Rule
from local.standin.refusals.signature import unsigned


def _unknown(call: Call) -> tuple[str, str] | None:
    config = call.body.get("inferenceConfig") or {}
    if name := extra(call.body, CONVERSE) or extra(config, INFERENCE_CONFIG):
        return (
            name,
            f"Malformed input request: extraneous key [{name}] is not permitted, please reformat your input.",
        )
    for at, block in blocks_in(call.body):
        if len(block) != 1 or extra(block, CONTENT_BLOCK):
            return (
                at,
                f"Value at '{at}' failed to satisfy constraint: exactly one known member of the union must be set",
            )
    return None


def _turns(call: Call) -> tuple[str, str] | None:
    roles = [turn.get("role") for turn in listed(call.body, "messages")]
    for role in roles:
        if role not in ("user", "assistant"):
            said = "Value at 'messages.member.role' failed to satisfy constraint: Member must satisfy enum value set: "
            return "messages", f"{said}[user, assistant]"
    if roles[:1] != ["user"]:
        return (
            "messages",
            "A conversation must start with a user message. Try again with a conversation that starts so.",
        )
    if any(one == two for one, two in pairwise(roles)):
        return "messages", "A conversation must alternate between user and assistant roles."
    for n, turn in enumerate(listed(call.body, "messages")):
        if not turn.get("content"):
            return f"messages.{n}", f"The content field in the Message object at messages.{n} is empty."
    return None


def _empty(call: Call) -> tuple[str, str] | None:
    for at, block in blocks_in(call.body):
        if "text" in block and not str(block["text"]).strip():
            return (
                at,
                f"The text field in the ContentBlock object at {at} is blank. Add text to the text field.",
            )
    for n, block in enumerate(listed(call.body, "system")):
        if "text" in block and not block["text"]:
            return f"system.{n}", f"The text field in the SystemContentBlock object at system.{n} is blank."
    return None


def _documents(call: Call) -> tuple[str, str] | None:
    names: list[Any] = []
    for n, turn in enumerate(listed(call.body, "messages")):
        blocks = blocks_of(turn)
        documents = [block["document"] for block in blocks if "document" in block]
        names += [each.get("name") for each in documents]
        if documents and not any("text" in block for block in blocks):
            return f"messages.{n}", "A text block must be included when using documents."
    if len(set(names)) < len(names):
        return "messages", "Messages can't contain duplicate document names."
    return None


def _cache_points(call: Call) -> tuple[str, str] | None:
    if "nova" in call.model and any(True for _ in every(call.body.get("toolConfig"), "cachePoint")):
        at = "#/toolConfig/tools/0"
        return (
            "toolConfig.tools",
            f"Malformed input request: {at}: extraneous key [cachePoint] is not permitted.",
        )
    if not re.search("claude|nova", call.model) and any(True for _ in every(call.body, "cachePoint")):
        return "", "You invoked an unsupported model or your request did not allow prompt caching."
    return None


def _tools(call: Call) -> tuple[str, str] | None:
    for n, tool in enumerate(listed(call.body.get("toolConfig") or {}, "tools")):
        spec = tool.get("toolSpec")
        if spec is not None and not is_a_name(spec.get("name")):
            said = "failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9_-]{1,64}"
            return f"toolConfig.tools.{n}", f"Value at 'toolConfig.tools.{n}.member.toolSpec.name' {said}"
        schema = (spec or {}).get("inputSchema", {}).get("json")
        if spec is not None and (not isinstance(schema, dict) or schema.get("type") != "object"):
            at = f"toolConfig.tools.{n}.toolSpec.inputSchema.json"
            return at, f"The value at {at}.type must be one of the following: object."
    return None


def _unpaired(call: Call) -> tuple[str, str] | None:
    used = [block for _, block in blocks_in(call.body) if {"toolUse", "toolResult"} & set(block)]
    if used and not call.body.get("toolConfig"):
        return (
            "toolConfig",
            "The toolConfig field must be defined when using toolUse and toolResult content blocks.",
        )
    before: list[JsonObject] = []
    for n, turn in enumerate(listed(call.body, "messages")):
        blocks = blocks_of(turn)
        calls = [block["toolUse"].get("toolUseId") for block in before if "toolUse" in block]
        results = [block["toolResult"].get("toolUseId") for block in blocks if "toolResult" in block]
        if missing := [each for each in calls if each not in results]:
            said = f"Expected toolResult blocks at messages.{n}.content for the following Ids: {', '.join(missing)}"
            return f"messages.{n}.content", said
        if len(results) > len(calls) or set(results) - set(calls):
            said = f"The number of toolResult blocks at messages.{n}.content exceeds the number of toolUse blocks of "
            return f"messages.{n}.content", f"{said}previous turn."
        before = blocks
    return None


def _arguments(call: Call) -> tuple[str, str] | None:
    for at, block in blocks_in(call.body):
        if "toolUse" in block and not isinstance(block["toolUse"].get("input"), dict):
            said = f"The format of the value at {at}.toolUse.input is invalid. Provide a json object for the field."
            return f"{at}.toolUse.input", said
        for k, part in enumerate(listed(block.get("toolResult") or {}, "content")):
            if "json" in part and not isinstance(part["json"], dict):
                place = f"{at}.toolResult.content.{k}.json"
                return (
                    place,
                    f"The format of the value at {place} is invalid. Provide a json object for the field.",
                )
    return None


def _fields(call: Call) -> JsonObject:
    fields: JsonObject = call.body.get("additionalModelRequestFields") or {}
    return fields


def _claudes_alone(call: Call) -> tuple[str, str] | None:
    name = next(
        (each for each in ("thinking", "output_config", "top_k", "tool_choice") if each in _fields(call)), ""
    )
    if not name or "claude" in call.model:
        return None
    return (
        name,
        f"Malformed input request: #: extraneous key [{name}] is not permitted, please reformat your input.",
    )


def _of_claude(call: Call) -> tuple[str, str] | None:
    if "claude" not in call.model:
        return None
    thinking, config = _fields(call).get("thinking") or {}, call.body.get("inferenceConfig") or {}
    if thinking.get("type") == "enabled" and thinking.get("budget_tokens", 0) >= config.get(
        "maxTokens", 1 << 30
    ):
        return "maxTokens", "`max_tokens` must be greater than `thinking.budget_tokens`."
    thinks = thinking.get("type") in ("enabled", "adaptive")
    said = {
        "temperature": config.get("temperature"),
        "top_p": config.get("topP"),
        "top_k": _fields(call).get("top_k"),
    }
    if found := claude.thinking_config(call.model, thinking) or claude.sampling(
        call.model, said, thinks=thinks
    ):
        return found
    turns = [turn for turn in listed(call.body, "messages") if turn.get("role") == "assistant"]
    blocks = [_read(block) for block in blocks_of(turns[-1]) if "cachePoint" not in block] if turns else []
    if found := claude.thoughts(blocks, "messages.content"):
        return found
    return (
        claude.starts_with_a_thought(blocks, "messages.content")
        if thinking.get("type") == "enabled"
        else None
    )


def _read(block: JsonObject) -> Block:
    if "reasoningContent" in block:
        told = block["reasoningContent"].get("reasoningText")
        return (
            Block("thinking", told.get("text") or "", told.get("signature"))
            if told
            else Block("redacted_thinking")
        )
    return Block("tool_use" if "toolUse" in block else next(iter(block)))


_ALL = ("converse",)
_REFERENCE = "https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html"
RULES = (
    Rule(
        "a call without a signature of version 4 or a key",
        unsigned,
        (
            "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html",
            "https://docs.aws.amazon.com/bedrock/latest/userguide/api-keys-use.html",
        ),
        _ALL,
        status=403,
    ),
    Rule(
        "a field that Amazon does not know, or a block of none or of two kinds", _unknown, (_REFERENCE,), _ALL
    ),
    Rule(
        "roles that do not take turns, from the user on",
        _turns,
        (
            "https://github.com/langchain-ai/langchainjs/issues/6724",
            "https://github.com/archestra-ai/archestra/pull/4220",
        ),
        _ALL,
    ),
    Rule("words that are blank", _empty, ("https://github.com/boto/botocore/issues/3525",), _ALL),
    Rule(
        "a document without words beside it, or two of one name",
        _documents,
        (
            "https://github.com/maximhq/bifrost/pull/5817",
            "https://github.com/aws-samples/generative-ai-use-cases/issues/1685",
        ),
        _ALL,
    ),
    Rule(
        "a cache point among Nova's tools, or at a model that has none",
        _cache_points,
        (
            "https://github.com/danny-avila/LibreChat/issues/13838",
            "https://github.com/LibreChat-AI/agents/pull/253",
            "https://docs.aws.amazon.com/bedrock/latest/userguide/prompt-caching.html",
        ),
        _ALL,
    ),
    Rule(
        "a tool's name of more than 64 characters or of others, or a schema that is no object",
        _tools,
        ("https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ToolSpecification.html",),
        _ALL,
    ),
    Rule(
        "calls and results without each other, or without tools",
        _unpaired,
        (
            "https://github.com/vxcontrol/pentagi/pull/196",
            "https://github.com/langgenius/dify-official-plugins/issues/765",
        ),
        _ALL,
    ),
    Rule(
        "arguments or a result that is no object",
        _arguments,
        ("https://github.com/sigoden/aichat/pull/1550",),
        _ALL,
    ),
    Rule(
        "Claude's own fields at another model",
        _claudes_alone,
        ("https://github.com/danny-avila/LibreChat/issues/13838",),
        _ALL,
    ),
    Rule(
        "what Claude refuses at Anthropic: changed thoughts, a budget over the cap, a temperature while it thinks",
        _of_claude,
        (
            "https://github.com/anomalyco/opencode/issues/3077",
            "https://github.com/tinovyatkin/amazon-bedrock-copilot-chat/issues/546",
        ),
        _ALL,
    ),
)
