"""What each generation of Claude is sent: thinking, sampling, forced tools."""

from typing import Any

import pytest

from aggregator.errors import InvalidRequest, UnsupportedParameter
from aggregator.proxy.dialects.claude import Claude
from tests.fakes.chat_world import JsonObject
from tests.unit.proxy.dialects.native_world import WEATHER, Native

ADAPTIVE = {"type": "adaptive", "display": "summarized"}


def sent(model: str, output_tokens: int = 64_000, **fields: Any) -> JsonObject:
    return Native("anthropic", model, output_tokens).sent(**fields)


def refused(model: str, **fields: Any) -> str | None:
    with pytest.raises(UnsupportedParameter) as refusal:
        sent(model, **fields)
    return refusal.value.param


@pytest.mark.parametrize(
    ("name", "family", "version"),
    [
        ("claude-opus-5-5", "opus", (5, 5)),
        ("claude-opus-5", "opus", (5, 0)),
        ("claude-sonnet-4-5-20250929", "sonnet", (4, 5)),
        ("claude-fable-5-1", "fable", (5, 1)),
        ("claude-next", "", (99, 0)),
    ],
)
def test_a_models_name_tells_its_family_and_version(name: str, family: str, version: tuple[int, int]) -> None:
    assert Claude.of(name) == Claude(family, version)


@pytest.mark.parametrize(
    ("effort", "budget"),
    [("minimal", 1024), ("low", 2048), ("medium", 8192), ("high", 16384), ("xhigh", 32768)],
)
def test_to_4_5_an_effort_is_a_budget(effort: str, budget: int) -> None:
    body = sent("claude-sonnet-4-5", reasoning_effort=effort)

    assert body["thinking"] == {"type": "enabled", "budget_tokens": budget}
    assert "output_config" not in body


def test_a_budget_leaves_a_quarter_of_the_cap_for_the_answer() -> None:
    assert sent("claude-haiku-4-5", 4096, reasoning_effort="high")["thinking"]["budget_tokens"] == 3072


def test_a_cap_that_leaves_no_room_to_think_is_refused() -> None:
    with pytest.raises(InvalidRequest) as refusal:
        sent("claude-haiku-4-5", 1365, reasoning_effort="low")

    assert refusal.value.param == "reasoning_effort"
    assert sent("claude-haiku-4-5", 1366, reasoning_effort="low")["thinking"]["budget_tokens"] == 1024


@pytest.mark.parametrize(
    ("model", "effort", "wanted"),
    [
        ("claude-opus-4-6", "minimal", "low"),
        ("claude-sonnet-4-6", "low", "low"),
        ("claude-opus-4-8", "xhigh", "xhigh"),
        ("claude-opus-5", "medium", "medium"),
        ("claude-opus-5-5", "high", "high"),
        ("claude-haiku-5-5", "max", "max"),
    ],
)
def test_from_4_6_an_effort_is_told_and_thoughts_come_back_in_words(
    model: str, effort: str, wanted: str
) -> None:
    body = sent(model, reasoning_effort=effort)

    assert body["thinking"] == ADAPTIVE
    assert body["output_config"] == {"effort": wanted}


def test_levels_that_a_model_does_not_have_are_refused() -> None:
    assert refused("claude-opus-4-6", reasoning_effort="xhigh") == "reasoning_effort"
    assert refused("claude-sonnet-4-5", reasoning_effort="max") == "reasoning_effort"
    assert refused("claude-opus-5-5", reasoning_effort="extreme") == "reasoning_effort"


@pytest.mark.parametrize(
    ("model", "thinking"),
    [
        ("claude-haiku-4-5", None),
        ("claude-opus-4-8", None),
        ("claude-opus-5", {"type": "disabled"}),
        ("claude-sonnet-5", {"type": "disabled"}),
        ("claude-haiku-5-5", {"type": "disabled"}),
        ("claude-sonnet-5-5", {"type": "between_tools"}),
    ],
)
def test_no_reasoning_turns_off_what_is_on_by_itself(model: str, thinking: JsonObject | None) -> None:
    body = sent(model, reasoning_effort="none")

    assert body.get("thinking") == thinking
    assert "output_config" not in body


