"""Good requests to each provider, and what makes each of them one that is refused."""

from typing import Any, NamedTuple

from local.standin.dialects.seal import sealed

JsonObject = dict[str, Any]

SIGNED = {
    "authorization": "AWS4-HMAC-SHA256 Credential=AKID/20261127/us-east-1/bedrock/aws4_request, "
    f"SignedHeaders=host;x-amz-date, Signature={'0' * 64}",
    "host": "h",
    "x-amz-date": "20261127T000000Z",
}
LONG = "n" * 65
OBJECT: JsonObject = {"type": "object", "properties": {}}
HI = {"role": "user", "content": "hi"}
FUNCTION = {"type": "function", "function": {"name": "f", "parameters": OBJECT}}
CHAT_CALL = {"id": "abcdefghi", "type": "function", "function": {"name": "f", "arguments": "{}"}}
CHAT: JsonObject = {
    "messages": [
        HI,
        {"role": "assistant", "content": None, "tool_calls": [CHAT_CALL]},
        {"role": "tool", "tool_call_id": "abcdefghi", "content": "ok"},
    ],
    "tools": [FUNCTION],
}
RESPONSES: JsonObject = {
    "input": [
        {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "c", "output": "ok"},
    ],
    "tools": [{"type": "function", "name": "f", "parameters": OBJECT}],
}
THOUGHT = {"type": "thinking", "thinking": "hm", "signature": sealed("hm", 0)}
USE = {"type": "tool_use", "id": "t", "name": "f", "input": {}}
RESULT = {"type": "tool_result", "tool_use_id": "t", "content": "ok"}
MESSAGES: JsonObject = {
    "max_tokens": 4000,
    "messages": [HI, {"role": "assistant", "content": [THOUGHT, USE]}, {"role": "user", "content": [RESULT]}],
    "tools": [{"name": "f", "input_schema": OBJECT}],
    "thinking": {"type": "enabled", "budget_tokens": 1024},
}
SPOKEN = {"functionCall": {"id": "x", "name": "f", "args": {}}, "thoughtSignature": sealed("call_x", 0)}
ANSWERED = {"functionResponse": {"id": "x", "name": "f", "response": {}}}
GEMINI: JsonObject = {
    "contents": [
        {"role": "user", "parts": [{"text": "hi"}]},
        {"role": "model", "parts": [SPOKEN]},
        {"role": "user", "parts": [ANSWERED]},
    ],
    "tools": [{"functionDeclarations": [{"name": "f", "parameters": {"type": "OBJECT"}}]}],
    "generationConfig": {"thinkingConfig": {"thinkingLevel": "LOW"}},
}
REASONED = {"reasoningContent": {"reasoningText": {"text": "hm", "signature": sealed("hm", 0)}}}
CONVERSE: JsonObject = {
    "messages": [
        {"role": "user", "content": [{"text": "hi"}]},
        {
            "role": "assistant",
            "content": [REASONED, {"toolUse": {"toolUseId": "t", "name": "f", "input": {}}}],
        },
        {"role": "user", "content": [{"toolResult": {"toolUseId": "t", "content": [{"text": "ok"}]}}]},
    ],
    "inferenceConfig": {"maxTokens": 4000},
    "toolConfig": {"tools": [{"toolSpec": {"name": "f", "inputSchema": {"json": OBJECT}}}]},
}
DOCUMENT = {"document": {"name": "d", "format": "pdf", "source": {"bytes": ""}}}
CACHE_POINT = {"cachePoint": {"type": "default"}}
CLAUDE = "anthropic.claude-sonnet-4-5-20250929-v1:0"
NOVA = "amazon.nova-pro-v1:0"


class Asked(NamedTuple):
    """A good request; a case changes it at one place."""

    dialect: str
    provider: str
    model: str
    body: JsonObject


