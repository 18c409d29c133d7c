"""Which models a plan lets a caller call and see, and what they cost it."""

import pytest

from aggregator.auth.caller import Caller
from aggregator.billing.plans.model import Terms, first_of
from aggregator.billing.plans.on_plan import on_plan, price_for
from aggregator.billing.price import Price, Tier
from aggregator.errors import ModelNotAllowed
from aggregator.orchestrator.list_models import list_models
from aggregator.orchestrator.permitted import permitted
from tests.unit.orchestrator.samples import catalogue

MOMENT = "2026-11-23T12:00:00.000Z"


def caller(*models: str, key: tuple[str, ...] | None = None, percent: int = 100, own: int = 100) -> Caller:
    """A caller on a plan of these models and this price, whose key has these of its own."""
    bare = Caller("k1", "ann", ("models:read",), allowed_models=key, price_percent=own)
    terms = Terms("A plan", percent, allowed_models=models or None)
    plan = first_of("pro", terms, now=MOMENT, by_key_id="k", by_user_id="u")
    return on_plan(bare, plan, MOMENT)


def listed(caller: Caller) -> list[str]:
    return [model.id for model in list_models(catalogue(), caller)]


def test_a_plan_without_models_allows_all() -> None:
    assert permitted(caller(), catalogue(), "mini").model.id == "mini"
    assert listed(caller()) == listed(Caller("k1", "ann", ("models:read",)))


def test_a_model_outside_the_plan_is_refused_by_name_and_not_listed() -> None:
    on_mini = caller("mini")

    with pytest.raises(ModelNotAllowed) as raised:
        permitted(on_mini, catalogue(), "oss-20b")

    assert raised.value.message == "The plan 'pro' does not have the model 'oss-20b'."
    assert raised.value.param == "model"
    assert listed(on_mini) == ["mini"]


def test_what_the_key_does_not_allow_is_the_keys_refusal() -> None:
    with pytest.raises(ModelNotAllowed) as raised:
        permitted(caller("mini", "oss-20b", key=("mini",)), catalogue(), "oss-20b")

    assert raised.value.message == "This API key may not call the model 'oss-20b'."


def test_what_may_be_called_is_what_both_allow() -> None:
    assert listed(caller("mini", key=("oss-20b",))) == []
    assert listed(caller("m*", key=("mini", "oss-20b"))) == ["mini"]
    routes = permitted(caller("groq/*", key=("oss-20b",)), catalogue(), "oss-20b").routes
    assert {route.provider.id for route in routes} == {"groq"}


def test_an_alias_of_the_key_gives_no_way_round_the_plan() -> None:
    aliased = caller("mini")._replace(aliases={"mini": "oss-20b"})

    with pytest.raises(ModelNotAllowed):
        permitted(aliased, catalogue(), "mini")


def test_every_rate_has_the_plans_factor_on_the_keys_and_is_rounded_up() -> None:
    price = Price(
        "7",
        input=151,
        output=600,
        cached_input=3,
        image=7,
        request=1,
        tiers=(Tier(1_000, 301, 1_200),),
        tools=(("web_search", 11),),
        service_tiers=(("flex", Price("7", 75, 300)),),
    )

    paid = price_for(caller(percent=120, own=110), price)

    assert paid == Price(
        "7@110%@120%@pro#1",
        input=201,  # 151 * 1.1 = 166.1 -> 167; 167 * 1.2 = 200.4 -> 201
        output=792,
        cached_input=5,  # 3.3 -> 4; 4.8 -> 5
        image=10,  # 7.7 -> 8; 9.6 -> 10
        request=3,  # 1.1 -> 2; 2.4 -> 3
        tiers=(Tier(1_000, 399, 1_584),),  # 331.1 -> 332; 398.4 -> 399
        tools=(("web_search", 16),),  # 12.1 -> 13; 15.6 -> 16
        service_tiers=(("flex", Price("7@110%@120%", 100, 396)),),  # 82.5 -> 83; 99.6 -> 100
    )
