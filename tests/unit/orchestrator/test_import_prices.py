import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.orchestrator.check import check
from local.catalogue.abilities import abilities
from local.catalogue.import_prices import HERE, TARGET, catalogue, text_of
from local.catalogue.prices import ALWAYS, nano_usd_per_million, price, rates

JsonObject = dict[str, Any]

AS_OF = date(2026, 11, 23)
EFFECTIVE = "2026-12-01T00:00:00.000Z"
PROVIDERS = {
    "maker": {
        "name": "Maker",
        "protocol": "openai",
        "baseUrl": "https://api.maker.example/v1",
        "maxTokensField": "max_tokens",
        "timeoutSeconds": 600,
        "factsPrefix": [""],
    },
    "host": {
        "name": "Host",
        "protocol": "openai",
        "baseUrl": "https://api.host.example/v1",
        "maxTokensField": "max_tokens",
        "timeoutSeconds": 600,
        "factsPrefix": ["host/"],
        "lacks": ["jsonSchema"],
        "has": ["parallelTools"],
    },
}
CHOSEN = {
    "aliases": {"cheap": "mini"},
    "imageTokens": [
        {"tokens": 900, "why": "", "models": ["mini"]},
        {"tokens": 99, "why": "", "models": ["*"]},
    ],
    "models": {"mini": {"name": "Mini", "routes": {"maker": "mini", "host": "vendor/mini"}}},
}


def fact(**changes: Any) -> JsonObject:
    """As litellm has it: prices with the exact text of the file, here as `Decimal`."""
    return {
        "mode": "chat",
        "input_cost_per_token": Decimal("1.5e-07"),
        "output_cost_per_token": Decimal("6e-07"),
        "max_input_tokens": 128_000,
        "max_output_tokens": 16_384,
        "supports_function_calling": True,
        "supports_response_schema": True,
        "supports_vision": True,
    } | changes


def imported(facts: dict[str, JsonObject], before: JsonObject | None = None) -> JsonObject:
    return catalogue(facts, PROVIDERS, CHOSEN, before or {}, as_of=AS_OF, effective_at=EFFECTIVE)


def test_a_published_price_becomes_an_exact_integer() -> None:
    assert nano_usd_per_million(Decimal("1.5e-07")) == 150_000_000
    assert nano_usd_per_million(Decimal("3.75e-08")) == 37_500_000


@pytest.mark.promise("exact")
def test_a_price_finer_than_a_nano_dollar_a_million_is_refused_and_not_rounded() -> None:
    with pytest.raises(ValueError, match="no whole number"):
        nano_usd_per_million(Decimal("1.5e-16"))


@given(st.integers(min_value=0, max_value=10**12))
def test_no_price_loses_anything_on_the_way(nano_usd: int) -> None:
    usd_per_token = Decimal(nano_usd) / Decimal(10**15)

    assert nano_usd_per_million(Decimal(str(usd_per_token))) == nano_usd


def test_a_rate_that_says_nothing_new_is_left_out() -> None:
    said = rates(
        fact(output_cost_per_reasoning_token=Decimal("6e-07"), cache_creation_input_token_cost=Decimal("0.0"))
    )

    assert said == {"input": 150_000_000, "output": 600_000_000}


def test_prices_of_long_inputs_become_tiers_in_order() -> None:
    said = price(
        fact(
            input_cost_per_token_above_200k_tokens=Decimal("3e-07"),
            output_cost_per_token_above_200k_tokens=Decimal("9e-07"),
            input_cost_per_token_above_32k_tokens=Decimal("2e-07"),
            output_cost_per_token_above_32k_tokens=Decimal("7e-07"),
            input_cost_per_token_above_200k_tokens_priority=Decimal("8e-07"),
        ),
        AS_OF,
    )

    assert said["tiers"] == [
        {"aboveInputTokens": 32_000, "input": 200_000_000, "output": 700_000_000},
        {"aboveInputTokens": 200_000, "input": 300_000_000, "output": 900_000_000},
    ]


