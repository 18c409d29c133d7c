from typing import Any

from aggregator.orchestrator.load_catalogue import packaged
from local.providers import ProviderPlan, plan_providers

CATALOGUE: dict[str, Any] = {
    "providers": [
        {"id": "openai", "keyVariable": "OPENAI_API_KEY"},
        {"id": "bedrock", "keyVariable": "AWS_BEARER_TOKEN_BEDROCK"},
        {"id": "ollama"},
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
            "bedrock": {"baseUrl": "http://127.0.0.1:9000/bedrock/v1"},
            "ollama": {"baseUrl": "http://127.0.0.1:9000/ollama/v1"},
        },
        "models": {},
    }


def test_the_stand_in_is_spoken_to_in_openai_s_protocol_where_it_knows_no_other() -> None:
    catalogue = {
        "providers": [{"id": "native", "protocol": "bedrock"}, {"id": "claude", "protocol": "anthropic"}],
        "models": [],
    }

    found = plan_providers(catalogue, {}, "http://127.0.0.1:9000")

    assert found.overrides["providers"] == {
        "native": {"baseUrl": "http://127.0.0.1:9000/native/v1", "protocol": "openai"},
        "claude": {"baseUrl": "http://127.0.0.1:9000/claude/v1"},
    }


def test_a_provider_with_a_key_is_called_itself() -> None:
    found = plan(OPENAI_API_KEY="sk-1")

    assert found.real == ("openai",)
    assert "openai" not in found.overrides["providers"]
    assert found.keys == {"openai": "sk-1", "bedrock": "stand-in", "ollama": "stand-in"}


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
