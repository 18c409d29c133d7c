"""Requests, answers and events for the native adapters' properties: sound ones, and odd ones."""

from hypothesis import strategies as st

from tests.unit.proxy.dialects.native_world import PDF, PNG

json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 10**13) | st.floats(-5, 5) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
"""Any JSON."""

_NAMES = st.sampled_from([
    "type", "message", "usage", "content_block", "delta", "text", "thinking", "signature", "partial_json", "input",
    "stop_reason", "input_tokens", "output_tokens", "candidates", "content", "parts", "functionCall", "args", "index",
    "finishReason", "usageMetadata", "promptTokenCount", "totalTokenCount", "logprobsResult", "chosenCandidates",
    "promptFeedback", "blockReason", "responseId", "stop_details", "cache_read_input_tokens", "error", "status",
])  # fmt: skip
_WORDS = st.sampled_from([
    "message_start", "content_block_start", "content_block_delta", "content_block_stop", "message_delta", "ping",
    "text", "thinking", "redacted_thinking", "tool_use", "text_delta", "thinking_delta", "signature_delta",
    "input_json_delta", "end_turn", "refusal", "STOP", "SAFETY", "OTHER", "error",
])  # fmt: skip
likely_json = st.recursive(
    _WORDS | st.none() | st.integers(-1, 10) | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_NAMES, inner, max_size=5),
    max_leaves=20,
)
"""JSON of the providers' own names and words, put together at random."""

_text = st.sampled_from(["", " ", "hi", "é 🙂", "{}", "[1]"])
_text_part = st.fixed_dictionaries({"type": st.just("text"), "text": _text})
_image = st.fixed_dictionaries({"type": st.just("image_url"), "image_url": st.just({"url": PNG})})
_file = st.fixed_dictionaries({"type": st.just("file"), "file": st.just({"filename": "a", "file_data": PDF})})
_call = st.fixed_dictionaries(
    {
        "id": st.sampled_from(["a", "b.c"]),
        "type": st.just("function"),
        "function": st.fixed_dictionaries(
            {"name": st.just("f"), "arguments": st.sampled_from(["", "{}", '{"a":1}'])}
        ),
    }
)
_detail = st.fixed_dictionaries(
    {
        "type": st.sampled_from(["reasoning.text", "reasoning.encrypted"]),
        "format": st.sampled_from(["anthropic-claude-v1", "google-gemini-v1"]),
        "text": st.just("so"),
        "signature": st.just("c2ln"),
        "data": st.just("ZGF0"),
    }
)
_system = st.fixed_dictionaries({"role": st.sampled_from(["system", "developer"]), "content": _text})
_user = st.fixed_dictionaries(
    {"role": st.just("user"), "content": _text | st.lists(_text_part | _image | _file, max_size=3)}
)
_assistant = st.fixed_dictionaries(
    {"role": st.just("assistant"), "content": st.none() | _text | st.lists(_text_part, max_size=2)},
    optional={
        "tool_calls": st.lists(_call, max_size=2),
        "reasoning_details": st.lists(_detail, max_size=2),
        "reasoning_content": _text,
    },
)
_tool_result = st.fixed_dictionaries(
    {
        "role": st.just("tool"),
        "tool_call_id": st.sampled_from(["a", "b.c"]),
        "name": st.just("f"),
        "content": _text,
    }
)
_tool = st.fixed_dictionaries(
    {
        "type": st.just("function"),
        "function": st.fixed_dictionaries(
            {"name": st.just("f")},
            optional={
                "strict": st.booleans(),
                "description": _text,
                "parameters": st.just(
                    {"type": "object", "properties": {"a": {"type": "integer", "maximum": 5}}}
                ),
            },
        ),
    }
)
asks = st.fixed_dictionaries(
    {
        "messages": st.lists(_system | _user | _assistant | _tool_result, max_size=5).map(
            lambda said: [{"role": "user", "content": "hi"}, *said]
        )
    },
    optional={
        "tools": st.lists(_tool, min_size=1, max_size=2),
        "tool_choice": st.sampled_from(["auto", "none"]),
        "response_format": st.sampled_from(
            [
                {"type": "text"},
                {"type": "json_schema", "json_schema": {"name": "x", "schema": {"type": "object"}}},
            ]
        ),
        "reasoning_effort": st.sampled_from(["low", "medium", "high"]),
        "stop": st.sampled_from(["a", ["a", "b"]]),
        "metadata": st.just({"a": "b"}),
        "user": st.just("ann"),
        "stream_options": st.just({}),
    },
)
"""Requests that every model takes."""

_odd_part = (
    st.dictionaries(st.sampled_from(["type", "text", "refusal", "file", "image_url"]), _text)
    | st.fixed_dictionaries({"type": st.just("refusal"), "refusal": json_values})
    | st.fixed_dictionaries({"type": st.just("file"), "file": json_values})
    | st.fixed_dictionaries({"type": st.just("text"), "text": _text, "cache_control": json_values})
    | st.fixed_dictionaries(
        {
            "type": st.just("image_url"),
            "image_url": st.fixed_dictionaries(
                {"url": st.sampled_from(["data:,x", "ftp://a"]), "detail": json_values}
            ),
        }
    )
)
_odd_call = st.fixed_dictionaries(
    {"id": json_values, "function": json_values | st.just({"name": "f", "arguments": 5})}
)
_odd_message = st.fixed_dictionaries(
    {
        "role": st.sampled_from(["system", "user", "assistant", "tool", "function"]),
        "content": st.none() | _text | st.lists(_odd_part, max_size=2),
    },
    optional={
        "tool_calls": st.lists(_odd_call, max_size=2) | json_values,
        "tool_call_id": json_values,
        "reasoning_details": json_values,
        "cache_control": st.just({"type": "ephemeral"}) | json_values,
        "name": json_values,
    },
)
odd_asks = st.fixed_dictionaries(
    {"messages": st.lists(_odd_message, min_size=1, max_size=3)},
    optional={
        "tools": st.lists(_tool | json_values, max_size=2),
        "tool_choice": st.sampled_from(
            ["required", {"type": "function", "function": {"name": "f"}}, {}, "odd"]
        ),
        "parallel_tool_calls": st.booleans(),
        "response_format": st.sampled_from([{"type": "json_object"}, {"type": "json_schema"}, {"type": 5}]),
        "reasoning_effort": st.sampled_from(["none", "minimal", "xhigh", "odd"]),
        "stop": st.lists(json_values, max_size=1),
        "n": st.integers(1, 3),
        "safety_identifier": json_values,
        "thinking": json_values,
        "top_k": json_values,
    },
)
"""Requests that pass the edge and are odd beyond it."""
