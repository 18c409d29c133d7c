"""Classes of the fields of the other dialects' requests, as `fields.py` has them: data, for tests and documents.

Chat completions and embeddings come from clients. Requests of Gemini and Converse are written here, for clients of
other dialects: nothing is written but what is plain there. Standard library only.
"""

from collections.abc import Mapping

from aggregator.proxy.dialects.fields import (
    HINT,
    MESSAGES,
    PLAIN,
    PRICED,
    RESPONSES,
    STEERING,
    STORED,
    Field,
)

_PLAIN, _HINT = Field(PLAIN), Field(HINT)
_OURS = "is the platform's own choice"
_KEPT = "what is kept at the provider is shared by all users here, so it is not offered"


def _each(field: Field, *names: str) -> dict[str, Field]:
    return dict.fromkeys(names, field)


CHAT: Mapping[str, Field] = {
    **_each(
        _PLAIN,
        "model", "messages", "max_tokens", "max_completion_tokens", "stream", "stream_options", "temperature", "top_p",
        "n", "stop", "seed", "frequency_penalty", "presence_penalty", "logit_bias", "logprobs", "top_logprobs",
        "response_format", "tools", "tool_choice", "parallel_tool_calls", "functions", "function_call",
        "reasoning_effort",
    ),
    **_each(
        _HINT,
        "metadata", "prompt_cache_key", "prompt_cache_options", "prompt_cache_retention", "safety_identifier", "user",
        "verbosity",
    ),
    "service_tier": Field(PRICED, ("auto", "default"), "is taken where the tier has a price on the route"),
    "modalities": Field(PRICED, (["text"],), "only text is offered here"),
    **_each(Field(PRICED), "audio", "prediction", "web_search_options", "moderation"),
    "store": Field(STEERING, (False,), "nothing is kept at the provider: left out and told"),
}  # fmt: skip

EMBEDDINGS: Mapping[str, Field] = {
    **_each(_PLAIN, "model", "input", "dimensions", "encoding_format"),
    "user": _HINT,
}

GEMINI: Mapping[str, Field] = {
    **_each(
        _PLAIN,
        "contents", "systemInstruction", "tools", "toolConfig", "temperature", "topP", "topK", "candidateCount",
        "maxOutputTokens", "stopSequences", "responseMimeType", "responseJsonSchema", "responseSchema",
        "presencePenalty", "frequencyPenalty", "seed", "responseLogprobs", "logprobs", "thinkingConfig",
    ),
    "labels": _HINT,
    **_each(
        Field(PRICED, why="has a price of its own"),
        "serviceTier", "responseModalities", "speechConfig", "imageConfig", "audioTimestamp",
        "audioTranscriptionConfig", "mediaResolution",
    ),
    **_each(
        Field(STEERING, why=_OURS),
        "store", "safetySettings", "routingConfig", "modelSelectionConfig", "modelArmorConfig", "automaticContinuation",
        "enableEnhancedCivicAnswers", "generationOutputConfig",
    ),
    **_each(Field(STORED, why=_KEPT), "cachedContent", "continuationToken"),
}  # fmt: skip

CONVERSE: Mapping[str, Field] = {
    **_each(
        _PLAIN,
        "modelId", "messages", "system", "inferenceConfig", "toolConfig", "outputConfig",
        "additionalModelRequestFields",
    ),
    "requestMetadata": _HINT,
    **_each(Field(PRICED, why="has a price of its own"), "serviceTier", "performanceConfig"),
    **_each(
        Field(STEERING, why=_OURS), "guardrailConfig", "additionalModelResponseFieldPaths", "projectIdentifier"
    ),
    "promptVariables": Field(STORED, why=_KEPT),
}  # fmt: skip

ALL: Mapping[str, Mapping[str, Field]] = {
    "messages": MESSAGES,
    "responses": RESPONSES,
    "chat": CHAT,
    "embeddings": EMBEDDINGS,
    "gemini": GEMINI,
    "converse": CONVERSE,
}
"""By dialect, every field of a request that has a class."""
