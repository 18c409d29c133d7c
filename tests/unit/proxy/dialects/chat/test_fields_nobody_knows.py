"""What no table of fields has goes to OpenAI, and to others whose entry names it; elsewhere it stays behind, told."""

import json
from typing import Any

import pytest

from aggregator.errors import UnsupportedParameter
from aggregator.orchestrator.catalogue import Catalogue
from aggregator.orchestrator.load_catalogue import packaged
from aggregator.orchestrator.merge import merged
from aggregator.proxy.dialects import lanes
from aggregator.proxy.dialects.chat import to_provider
from aggregator.proxy.dialects.fields import UNKNOWN, without_unknown
from aggregator.proxy.dialects.published import CHAT
from local.standin.errors import BadRequest
from local.standin.refusals import refuse
from tests.fakes.chat_world import ask, way

JsonObject = dict[str, Any]

CATALOGUE = Catalogue(merged(packaged(), None, None, region="us-east-1"), version=1)
OTHERS = (
    "google-openai", "mistral", "deepseek", "groq", "xai", "bedrock", "bedrock-mantle", "together", "fireworks",
    "cohere", "openrouter",
)  # fmt: skip


def sent(there: str, **fields: Any) -> tuple[JsonObject, tuple[str, ...]]:
    """What went to a provider, and what its client is told."""
    on = way(provider=CATALOGUE.provider(there), upstream_model="m")
    said = ask(**fields)
    lanes.check(said, on.route.via)
    lane = lanes.lane_of(said, on.route.via)
    out = lane.adapter.encode(said, on, "k")
    return json.loads(out.body), lanes.left_out(said, on.route.via, lane, out)


@pytest.mark.unpublished("of_tomorrow")
@pytest.mark.parametrize("provider", ["openai", "azure", "vllm", "ollama"])
def test_it_goes_to_its_house_and_to_servers_that_take_any(provider: str) -> None:
    body, told = sent(provider, of_tomorrow={"x": 1})

    assert body["of_tomorrow"] == {"x": 1}
    assert told == ()


@pytest.mark.parametrize("provider", OTHERS)
def test_others_do_not_get_it_and_the_client_is_told(provider: str) -> None:
    body, told = sent(provider, of_tomorrow=1, min_q=None, seen=[])

    assert body.keys() & {"of_tomorrow", "min_q", "seen"} == set()
    assert told == ("of_tomorrow",)


@pytest.mark.unpublished("safe_prompt", "min_p", "repetition_penalty", "chat_template_kwargs", "reasoning")
@pytest.mark.parametrize(("provider", "fields"), [
    ("mistral", {"safe_prompt": True, "random_seed": 3}),
    ("deepseek", {"thinking": {"type": "disabled"}}),
    ("groq", {"reasoning_format": "parsed"}),
    ("together", {"min_p": 0.1, "repetition_penalty": 1.1, "chat_template_kwargs": {"x": 1}}),
    ("fireworks", {"min_p": 0.1, "top_k": 4}),
    ("openrouter", {"reasoning": {"effort": "low"}}),
])  # fmt: skip
def test_what_a_provider_documents_goes_there(provider: str, fields: JsonObject) -> None:
    body, told = sent(provider, **fields)

    assert {name: body[name] for name in fields} == fields
    assert told == ()


@pytest.mark.parametrize("provider", [*OTHERS, "openai", "vllm"])
@pytest.mark.parametrize("name", ["guardrails", "safety_model", "provider", "search_parameters"])
def test_what_steers_or_costs_is_refused_by_name_wherever_it_is_sent(provider: str, name: str) -> None:
    with pytest.raises(UnsupportedParameter) as refused:
        sent(provider, **{name: {"x": 1}})

    assert refused.value.param == name


@pytest.mark.parametrize("provider", ["mistral", "groq"])
def test_a_strict_provider_answers_what_it_would_have_refused(provider: str) -> None:
    fields = {"min_p": 0.1, "extra_body": {"x": 1}, "think": True, "enable_thinking": False}

    body, told = sent(provider, **fields)

    path = f"/{provider}/v1/chat/completions"
    refuse("chat", "m", path, {}, body)
    for name, value in fields.items():
        with pytest.raises(BadRequest):
            refuse("chat", "m", path, {}, body | {name: value})
    assert told == tuple(fields)


@pytest.mark.parametrize(("provider", "told"), [
    ("mistral", ("annotations",)), ("groq", ("annotations",)), ("openai", ()), ("xai", ()),
])  # fmt: skip
def test_sources_of_an_earlier_answer_that_a_strict_provider_does_not_take_are_told(
    provider: str, told: tuple[str, ...]
) -> None:
    page = {"start_index": 0, "end_index": 2, "title": "P", "url": "https://a.example"}
    answer = {
        "role": "assistant",
        "content": "yo",
        "annotations": [{"type": "url_citation", "url_citation": page}],
    }
    hi = {"role": "user", "content": "hi"}

    assert sent(provider, messages=[hi, answer, hi])[1] == told
    assert sent(provider, messages=[hi, answer | {"annotations": []}, hi])[1] == ()


def test_what_needs_no_look_at_the_table_has_a_class_there() -> None:
    assert CHAT.keys() >= to_provider._COMMON


def test_only_chat_is_spoken_by_so_many_that_what_is_unknown_is_left_out() -> None:
    assert UNKNOWN == {
        "messages": "refused by name",
        "responses": "refused by name",
        "chat": "left out and told",
    }
    assert without_unknown({"model": "m", "x": 1, "y": ""}, CHAT, {"z"}) == ({"model": "m"}, ("x",))
