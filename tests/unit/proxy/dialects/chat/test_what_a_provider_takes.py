"""What the entry of a provider of OpenAI's protocol makes of a request: real entries, exact bodies."""

import json
from typing import Any

import pytest

from aggregator.errors import UnsupportedParameter
from aggregator.orchestrator.catalogue import Catalogue
from aggregator.orchestrator.load_catalogue import packaged
from aggregator.orchestrator.merge import merged
from aggregator.proxy.dialects.chat.provider import encode
from aggregator.proxy.dialects.chat.to_provider import call_id
from aggregator.proxy.dialects.fitting import in_dialect_of
from aggregator.proxy.dialects.messages.client import MESSAGES
from aggregator.proxy.dialects.responses.client import RESPONSES
from tests.fakes.chat_world import ask, chat_event, way

JsonObject = dict[str, Any]

HI = {"role": "user", "content": "hi"}
CATALOGUE = Catalogue(merged(packaged(), None, None, region="us-east-1"), version=1)


def sent(provider: str, model: str = "m", **fields: Any) -> JsonObject:
    on = way(provider=CATALOGUE.provider(provider), upstream_model=model)
    body: JsonObject = json.loads(encode(ask(**fields), on, "k").body)
    return body


def of_surface(surface: Any, provider: str, model: str, **fields: Any) -> JsonObject:
    on = way(provider=CATALOGUE.provider(provider), upstream_model=model)
    asked = surface.read(chat_event({"model": "m"} | fields))
    body: JsonObject = json.loads(encode(in_dialect_of(on.route.via, asked), on, "k").body)
    return body


def messages(provider: str, model: str, **fields: Any) -> JsonObject:
    return of_surface(MESSAGES, provider, model, **{"max_tokens": 30_000, "messages": [HI]} | fields)


@pytest.mark.parametrize(
    "provider", ["deepseek", "mistral", "groq", "together", "fireworks", "cohere", "vllm"]
)
def test_a_developer_is_the_system_where_no_other_name_is_known(provider: str) -> None:
    found = sent(provider, messages=[{"role": "developer", "content": "be brief"}, HI])

    assert found["messages"] == [{"role": "system", "content": "be brief"}, HI]


def test_openai_keeps_its_developer() -> None:
    said = [{"role": "developer", "content": "be brief"}, HI]

    assert sent("openai", messages=said)["messages"] == said


def test_groq_gets_no_thoughts_of_an_earlier_answer() -> None:
    answer = {"role": "assistant", "content": "yo", "reasoning_content": "hm", "reasoning_details": [{}]}

    found = sent("groq", messages=[HI, answer | {"refusal": None, "annotations": []}])

    assert found["messages"][1] == {"role": "assistant", "content": "yo"}


def test_mistral_gets_of_an_answer_only_what_it_takes() -> None:
    extra: JsonObject = {
        "refusal": None,
        "annotations": [],
        "audio": None,
        "function_call": None,
        "parsed": {"a": 1},
    }
    call = {"id": "abcDEF123", "type": "function", "function": {"name": "f", "arguments": "{}"}}

    found = sent(
        "mistral",
        messages=[
            HI,
            {"role": "assistant", "content": "yo", "tool_calls": [call | {"extra_content": {}}]} | extra,
        ],
    )

    assert found["messages"][1] == {"role": "assistant", "content": "yo", "tool_calls": [call]}


@pytest.mark.parametrize("provider", ["mistral", "groq"])
def test_a_refusal_goes_back_as_the_words_that_it_was(provider: str) -> None:
    found = sent(provider, messages=[HI, {"role": "assistant", "content": None, "refusal": "I will not."}])

    assert found["messages"][1] == {"role": "assistant", "content": "I will not."}


def test_the_name_of_a_speaker_that_mistral_does_not_take_is_refused() -> None:
    with pytest.raises(UnsupportedParameter) as refused:
        sent("mistral", messages=[HI | {"name": "Ann"}])

    assert refused.value.param == "messages.0.name"