OPENAI = Asked("chat", "openai", "gpt-4.1", CHAT)
OF_GPT = {
    name: Asked("chat", "openai", name, CHAT | {"reasoning_effort": "none"})
    for name in ("gpt-5.4", "gpt-5.6")
}
ANSWERS = Asked("responses", "openai", "gpt-5.4", RESPONSES)
MISTRAL = Asked("chat", "mistral", "mistral-small-latest", CHAT)
GROQ = Asked("chat", "groq", "openai/gpt-oss-120b", CHAT)
DEEPSEEK = Asked("chat", "deepseek", "deepseek-chat", CHAT)
ANTHROPIC = Asked("messages", "anthropic", "claude-sonnet-4-5", MESSAGES)
GOOGLE = Asked("gemini", "google", "gemini-3.1-pro-preview", GEMINI)
BEDROCK = Asked("converse", "bedrock-converse", CLAUDE, CONVERSE)
GPT_5 = Asked("chat", "openai", "gpt-5", CHAT)
NEWEST_CLAUDE = Asked(
    "messages", "anthropic", "claude-opus-4-8", MESSAGES | {"thinking": {"type": "adaptive"}}
)
GOOD = [
    OPENAI,
    *OF_GPT.values(),
    ANSWERS,
    MISTRAL,
    GROQ,
    DEEPSEEK,
    ANTHROPIC,
    GOOGLE,
    BEDROCK,
    GPT_5,
    NEWEST_CLAUDE,
]