def test_service_tiers_have_their_rates_and_tools_the_first_price_that_fits() -> None:
    maker = PROVIDERS["maker"] | {
        "serviceTiers": ["flex", "priority"],
        "toolPrices": [
            {"models": ["mini*"], "usd": {"web_search_preview": "0.025"}},
            {"models": ["*"], "usd": {"web_search": "0.01", "web_fetch": "0"}},
        ],
    }
    said = fact(
        input_cost_per_token_flex=Decimal("7.5e-08"),
        output_cost_per_token_flex=Decimal("3e-07"),
        input_cost_per_token_above_32k_tokens_flex=Decimal("1e-07"),
        output_cost_per_token_above_32k_tokens_flex=Decimal("4e-07"),
        input_cost_per_token_priority=Decimal("3e-07"),
    )

    mini, big = price(said, AS_OF, maker, "mini-1"), price(said, AS_OF, maker, "big")

    tier = {"aboveInputTokens": 32_000, "input": 100_000_000, "output": 400_000_000}
    assert mini["serviceTiers"] == {"flex": {"input": 75_000_000, "output": 300_000_000, "tiers": [tier]}}
    assert (mini["tools"], big["tools"]) == (
        {"web_search_preview": 25_000_000}, {"web_search": 10_000_000, "web_fetch": 0},
    )  # fmt: skip
    assert "tools" not in price(fact(supports_function_calling=False), AS_OF, maker, "big")
    assert not {"tools", "serviceTiers"} & price(said, AS_OF, PROVIDERS["host"], "big").keys()


def test_a_route_that_gets_prices_of_its_own_keeps_the_versions_that_were_its_models() -> None:
    before = imported({"mini": fact(), "host/mini": fact()})
    maker = PROVIDERS["maker"] | {"toolPrices": [{"models": ["*"], "usd": {"web_search": "0.01"}}]}
    facts = {"mini": fact(), "host/mini": fact()}

    after = catalogue(
        facts, PROVIDERS | {"maker": maker}, CHOSEN, before, as_of=AS_OF, effective_at=EFFECTIVE
    )

    model = after["models"][0]
    assert [each["version"] for each in model["prices"]] == ["2026-11-23", "2026-11-23.2"]
    assert model["prices"][1]["tools"] == {"web_search": 10_000_000}
    assert model["routes"][1]["prices"] == before["models"][0]["prices"]


def test_what_is_shipped_has_prices_of_tools_and_of_service_tiers() -> None:
    shipped = {model["id"]: model["prices"][-1] for model in json.loads(TARGET.read_text())["models"]}

    assert shipped["claude-opus-5-5"]["tools"] == {"web_search": 10_000_000, "web_fetch": 0}
    assert shipped["gpt-4o"]["tools"] | {"code_interpreter_16g": 0} == {
        "web_search": 10_000_000,
        "web_search_preview": 25_000_000,
        "code_interpreter": 30_000_000,
        "code_interpreter_4g": 120_000_000,
        "code_interpreter_16g": 0,
        "code_interpreter_64g": 1_920_000_000,
    }
    assert "web_search" not in shipped["gpt-4o-mini"]["tools"]
    assert {name: rates["input"] for name, rates in shipped["gpt-6-sol"]["serviceTiers"].items()} == {
        "flex": 1_000_000_000,
        "priority": 4_000_000_000,
    }


def test_an_embedding_costs_nothing_for_its_output() -> None:
    said = rates({"mode": "embedding", "input_cost_per_token": Decimal("2e-08")})

    assert said == {"input": 20_000_000, "output": 0}


def test_audio_is_offered_only_where_it_costs_no_more_than_text() -> None:
    cheap = fact(supports_audio_input=True, input_cost_per_audio_token=Decimal("1.5e-07"))
    dear = fact(supports_audio_input=True, input_cost_per_audio_token=Decimal("1e-06"))

    assert "audioInput" in abilities(cheap, {})
    assert "audioInput" not in abilities(dear, {})


def test_what_an_endpoint_lacks_is_not_offered_on_its_route() -> None:
    content = imported({"mini": fact(), "host/mini": fact()})

    model = content["models"][0]
    assert model["capabilities"] == ["chat", "streaming", "tools", "vision", "jsonSchema", "parallelTools"]
    assert model["routes"][0]["capabilities"] == ["chat", "streaming", "tools", "vision", "jsonSchema"]
    assert model["routes"][1]["capabilities"] == ["chat", "streaming", "tools", "vision", "parallelTools"]


def test_a_model_that_is_offered_over_responses_alone_says_so_and_whether_it_streams() -> None:
    codex = fact(mode="responses", supports_native_streaming=True)
    pro = fact(mode="responses")

    assert abilities(codex, {}) == ["chat", "streaming", "tools", "vision", "jsonSchema", "onlyResponses"]
    assert abilities(pro, {}) == ["chat", "tools", "vision", "jsonSchema", "onlyResponses"]


