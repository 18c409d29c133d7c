"""The list of models shows what calls with the caller's key cost."""

from typing import Any

import pytest

from tests.integration.own_calls.platform import MODEL, Platform, own

PRICE = {
    "version": "dear",
    "input": "0.15",
    "output": "0.60",
    "cachedInput": "0.075",
    "image": "0.001",
    "request": "0.000000001",
    "tiers": [{"aboveInputTokens": 200_000, "input": "0.30", "output": "1.20"}],
}


@pytest.fixture
def listed(platform: Platform) -> Any:
    """The model `dear` as a key of a percentage sees it."""
    made = platform.call(own("put_model"), path={"model": "dear"}, body={**MODEL, "price": PRICE})
    assert made.status == 200

    def ask(percent: int) -> Any:
        said = platform.call(own("list_models"), platform.key("models:read", price_percent=percent))
        return next(each for each in said.body["models"] if each["id"] == "dear")

    return ask


def test_a_key_with_a_markup_sees_what_it_pays(listed: Any) -> None:
    model = listed(110)

    assert model["prices"] == model["routes"][0]["prices"]
    assert model["prices"] == {
        "version": "dear@110%",
        "currency": "USD",
        "per": 1_000_000,
        "input": "0.165",
        "output": "0.66",
        "cachedInput": "0.0825",
        "image": "0.0011",
        "request": "0.000000002",
        "tiers": [{"aboveInputTokens": 200_000, "input": "0.33", "output": "1.32"}],
    }


def test_a_key_without_one_sees_list_prices(listed: Any) -> None:
    prices = listed(100)["prices"]

    assert (prices["version"], prices["input"], prices["tiers"][0]["output"]) == ("dear", "0.15", "1.20")


def test_a_route_that_has_no_price_yet_is_not_listed_and_hides_no_other(platform: Platform) -> None:
    later = {**MODEL, "price": {**PRICE, "effectiveAt": "2199-01-01T00:00:00Z"}}
    assert platform.call(own("put_model"), path={"model": "later"}, body=later).status == 200

    said = platform.call(own("list_models"), platform.key("models:read"))

    listed = {model["id"] for model in said.body["models"]}
    assert said.status == 200
    assert "gpt-4o-mini" in listed
    assert "later" not in listed
