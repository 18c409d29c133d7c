"""What houses refuse that speak OpenAI's chat completions, and not all of them."""

import re

from local.standin.refusals.fields import CHAT, MISTRAL, MISTRAL_MESSAGE
from local.standin.refusals.reading import extra, listed
from local.standin.refusals.rules import Call, Rule

_CALL_ID = re.compile(r"[a-zA-Z0-9]{9}")
_ROLES = ("system", "user", "assistant", "tool")
_GROQ_ONLY = frozenset({
    "citation_options", "compound_custom", "disable_tool_validation", "documents", "include_reasoning",
    "reasoning_format", "search_settings",
})  # fmt: skip
_NOT_AT_GROQ = frozenset({
    "audio", "modalities", "moderation", "prediction", "prompt_cache_key", "prompt_cache_options",
    "prompt_cache_retention", "safety_identifier", "verbosity", "web_search_options",
})  # fmt: skip
_GROQ_MESSAGE = {"role", "content", "name", "tool_calls", "tool_call_id", "reasoning"}
_FORBIDDEN = "Extra inputs are not permitted"


def _developer(call: Call) -> tuple[str, str] | None:
    for n, message in enumerate(listed(call.body, "messages")):
        if message.get("role") not in _ROLES:
            said = f"messages[{n}].role: unknown variant `{message.get('role')}`, expected one of `system`, `user`, "
            return f"messages[{n}].role", f"{said}`assistant`, `tool`"
    return None


def _mistral(call: Call) -> tuple[str, str] | None:
    if name := extra(call.body, MISTRAL):
        return name, f"{name}: {_FORBIDDEN}"
    for n, message in enumerate(listed(call.body, "messages")):
        role = str(message.get("role"))
        if name := extra(message, MISTRAL_MESSAGE.get(role, message)):
            return f"messages.{n}.{role}.{name}", f"messages.{n}.{role}.{name}: {_FORBIDDEN}"
    return None


def _call_ids(call: Call) -> tuple[str, str] | None:
    for message in listed(call.body, "messages"):
        ids = [spoken.get("id") for spoken in listed(message, "tool_calls")]
        for said in [*ids, *([message.get("tool_call_id")] if message.get("role") == "tool" else ())]:
            if not _CALL_ID.fullmatch(str(said)):
                return "", f"Tool call id was {said} but must be a-z, A-Z, 0-9, with a length of 9."
    return None


def _groq(call: Call) -> tuple[str, str] | None:
    if name := extra(call.body, (CHAT | _GROQ_ONLY) - _NOT_AT_GROQ):
        return name, f"property '{name}' is unsupported"
    for n, message in enumerate(listed(call.body, "messages")):
        if name := extra(message, _GROQ_MESSAGE):
            said = f"'messages.{n}' : for 'role:{message.get('role')}' the following must be satisfied"
            return f"messages.{n}.{name}", f"{said}[('messages.{n}' : property '{name}' is unsupported)]"
    return None


def _several(call: Call) -> tuple[str, str] | None:
    return ("n", "'n' : number must be at most 1") if call.body.get("n") not in (None, 1) else None


def _logprobs(call: Call) -> tuple[str, str] | None:
    for name in ("logprobs", "top_logprobs", "logit_bias"):
        if call.body.get(name):
            return name, f"'{name}' is not supported with this model"
    return None


RULES = (
    Rule(
        "another role than system, user, assistant and tool",
        _developer,
        (
            "https://github.com/earendil-works/pi/issues/1048",
            "https://github.com/eclipse-theia/theia/issues/15144",
        ),
        ("chat",),
        ("deepseek",),
        422,
    ),
    Rule(
        "another role than system, user, assistant and tool, at Mistral",
        _developer,
        ("https://docs.mistral.ai/api",),
        ("chat",),
        ("mistral",),
        422,
    ),
    Rule(
        "a field that Mistral does not know, of the request or of a message",
        _mistral,
        (
            "https://github.com/BerriAI/litellm/issues/30835",
            "https://github.com/Gage-Technologies/mistral-go/pull/2",
            "https://github.com/editor-code-assistant/eca/issues/231",
        ),
        ("chat",),
        ("mistral",),
        422,
    ),
    Rule(
        "a call's id that is not nine letters and digits",
        _call_ids,
        (
            "https://github.com/anomalyco/opencode/issues/1680",
            "https://github.com/nearai/ironclaw/issues/1241",
        ),
        ("chat",),
        ("mistral",),
    ),
    Rule(
        "a field that Groq does not know, of the request or of a message",
        _groq,
        (
            "https://github.com/tashfeenahmed/freellmapi/issues/1070",
            "https://github.com/CherryHQ/cherry-studio/issues/11435",
            "https://github.com/eigent-ai/eigent/issues/1827",
            "https://github.com/odysseus-dev/odysseus/issues/200",
        ),
        ("chat",),
        ("groq",),
    ),
    Rule(
        "several answers at Groq", _several, ("https://console.groq.com/docs/openai",), ("chat",), ("groq",)
    ),
    Rule(
        "log probabilities and biases at Groq",
        _logprobs,
        ("https://console.groq.com/docs/openai",),
        ("chat",),
        ("groq",),
    ),
    Rule(
        "several answers at DeepSeek",
        _several,
        ("https://api-docs.deepseek.com/api/create-chat-completion",),
        ("chat",),
        ("deepseek",),
    ),
)
