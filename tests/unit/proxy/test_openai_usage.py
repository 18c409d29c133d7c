"""Usage as each provider reports it."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.billing.price import Price, Usage, cost_of
from aggregator.proxy.providers.openai_usage import usage_json, usage_of

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
        {"prompt_tokens": 3},
        {"completion_tokens": 3},
        {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0},
        {"prompt_tokens": -3, "completion_tokens": 4},
        {"prompt_tokens": True, "completion_tokens": 4},
        {"prompt_tokens": "3", "completion_tokens": "4"},
        {"prompt_tokens": float("inf"), "completion_tokens": 4},
        {"prompt_tokens": 3, "completion_tokens": float("nan")},
        {"prompt_tokens": 10**30, "completion_tokens": 4},
    ],
)
def test_what_cannot_be_charged_by_is_no_usage(said: Any) -> None:
    assert usage_of(said) is None


numbers = st.integers(-5, 2**50) | st.floats() | st.none() | st.booleans() | st.text(max_size=3)
names = st.sampled_from([
    "prompt_tokens", "completion_tokens", "total_tokens", "prompt_cache_hit_tokens", "cached_tokens",
    "cache_write_tokens", "cache_creation_tokens", "reasoning_tokens",
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