def test_a_route_says_only_what_differs_from_its_model() -> None:
    content = imported(
        {"mini": fact(), "host/mini": fact(input_cost_per_token=Decimal("2e-07"), max_output_tokens=9)}
    )

    first, second = content["models"][0]["routes"]
    assert "prices" not in first
    assert (second["prices"][0]["input"], second["maxOutputTokens"]) == (200_000_000, 9)
    assert "maxInputTokens" not in second
    assert check(content) == []


def test_the_first_pattern_that_fits_bounds_an_image() -> None:
    assert imported({"mini": fact(), "host/mini": fact()})["models"][0]["maxImageTokens"] == 900


def test_a_price_that_did_not_change_keeps_its_version() -> None:
    facts = {"mini": fact(), "host/mini": fact()}
    before = imported(facts)
    before["models"][0]["prices"][0]["version"] = "2026-01-01"

    again = imported(facts, before)

    assert [each["version"] for each in again["models"][0]["prices"]] == ["2026-01-01"]


def test_a_changed_price_is_a_new_version_beside_the_old_one() -> None:
    before = imported({"mini": fact(), "host/mini": fact()})
    before["models"][0]["prices"][0]["version"] = "2026-01-01"
    dearer = fact(input_cost_per_token=Decimal("2e-07"))

    again = imported({"mini": dearer, "host/mini": dearer}, before)

    assert [
        (each["version"], each["effectiveAt"], each["input"]) for each in again["models"][0]["prices"]
    ] == [("2026-01-01", ALWAYS, 150_000_000), ("2026-11-23", EFFECTIVE, 200_000_000)]
    assert check(again) == []


def test_a_model_that_the_price_file_does_not_know_stops_the_import() -> None:
    with pytest.raises(SystemExit, match="host/vendor/mini"):
        imported({"mini": fact()})


def test_the_file_has_a_line_for_each_model_and_reads_back_as_it_was() -> None:
    content = imported({"mini": fact(), "host/mini": fact()})

    text = text_of(content)

    assert json.loads(text) == content
    assert sum('"displayName"' in line for line in text.splitlines()) == 1


def test_every_choice_beside_the_script_is_in_the_shipped_file() -> None:
    here = Path(__file__).parents[3]
    chosen = json.loads((here / "local/catalogue/models.json").read_text())
    shipped = json.loads((here / "layers/common/python/aggregator/orchestrator/catalogue.json").read_text())

    assert [model["id"] for model in shipped["models"]] == list(chosen["models"])
    assert shipped["aliases"] == chosen["aliases"]


def test_what_claude_keeps_for_an_hour_costs_twice_its_input_in_what_is_shipped() -> None:
    here = Path(__file__).parents[3]
    shipped = json.loads((here / "layers/common/python/aggregator/orchestrator/catalogue.json").read_text())
    latest = [model["prices"][-1] for model in shipped["models"] if model["id"].startswith("claude")]

    assert len(latest) == 17
    assert all(price["cacheWriteHour"] == 2 * price["input"] for price in latest)
    assert all(4 * price["cacheWrite"] == 5 * price["input"] for price in latest)


def test_what_is_kept_by_hand_comes_before_what_litellm_says() -> None:
    by_hand = {
        "input": "0.70",
        "output": "2.10",
        "cachedInput": "0.07",
        "source": "https://maker.example/prices",
    }
    mini = CHOSEN["models"]["mini"] | {"retiresAt": "2027-01-14", "prices": {"maker": by_hand}}  # type: ignore[index]
    facts = {"mini": fact(deprecation_date="2028-01-01"), "host/vendor/mini": fact()}

    outcome = catalogue(
        facts, PROVIDERS, CHOSEN | {"models": {"mini": mini}}, {}, as_of=AS_OF, effective_at=EFFECTIVE
    )

    (model,) = outcome["models"]
    maker, host = model["prices"][0], model["routes"][1]["prices"][0]
    assert model["retiresAt"] == "2027-01-14"
    assert (maker["input"], maker["output"], maker["cachedInput"]) == (700_000_000, 2_100_000_000, 70_000_000)
    assert maker["source"] == "https://maker.example/prices"
    assert (host["input"], host["output"]) == (150_000_000, 600_000_000)


def test_the_shipped_file_has_what_is_kept_by_hand() -> None:
    chosen = json.loads((HERE / "models.json").read_text(encoding="utf-8"))["models"]
    shipped = {model["id"]: model for model in json.loads(TARGET.read_text(encoding="utf-8"))["models"]}

    days = {name: each["retiresAt"] for name, each in chosen.items() if "retiresAt" in each}
    assert len(days) == 8
    assert {name: shipped[name]["retiresAt"] for name in days} == days
