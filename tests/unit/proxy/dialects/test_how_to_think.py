"""How to think, as the Messages API says it, for models of other dialects: exact fields."""

import json
from typing import Any

import pytest

from aggregator.proxy.dialects.fitting import in_dialect_of
from aggregator.proxy.dialects.lanes import adapter_of
from aggregator.proxy.dialects.messages.client import MESSAGES
from tests.fakes.bedrock_wire import bedrock_way
from tests.fakes.chat_world import chat_event, provider, way

JsonObject = dict[str, Any]

SONNET_4_5 = "global.anthropic.claude-sonnet-4-5-20250929-v1:0"
OPUS_4_5 = "global.anthropic.claude-opus-4-5-20251101-v1:0"
OPUS_4_6 = "global.anthropic.claude-opus-4-6-v1"
NOVA = "amazon.nova-pro-v1:0"
NOVA_2 = "global.amazon.nova-2-lite-v1:0"
OFF = {"thinking": {"type": "disabled"}}
LOW = {"output_config": {"effort": "low"}}
BUDGET = {"thinking": {"type": "enabled", "budget_tokens": 2000}}


def sent(protocol: str, model: str, **fields: Any) -> JsonObject:
    asked = MESSAGES.read(
        chat_event(
            {"model": "m", "max_tokens": 8000, "messages": [{"role": "user", "content": "hi"}]} | fields
        )
    )
    if protocol == "bedrock":
        on = bedrock_way(model, 8000)
    else:
        on = way(output_tokens=8000, provider=provider(protocol, protocol=protocol), upstream_model=model)
    body: JsonObject = json.loads(
        adapter_of(protocol).encode(in_dialect_of(on.route.via, asked), on, "k").body
    )
    return body


@pytest.mark.parametrize(
    ("model", "fields", "wanted"),
    [
        ("gemini-2.5-flash", OFF, {"thinkingBudget": 0}),
        ("gemini-2.5-pro", OFF, {"thinkingBudget": 1024, "includeThoughts": True}),
        ("gemini-3.8-flash", OFF, {"thinkingLevel": "LOW", "includeThoughts": True}),
        ("gemini-3-flash-preview", OFF, {"thinkingLevel": "MINIMAL", "includeThoughts": False}),
        (
            "gemini-3.8-flash",
            {"output_config": {"effort": "max"}},
            {"thinkingLevel": "HIGH", "includeThoughts": True},
        ),
    ],
)
def test_gemini_thinks_as_little_as_it_can_where_it_shall_not(
    model: str, fields: JsonObject, wanted: JsonObject
) -> None:
    assert sent("gemini", model, **fields)["generationConfig"]["thinkingConfig"] == wanted


@pytest.mark.parametrize(
    ("model", "fields", "wanted"),
    [
        (OPUS_4_6, LOW, {"output_config": {"effort": "low"}}),
        (OPUS_4_5, LOW, {"output_config": {"effort": "low"}}),
        (SONNET_4_5, LOW, None),
        (OPUS_4_5, LOW | BUDGET, BUDGET | {"output_config": {"effort": "low"}}),
        (SONNET_4_5, LOW | BUDGET, BUDGET),
        (NOVA, BUDGET, None),
        (NOVA, LOW, None),
        (NOVA, OFF, None),
        (
            NOVA_2,
            {"output_config": {"effort": "max"}},
            {"reasoningConfig": {"type": "enabled", "maxReasoningEffort": "medium"}},
        ),
        (NOVA_2, OFF, {"reasoningConfig": {"type": "disabled"}}),
        ("us.meta.llama3-3-70b-instruct-v1:0", BUDGET, None),
        ("deepseek.v3-v1:0", OFF, None),
    ],
)
def test_models_on_bedrock_get_the_thinking_that_they_have(
    model: str, fields: JsonObject, wanted: JsonObject | None
) -> None:
    assert sent("bedrock", model, **fields).get("additionalModelRequestFields") == wanted


def test_an_effort_alone_asks_claude_for_no_thinking() -> None:
    body = sent("anthropic", "claude-opus-4-6", **LOW)

    assert "thinking" not in body
    assert body["output_config"] == {"effort": "low"}
