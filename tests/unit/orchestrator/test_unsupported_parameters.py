import json
from pathlib import Path
from typing import Any

import pytest

from aggregator.errors import UnsupportedParameter
from aggregator.orchestrator.catalogue import Catalogue
from aggregator.orchestrator.merge import merged
from aggregator.orchestrator.model import Provider
from aggregator.orchestrator.parameters import fitted, refuse_unsupported, values_at, with_defaults
from tests.unit.orchestrator.samples import catalogue, data

JsonObject = dict[str, Any]

PACKAGED = Path(__file__).parents[3] / "layers/common/python/aggregator/orchestrator/catalogue.json"


@pytest.fixture
def picky() -> Provider:
    content = data()
    content["providers"][1].update(
        unsupported=["logprobs", "n", "seed", "messages[].name", "parallel_tool_calls"],
        onlyValues={"response_format.type": ["text", "json_object"], "tools[].type": ["function"]},
        rename={"user": "end_user"},
    )
    return catalogue(content).provider("groq")


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"logprobs": True}, "logprobs"),
        ({"n": 2}, "n"),
        ({"seed": 0}, "seed"),
        ({"parallel_tool_calls": False}, "parallel_tool_calls"),
        ({"messages": [{"role": "user"}, {"role": "user", "name": "ann"}]}, "messages.1.name"),
        ({"response_format": {"type": "json_schema", "json_schema": {}}}, "response_format.type"),
        ({"tools": [{"type": "function"}, {"type": "browser_search"}]}, "tools.1.type"),
    ],
)
def test_a_field_that_a_provider_cannot_honour_is_refused_by_its_name(
    picky: Provider, body: JsonObject, param: str
) -> None:
    with pytest.raises(UnsupportedParameter) as refused:
        refuse_unsupported(body, picky)

    assert refused.value.param == param
    assert param in refused.value.message
    assert refused.value.message.startswith("Groq ")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"logprobs": False, "n": 1, "seed": None, "parallel_tool_calls": True},
        {"messages": [{"role": "user", "content": "hi", "name": None}]},
        {"messages": "not a list", "tools": None, "response_format": "text"},
        {"response_format": {"type": "json_object"}, "tools": [{"type": "function"}]},
        {"temperature": 0.2, "a_new_field": 1},
    ],
)
def test_what_asks_for_nothing_special_and_what_is_not_listed_passes(
    picky: Provider, body: JsonObject
) -> None:
    refuse_unsupported(body, picky)


def test_a_fitted_body_leaves_out_what_asks_for_nothing_and_renames_the_rest(picky: Provider) -> None:
    body = {"model": "x", "n": 1, "logprobs": False, "user": "ann", "temperature": 0.2}

    assert fitted(body, picky) == {"model": "x", "end_user": "ann", "temperature": 0.2}
    assert body["n"] == 1


def test_a_body_that_cannot_be_honoured_is_not_fitted(picky: Provider) -> None:
    with pytest.raises(UnsupportedParameter):
        fitted({"n": 3}, picky)


def test_values_are_found_at_their_places() -> None:
    body = {"a": [{"b": {"c": 1}}, {"b": {"c": 2}}, {}, "text"]}

    assert list(values_at(body, "a[].b.c")) == [("a.0.b.c", 1), ("a.1.b.c", 2)]
    assert list(values_at(body, "a.b")) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("service_tier", "flex"),
        ("service_tier", "on_demand"),
        ("provider", {"order": ["x"]}),
        ("preset", "mine"),
        ("models", ["a", "b"]),
        ("route", "fallback"),
        ("plugins", [{"id": "web"}]),
        ("data_sources", [{"type": "azure_search"}]),
        ("deferred", True),
        ("search_parameters", {"mode": "on"}),
        ("best_of", 4),
        ("background", True),
        ("enable_search", True),
        ("speed", "fast"),
    ],
)
def test_what_steers_or_is_paid_apart_is_refused_by_whoever_does_not_name_it(
    picky: Provider, name: str, value: Any
) -> None:
    with pytest.raises(UnsupportedParameter) as refused:
        refuse_unsupported({name: value}, picky)

    assert refused.value.param == name
    refuse_unsupported({name: value}, picky._replace(extensions=frozenset({name})))
    refuse_unsupported({name: value}, picky._replace(only_values={name: [value]}))


def test_what_steers_nothing_is_left_out_where_it_is_not_taken(picky: Provider) -> None:
    body = {"service_tier": "auto", "models": [], "deferred": False, "temperature": 1}

    assert fitted(body, picky) == {"temperature": 1}
    assert fitted(body, picky._replace(only_values={"service_tier": ["auto", "default"]})) == {
        "service_tier": "auto",
        "temperature": 1,
    }


def test_no_packaged_provider_takes_a_tier_or_a_way_that_has_no_price() -> None:
    packaged = Catalogue(merged(json.loads(PACKAGED.read_text()), None, None, region="us-east-1"), version=1)

    for provider in map(packaged.provider, packaged.provider_ids):
        # whether a model of OpenAI's has a price for flex is asked of each route: tests/unit/proxy/dialects
        tier = "scale" if provider.id == "openai" else "flex"
        for name, value in (("service_tier", tier), ("provider", {"order": ["x"]}), ("deferred", True)):
            with pytest.raises(UnsupportedParameter):
                refuse_unsupported({name: value}, provider)


DEFAULTS = {"qwen/*": {"reasoning_format": "parsed", "include_reasoning": None}}


@pytest.mark.parametrize(
    ("model", "body", "sent"),
    [
        ("qwen/qwen3.8-27b", {"n": 1}, {"n": 1, "reasoning_format": "parsed"}),
        ("qwen/qwen3.8-27b", {"reasoning_format": "raw"}, {"reasoning_format": "raw"}),
        ("qwen/qwen3.8-27b", {"include_reasoning": False}, {"include_reasoning": False}),
        ("openai/gpt-oss-20b", {"n": 1}, {"n": 1}),
    ],
)
def test_what_a_model_wants_said_is_said_unless_the_request_does(
    picky: Provider, model: str, body: JsonObject, sent: JsonObject
) -> None:
    assert with_defaults(body, picky._replace(defaults=DEFAULTS), model) == sent


def test_groqs_qwen_keeps_its_thoughts_apart_from_its_words() -> None:
    packaged = Catalogue(merged(json.loads(PACKAGED.read_text()), None, None, region="us-east-1"), version=1)

    assert packaged.provider("groq").defaults == DEFAULTS
