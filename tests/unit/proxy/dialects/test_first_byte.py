"""How long a provider may take to begin: a stream as long as to its next word, a plain answer the whole time."""

from typing import Any

import pytest

from aggregator.orchestrator.catalogue import Catalogue
from aggregator.orchestrator.load_catalogue import packaged
from aggregator.orchestrator.merge import merged
from aggregator.proxy.dialects import lanes
from aggregator.proxy.dialects.chat.client import CHAT
from aggregator.proxy.dialects.messages.client import MESSAGES
from aggregator.proxy.dialects.responses.client import RESPONSES
from aggregator.proxy.dialects.surface import Surface
from aggregator.proxy.model import Route, Way
from tests.fakes.chat_world import NANO_A_TOKEN, chat_event

JsonObject = dict[str, Any]

CATALOGUE = Catalogue(merged(packaged(), None, None, region="us-east-1"), version=1)
HI: JsonObject = {"messages": [{"role": "user", "content": "hi"}], "max_tokens": 10}


@pytest.mark.parametrize(
    ("surface", "said", "model", "provider_id", "silence"),
    [
        (CHAT, HI, "gpt-4o-mini", "openai", 120),
        (CHAT, HI, "gpt-6.1-sol", "openai", 290),
        (CHAT, HI, "claude-sonnet-5-5", "anthropic", 290),
        (CHAT, HI, "gemini-3.8-flash", "google", 290),
        (CHAT, HI, "nova-2-lite", "bedrock-converse", 290),
        (MESSAGES, HI, "claude-sonnet-5-5", "anthropic", 290),
        (RESPONSES, {"input": "hi"}, "gpt-6.1-sol", "openai", 290),
        (RESPONSES, {"input": "hi"}, "claude-sonnet-5-5", "anthropic", 290),
    ],
)
def test_a_stream_is_waited_for_as_long_as_its_provider_may_be_silent_and_a_plain_answer_for_its_time_out(
    surface: Surface,
    said: JsonObject,
    model: str,
    provider_id: str,
    silence: int,
) -> None:
    via = next(each for each in CATALOGUE.find(model).routes if each.provider.id == provider_id)
    way = Way(Route(via, NANO_A_TOKEN), 10)

    def seconds(*, stream: bool) -> float:
        ask = surface.read(chat_event(said | {"model": model, "stream": stream}))
        lane = lanes.lane_of(ask, via)
        return lane.adapter.encode(lanes.translated(ask, via), way, "sk-1").first_byte_seconds

    assert (seconds(stream=True), seconds(stream=False)) == (silence, 600)


def test_no_provider_that_is_shipped_may_be_silent_for_longer_than_api_gateway_waits() -> None:
    providers = packaged()["providers"]
    silences = {
        each.get(field, default)
        for each in providers
        for field, default in (("silenceSeconds", 120), ("reasoningSilenceSeconds", 290))
    }

    assert len(providers) >= 15
    assert max(silences) == 290
