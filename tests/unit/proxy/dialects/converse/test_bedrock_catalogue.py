"""What the catalogue says of Bedrock's models is what the adapter does."""

from datetime import UTC, datetime

import pytest

from aggregator.orchestrator.catalogue import Catalogue
from aggregator.orchestrator.load_catalogue import packaged
from aggregator.orchestrator.merge import merged
from aggregator.orchestrator.model import Route
from aggregator.proxy.dialects.converse.models import caches, model_of

NOW = datetime(2026, 11, 24, tzinfo=UTC)


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return Catalogue(merged(packaged(), None, None, region="eu-west-1"), version=1)


@pytest.fixture(scope="module")
def routes(catalogue: Catalogue) -> list[Route]:
    return [
        route
        for model in catalogue.models()
        for route in model.routes
        if route.provider.id == "bedrock-converse"
    ]


def test_bedrock_is_reached_natively_in_the_region_of_the_platform_without_a_key(
    catalogue: Catalogue,
) -> None:
    provider = catalogue.provider("bedrock-converse")

    assert (provider.protocol, provider.keyless) == ("bedrock", True)
    assert provider.base_url == "https://bedrock-runtime.eu-west-1.amazonaws.com"


def test_forty_models_or_more_have_a_native_route(routes: list[Route]) -> None:
    assert len(routes) >= 40


def test_every_claude_of_the_catalogue_has_bedrock_as_its_second_way(catalogue: Catalogue) -> None:
    ways = {
        model.id: [route.provider.id for route in model.routes]
        for model in catalogue.models()
        if model.id.startswith("claude-")
    }

    assert len(ways) == 17
    assert all(way == ["anthropic", "bedrock-converse"] for way in ways.values())


def test_bedrocks_names_of_models_pin_the_route(catalogue: Catalogue) -> None:
    by_our_name = catalogue.find("bedrock-converse/claude-haiku-4-5")
    by_its_name = catalogue.find("bedrock-converse/global.anthropic.claude-opus-5-5")

    assert by_our_name.routes[0].upstream_model == "global.anthropic.claude-haiku-4-5-20251001-v1:0"
    assert by_its_name.model.id == "claude-opus-5-5"


@pytest.mark.parametrize(
    ("model", "prices"),
    [
        ("claude-haiku-4-5", (1_000_000_000, 5_000_000_000, 100_000_000, 1_250_000_000)),
        ("nova-pro", (800_000_000, 3_200_000_000, 200_000_000, None)),
        ("llama-3.3-70b", (720_000_000, 720_000_000, None, None)),
        ("mistral-large-2512", (500_000_000, 1_500_000_000, None, None)),
    ],
)
def test_prices_are_the_published_ones(
    catalogue: Catalogue, model: str, prices: tuple[int | None, ...]
) -> None:
    price = catalogue.find(f"bedrock-converse/{model}").routes[0].price_at(NOW)

    assert (price.input, price.output, price.cached_input, price.cache_write) == prices


def test_an_answer_in_a_schema_is_offered_where_the_adapter_can_have_it_and_nowhere_else(
    routes: list[Route],
) -> None:
    offered = {route.upstream_model for route in routes if route.can("jsonSchema")}

    assert offered == {route.upstream_model for route in routes if model_of(route.upstream_model).json_schema}


def test_caching_is_offered_where_the_adapter_can_set_points_for_it_and_nowhere_else(
    routes: list[Route],
) -> None:
    offered = {route.upstream_model for route in routes if route.can("promptCaching")}

    assert offered == {route.upstream_model for route in routes if caches(route.upstream_model)}
