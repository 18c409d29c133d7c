"""What is to stay in a cache for an hour, at gateways that speak OpenAI's dialect and take Claude's marks."""

import json
from typing import Any

import pytest

from aggregator.errors import UnsupportedParameter
from aggregator.proxy.dialects.lanes import adapter_of
from tests.fakes.chat_world import NANO_A_TOKEN, ask, provider, way

JsonObject = dict[str, Any]

HOUR: JsonObject = {"cache_control": {"type": "ephemeral", "ttl": "1h"}}
GATEWAY = provider("openrouter", extensions=frozenset({"cache_control"}))


def sent(price: Any = NANO_A_TOKEN, **fields: Any) -> JsonObject:
    request = adapter_of("openai").encode(ask(**fields), way(provider=GATEWAY, price=price), "key-1")
    body: JsonObject = json.loads(request.body)
    return body


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        (HOUR, ""),
        ({"messages": [{"role": "user", "content": "hi"} | HOUR]}, "messages.0."),
        (
            {"messages": [{"role": "user", "content": [{"type": "text", "text": "hi"} | HOUR]}]},
            "messages.0.content.0.",
        ),
        ({"tools": [{"type": "function", "function": {"name": "f"}} | HOUR]}, "tools.0."),
    ],
)
def test_a_gateway_keeps_nothing_for_an_hour_that_has_no_price(fields: JsonObject, place: str) -> None:
    with pytest.raises(UnsupportedParameter) as refused:
        sent(**fields)

    assert refused.value.param == f"{place}cache_control.ttl"
    hourly = NANO_A_TOKEN._replace(cache_write_hour=2_000_000)
    assert json.dumps(sent(hourly, **fields)).count('"ttl": "1h"') == 1


def test_what_merely_looks_like_a_mark_goes_along() -> None:
    schema = {"type": "object", "properties": {"cache_control": {"ttl": "1h"}}}
    tool = {"type": "function", "function": {"name": "f", "parameters": schema}}

    assert sent(tools=[tool], cache_control={"type": "ephemeral"})["tools"] == [tool]