BY_HTTPS, INLINE = "https://x.example/a", "data:image/png;base64,iVBORw0KGgo="
CHAT_FILE = {"type": "file", "file": {"file_data": "data:application/pdf;base64,JVBERi0="}}
AMAZONS_CHAT = Asked(
    "chat",
    "bedrock",
    "global.xai.grok-4.7",
    {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": INLINE}}]}]},
)
_SHOWN = {"type": "input_image", "image_url": INLINE}
AMAZONS_ANSWERS = Asked(
    "responses",
    "bedrock",
    "global.openai.gpt-5.6",
    {"input": [{"role": "user", "content": [_SHOWN, {"type": "input_text", "text": "hi"}]}], "store": False},
)
_HELD = {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="}
SHOWING: JsonObject = {
    "max_tokens": 4000,
    "messages": [{"role": "user", "content": [{"type": "image", "source": _HELD}]}],
}
_FILE = {"fileData": {"mimeType": "image/png", "fileUri": "https://x.example/a.png"}}
_FILE_URI = "contents[0].parts[0].file_data.file_uri"
SHOWN_TO_GEMINI = Asked(
    "gemini", "google", "gemini-3.8-flash", {"contents": [{"role": "user", "parts": [_FILE]}]}
)
GOOD += [
    AMAZONS_CHAT,
    AMAZONS_ANSWERS,
    ANTHROPIC._replace(provider="bedrock-converse", body=SHOWING),
    ANTHROPIC._replace(
        body={
            **SHOWING,
            "messages": [
                {
                    "role": "user",
                    "content": [{"type": "image", "source": {"type": "url", "url": BY_HTTPS}}],
                }
            ],
        }
    ),
    SHOWN_TO_GEMINI,
]

DELETE = object()
CASES: dict[str, list[tuple[Asked, str, Any, str]]] = {
    "a field that OpenAI does not know": [
        (OPENAI, "top_k", 1, "top_k"),
        (ANSWERS, "max_tokens", 1, "max_tokens"),
    ],
    "functions over chat completions from gpt-5.4 on, where the model reasons": [
        (OF_GPT["gpt-5.4"], "reasoning_effort", "low", "reasoning_effort"),
        (OF_GPT["gpt-5.6"], "reasoning_effort", None, "reasoning_effort"),
    ],
    "an object's schema without `properties`": [
        (OPENAI, "tools.0.function.parameters", {"type": "object"}, "tools[0].function.parameters"),
        (ANSWERS, "tools.0.parameters", {"type": "object"}, "tools[0].parameters"),
    ],
    "a function's name of more than 64 characters, or of others": [
        (OPENAI, "tools.0.function.name", LONG, "tools[0].function.name"),
        (ANSWERS, "input.0.name", "a b", "input[0].name"),
    ],
    "a call without its result next, or a result without its call": [
        (OPENAI, "messages.2", DELETE, "messages"),
        (DEEPSEEK, "messages.2", HI, "messages"),
        (ANTHROPIC, "messages.2.content", "next", "messages.1"),
        (ANTHROPIC, "messages.1.content.1", DELETE, "messages.2"),
    ],
    "`max_tokens` at a model that reasons": [
        (GPT_5, "max_tokens", 9, "max_tokens"),
    ],
    "no reasoning where the model always reasons": [
        (GPT_5, "reasoning_effort", "none", "reasoning_effort"),
    ],
    "a temperature at GPT-5": [
        (GPT_5, "temperature", 0.5, "temperature"),
    ],
    "an output without its call": [
        (ANSWERS, "input.0", DELETE, "input[0]"),
    ],
    "another role than system, user, assistant and tool": [
        (DEEPSEEK, "messages.0.role", "developer", "messages[0].role"),
    ],
    "another role than system, user, assistant and tool, at Mistral": [
        (MISTRAL, "messages.0.role", "developer", "messages[0].role"),
    ],
    "a field that Mistral does not know, of the request or of a message": [
        (MISTRAL, "user", "u", "user"),
        (MISTRAL, "messages.1.refusal", None, "messages.1.assistant.refusal"),
    ],
    "a call's id that is not nine letters and digits": [
        (MISTRAL, "messages.2.tool_call_id", "call_1", ""),
    ],
    "a field that Groq does not know, of the request or of a message": [
        (GROQ, "verbosity", "low", "verbosity"),
        (GROQ, "prompt_cache_key", "k", "prompt_cache_key"),
        (GROQ, "messages.1.reasoning_content", "hm", "messages.1.reasoning_content"),
    ],
    "several answers at Groq": [
        (GROQ, "n", 2, "n"),
    ],
    "log probabilities and biases at Groq": [
        (GROQ, "logprobs", True, "logprobs"),
    ],
    "several answers at DeepSeek": [
        (DEEPSEEK, "n", 2, "n"),
    ],
    "a field that Anthropic does not know, of the request, a block or a tool": [
        (ANTHROPIC, "seed", 1, "seed"),
        (ANTHROPIC, "messages.1.content.1.index", 1, "messages.1.content.1.tool_use.index"),
        (ANTHROPIC, "tools.0.parameters", {}, "tools.0.custom.parameters"),
    ],
    "a tool's name of more than 64 characters, or of others": [
        (ANTHROPIC, "tools.0.name", LONG, "tools.0.custom.name"),
    ],
    "a role that the model does not know": [
        (ANTHROPIC, "messages.0.role", "system", "messages.0.role"),
    ],
    "words that are empty": [
        (ANTHROPIC, "messages.0.content", "", "messages.0"),
        (ANTHROPIC, "messages.0.content", [{"type": "text", "text": ""}], "messages.0"),
        (ANTHROPIC, "system", [{"type": "text", "text": ""}], "system.0"),
    ],
    "a budget to think with over `max_tokens`, without interleaved thinking, or under 1024": [
        (ANTHROPIC, "thinking.budget_tokens", 4000, "max_tokens"),
        (ANTHROPIC, "thinking.budget_tokens", 1000, "thinking.enabled.budget_tokens"),
    ],
    "a way to think that the model does not have": [
        (NEWEST_CLAUDE, "thinking", {"type": "enabled", "budget_tokens": 1024}, "thinking"),
        (ANTHROPIC, "thinking", {"type": "adaptive"}, "thinking"),
    ],
    "a temperature while Claude thinks, or from 4.7 on": [
        (ANTHROPIC, "temperature", 0.5, "temperature"),
        (NEWEST_CLAUDE, "top_p", 0.5, "top_p"),
    ],
    "a forced tool while Claude thinks, before 4.8": [
        (ANTHROPIC, "tool_choice", {"type": "any"}, "tool_choice"),
    ],
    "more than four cache marks": [
        (
            ANTHROPIC,
            "system",
            [{"type": "text", "text": "s", "cache_control": {"type": "ephemeral"}}] * 5,
            "",
        ),
    ],
    "an open object in the schema of an answer": [
        (
            ANTHROPIC,
            "output_config",
            {"format": {"type": "json_schema", "schema": OBJECT}},
            "output_config.format.schema",
        ),
    ],
    "thoughts of the latest answer that were changed, moved or left out": [
        (ANTHROPIC, "messages.1.content.0.thinking", "other", "messages.1.content.0"),
        (ANTHROPIC, "messages.1.content.0.signature", "c2ln", "messages.1.content.0"),
        (ANTHROPIC, "messages.1.content", [USE, THOUGHT], "messages.1.content.1"),
        (ANTHROPIC, "messages.1.content", [USE], "messages.1.content.0.type"),
    ],
    "`max_tokens` above the model's": [
        (ANTHROPIC, "max_tokens", 64_001, "max_tokens"),
    ],
    "a field that Google does not know, of the request, its config, a part or a schema": [
        (GOOGLE, "stream", True, "stream"),
        (GOOGLE, "generationConfig.maxTokens", 9, "generation_config"),
        (GOOGLE, "contents.0.parts.0.type", "text", "contents[0].parts[0]"),
        (
            GOOGLE,
            "tools.0.functionDeclarations.0.parameters.additionalProperties",
            False,
            "tools.function_declarations.parameters",
        ),
    ],
    "contents without parts, or of another role": [
        (GOOGLE, "contents.1.role", "assistant", "contents[1].role"),
        (GOOGLE, "contents.0.parts", [], "contents[0].parts"),
    ],
    "arguments or a result that is no object": [
        (GOOGLE, "contents.1.parts.0.functionCall.args", "{}", "contents[1].parts[0].functionCall.args"),
        (BEDROCK, "messages.1.content.1.toolUse.input", "{}", "messages.1.content.1.toolUse.input"),
    ],
    "a function's name that Google does not take": [
        (GOOGLE, "tools.0.functionDeclarations.0.name", "1 f", "tools"),
    ],
    "a call of Gemini 3 without the signature that it came with": [
        (GOOGLE, "contents.1.parts.0.thoughtSignature", DELETE, "contents[1]"),
        (GOOGLE, "contents.1.parts.0.thoughtSignature", "c2ln", "contents[1]"),
    ],
    "calls and results that are not as many": [
        (GOOGLE, "contents.2.parts", [{"functionResponse": {"name": "f", "response": {}}}] * 2, "contents"),
    ],
    "a level of thinking that there is not": [
        (
            GOOGLE,
            "generationConfig.thinkingConfig.thinkingLevel",
            "XHIGH",
            "generation_config.thinking_config.thinking_level",
        ),
    ],
    "a field that Amazon does not know, or a block of none or of two kinds": [
        (BEDROCK, "stream", True, "stream"),
        (BEDROCK, "messages.0.content.0.type", "text", "messages.0.content.0"),
    ],
    "roles that do not take turns, from the user on": [
        (BEDROCK, "messages.0", DELETE, "messages"),
        (BEDROCK, "messages.1.role", "user", "messages"),
    ],
    "words that are blank": [
        (BEDROCK, "messages.0.content.0.text", " ", "messages.0.content.0"),
    ],
    "a document without words beside it, or two of one name": [
        (BEDROCK, "messages.0.content", [DOCUMENT], "messages.0"),
        (BEDROCK, "messages.0.content", [{"text": "read"}, DOCUMENT, DOCUMENT], "messages"),
    ],
    "a cache point among Nova's tools, or at a model that has none": [
        (
            BEDROCK._replace(model=NOVA),
            "toolConfig.tools",
            [*CONVERSE["toolConfig"]["tools"], CACHE_POINT],
            "toolConfig.tools",
        ),
        (BEDROCK._replace(model="meta.llama3"), "messages.0.content", [{"text": "hi"}, CACHE_POINT], ""),
    ],
    "a tool's name of more than 64 characters or of others, or a schema that is no object": [
        (BEDROCK, "toolConfig.tools.0.toolSpec.name", LONG, "toolConfig.tools.0"),
        (
            BEDROCK,
            "toolConfig.tools.0.toolSpec.inputSchema.json",
            {},
            "toolConfig.tools.0.toolSpec.inputSchema.json",
        ),
    ],
    "calls and results without each other, or without tools": [
        (BEDROCK, "toolConfig", DELETE, "toolConfig"),
        (BEDROCK, "messages.2.content", [{"text": "next"}], "messages.2.content"),
    ],
    "Claude's own fields at another model": [
        (
            BEDROCK._replace(model=NOVA),
            "additionalModelRequestFields",
            {"thinking": {"type": "enabled"}},
            "thinking",
        ),
    ],
    "what Claude refuses at Anthropic: changed thoughts, a budget over the cap, a temperature while it thinks": [
        (BEDROCK, "messages.1.content.0.reasoningContent.reasoningText.text", "other", "messages.content.0"),
        (
            BEDROCK,
            "additionalModelRequestFields",
            {"thinking": {"type": "enabled", "budget_tokens": 4000}},
            "maxTokens",
        ),
    ],
    "an image by its address in a chat completion at Amazon": [
        (
            AMAZONS_CHAT,
            "messages.0.content.0.image_url.url",
            BY_HTTPS,
            "messages[0].content[0].image_url.url",
        ),
        (AMAZONS_CHAT, "messages.0.content.0.image_url", BY_HTTPS, "messages[0].content[0].image_url.url"),
    ],
    "an image by its address at Ollama": [
        (AMAZONS_CHAT._replace(provider="ollama"), "messages.0.content.0.image_url.url", BY_HTTPS, ""),
    ],
    "a file by its address in a chat completion": [
        (
            OPENAI._replace(body={"messages": [{"role": "user", "content": [CHAT_FILE]}]}),
            "messages.0.content.0.file.file_data",
            BY_HTTPS,
            "messages[0].content[0].file.file_data",
        ),
    ],
    "an image or a file by its address in a response at Amazon": [
        (AMAZONS_ANSWERS, "input.0.content.0.image_url", BY_HTTPS, "input[0].content[0].image_url"),
        (
            AMAZONS_ANSWERS,
            "input.0.content.1",
            {"type": "input_file", "file_url": BY_HTTPS},
            "input[0].content[1].file_url",
        ),
    ],
    "an image or a document by its address in a message at Amazon": [
        (
            ANTHROPIC._replace(provider="bedrock-converse", body=SHOWING),
            "messages.0.content.0.source",
            {"type": "url", "url": BY_HTTPS},
            "messages.0.content.0.image.source",
        ),
    ],
    "a file by an address that Gemini does not fetch": [
        (SHOWN_TO_GEMINI, "contents.0.parts.0.fileData.fileUri", "http://x.example/a", _FILE_URI),
        (SHOWN_TO_GEMINI, "contents.0.parts.0.fileData.fileUri", "gs://b/a", _FILE_URI),
        (
            SHOWN_TO_GEMINI,
            "contents.0.parts.0.fileData.mimeType",
            "image/gif",
            "contents[0].parts[0].file_data.mime_type",
        ),
    ],
}
"""By rule: a good request, where it is changed and to what, and the field that is named then."""

UNPROCESSABLE = {each for each in CASES if "another role than" in each or "Mistral does not know" in each}
"""Those that are a 422, as FastAPI and Rust's serde have it; all others are a 400."""