def test_ids_of_calls_are_what_mistral_takes_and_always_the_same() -> None:
    call = {"id": "call_abcdefgh12345", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    result = {"role": "tool", "tool_call_id": "call_abcdefgh12345", "content": "ok"}

    found = sent(
        "mistral", messages=[HI, {"role": "assistant", "content": None, "tool_calls": [call]}, result]
    )

    assert found["messages"][1]["tool_calls"][0]["id"] == found["messages"][2]["tool_call_id"] == "zsc8kUAiC"
    assert call_id("abcDEF123", 9) == "abcDEF123"
    assert call_id("call_1", 9) != call_id("call_2", 9)


def test_hints_are_left_out_where_they_are_refused() -> None:
    hints = {"prompt_cache_key": "k", "safety_identifier": "s", "text": {"verbosity": "low"}, "user": "u"}

    assert "verbosity" not in (groq := of_surface(RESPONSES, "groq", "m", input="hi", **hints))
    assert groq.keys() == {"model", "messages", "max_completion_tokens", "user"}
    assert of_surface(RESPONSES, "mistral", "m", input="hi", **hints).keys() == {
        "model", "messages", "max_tokens", "prompt_cache_key",
    }  # fmt: skip
    assert of_surface(RESPONSES, "openai", "m", input="hi", **hints)["verbosity"] == "low"


def test_a_function_without_properties_has_none() -> None:
    found = messages(
        "openai", "gpt-5.1", tools=[{"name": "list_networks", "input_schema": {"type": "object"}}]
    )

    assert found["tools"][0]["function"]["parameters"] == {"type": "object", "properties": {}}


@pytest.mark.parametrize("name", ["n" * 65, "two words", ""])
def test_a_name_that_no_provider_takes_is_refused_by_its_place(name: str) -> None:
    with pytest.raises(UnsupportedParameter) as refused:
        sent("openai", tools=[{"type": "function", "function": {"name": name}}])

    assert refused.value.param == "tools.0.function.name"


@pytest.mark.parametrize(
    ("provider", "model", "asked", "field", "value"),
    [
        ("groq", "qwen/qwen3.8-27b", "none", "reasoning_effort", "none"),
        ("groq", "qwen/qwen3.8-27b", "high", "reasoning_effort", "default"),
        ("groq", "openai/gpt-oss-120b", "xhigh", "reasoning_effort", "high"),
        ("groq", "openai/gpt-oss-120b", "max", "reasoning_effort", "high"),
        ("groq", "openai/gpt-oss-120b", "minimal", "reasoning_effort", "low"),
        ("mistral", "mistral-small-latest", "low", "reasoning_effort", "high"),
        ("mistral", "mistral-small-latest", "none", "reasoning_effort", "none"),
        ("deepseek", "deepseek-v4-pro", "none", "thinking", {"type": "disabled"}),
        ("openai", "gpt-5.1", "xhigh", "reasoning_effort", "high"),
        ("openai", "gpt-5-mini", "minimal", "reasoning_effort", "minimal"),
        ("openai", "gpt-5.6-sol", "max", "reasoning_effort", "max"),
    ],
)
def test_an_effort_is_the_nearest_that_the_model_takes(
    provider: str, model: str, asked: str, field: str, value: Any
) -> None:
    found = sent(provider, model, reasoning_effort=asked)

    assert found[field] == value
    assert found.keys() - {"model", "messages"} - {field} <= {"max_tokens", "max_completion_tokens"} | {
        "reasoning_format"
    }


@pytest.mark.parametrize(
    ("provider", "model", "asked"),
    [
        ("xai", "grok-4.5", "none"),
        ("groq", "openai/gpt-oss-120b", "none"),
        ("openai", "gpt-6-astra", "none"),
        ("openai", "gpt-4o", "low"),
    ],
)
def test_an_effort_that_nothing_stands_for_is_refused(provider: str, model: str, asked: str) -> None:
    with pytest.raises(UnsupportedParameter) as refused:
        sent(provider, model, reasoning_effort=asked)

    assert refused.value.param == "reasoning_effort"


@pytest.mark.parametrize(
    ("provider", "model", "field", "value"),
    [
        ("openai", "gpt-5.1", "reasoning_effort", "none"),
        ("openai", "gpt-5", "reasoning_effort", "minimal"),
        ("openai", "gpt-6-astra", "reasoning_effort", "low"),
        ("openai", "gpt-4o", "reasoning_effort", None),
        ("groq", "openai/gpt-oss-120b", "reasoning_effort", "low"),
        ("deepseek", "deepseek-v4-pro", "thinking", {"type": "disabled"}),
        ("together", "zai-org/GLM-5.2", "reasoning_effort", None),
    ],
)
def test_who_asks_for_no_thinking_gets_as_little_as_there_is(
    provider: str, model: str, field: str, value: Any
) -> None:
    assert messages(provider, model, thinking={"type": "disabled"}).get(field) == value


def test_thinking_is_not_asked_of_a_model_that_does_not_think() -> None:
    found = messages("openai", "gpt-4o", thinking={"type": "enabled", "budget_tokens": 4000})

    assert found.keys() == {"model", "messages", "max_completion_tokens"}


def test_the_least_effort_stands_in_the_request_whatever_lane_it_takes() -> None:
    """Tools go to OpenAI's newest models over Responses, which refuses `none` for them as well."""
    on = way(provider=CATALOGUE.provider("openai"), upstream_model="gpt-6-astra")
    fields = {"max_tokens": 30_000, "messages": [HI], "thinking": {"type": "disabled"}}

    found = in_dialect_of(on.route.via, MESSAGES.read(chat_event({"model": "m"} | fields)))

    assert found.body["reasoning_effort"] == "low"
