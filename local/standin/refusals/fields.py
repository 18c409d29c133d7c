"""Fields that each house publishes for a request; a test holds them against its SDK's types, or Amazon's model."""

CHAT = frozenset({
    "audio", "frequency_penalty", "function_call", "functions", "logit_bias", "logprobs", "max_completion_tokens",
    "max_tokens", "messages", "metadata", "modalities", "model", "moderation", "n", "parallel_tool_calls", "prediction",
    "presence_penalty", "prompt_cache_key", "prompt_cache_options", "prompt_cache_retention", "reasoning_effort",
    "response_format", "safety_identifier", "seed", "service_tier", "stop", "store", "stream", "stream_options",
    "temperature", "tool_choice", "tools", "top_logprobs", "top_p", "user", "verbosity", "web_search_options",
})  # fmt: skip

RESPONSES = frozenset({
    "access_programs", "background", "background_options", "context_management", "conversation", "image", "include",
    "input", "instructions", "max_output_tokens", "max_tool_calls", "metadata", "model", "moderation",
    "parallel_tool_calls", "previous_response_id", "prompt", "prompt_cache_key", "prompt_cache_options",
    "prompt_cache_retention", "reasoning", "safety_identifier", "service_tier", "store", "stream", "stream_options",
    "temperature", "text", "tool_choice", "tools", "top_logprobs", "top_p", "truncation", "user",
})  # fmt: skip

MESSAGES = frozenset({
    "billing_policy", "cache_control", "compaction", "container", "context_management", "diagnostics",
    "fallback_credit_token", "fallbacks", "inference_geo", "max_tokens", "mcp_servers", "messages", "metadata", "model",
    "output_config", "service_tier", "speed", "stop_sequences", "stream", "system", "thinking", "thread", "tool_choice",
    "tools", "user_profile_id", "workspace_id",
})  # fmt: skip

MESSAGES_OF_OLD = frozenset({"temperature", "top_p", "top_k", "output_format"})
"""What the newest SDK has no more, and models to Claude 4.6 take on."""

COUNT_MESSAGES = frozenset({
    "billing_policy", "cache_control", "compaction", "context_management", "mcp_servers", "messages", "model",
    "output_config", "speed", "system", "thinking", "tool_choice", "tools", "user_profile_id", "workspace_id",
})  # fmt: skip

COUNT_RESPONSES = frozenset({
    "conversation", "input", "instructions", "model", "parallel_tool_calls", "personality", "previous_response_id",
    "reasoning", "text", "tool_choice", "tools", "truncation",
})  # fmt: skip
"""What is taken where only the input is counted."""

BLOCKS = {
    "text": frozenset({"cache_control", "citations", "text", "type"}),
    "image": frozenset({"cache_control", "source", "transformations", "type"}),
    "document": frozenset({"cache_control", "citations", "context", "source", "title", "type"}),
    "tool_use": frozenset({"cache_control", "caller", "id", "input", "name", "toolset_name", "type"}),
    "tool_result": frozenset({"cache_control", "content", "is_error", "tool_use_id", "toolset_name", "type"}),
    "thinking": frozenset({"signature", "thinking", "type"}),
    "redacted_thinking": frozenset({"data", "type"}),
}
"""Of blocks in Messages, by their type."""

TOOL = frozenset({
    "allowed_callers", "cache_control", "defer_loading", "description", "eager_input_streaming", "input_examples",
    "input_schema", "name", "strict", "type",
})  # fmt: skip
"""Of a client's tool in Messages."""

GEMINI = frozenset({
    "contents", "tools", "toolConfig", "safetySettings", "systemInstruction", "generationConfig", "cachedContent",
    "serviceTier", "store", "labels", "modelArmorConfig", "model", "continuationToken", "automaticContinuation",
})  # fmt: skip

GENERATION_CONFIG = frozenset({
    "audioTimestamp", "audioTranscriptionConfig", "candidateCount", "enableAffectiveDialog",
    "enableEnhancedCivicAnswers", "frequencyPenalty", "imageConfig", "logprobs", "maxOutputTokens", "mediaResolution",
    "modelSelectionConfig", "presencePenalty", "responseFormat", "responseJsonSchema", "responseLogprobs",
    "responseMimeType", "responseModalities", "responseSchema", "routingConfig", "seed", "speechConfig",
    "stopSequences", "temperature", "thinkingConfig", "topK", "topP", "translationConfig",
})  # fmt: skip

PART = frozenset({
    "audioMetadata", "audioTranscription", "codeExecutionResult", "documentMetadata", "executableCode", "fileData",
    "functionCall", "functionResponse", "inlineData", "mediaProcessing", "mediaResolution", "partMetadata",
    "speechMetadata", "spreadsheetMetadata", "text", "thought", "thoughtSignature", "toolCall", "toolResponse",
    "videoMetadata",
})  # fmt: skip

CONVERSE = frozenset({
    "messages", "system", "inferenceConfig", "toolConfig", "guardrailConfig", "additionalModelRequestFields",
    "promptVariables", "additionalModelResponseFieldPaths", "requestMetadata", "performanceConfig", "serviceTier",
    "outputConfig",
})  # fmt: skip

INFERENCE_CONFIG = frozenset({"maxTokens", "temperature", "topP", "stopSequences"})

CONTENT_BLOCK = frozenset({
    "text", "image", "document", "video", "audio", "toolUse", "toolResult", "guardContent", "cachePoint",
    "reasoningContent", "citationsContent", "searchResult", "toolAddition", "toolRemoval",
})  # fmt: skip

MISTRAL = frozenset({
    "frequency_penalty", "guardrails", "max_tokens", "messages", "metadata", "model", "n", "parallel_tool_calls",
    "prediction", "presence_penalty", "prompt_cache_key", "prompt_mode", "random_seed", "reasoning_effort",
    "response_format", "safe_prompt", "stop", "stream", "temperature", "tool_choice", "tools", "top_p",
})  # fmt: skip

MISTRAL_MESSAGE = {
    "system": frozenset({"content", "role"}),
    "user": frozenset({"content", "role"}),
    "assistant": frozenset({"content", "prefix", "role", "tool_calls"}),
    "tool": frozenset({"content", "name", "role", "tool_call_id"}),
}