@pytest.mark.parametrize("model", ["claude-opus-5-5", "claude-fable-5", "claude-fable-5-1"])
def test_models_that_always_think_refuse_not_to(model: str) -> None:
    assert refused(model, reasoning_effort="none") == "reasoning_effort"


@pytest.mark.parametrize("model", ["claude-haiku-4-5", "claude-opus-4-8", "claude-opus-5-5"])
def test_without_a_word_on_reasoning_the_model_does_as_it_does(model: str) -> None:
    assert "thinking" not in sent(model)


def test_claudes_own_field_for_thinking_goes_through() -> None:
    own = {"type": "enabled", "budget_tokens": 2000}

    assert sent("claude-haiku-4-5", thinking=own)["thinking"] == own
    assert sent("claude-opus-5", thinking={"type": "adaptive"}, reasoning_effort="low") == sent(
        "claude-opus-5"
    ) | {"thinking": {"type": "adaptive"}, "output_config": {"effort": "low"}}


def test_a_field_for_thinking_that_is_no_object_is_refused() -> None:
    with pytest.raises(InvalidRequest):
        sent("claude-opus-5", thinking="much")


def test_to_4_6_a_temperature_or_top_p_is_taken() -> None:
    assert sent("claude-sonnet-4-6", temperature=0)["temperature"] == 0
    assert sent("claude-sonnet-4-6", top_p=0.5, top_k=5, temperature=1) == sent("claude-sonnet-4-6") | {
        "top_p": 0.5,
        "top_k": 5,
    }


@pytest.mark.parametrize(
    ("model", "fields", "place"),
    [
        ("claude-opus-4-7", {"temperature": 0}, "temperature"),
        ("claude-opus-5-5", {"top_p": 0.9}, "top_p"),
        ("claude-opus-5-5", {"top_k": 5}, "top_k"),
        ("claude-haiku-4-5", {"temperature": 1.5}, "temperature"),
        ("claude-haiku-4-5", {"temperature": 0.5, "top_p": 0.9}, "top_p"),
        ("claude-haiku-4-5", {"temperature": 0.5, "reasoning_effort": "low"}, "temperature"),
        ("claude-haiku-4-5", {"top_k": 5, "reasoning_effort": "low"}, "top_k"),
    ],
)
def test_sampling_that_a_model_does_not_take_is_refused_by_name(
    model: str, fields: JsonObject, place: str
) -> None:
    assert refused(model, **fields) == place


@pytest.mark.parametrize("model", ["claude-opus-5-5", "claude-sonnet-5-5", "claude-fable-5-1"])
def test_models_that_cannot_be_forced_refuse_a_forced_tool(model: str) -> None:
    assert refused(model, tools=[WEATHER], tool_choice="required") == "tool_choice"


@pytest.mark.parametrize("model", ["claude-opus-5", "claude-sonnet-5", "claude-haiku-5-5"])
def test_a_forced_tool_turns_off_thinking_that_is_on_by_itself(model: str) -> None:
    body = sent(model, tools=[WEATHER], tool_choice="required")

    assert body["tool_choice"] == {"type": "any"}
    assert body["thinking"] == {"type": "disabled"}


def test_a_forced_tool_on_a_model_that_does_not_think_by_itself_says_nothing_of_it() -> None:
    assert "thinking" not in sent("claude-opus-4-8", tools=[WEATHER], tool_choice="required")


def test_a_forced_tool_and_reasoning_do_not_go_together_before_4_8() -> None:
    forced = {"tools": [WEATHER], "tool_choice": "required"}

    assert refused("claude-haiku-4-5", reasoning_effort="low", **forced) == "tool_choice"
    assert refused("claude-opus-4-7", thinking={"type": "adaptive"}, **forced) == "tool_choice"


@pytest.mark.parametrize("model", ["claude-opus-4-8", "claude-sonnet-5", "claude-opus-5"])
def test_from_4_8_a_model_thinks_beside_a_forced_tool(model: str) -> None:
    asked = sent(model, tools=[WEATHER], tool_choice="required", reasoning_effort="low")

    assert (asked["tool_choice"], asked["thinking"]) == ({"type": "any"}, ADAPTIVE)
