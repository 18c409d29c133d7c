import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

import pytest

from aggregator.orchestrator import api, check
from aggregator.orchestrator.catalogue import Catalogue
from aggregator.orchestrator.load_catalogue import packaged
from aggregator.orchestrator.merge import merged
from aggregator.orchestrator.store import packed, unpacked
from tests.unit.orchestrator.samples import NOW


@pytest.fixture(scope="module")
def shipped() -> Catalogue:
    return Catalogue(merged(packaged(), None, None, region="us-east-1"), version=1)


def test_the_shipped_catalogue_has_no_problem() -> None:
    problems = check.check(packaged())

    assert problems == []


def test_it_offers_seventy_models_or_more_of_every_provider_that_was_promised(shipped: Catalogue) -> None:
    by_provider: dict[str, int] = {}
    for model in shipped.models():
        for route in model.routes:
            by_provider[route.provider.id] = by_provider.get(route.provider.id, 0) + 1

    assert len(list(shipped.models())) >= 70
    promised = {"openai", "anthropic", "google", "mistral", "deepseek", "groq", "bedrock", "xai", "cohere"}
    assert promised <= by_provider.keys()
    assert {"together", "fireworks", "openrouter", "ollama", "vllm"} <= set(shipped.provider_ids)


def test_what_openai_offers_over_responses_alone_is_there_and_says_so(shipped: Catalogue) -> None:
    found = {model.id for model in shipped.models() if "onlyResponses" in model.capabilities}

    assert found == {
        "gpt-5.5-pro", "gpt-5.5-pro-2026-04-23", "gpt-5.4-pro", "gpt-5.4-pro-2026-03-05", "gpt-5.3-codex",
        "gpt-5.2-pro", "gpt-5.2-pro-2025-12-11", "gpt-5-pro", "o3-pro",
    }  # fmt: skip
    codex, pro = (shipped.find(name).model for name in ("gpt-5.3-codex", "gpt-5.4-pro"))
    assert (codex.price_at(NOW).input, codex.price_at(NOW).output) == (1_750_000_000, 14_000_000_000)
    assert (pro.price_at(NOW).input, pro.price_at(NOW).output) == (30_000_000_000, 180_000_000_000)
    in_one_piece = {
        model.id for model in shipped.models() if not {"streaming", "embeddings"} & set(model.capabilities)
    }
    assert in_one_piece == {"gpt-5-pro", "o3-pro"}


def test_it_says_where_its_prices_come_from_and_when() -> None:
    source = packaged()["source"]

    assert source["licence"] == "MIT"
    assert source["name"].startswith("litellm ")
    assert source["asOf"] >= "2026-11-23"


def test_a_well_known_price_is_the_published_one(shipped: Catalogue) -> None:
    price = shipped.find("gpt-4o-mini").model.price_at(NOW)

    assert (price.input, price.cached_input, price.output) == (150_000_000, 75_000_000, 600_000_000)


def test_a_price_that_rises_with_a_long_input_has_its_tier(shipped: Catalogue) -> None:
    price = shipped.find("gemini-2.5-pro").model.price_at(NOW)

    tier = price.tiers[0]
    assert (tier.above_input_tokens, tier.input, tier.output, tier.cached_input) == (
        200_000,
        2_500_000_000,
        15_000_000_000,
        250_000_000,
    )


def test_one_model_is_reached_by_several_routes_each_at_its_own_price(shipped: Catalogue) -> None:
    selection = shipped.find("gpt-oss-120b")

    found = {route.provider.id: route.price_at(NOW).cached_input for route in selection.routes}
    assert found == {"groq": 75_000_000, "together": None, "bedrock": None}


def test_the_embedding_models_of_openai_embed_and_do_not_chat(shipped: Catalogue) -> None:
    model = shipped.find("text-embedding-3-small").model

    assert model.capabilities == ("embeddings",)
    assert (model.price_at(NOW).input, model.price_at(NOW).output) == (20_000_000, 0)


def test_an_image_is_bounded_by_the_dearest_it_can_be(shipped: Catalogue) -> None:
    bounds = {name: shipped.find(name).model.max_image_tokens for name in ("gpt-4o-mini", "gpt-4o", "o3")}

    assert bounds == {"gpt-4o-mini": 48_169, "gpt-4o": 1_445, "o3": 1_275}


def test_no_endpoint_claims_audio_where_audio_costs_more_than_text(shipped: Catalogue) -> None:
    able = {model.id for model in shipped.models() if "audioInput" in model.capabilities}

    assert "gemini-2.5-flash" not in able
    assert "gemini-3.8-flash" in able


def test_the_region_is_filled_into_the_addresses_of_bedrock(shipped: Catalogue) -> None:
    assert shipped.provider("bedrock").base_url == "https://bedrock-runtime.us-east-1.amazonaws.com/openai/v1"


def test_the_whole_catalogue_fits_into_one_piece() -> None:
    body = merged(packaged(), None, None, region="us-east-1")

    pieces = packed(body)

    assert len(pieces) == 1
    assert unpacked(pieces) == json.loads(json.dumps(body))


def test_the_capabilities_that_can_be_filtered_by_are_those_that_a_catalogue_may_name() -> None:
    assert set(get_args(api.Capability)) == check.CAPABILITIES


@pytest.mark.parametrize(
    ("model", "day"),
    [
        ("claude-sonnet-4-5", "2026-11-30"),
        ("claude-sonnet-4-5-20250929", "2026-11-30"),
        ("gemini-2.5-pro", "2026-12-01"),
        ("gemini-2.5-flash", "2026-12-01"),
        ("gpt-4.1", "2027-01-14"),
        ("gpt-4.1-mini", "2027-01-14"),
        ("gpt-4o", "2027-01-14"),
        ("gpt-4o-mini", "2027-01-14"),
    ],
)
def test_a_retirement_that_was_announced_is_told(shipped: Catalogue, model: str, day: str) -> None:
    found = shipped.find(model).model
    page = (Path(__file__).parents[3] / "docs" / "catalogue.md").read_text(encoding="utf-8")

    assert (found.retires_at, {route.retires_at for route in found.routes}) == (day, {day})
    assert re.search(rf"^\|.*`{re.escape(model)}`.*\| {day}", page, re.MULTILINE)


def test_a_price_that_fell_is_the_new_one_from_its_day_on(shipped: Catalogue) -> None:
    model = shipped.find("mistral-large-4").model

    before = model.price_at(datetime(2026, 11, 26, 23, 59, 59, tzinfo=UTC))
    after = model.price_at(datetime(2026, 11, 27, tzinfo=UTC))

    assert (before.input, before.output) == (1_360_000_000, 4_180_000_000)
    assert (after.input, after.output, after.cached_input) == (700_000_000, 2_100_000_000, 70_000_000)
