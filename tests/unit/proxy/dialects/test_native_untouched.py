"""How much of what the SDKs can say reaches its dialect's own house as it was said: one request for each variant.

`pytest -s` prints the figures. Requests are made of the pinned SDKs' types, so that a field of a newer one is in them.
"""

import json
import sys
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from anthropic.types.beta.message_create_params import MessageCreateParamsNonStreaming as Messages
from openai.types.responses.response_create_params import ResponseCreateParamsNonStreaming as Responses

from aggregator.errors import Refusal
from aggregator.orchestrator.catalogue import Catalogue
from aggregator.orchestrator.load_catalogue import packaged
from aggregator.orchestrator.merge import merged
from aggregator.orchestrator.model import Route as CatalogueRoute
from aggregator.proxy.dialects import lanes
from aggregator.proxy.dialects.messages.client import MESSAGES
from aggregator.proxy.dialects.responses.client import RESPONSES
from aggregator.proxy.model import Ask, Route, Way
from tests.fakes.chat_world import chat_event
from tests.unit.proxy.dialects.sdk_requests import requests_of

JsonObject = dict[str, Any]

CATALOGUE = Catalogue(merged(packaged(), None, None, region="us-east-1"), version=1)
NOT_FIELDS = {"model", "stream", "betas"}
LEAST_MESSAGE: JsonObject = {
    "model": "mini",
    "max_tokens": 100,
    "messages": [{"role": "user", "content": "hi"}],
}
LEAST_RESPONSE: JsonObject = {"model": "mini", "input": "hi", "max_output_tokens": 100, "store": False}


def via(model: str, provider_id: str) -> CatalogueRoute:
    return next(each for each in CATALOGUE.find(model).routes if each.provider.id == provider_id)


def outcomes(
    params: type, least: JsonObject, read: Callable[[Any], Ask], over: CatalogueRoute, cap: str
) -> tuple[Counter[str], Counter[str], list[tuple[str, JsonObject]]]:
    """How often a request arrived, by how; which of its fields differed; and those refused that name nothing of it."""
    how: Counter[str] = Counter()
    changed: Counter[str] = Counter()
    unnamed: list[tuple[str, JsonObject]] = []
    way = Way(Route(over, over.prices[-1].price), 100, tool_calls=3)
    for name, asked in requests_of(params, least):
        if name in NOT_FIELDS:
            continue
        try:
            ask = read(chat_event(asked))
            lanes.check(ask, over)
            out = lanes.lane_of(ask, over).adapter.encode(ask, way, "sk-1").body
        except Refusal as refused:
            how["refused by name"] += 1
            if not str(refused.param or "").startswith(name):
                unnamed.append((name, asked))
            continue
        sent = json.loads(out)
        differ = {each for each in asked.keys() | sent.keys() if asked.get(each) != sent.get(each)}
        changed.update(differ - {"model", cap})
        how["as it was said" if differ <= {"model", cap} else "but for the list"] += 1
        if differ <= {"model", cap}:
            renamed = {**asked, "model": over.upstream_model, cap: 100}
            how["and byte for byte"] += out == json.dumps(renamed, separators=(",", ":")).encode()
    return how, changed, unnamed


@pytest.mark.unjudged("some variants of the types are what an SDK takes and never sends: files that it reads")
@pytest.mark.parametrize(("surface", "listed"), [
    ("messages", {"tools", "diagnostics", "billing_policy"}),
    ("responses", {
        "tools", "max_tool_calls", "store", "include", "input", "background_options", "access_programs",
    }),
])  # fmt: skip
def test_what_an_sdk_can_say_goes_to_its_house_as_it_is_but_for_the_list(
    surface: str, listed: set[str], record_property: Callable[[str, object], None]
) -> None:
    how, changed, unnamed = (
        outcomes(Messages, LEAST_MESSAGE, MESSAGES.read, via("claude-opus-5", "anthropic"), "max_tokens")
        if surface == "messages"
        else outcomes(
            Responses, LEAST_RESPONSE, RESPONSES.read, via("gpt-5.6", "openai"), "max_output_tokens"
        )
    )

    said = f"{surface}: {dict(how)}; fields that differed: {dict(changed)}"
    record_property("figures", said)
    sys.stderr.write(f"\n{said}\n")
    assert changed.keys() <= listed
    assert unnamed == []
    assert how["and byte for byte"] == how["as it was said"] > 500
