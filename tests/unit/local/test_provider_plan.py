from typing import Any

import pytest

from aggregator.orchestrator.load_catalogue import packaged
from local.providers import ProviderPlan, address_variable, plan_providers

CATALOGUE: dict[str, Any] = {
    "providers": [
        {"id": "openai", "keyVariable": "OPENAI_API_KEY", "baseUrl": "https://api.openai.com/v1"},
        {
            "id": "bedrock",
            "keyVariable": "AWS_BEARER_TOKEN_BEDROCK",
            "baseUrl": "https://b.{region}.example/openai/v1",
        },
        {"id": "ollama", "keyless": True, "baseUrl": "http://127.0.0.1:11434"},
    ],
    "models": [
        {
            "id": "both",
            "capabilities": ["chat"],
            "routes": [{"provider": "openai", "weight": 1}, {"provider": "bedrock", "weight": 1}],
        },
        {"id": "local-only", "capabilities": ["chat"], "routes": [{"provider": "ollama"}]},
    ],
}


def plan(**environment: str) -> ProviderPlan:
    return plan_providers(CATALOGUE, environment, "http://127.0.0.1:9000")


def test_without_keys_every_provider_is_stood_in_under_a_url_of_its_own() -> None:
    found = plan()

    assert (found.real, found.stood_in) == ((), ("openai", "bedrock", "ollama"))
    assert found.overrides == {
        "providers": {
            "openai": {"baseUrl": "http://127.0.0.1:9000/openai/v1"},
            "bedrock": {"baseUrl": "http://127.0.0.1:9000/bedrock/openai/v1"},
            "ollama": {"baseUrl": "http://127.0.0.1:9000/ollama"},
        },
        "models": {},
    }


def test_the_stand_in_is_spoken_to_in_each_providers_dialect_at_its_path() -> None:
    changed = plan_providers(packaged(), {}, "http://127.0.0.1:9000").overrides

    assert {name for each in changed["providers"].values() for name in each} == {"baseUrl"}
    assert {
        name: changed["providers"][name]["baseUrl"]
        for name in ("anthropic", "google", "bedrock-converse", "groq")
    } == {
        "anthropic": "http://127.0.0.1:9000/anthropic/v1",
        "google": "http://127.0.0.1:9000/google/v1beta",
        "bedrock-converse": "http://127.0.0.1:9000/bedrock-converse",
        "groq": "http://127.0.0.1:9000/groq/openai/v1",
    }
    assert changed["models"] == {}


def test_the_stand_in_gets_no_key_where_calls_are_signed() -> None:
    assert "bedrock-converse" not in plan_providers(packaged(), {}, "http://127.0.0.1:9000").keys


ELSEWHERE = [
    ("OPENAI_BASE_URL", "http://127.0.0.1:7/mine/v1", "openai", "http://127.0.0.1:7/mine/v1"),
    ("OPENAI_BASE_URL", "http://127.0.0.1:7", "openai", "http://127.0.0.1:7/v1"),
    ("ANTHROPIC_BASE_URL", "http://127.0.0.1:7/", "anthropic", "http://127.0.0.1:7/v1"),
    ("ANTHROPIC_BASE_URL", "http://127.0.0.1:7/mine", "anthropic", "http://127.0.0.1:7/mine/v1"),
    ("ANTHROPIC_BASE_URL", "http://127.0.0.1:7/mine/v1", "anthropic", "http://127.0.0.1:7/mine/v1"),
    ("GEMINI_BASE_URL", "http://127.0.0.1:7", "google", "http://127.0.0.1:7/v1beta"),
    ("GROQ_BASE_URL", "http://127.0.0.1:7", "groq", "http://127.0.0.1:7/openai/v1"),
    ("BEDROCK_CONVERSE_BASE_URL", "http://127.0.0.1:7", "bedrock-converse", "http://127.0.0.1:7"),
    ("BEDROCK_MANTLE_BASE_URL", "http://127.0.0.1:7", "bedrock-mantle", "http://127.0.0.1:7/v1"),
    ("GOOGLE_OPENAI_BASE_URL", "http://127.0.0.1:7/x", "google-openai", "http://127.0.0.1:7/x"),
]


@pytest.mark.parametrize(
    "key", [{}, {"OPENAI_API_KEY": "sk-1", "ANTHROPIC_API_KEY": "sk-2", "GEMINI_API_KEY": "sk-3"}]
)
@pytest.mark.parametrize(("variable", "given", "provider", "called"), ELSEWHERE)
def test_an_address_in_the_environment_points_a_provider_elsewhere_with_a_key_and_without(
    variable: str, given: str, provider: str, called: str, key: dict[str, str]
) -> None:
    found = plan_providers(packaged(), {variable: given, **key}, "http://127.0.0.1:9000")

    assert found.overrides["providers"][provider] == {"baseUrl": called}
    assert found.elsewhere == {provider: called}
    assert provider in found.real


def test_each_provider_has_an_address_variable_of_its_own() -> None:
    names = [address_variable(each) for each in packaged()["providers"]]

    assert len(set(names)) == len(names)


def test_a_provider_with_a_key_is_called_itself() -> None:
    found = plan(OPENAI_API_KEY="sk-1")

    assert found.real == ("openai",)
    assert "openai" not in found.overrides["providers"]
    assert found.keys == {"openai": "sk-1", "bedrock": "stand-in"}


def test_a_model_with_a_real_route_does_not_fall_back_to_the_stand_in() -> None:
    found = plan(OPENAI_API_KEY="sk-1")

    assert found.overrides["models"] == {"both": {"routes": [{"provider": "openai", "weight": 1}]}}


def test_an_empty_key_is_none() -> None:
    assert plan(OPENAI_API_KEY="").real == ()


def test_the_snippet_calls_a_real_model_if_there_is_one() -> None:
    assert plan(OPENAI_API_KEY="sk-1").snippet_model == "both"
    assert plan().snippet_model == "gpt-4o-mini"


def test_the_snippets_model_is_in_the_catalogue() -> None:
    assert "gpt-4o-mini" in {model["id"] for model in packaged()["models"]}
