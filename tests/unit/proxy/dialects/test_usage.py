"""Usage as each provider reports it."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.billing.cost import cost_of
from aggregator.billing.price import Price, Usage
from aggregator.proxy.dialects.usage import usage_in, usage_json, usage_of

OPENAI = {
    "prompt_tokens": 2006,
    "completion_tokens": 300,
    "total_tokens": 2306,
    "prompt_tokens_details": {"cached_tokens": 1920, "audio_tokens": 0},
    "completion_tokens_details": {"reasoning_tokens": 256, "audio_tokens": 0},
}
DEEPSEEK = {
    "prompt_tokens": 100,
    "completion_tokens": 50,
    "total_tokens": 150,
    "prompt_cache_hit_tokens": 64,
    "prompt_cache_miss_tokens": 36,
    "completion_tokens_details": {"reasoning_tokens": 20},
}
XAI = {
    "prompt_tokens": 32,
    "completion_tokens": 9,
    "total_tokens": 135,
    "prompt_tokens_details": {"text_tokens": 32, "cached_tokens": 6},
    "completion_tokens_details": {"reasoning_tokens": 94},
}
GEMINI = {"prompt_tokens": 10, "completion_tokens": 20, "total_tokens": 530}
OPENROUTER = {
    "prompt_tokens": 500,
    "completion_tokens": 5,
    "total_tokens": 505,
    "prompt_tokens_details": {"cached_tokens": 100, "cache_write_tokens": 300},
    "cost": 0.001,
}


P, C = "prompt_tokens", "completion_tokens"
CACHED_90 = Usage(100, 5, cached_input_tokens=90)
WROTE_60 = Usage(100, 5, cached_input_tokens=30, cache_write_tokens=60)
FOR_AN_HOUR = Usage(100, 5, cached_input_tokens=30, cache_write_tokens=60, cache_write_hour_tokens=20)
FIVE_MINUTES, AN_HOUR = "ephemeral_5m_input_tokens", "ephemeral_1h_input_tokens"

SPELLINGS: list[tuple[dict[str, Any], Usage]] = [
    # The cache within the prompt, under each name that it has.
    ({P: 100, C: 5, "cached_tokens": 90}, CACHED_90),
    ({P: 100, C: 5, "total_tokens": 105, "num_cached_tokens": 90}, CACHED_90),
    ({P: 100, C: 5, "prompt_token_details": {"cached_tokens": 90}}, CACHED_90),
    ({P: 100, C: 5, "input_tokens_details": {"cached_tokens": 90}}, CACHED_90),
    ({P: 100, C: 5, "prompt_cache_hit_tokens": 90, "prompt_cache_miss_tokens": 10}, CACHED_90),
    ({P: 100, C: 5, "total_tokens": 105, "cache_read_input_tokens": 90}, CACHED_90),
    ({P: 100, C: 5, "cache_read_input_tokens": 90}, CACHED_90),
    ({P: 100, C: 5, "prompt_tokens_details": {"cached_tokens": 0}, "cached_tokens": 90}, CACHED_90),
    # As OpenAI's Responses have it.
    ({"input_tokens": 100, "output_tokens": 5, "input_tokens_details": {"cached_tokens": 90}}, CACHED_90),
    # Beside the prompt, which the total or the numbers themselves tell.
    ({P: 10, C: 5, "total_tokens": 105, "cached_tokens": 90}, CACHED_90),
    ({P: 10, C: 5, "total_tokens": 105, "cache_read_input_tokens": 90}, CACHED_90),
    ({P: 10, C: 5, "total_tokens": 15, "prompt_tokens_details": {"cached_tokens": 90}}, CACHED_90),
    ({P: 10, C: 5, "cache_read_input_tokens": 90}, CACHED_90),
    ({P: 10, C: 5, "cache_read_input_tokens": 30, "cache_creation_input_tokens": 60}, WROTE_60),
    # What a cache was written with.
    ({P: 100, C: 5, "prompt_tokens_details": {"cached_tokens": 30, "cache_write_tokens": 60}}, WROTE_60),
    ({P: 100, C: 5, "prompt_tokens_details": {"cached_tokens": 30, "cache_creation_tokens": 60}}, WROTE_60),
    (
        {P: 100, C: 5, "prompt_tokens_details": {"cached_tokens": 30, "cache_creation_input_tokens": 60}},
        WROTE_60,
    ),
    (
        {P: 100, C: 5, "prompt_tokens_details": {"cached_tokens": 30, "cache_creation": {FIVE_MINUTES: 60}}},
        WROTE_60,
    ),
    # Anthropic: reads and writes are always beside the input, and split by how long they stay.
    (
        {
            "input_tokens": 10,
            "output_tokens": 5,
            "cache_read_input_tokens": 30,
            "cache_creation_input_tokens": 60,
        },
        WROTE_60,
    ),
    (
        {
            "input_tokens": 10,
            "output_tokens": 5,
            "cache_read_input_tokens": 30,
            "cache_creation_input_tokens": 60,
            "cache_creation": {FIVE_MINUTES: 40, AN_HOUR: 20},
        },
        FOR_AN_HOUR,
    ),
    ({"input_tokens": 50, "output_tokens": 5, "cache_read_input_tokens": 50}, Usage(100, 5, 50)),
    (
        {"input_tokens": 9, "output_tokens": 5, "output_tokens_details": {"thinking_tokens": 4}},
        Usage(9, 5, reasoning_tokens=4),
    ),
    # Bedrock: the same in camelCase.
    (
        {
            "inputTokens": 10,
            "outputTokens": 5,
            "totalTokens": 105,
            "cacheReadInputTokens": 30,
            "cacheWriteInputTokens": 60,
            "cacheDetails": [{"ttl": "5m", "inputTokens": 40}, {"ttl": "1h", "inputTokens": 20}],
        },
        FOR_AN_HOUR,
    ),
    ({"inputTokens": 10, "outputTokens": 5, "totalTokens": 15}, Usage(10, 5)),
    # Gemini: thoughts beside the candidates, the cache within the prompt, a tool's prompt beside it.
    (
        {
            "promptTokenCount": 90,
            "toolUsePromptTokenCount": 10,
            "candidatesTokenCount": 5,
            "thoughtsTokenCount": 7,
            "cachedContentTokenCount": 64,
            "totalTokenCount": 112,
        },
        Usage(100, 12, cached_input_tokens=64, reasoning_tokens=7),
    ),
    ({"promptTokenCount": 10, "totalTokenCount": 10}, Usage(10, 0)),
    # Thoughts beside the completion: in the total, without one, and beside a cache that is beside the prompt.
    ({P: 10, C: 5, "reasoning_tokens": 50}, Usage(10, 55, reasoning_tokens=50)),
    ({P: 10, C: 60, "reasoning_tokens": 50}, Usage(10, 60, reasoning_tokens=50)),
    (
        {
            P: 100,
            C: 10,
            "total_tokens": 160,
            "prompt_tokens_details": {"cached_tokens": 50},
            "completion_tokens_details": {"reasoning_tokens": 50},
        },
        Usage(100, 60, cached_input_tokens=50, reasoning_tokens=50),
    ),
    (
        {
            P: 10,
            C: 5,
            "total_tokens": 112,
            "cached_tokens": 90,
            "completion_tokens_details": {"reasoning_tokens": 7},
        },
        Usage(100, 12, cached_input_tokens=90, reasoning_tokens=7),
    ),
    # What is said of money, searches and time is no count.
    ({P: 10, C: 5, "cost": 9, "cost_details": {"upstream": 9}, "num_sources_used": 4}, Usage(10, 5)),
]


@pytest.mark.parametrize(
    ("said", "usage"),
    [
        (OPENAI, Usage(2006, 300, cached_input_tokens=1920, reasoning_tokens=256)),
        (DEEPSEEK, Usage(100, 50, cached_input_tokens=64, reasoning_tokens=20)),
        (XAI, Usage(32, 103, cached_input_tokens=6, reasoning_tokens=94)),
        (GEMINI, Usage(10, 520)),
        (OPENROUTER, Usage(500, 5, cached_input_tokens=100, cache_write_tokens=300)),
        ({"prompt_tokens": 3, "completion_tokens": 4}, Usage(3, 4)),
        ({"prompt_tokens": 3.0, "completion_tokens": 4.0, "total_tokens": 7.0}, Usage(3, 4)),
        ({"prompt_tokens": 3, "completion_tokens": 0}, Usage(3, 0)),
        ({"prompt_tokens": 3, "completion_tokens": 4, "prompt_tokens_details": None}, Usage(3, 4)),
        ({"prompt_tokens": 3}, Usage(3, 0)),
        ({"completion_tokens": 3}, Usage(0, 3)),
        ({"prompt_tokens": 10**30, "completion_tokens": 4}, Usage(0, 4)),
        *SPELLINGS,
    ],
)
def test_usage_is_read_as_the_provider_means_it(said: dict[str, Any], usage: Usage) -> None:
    assert usage_of(said) == usage


@pytest.mark.parametrize(
    "said",
    [
        None,
        [],
        "10",
        {},
        {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0},
        {"prompt_tokens": -3, "completion_tokens": -4},
        {"prompt_tokens": True, "completion_tokens": False},
        {"prompt_tokens": "3", "completion_tokens": "4"},
        {"prompt_tokens": float("inf"), "completion_tokens": float("nan")},
        {"prompt_tokens": 10**30},
    ],
)
def test_what_cannot_be_charged_by_is_no_usage(said: Any) -> None:
    assert usage_of(said) is None


@pytest.mark.parametrize(
    "answer",
    [
        {"usage": {P: 10, C: 5}},
        {"choices": [{"index": 0, "usage": {P: 10, C: 5}}]},
        {"choices": [{"index": 0}, {"index": 1, "usage": {P: 10, C: 5}}]},
        {"x_groq": {"id": "r", "usage": {P: 10, C: 5}}},
        {"usage": None, "x_groq": {"usage": {P: 10, C: 5}}},
        {"usage": {P: 0, C: 0}, "choices": [{"usage": {P: 10, C: 5}}]},
    ],
)
def test_usage_is_found_wherever_it_stands(answer: dict[str, Any]) -> None:
    assert usage_in(answer) == (Usage(10, 5), {P: 10, C: 5})


@pytest.mark.parametrize(
    "answer", [{}, {"usage": None}, {"choices": "x"}, {"x_groq": 1, "choices": [1, None]}]
)
def test_where_there_is_no_usage_none_is_found(answer: dict[str, Any]) -> None:
    assert usage_in(answer) == (None, {})


numbers = st.integers(-5, 2**50) | st.floats() | st.none() | st.booleans() | st.text(max_size=3)
names = st.sampled_from([
    "input_tokens", "output_tokens", "cache_read_input_tokens", "cache_creation_input_tokens", "num_cached_tokens",
    "inputTokens", "cacheReadInputTokens", "promptTokenCount", "thoughtsTokenCount", "totalTokenCount",
    "ephemeral_1h_input_tokens", "prompt_tokens", "completion_tokens", "total_tokens", "prompt_cache_hit_tokens",
    "cached_tokens", "cache_write_tokens", "cache_creation_tokens", "reasoning_tokens",
])  # fmt: skip
counts = st.dictionaries(names, numbers)


@given(
    counts
    | st.fixed_dictionaries({
        "prompt_tokens": st.integers(1, 100),
        "completion_tokens": st.integers(0, 100),
        "prompt_tokens_details": counts | numbers,
        "completion_tokens_details": counts | numbers,
    })
)  # fmt: skip
def test_whatever_a_provider_says_can_be_charged_or_is_no_usage(said: dict[str, Any]) -> None:
    usage = usage_of(json.loads(json.dumps(said)))

    if usage is not None:
        assert cost_of(usage, Price(version="1", input=1_000_000, output=1_000_000)) == (
            usage.input_tokens + usage.output_tokens
        )


def test_the_client_sees_all_three_totals_and_what_else_was_said() -> None:
    assert usage_json(Usage(32, 103), XAI) == {
        "prompt_tokens": 32,
        "completion_tokens": 103,
        "total_tokens": 135,
        "prompt_tokens_details": {"text_tokens": 32, "cached_tokens": 6},
        "completion_tokens_details": {"reasoning_tokens": 94},
    }


def test_what_a_cache_gave_stands_where_clients_look_for_it() -> None:
    said = {P: 10, C: 5, "num_cached_tokens": 90}
    usage = usage_of(said)

    assert usage == CACHED_90
    assert usage_json(usage, said) == {
        P: 100,
        C: 5,
        "total_tokens": 105,
        "num_cached_tokens": 90,
        "prompt_tokens_details": {"cached_tokens": 90},
    }
    assert usage_of(usage_json(usage, said)) == usage


@given(st.sampled_from([usage for _, usage in SPELLINGS]))
def test_what_clients_are_told_reads_back_the_same(usage: Usage) -> None:
    assert usage_of(usage_json(usage)) == usage
