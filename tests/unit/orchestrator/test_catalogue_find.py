import pytest

from aggregator.errors import ModelNotFound
from tests.unit.orchestrator.samples import NOW, catalogue, data


def test_a_model_is_found_by_its_bare_name_with_all_its_routes_in_the_order_to_try_them() -> None:
    selection = catalogue().find("oss-20b")

    assert selection.model.id == "oss-20b"
    assert [route.provider.id for route in selection.routes] == ["groq", "openai"]


def test_routes_of_one_order_stand_by_weight() -> None:
    content = data()
    content["models"][1]["routes"][0].update(order=0, weight=200)

    selection = catalogue(content).find("oss-20b")

    assert [route.provider.id for route in selection.routes] == ["openai", "groq"]


def test_a_provider_before_the_name_pins_the_route() -> None:
    selection = catalogue().find("openai/oss-20b")

    assert [route.upstream_model for route in selection.routes] == ["oss"]


def test_the_providers_own_name_will_do_after_a_provider() -> None:
    selection = catalogue().find("groq/vendor/oss-20b")

    assert (selection.model.id, selection.routes[0].provider.id) == ("oss-20b", "groq")


def test_an_alias_stands_for_its_model_with_and_without_a_provider() -> None:
    assert catalogue().find("cheap").model.id == "mini"
    assert catalogue().find("openai/cheap").model.id == "mini"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("mimi", "The model 'mimi' does not exist. Did you mean mini?"),
        ("MINI", "The model 'MINI' does not exist. Did you mean mini?"),
        ("groq/mini", "The model 'groq/mini' does not exist. Did you mean openai/mini?"),
        ("nobody/mini", "The model 'nobody/mini' does not exist. Did you mean openai/mini?"),
        ("openai/cheep", "The model 'openai/cheep' does not exist. Did you mean cheap?"),
        ("openai/", "The model 'openai/' does not exist."),
        ("zzzzzzzz", "The model 'zzzzzzzz' does not exist."),
        ("", "The model '' does not exist."),
    ],
)
def test_an_unknown_name_is_refused_and_near_ones_are_named(name: str, message: str) -> None:
    with pytest.raises(ModelNotFound) as refused:
        catalogue().find(name)

    assert (refused.value.message, refused.value.param) == (message, "model")


def test_a_route_has_its_own_limits_prices_and_capabilities_and_the_models_for_the_rest() -> None:
    groq, openai = catalogue().find("oss-20b").routes

    assert (groq.max_output_tokens, groq.price_at(NOW).input, groq.can("tools")) == (8_000, 75_000_000, False)
    assert (openai.max_output_tokens, openai.price_at(NOW).input, openai.can("tools")) == (
        16_000,
        150_000_000,
        True,
    )
    assert groq.max_input_tokens == 120_000


def test_a_provider_that_says_nothing_of_its_secret_has_one_under_its_own_name() -> None:
    content = data()
    content["providers"][1]["secret"] = "shared"

    assert catalogue(content).provider("openai").secret == "openai"
    assert catalogue(content).provider("groq").secret == "shared"
